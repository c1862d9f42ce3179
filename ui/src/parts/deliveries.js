// The deliveries of a webhook, latest event first. Each one expands to its attempts.
import { useEffect, useRef, useState } from "preact/hooks";

import { get, withQuery } from "../api.js";
import { moment, number } from "../format.js";
import { html } from "../html.js";
import { announce, Choice, Empty, Trouble } from "./bits.js";
import { Refusal, useSubmission } from "./form.js";

const PAGE = 30;
const POLL_MILLISECONDS = 3_000;
const FILTERS = [
  { value: "", label: "All" },
  { value: "pending", label: "Waiting" },
  { value: "failed", label: "Given up" },
  { value: "delivered", label: "Delivered" },
];
const STATES = {
  pending: ["Waiting", ""],
  sending: ["Sending", ""],
  delivered: ["Delivered", ""],
  failed: ["Given up", "low"],
  canceled: ["Canceled", ""],
  quarantined: ["Quarantined", "low"],
};
const ERRORS = {
  timeout: "No response in time",
  address: "Not sent: the host has no public address",
  connection: "No connection",
  tls: "Invalid TLS certificate",
  protocol: "Not an HTTP response",
};

const outcome = (attempt) => ERRORS[attempt.error] ?? attempt.error ?? `Status ${attempt.status_code}`;
const took = (milliseconds) => (milliseconds < 10_000 ? `${number(milliseconds)} ms` : `${(milliseconds / 1000).toFixed(1)} s`);

/** A change of `turn` reads the deliveries again at once. */
export function Deliveries({ id, canRetry, turn, onRetry }) {
  const [status, setStatus] = useState("");
  const list = useDeliveries(id, status, turn);
  return html`
    <section class="section" aria-labelledby="deliveries">
      <div class="section-head">
        <h2 id="deliveries">Deliveries</h2>
        <div class="section-tools">
          <${Choice} name="delivery-state" label="State" options=${FILTERS} value=${status} onChange=${setStatus} />
        </div>
      </div>
      <${List} list=${list} id=${id} status=${status} canRetry=${canRetry} onRetry=${onRetry} />
    </section>
  `;
}

function useDeliveries(id, status, turn) {
  const [view, setView] = useState({ rows: null, cursor: "", problem: null, isBusy: false });
  const asked = useRef(0);
  const read = async ({ cursor = "", quietly = false } = {}) => {
    const mine = quietly ? asked.current : (asked.current += 1);
    if (!quietly) setView((old) => ({ ...old, isBusy: true, problem: null }));
    try {
      const page = await get(withQuery(`/v1/webhooks/${encodeURIComponent(id)}/deliveries`, { status, limit: PAGE, cursor }));
      if (mine !== asked.current) return;
      setView((old) => {
        if (cursor) return { rows: [...old.rows, ...page.data], cursor: page.next_cursor ?? "", problem: null, isBusy: false };
        // Earlier deliveries that are already loaded stay below the newest page.
        const last = page.data.at(-1)?.seq ?? 0;
        const earlier = page.next_cursor ? (old.rows ?? []).filter((row) => row.seq < last) : [];
        const next = earlier.length ? old.cursor : (page.next_cursor ?? "");
        return { rows: [...page.data, ...earlier], cursor: next, problem: null, isBusy: false };
      });
    } catch (problem) {
      if (mine === asked.current && !quietly) setView((old) => ({ ...old, problem, isBusy: false }));
    }
  };
  const latest = useRef(read);
  latest.current = read;
  useEffect(() => {
    setView({ rows: null, cursor: "", problem: null, isBusy: true });
    read();
  }, [id, status]);
  useEffect(() => {
    if (turn) latest.current({ quietly: true });
  }, [turn]);
  useEffect(() => {
    const timer = setInterval(() => document.hidden || latest.current({ quietly: true }), POLL_MILLISECONDS);
    return () => clearInterval(timer);
  }, []);
  const replace = (row) => setView((old) => ({ ...old, rows: old.rows.map((one) => (one.delivery_id === row.delivery_id ? row : one)) }));
  return { ...view, more: () => read({ cursor: view.cursor }), retry: () => read(), replace };
}

function List({ list, id, status, canRetry, onRetry }) {
  const { rows, problem, cursor, isBusy, more, retry, replace } = list;
  if (problem && !rows) return html`<${Trouble} problem=${problem} retry=${retry} />`;
  if (!rows) return html`<p class="waiting" role="status">Loading deliveries</p>`;
  if (!rows.length) {
    return html`<${Empty} title=${status ? "No deliveries in this state." : "Nothing has been sent yet."}>
      ${status ? "" : "New deliveries appear here automatically."}
    <//>`;
  }
  const onDone = (row) => {
    replace(row);
    onRetry();
    announce("Trying again now.");
  };
  return html`
    <ul class="deliveries">
      ${rows.map((row) => html`<${Delivery} key=${row.delivery_id} row=${row} id=${id} canRetry=${canRetry} onDone=${onDone} />`)}
    </ul>
    ${cursor && html`<button type="button" class="plain more" disabled=${isBusy} onClick=${more}>Show earlier deliveries</button>`}
    ${problem && html`<${Trouble} problem=${problem} retry=${more} />`}
  `;
}

function Delivery({ row, id, canRetry, onDone }) {
  const { submit, problem, isBusy } = useSubmission();
  const [word, tone] = STATES[row.status] ?? [row.status, ""];
  const last = row.attempts.at(-1);
  const retry = async () => {
    const path = `/v1/webhooks/${encodeURIComponent(id)}/deliveries/${encodeURIComponent(row.delivery_id)}/retry`;
    const done = await submit("POST", path, {});
    if (done) onDone(done);
  };
  return html`
    <li class="delivery">
      <details>
        <summary>
          <time datetime=${row.created_at}>${moment(row.created_at)}</time>
          <span class="delivery-what"><b>${row.type}</b> <span class="fine">${row.subject}</span></span>
          <span class="delivery-last fine">${last ? `${outcome(last)}, ${took(last.duration_ms)}` : ""}</span>
          <span class="delivery-state">${tone ? html`<span class=${`mark ${tone}`}>${word}</span>` : word}</span>
        </summary>
        <div class="delivery-body">
          <p class="facts">
            <span class="code">${row.message_id}</span>
            ${row.due_at && html`<span>next attempt ${moment(row.due_at)}</span>`}
            ${row.finished_at && html`<span>ended ${moment(row.finished_at)}</span>`}
          </p>
          <${Attempts} attempts=${row.attempts} />
          <${Refusal} problem=${problem} />
          ${canRetry && row.status !== "sending" &&
          html`<button type="button" class="plain" disabled=${isBusy} onClick=${retry}>
            ${row.status === "delivered" ? "Send again" : "Try again now"}
          </button>`}
        </div>
      </details>
    </li>
  `;
}

function Attempts({ attempts }) {
  if (!attempts.length) return html`<p class="quiet-line">Not tried yet.</p>`;
  return html`
    <ol class="attempts">
      ${attempts.map(
        (attempt) => html`
          <li key=${attempt.attempt}>
            <p>
              <time datetime=${attempt.started_at}>${moment(attempt.started_at)}</time>
              <b>${outcome(attempt)}</b>
              <span class="fine">after ${took(attempt.duration_ms)}</span>
            </p>
            ${attempt.response && html`<pre tabindex="0" aria-label="Start of the response">${attempt.response}</pre>`}
          </li>
        `,
      )}
    </ol>
  `;
}
