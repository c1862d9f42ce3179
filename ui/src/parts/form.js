// Forms that write. A submission keeps its idempotency key until its content changes, so sending it again is always safe.
import { useRef, useState } from "preact/hooks";

import { newKey, write } from "../api.js";
import { html } from "../html.js";

/** {submit(method, path, body), problem, isBusy, clear}. submit returns the document, or null if it was refused. */
export function useSubmission() {
  const [problem, setProblem] = useState(null);
  const [isBusy, setBusy] = useState(false);
  const sent = useRef({ text: "", key: "" });
  const submit = async (method, path, body) => {
    const text = JSON.stringify([method, path, body]);
    if (sent.current.text !== text) sent.current = { text, key: newKey() };
    setBusy(true);
    setProblem(null);
    try {
      const document = await write(method, path, body, sent.current.key);
      sent.current = { text: "", key: "" };
      return document;
    } catch (error) {
      setProblem(error);
      return null;
    } finally {
      setBusy(false);
    }
  };
  return { submit, problem, isBusy, clear: () => setProblem(null) };
}

/** The server's message for a field, by its JSON Pointer ("/note"). */
export const errorOf = (problem, pointer) => problem?.errors.find((error) => error.pointer === pointer)?.detail;

/** A label, its control, a hint and an error. `children` is a function that gets the attributes to spread. */
export function Field({ id, label, hint, error, children }) {
  const described = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(" ") || undefined;
  return html`
    <div class="field">
      <label for=${id}>${label}</label>
      ${children({ id, "aria-describedby": described, "aria-invalid": error ? "true" : undefined })}
      ${hint && html`<p class="fine" id=${`${id}-hint`}>${hint}</p>`}
      ${error && html`<p class="field-problem" id=${`${id}-error`}>${error}</p>`}
    </div>
  `;
}

/** The refusal of the whole form. Errors of the fields shown are left to those fields, which say them once. */
export function Refusal({ problem, shown = [] }) {
  if (!problem) return null;
  const others = problem.errors.filter((error) => !shown.includes(error.pointer));
  return html`
    <div class="refusal" role="alert">
      <p>
        <strong>${problem.title || "Something went wrong"}.</strong>
        ${" "}${problem.errors.length > others.length ? "See the marked field." : problem.message}
      </p>
      ${problem.isPassing && html`<p>The outcome is unknown. Send it again: it is never saved twice.</p>`}
      ${others.length > 0 && html`<ul>${others.map((error) => html`<li>${error.detail}</li>`)}</ul>`}
    </div>
  `;
}
