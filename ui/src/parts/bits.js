// Small pieces that several pages use.
import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";

import { html } from "../html.js";

/** What screen readers are told, politely. */
export const announcement = signal("");

export function announce(text) {
  announcement.value = "";
  setTimeout(() => (announcement.value = text), 50); // the same sentence twice is read twice
}

let isFirst = true;

/** From now on headings take the focus; on the first page the browser's own order holds. */
export function arrive() {
  isFirst = false;
}

/** A page's heading takes the focus when the page is come to, so that readers and keys begin there. */
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

/** Where there is nothing to show: one sentence that says why, and perhaps what to do. */
export const Empty = ({ title, children }) => html`
  <div class="empty">
    <p class="empty-title">${title}</p>
    ${children && html`<p>${children}</p>`}
  </div>
`;

const KIND = { 403: "This is not open to your role", 404: "Nothing here" };

/** A refusal of the server in its own words. */
export function Trouble({ problem, retry }) {
  return html`
    <div class="trouble" role="alert">
      <p class="trouble-title">${KIND[problem.status] ?? (problem.title || "That did not work")}</p>
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

/** A choice of one among few: [{value, label, count}]. */
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

/** Runs `work` when the page asks for data, and again by the function it answers with. */
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
