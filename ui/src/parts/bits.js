// Small components that several pages use.
import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";

import { html } from "../html.js";

/** The polite announcement for screen readers. */
export const announcement = signal("");

export function announce(text) {
  announcement.value = "";
  setTimeout(() => (announcement.value = text), 50); // without the pause a repeated sentence would not be read
}

let isFirst = true;

/** Headings take the focus from now on; the first page keeps the browser's own order. */
export function arrive() {
  isFirst = false;
}

/** The heading of a page. It takes the focus on navigation, so that screen readers and keys start there. */
export function Heading({ children, ...rest }) {
  const heading = useRef(null);
  useEffect(() => {
    if (!isFirst) heading.current?.focus({ preventScroll: true });
    arrive();
  }, []);
  return html`<h1 tabindex="-1" ref=${heading} ...${rest}>${children}</h1>`;
}

export function useTitle(title) {
  useEffect(() => {
    document.title = title ? `${title} · Scoville` : "Scoville";
  }, [title]);
}

/** An empty state: one sentence that says why, and optionally what to do. */
export const Empty = ({ title, children }) => html`
  <div class="empty">
    <p class="empty-title">${title}</p>
    ${children && html`<p>${children}</p>`}
  </div>
`;

const KIND = { 403: "Your role has no access", 404: "Not found" };

/** A refusal of the server in its own words. */
export function Trouble({ problem, retry }) {
  return html`
    <div class="trouble" role="alert">
      <p class="trouble-title">${KIND[problem.status] ?? (problem.title || "Something went wrong")}</p>
      <p>${problem.message}</p>
      ${problem.errors?.length > 0 &&
      html`<ul>${problem.errors.map((error) => html`<li>${error.detail}</li>`)}</ul>`}
      ${retry && html`<button type="button" class="plain" onClick=${retry}>Try again</button>`}
      ${problem.requestId && problem.status >= 500 && html`<p class="fine">Request ${problem.requestId}</p>`}
    </div>
  `;
}

/** A figure with its name above it; with `onClick` a button that filters by it. */
export function Figure({ label, children, onClick, pressed, hint, tone = "" }) {
  const body = html`<span class="figure-label">${label}</span><span class="figure-value">${children}</span>`;
  if (!onClick) return html`<div class=${`figure ${tone}`}>${body}</div>`;
  return html`<button type="button" class=${`figure ${tone}`} aria-pressed=${pressed} title=${hint} onClick=${onClick}
    >${body}</button>`;
}

/** Chooses one of a few options: [{value, label, count}]. */
export const Choice = ({ name, label, options, value, onChange }) => html`
  <fieldset class="choice">
    <legend class="hidden">${label}</legend>
    ${options.map(
      (option) => html`
        <label key=${option.value}>
          <input type="radio" name=${name} value=${option.value} checked=${option.value === value}
                 onChange=${() => onChange(option.value)} />
          <span>${option.label}</span>
        </label>
      `,
    )}
  </fieldset>
`;

/** Runs `work` to load data; the returned `run` repeats it. */
export function useLoad(work, inputs) {
  const kept = useRef(null);
  kept.current ??= { data: signal(null), problem: signal(null), busy: signal(true), turn: 0 };
  const { data, problem, busy } = kept.current;
  const run = async ({ quietly = false } = {}) => {
    const turn = (kept.current.turn += 1);
    if (!quietly) {
      busy.value = true;
      problem.value = null;
    }
    try {
      const found = await work();
      if (turn !== kept.current.turn) return;
      data.value = found;
      problem.value = null;
    } catch (error) {
      if (turn === kept.current.turn && (!quietly || !data.value)) problem.value = error;
    } finally {
      if (turn === kept.current.turn) busy.value = false;
    }
  };
  useEffect(() => {
    data.value = null;
    run();
    return () => (kept.current.turn += 1);
  }, inputs);
  return { data, problem, busy, run };
}
