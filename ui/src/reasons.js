// Reason codes, read once per session. By what people read, and the one that says nothing comes last.
import { effect, signal } from "@preact/signals";

import { pages } from "./api.js";
import { session } from "./session.js";

export const reasons = signal([]); // {reason_code, description, direction, takes, note_required}
let reading = null;

const byDescription = (a, b) =>
  (a.reason_code === "other") - (b.reason_code === "other") || a.description.localeCompare(b.description, "en");

export function readReasons() {
  reading ??= (async () => {
    const all = [];
    for await (const page of pages("/v1/reason-codes")) all.push(...page);
    reasons.value = all.filter((reason) => reason.active !== false).sort(byDescription);
  })().catch((error) => {
    reading = null;
    throw error;
  });
  return reading;
}

effect(() => {
  if (!session.value) {
    reading = null;
    reasons.value = [];
  }
});
