// All webhooks, with state, failure rate and last attempt.
import { useEffect, useRef } from "preact/hooks";

import { pages } from "../api.js";
import { moment } from "../format.js";
import { html } from "../html.js";
import { Empty, Heading, Trouble, useLoad, useTitle } from "../parts/bits.js";
import { hookPath } from "../router.js";
import { failureRate, HookState, nameOf, reasonOf } from "../webhooks.js";

const POLL_MILLISECONDS = 5_000;

async function readAll() {
  const all = [];
  for await (const page of pages("/v1/webhooks")) all.push(...page);
  return all;
}

export function WebhooksPage() {
  useTitle("Webhooks");
  const { data, problem, run } = useLoad(readAll, []);
  usePoll(run, POLL_MILLISECONDS);
  return html`
    <div class="page-head"><${Heading}>Webhooks<//></div>
    ${problem.value
      ? html`<${Trouble} problem=${problem.value} retry=${run} />`
      : data.value
        ? html`<${List} webhooks=${data.value} />`
        : html`<p class="waiting" role="status">Loading</p>`}
  `;
}

/** Reads again at an interval while the page is visible. */
export function usePoll(run, milliseconds) {
  const latest = useRef(run);
  latest.current = run;
  useEffect(() => {
    const timer = setInterval(() => document.hidden || latest.current({ quietly: true }), milliseconds);
    return () => clearInterval(timer);
  }, [milliseconds]);
}

function List({ webhooks }) {
  if (!webhooks.length) {
    return html`<${Empty} title="No webhooks yet.">
      Create one with POST /v1/webhooks. The response shows its secret, once.
    <//>`;
  }
  return html`
    <div class="hooks-head" aria-hidden="true">
      <span>Webhook</span><span>State</span><span class="numeric">Failed</span><span class="numeric">Last attempt</span>
    </div>
    <ul class="hooks">
      ${webhooks.map((webhook) => html`<${Line} key=${webhook.webhook_id} webhook=${webhook} />`)}
    </ul>
  `;
}

function Line({ webhook }) {
  const { recent } = webhook;
  const reason = reasonOf(webhook);
  return html`
    <li class="hook-line">
      <div class="hook-name">
        <p><a href=${hookPath(webhook.webhook_id)}>${nameOf(webhook)}</a></p>
        <p class="fine">${[webhook.description, webhook.event_types.join(", ") || "all events"].filter(Boolean).join(" · ")}</p>
        ${reason && html`<p class=${`fine hook-reason ${webhook.status === "disabled" ? "low" : ""}`}>${reason}</p>`}
      </div>
      <p class="hook-state"><${HookState} webhook=${webhook} /></p>
      <p class=${`numeric ${recent.failed_attempts ? "" : "quiet"}`} title="Share of failed attempts in its last hundred deliveries">
        <span class="hook-label">failed </span>${failureRate(recent)}
      </p>
      <p class="numeric quiet">
        ${recent.last_attempt_at
          ? html`<time datetime=${recent.last_attempt_at}>${moment(recent.last_attempt_at)}</time>`
          : html`<span>never<span class="hook-label"> tried</span></span>`}
      </p>
    </li>
  `;
}
