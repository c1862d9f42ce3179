// Forms that write: a submission has one idempotency key for as long as it says the same, so sending it again is always safe.
import { useRef, useState } from "preact/hooks";

import { newKey, write } from "../api.js";
import { html } from "../html.js";

/** {submit(method, path, body), problem, isBusy, clear}. submit answers the document, or null when it was refused. */
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

/** What the server says of a field, by its JSON Pointer ("/note"). */
export const errorOf = (problem, pointer) => problem?.errors.find((error) => error.pointer === pointer)?.detail;

/** A label, its control, a hint, and what is wrong with it. `children` is a function that gets the attributes to spread. */
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

/** The refusal as a whole; what belongs to a field that is shown stands there instead. */
export function Refusal({ problem, shown = [] }) {
  if (!problem) return null;
  const others = problem.errors.filter((error) => !shown.includes(error.pointer));
  return html`
    <div class="refusal" role="alert">
      <p><strong>${problem.title || "That did not work"}.</strong> ${problem.message}</p>
      ${problem.isPassing && html`<p>It is not known whether it was booked. Send it again: it will not be booked twice.</p>`}
      ${others.length > 0 && html`<ul>${others.map((error) => html`<li>${error.detail}</li>`)}</ul>`}
    </div>
  `;
}
