// What webhooks have in common wherever they are shown.
import { number } from "./format.js";
import { html } from "./html.js";

const STATES = {
  working: ["Working", ""],
  failing: ["Failing", "low"],
  paused: ["Paused", ""],
  disabled: ["Disabled", "out"],
};
const REASONS = {
  gone: "Its receiver answered 410: gone.",
  failing: "Nothing got through for five days.",
};

/** One word for how a webhook is doing. */
export function HookState({ webhook }) {
  const [word, tone] = STATES[webhook.status] ?? [webhook.status, ""];
  return html`<span class=${`mark ${tone}`}>${word}</span>`;
}

/** Why nothing is sent to it, or null. */
export function reasonOf(webhook) {
  if (webhook.status === "disabled") return REASONS[webhook.disabled_reason] ?? "";
  return webhook.status === "paused" ? "Its owner stopped it." : null;
}

/** "https://example.com/hooks" -> "example.com/hooks": what tells webhooks apart. */
export const nameOf = (webhook) => webhook.url.replace(/^https?:\/\//, "").replace(/\/$/, "");

/** The share of attempts that failed, of the last hundred deliveries: "2.5 %"; "–" where there was none. */
export function failureRate({ attempts, failed_attempts: failed }) {
  if (!attempts) return "–";
  const percent = (failed / attempts) * 100;
  return `${percent > 0 && percent < 10 ? percent.toFixed(1) : number(Math.round(percent))} %`;
}
