// One webhook: its state, every delivery with its attempts, and actions to resend deliveries after an outage.
import { useState } from "preact/hooks";

import { get } from "../api.js";
import { count, moment, number } from "../format.js";
import { html } from "../html.js";
import { announce, Empty, Figure, Heading, Trouble, useLoad, useTitle } from "../parts/bits.js";
import { Deliveries } from "../parts/deliveries.js";
import { Dialog } from "../parts/dialog.js";
import { errorOf, Field, Refusal, useSubmission } from "../parts/form.js";
import { Back } from "../parts/icons.js";
import { failureRate, HookState, nameOf, reasonOf } from "../webhooks.js";
import { usePoll } from "./webhooks.js";

const POLL_MILLISECONDS = 3_000;
const DAY_MILLISECONDS = 86_400_000;

const pathOf = (id) => `/v1/webhooks/${encodeURIComponent(id)}`;

export function WebhookPage({ id }) {
  const { data, problem, run } = useLoad(() => get(pathOf(id)), [id]);
  const [dialog, setDialog] = useState("");
  const [turn, setTurn] = useState(0); // changes when the deliveries must be read again
  const { submit, problem: refusal, isBusy } = useSubmission();
  const webhook = data.value;
  useTitle(webhook ? nameOf(webhook) : id);
  usePoll(run, POLL_MILLISECONDS);
  const back = html`<a class="back" href="/webhooks"><${Back} size=${16} />Webhooks</a>`;
  if (problem.value) {
    return html`
      ${back}
      ${problem.value.status === 404
        ? html`<${Heading}>Webhook not found<//><${Empty} title=${problem.value.message}>It may have been deleted, or belong to another client.<//>`
        : html`<${Heading}>${id}<//><${Trouble} problem=${problem.value} retry=${run} />`}
    `;
  }
  if (!webhook) return html`${back}<${Heading}>${id}<//><p class="waiting" role="status">Loading</p>`;

  const isAtWork = ["working", "failing", "unverified"].includes(webhook.status);
  const changed = (text) => {
    announce(text);
    run({ quietly: true });
    setTurn((old) => old + 1);
  };
  const test = async () => {
    if (await submit("POST", `${pathOf(id)}/test`, {})) changed("A test is on its way.");
  };
  const enable = async () => {
    if (await submit("PATCH", pathOf(id), { active: true })) changed("It receives events from now on.");
  };
  const reason = reasonOf(webhook);
  return html`
    ${back}
    <div class="page-head">
      <div class="title">
        <${Heading} class="hook-title">${nameOf(webhook)}<//>
        <p class="facts">
          <${HookState} webhook=${webhook} />
          <span class="code">${webhook.webhook_id}</span>
          <span>owned by ${webhook.owner}</span>
          ${webhook.paused_until && html`<span>paused until ${moment(webhook.paused_until)}</span>`}
        </p>
        ${webhook.description && html`<p class="lead">${webhook.description}</p>`}
      </div>
      <div class="actions">
        ${isAtWork && html`<button type="button" class="plain" onClick=${() => setDialog("recover")}>Resend failed</button>`}
        ${isAtWork && html`<button type="button" class="plain" disabled=${isBusy} onClick=${test}>Send a test</button>`}
        ${!isAtWork && html`<button type="button" class="primary" disabled=${isBusy} onClick=${enable}>Enable</button>`}
      </div>
    </div>
    ${reason && html`<p class="notice hook-notice">${reason}${" "}
      ${isAtWork ? "Nothing else is sent until then; events wait." : "Nothing is sent until you enable it; events in the meantime are skipped."}</p>`}
    <${Refusal} problem=${refusal} />
    <${Figures} webhook=${webhook} />
    <${Deliveries} id=${id} canRetry=${isAtWork} turn=${turn} onRetry=${() => run({ quietly: true })} />
    <section class="section" aria-labelledby="settings">
      <h2 id="settings">Subscription</h2>
      <${Settings} webhook=${webhook} />
    </section>
    ${dialog === "recover" &&
    html`<${RecoverDialog} id=${id} onClose=${() => setDialog("")}
                           onDone=${(text) => {
                             setDialog("");
                             changed(text);
                           }} />`}
  `;
}

function Figures({ webhook: { recent } }) {
  return html`
    <div class="figures wide" role="group" aria-label="The last hundred deliveries">
      <${Figure} label="Failed attempts" tone=${recent.failed_attempts ? "big hot" : "big"}>${failureRate(recent)}<//>
      <${Figure} label="Delivered">${number(recent.delivered)}<//>
      <${Figure} label="Waiting">${number(recent.pending)}<//>
      <${Figure} label="Given up">${number(recent.failed)}<//>
      <${Figure} label="Last attempt">
        ${recent.last_attempt_at ? html`<time datetime=${recent.last_attempt_at}>${moment(recent.last_attempt_at)}</time>` : "never"}
      <//>
    </div>
  `;
}

function Settings({ webhook }) {
  const lists = [
    ["Events", webhook.event_types],
    ["Products", webhook.skus],
    ["Warehouses", webhook.warehouses],
    ["Channels", webhook.channels],
  ];
  return html`
    <dl class="hook-settings">
      ${lists.map(([label, values]) => html`<div key=${label}><dt>${label}</dt><dd>${values.join(", ") || "all"}</dd></div>`)}
      <div><dt>Concurrency</dt><dd>up to ${count(webhook.concurrency, "message")}</dd></div>
      ${webhook.rate_limit && html`<div><dt>Rate limit</dt><dd>${count(webhook.rate_limit, "message")} per minute</dd></div>`}
      ${webhook.previous_secret_expires_at &&
      html`<div><dt>Previous secret</dt><dd>also signs until ${moment(webhook.previous_secret_expires_at)}</dd></div>`}
    </dl>
  `;
}

/** A time in the form of an input field: local, to the minute. */
const fieldMoment = (at) => new Date(at - new Date(at).getTimezoneOffset() * 60_000).toISOString().slice(0, 16);

function RecoverDialog({ id, onClose, onDone }) {
  const { submit, problem, isBusy } = useSubmission();
  const onSubmit = async (event) => {
    event.preventDefault();
    if (isBusy) return;
    const since = new Date(new FormData(event.target).get("since")).toISOString();
    const done = await submit("POST", `${pathOf(id)}/recover`, { since });
    if (done) onDone(`${count(done.deliveries, "delivery", "deliveries")} queued again.${done.more ? " More are left: resend again." : ""}`);
  };
  return html`
    <${Dialog} title="Resend failed deliveries" onClose=${onClose}>
      <form class="form" onSubmit=${onSubmit}>
        <p>Resends every delivery since this time that was given up, canceled or quarantined. The retry schedule starts over.</p>
        <${Field} id="since" label="Since" error=${errorOf(problem, "/since")}>
          ${(given) => html`<input ...${given} name="since" type="datetime-local" required
                                   value=${fieldMoment(Date.now() - DAY_MILLISECONDS)} max=${fieldMoment(Date.now())} />`}
        <//>
        <${Refusal} problem=${problem} shown=${["/since"]} />
        <div class="form-end">
          <button type="button" class="plain" onClick=${onClose}>Close</button>
          <button class="primary" disabled=${isBusy}>${isBusy ? "Sending" : "Resend"}</button>
        </div>
      </form>
    <//>
  `;
}
