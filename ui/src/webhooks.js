// Helpers for every page that shows webhooks.
import { number } from "./format.js";
import { html } from "./html.js";

const STATES = {
  working: ["Working", ""],
  failing: ["Failing", "low"],
  unverified: ["Unverified", "low"],
  paused: ["Paused", ""],
  disabled: ["Disabled", "out"],
};
const REASONS = {
  gone: "Its receiver returned 410 Gone.",
  failing: "No delivery succeeded for five days.",
  unverified: "Its URL did not answer the challenge for three days.",
  unconfirmed: "Its owner, who is no API client, sent no request about it for too long.",
};

/** The state of a webhook in one word. */
export function HookState({ webhook }) {
  const [word, tone] = STATES[webhook.status] ?? [webhook.status, ""];
  return html`<span class=${`mark ${tone}`}>${word}</span>`;
}

/** Why nothing is sent to the webhook, or null. */
export function reasonOf(webhook) {
  if (webhook.status === "disabled") return REASONS[webhook.disabled_reason] ?? "";
  if (webhook.status === "unverified") {
    const failure = webhook.verification_error;
    return `Its URL has not answered the challenge yet${failure ? ` (last answer: ${failure})` : ""}.`;
  }
  return webhook.status === "paused" ? "Its owner paused it." : null;
}

/** "https://example.com/hooks" -> "example.com/hooks": the short name of a webhook. */
export const nameOf = (webhook) => webhook.url.replace(/^https?:\/\//, "").replace(/\/$/, "");

/** The share of failed attempts in the last hundred deliveries: "2.5%"; "–" without attempts. */
export function failureRate({ attempts, failed_attempts: failed }) {
  if (!attempts) return "–";
  const percent = (failed / attempts) * 100;
  return `${percent > 0 && percent < 10 ? percent.toFixed(1) : number(Math.round(percent))}%`;
}
