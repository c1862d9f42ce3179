// Reason codes, read once per session.
import { effect, signal } from "@preact/signals";

import { pages } from "./api.js";
import { session } from "./session.js";

export const reasons = signal([]); // {reason_code, description, direction, note_required}
let reading = null;

export function readReasons() {
  reading ??= (async () => {
    const all = [];
    for await (const page of pages("/v1/reason-codes")) all.push(...page);
    reasons.value = all.filter((reason) => reason.active !== false);
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
