// One order: its items, where they ship from, its parcels, what was done with it, and the dialogs that confirm, hold, release, change,
// fulfill and cancel it, and undo a parcel.
import { useEffect, useRef, useState } from "preact/hooks";

import { get } from "../api.js";
import { count, moment, money, number } from "../format.js";
import { html } from "../html.js";
import { openParts, State, unitsOf } from "../orders.js";
import { announce, Empty, Figure, Heading, Trouble, useLoad, useTitle } from "../parts/bits.js";
import { ChangeDialog, Timeline } from "../parts/changes.js";
import { Dialog } from "../parts/dialog.js";
import { errorOf, Field, Refusal, useSubmission } from "../parts/form.js";
import { Back } from "../parts/icons.js";
import { readReasons, reasons } from "../reasons.js";
import { skuPath } from "../router.js";
import { rights, session } from "../session.js";
import { nameOf, products, warehouses } from "../store.js";
import { follow } from "../stream.js";

const POLL_MILLISECONDS = 5_000;
const SOON_MILLISECONDS = 250;

const pathOf = (id) => `/v1/orders/${encodeURIComponent(id)}`;
// The reasons that orders.refuse_items accepts.
const explainsPicking = ({ direction, takes }) => direction === "pick" || (direction !== "in" && takes === "any");

export function OrderPage({ id }) {
  const { data, problem, run } = useLoad(() => get(pathOf(id)), [id]);
  const [dialog, setDialog] = useState("");
  const order = data.value;
  useTitle(order?.order_id ?? id);
  useReload(order?.order_id, run);
  const back = html`<a class="back" href="/orders"><${Back} size=${16} />Orders</a>`;
  if (problem.value) {
    return html`
      ${back}
      ${problem.value.status === 404
        ? html`<${Heading}>Order not found<//><${Empty} title=${problem.value.message}>It may belong to a channel or warehouse outside your scope.<//>`
        : html`<${Heading}>${id}<//><${Trouble} problem=${problem.value} retry=${run} />`}
    `;
  }
  if (!order) return html`${back}<${Heading}>${id}<//><p class="waiting" role="status">Loading</p>`;

  const open = openParts(order);
  const isOver = order.status === "canceled" || order.status === "completed";
  const done = (text) => (document) => {
    data.value = { ...document, timeline: order.timeline }; // no command answers with it
    run({ quietly: true });
    setDialog("");
    announce(text);
  };
  const close = () => setDialog("");
  return html`
    ${back}
    <div class="page-head">
      <div class="title">
        <${Heading}>${order.order_id}<//>
        <p class="facts">
          <${State} order=${order} />
          <span>${order.channel}</span>
          ${order.external_id && html`<span class="code">${order.external_id}</span>`}
          <time datetime=${order.created_at}>${moment(order.created_at)}</time>
        </p>
        <${StatusLine} order=${order} />
      </div>
      <div class="actions">
        ${rights.value.cancel && !isOver && html`<button type="button" class="plain" onClick=${() => setDialog("cancel")}>Cancel order</button>`}
        ${rights.value.cancel && !isOver && html`<button type="button" class="plain" onClick=${() => setDialog("change")}>Change items</button>`}
        ${rights.value.changeStatus && !isOver && order.status !== "on_hold" && html`<button type="button" class="plain" onClick=${() => setDialog("hold")}>Hold</button>`}
        ${rights.value.changeStatus && order.status === "on_hold" && html`<button type="button" class="plain" onClick=${() => setDialog("release")}>Release</button>`}
        ${rights.value.move && !isOver && open.length > 0 && warehouses.value.length > 1 && html`<button type="button" class="plain" onClick=${() => setDialog("move")}>Move</button>`}
        ${rights.value.changeStatus && (order.status === "pending" || order.held_from === "pending") && html`<button type="button" class="primary" onClick=${() => setDialog("confirm")}>Confirm payment</button>`}
        ${rights.value.fulfill && order.status === "processing" && open.length > 0 && html`<button type="button" class="primary" onClick=${() => setDialog("fulfill")}>Fulfill</button>`}
      </div>
    </div>
    <div class="figures wide" role="group" aria-label="Totals">
      <${Figure} label="Total" tone="big">${money(order.total_price, order.currency)}<//>
      <${Figure} label="Units">${number(unitsOf(order))}<//>
      <${Figure} label="Shipped">${number(order.allocations.reduce((sum, part) => sum + part.fulfilled, 0))}<//>
      <${Figure} label="To ship">${number(open.reduce((sum, part) => sum + part.units, 0))}<//>
    </div>
    <div class="columns wide-first">
      <section class="section" aria-labelledby="items">
        <h2 id="items">Items</h2>
        <${Items} order=${order} />
      </section>
      <section class="section" aria-labelledby="customer">
        <h2 id="customer">Customer</h2>
        <address>
          <span>${order.customer.name ?? "No name: erased"}</span>
          ${order.customer.email && html`<span>${order.customer.email}</span>`}
          ${order.customer.phone && html`<span>${order.customer.phone}</span>`}
          ${order.customer.address && html`<span>${order.customer.address}</span>`}
        </address>
        ${order.note && html`<q class="note">${order.note}</q>`}
      </section>
    </div>
    <div class="columns wide-first">
      <section class="section" aria-labelledby="parts">
        <h2 id="parts">Ships from</h2>
        <${Parts} order=${order} />
        <${Waiting} order=${order} />
      </section>
      <section class="section" aria-labelledby="parcels">
        <h2 id="parcels">Parcels</h2>
        <${Parcels} order=${order} undo=${rights.value.fulfill && ((parcel) => setDialog(parcel))} />
      </section>
    </div>
    <section class="section" aria-labelledby="timeline">
      <h2 id="timeline">History</h2>
      <${Timeline} entries=${order.timeline} currency=${order.currency} />
    </section>
    ${dialog === "change" && html`<${ChangeDialog} order=${order} path=${pathOf(order.order_id)} onClose=${close} onDone=${done("The items are changed.")} />`}
    ${dialog === "fulfill" && html`<${FulfillDialog} order=${order} open=${open} onClose=${close} onDone=${done("Saved. The parcel is shipped.")} />`}
    ${dialog === "move" && html`<${MoveDialog} order=${order} open=${open} onClose=${close} onDone=${done("The units are moved.")} />`}
    ${STEPS[dialog] && html`<${StatusDialog} order=${order} step=${dialog} onClose=${close} onDone=${done(STEPS[dialog].done)} />`}
    ${dialog === "cancel" && html`<${CancelDialog} order=${order} onClose=${close} onDone=${done("The order is canceled.")} />`}
    ${dialog.fulfillment_id && html`<${UndoDialog} order=${order} parcel=${dialog} onClose=${close} onDone=${done("The parcel is undone.")} />`}
  `;
}

/** Why the order waits, or who ended it. */
function StatusLine({ order }) {
  const change = order.status_change;
  if (order.status === "pending") {
    return html`<p class="fine">Not paid. The units are kept until <time datetime=${order.unpaid_until}>${moment(order.unpaid_until)}</time>.</p>`;
  }
  if (!change || (order.status !== "on_hold" && order.status !== "canceled")) return null;
  return html`
    <p class="fine">
      ${order.status === "on_hold" ? "On hold" : "Canceled"} since <time datetime=${change.at}>${moment(change.at)}</time> by ${change.by}${change.reason && `: ${change.reason}`}
      ${order.held_from === "pending" && " (not paid)"}
    </p>
  `;
}

/** Reads the order again when an event says that it has changed; without events, every few seconds. */
function useReload(id, run) {
  const latest = useRef(run);
  latest.current = run;
  useEffect(() => {
    if (!id) return undefined;
    let soon = 0;
    let poll = 0;
    const readSoon = () => {
      soon ||= setTimeout(() => {
        soon = 0;
        latest.current({ quietly: true });
      }, SOON_MILLISECONDS);
    };
    const stop = follow({
      onEvent: (event) => {
        const { order_id: one, documents, orders } = event.data ?? {};
        if (one === id || documents?.includes(id) || orders?.some((erased) => erased.order_id === id)) readSoon();
      },
      onReset: readSoon,
      onState: (now) => {
        clearInterval(poll);
        if (now === "absent") poll = setInterval(readSoon, POLL_MILLISECONDS);
      },
    });
    return () => {
      stop();
      clearTimeout(soon);
      clearInterval(poll);
    };
  }, [id]);
}

function Items({ order }) {
  return html`
    <div class="scroll" tabindex="0" role="group" aria-label="Items">
      <table class="plain-table">
        <thead>
          <tr>
            <th scope="col">Product</th>
            <th scope="col" class="numeric">Units</th>
            <th scope="col" class="numeric">Price</th>
            <th scope="col" class="numeric">Sum</th>
          </tr>
        </thead>
        <tbody>
          ${order.items.map(
            ({ sku_id: sku, quantity, price, amount, canceled, components, address }, place) => html`
              <tr key=${place}>
                <th scope="row">
                  <a href=${skuPath(sku)}>${nameOf(sku)}</a> <span class="code">${sku}</span>
                  ${components.length > 0 && html` <span class="fine">Each: ${components.map((part) => `${number(part.quantity)} × ${nameOf(part.sku_id)}`).join(", ")}</span>`}
                  ${address && html` <span class="fine">To: ${address}</span>`}
                </th>
                <td class="numeric">${number(quantity)}${canceled > 0 && html` <span class="fine">${number(canceled)} canceled</span>`}</td>
                <td class="numeric">${price === null ? html`<span class="fine">per line</span>` : money(price, order.currency)}</td>
                <td class="numeric">${money(amount ?? price * (quantity - canceled), order.currency)}</td>
              </tr>
            `,
          )}
        </tbody>
      </table>
    </div>
  `;
}

function Parts({ order }) {
  if (!order.allocations.length) {
    return order.backorders.length ? null : html`<p class="quiet-line">From warehouses outside your scope.</p>`;
  }
  return html`
    <div class="scroll" tabindex="0" role="group" aria-label="Ships from">
      <table class="plain-table">
        <thead>
          <tr>
            <th scope="col">Product</th>
            <th scope="col">Warehouse</th>
            <th scope="col" class="numeric">Units</th>
            <th scope="col" class="numeric">Shipped</th>
            <th scope="col" class="numeric">Released</th>
          </tr>
        </thead>
        <tbody>
          ${order.allocations.map(
            (part) => html`
              <tr key=${`${part.sku_id} ${part.warehouse_location}`}>
                <th scope="row">${nameOf(part.sku_id)}</th>
                <td>${part.warehouse_location}</td>
                <td class="numeric">${number(part.quantity)}</td>
                <td class="numeric">${number(part.fulfilled)}</td>
                <td class="numeric">${part.released ? number(part.released) : ""}</td>
              </tr>
            `,
          )}
        </tbody>
      </table>
    </div>
  `;
}

function Waiting({ order }) {
  return order.backorders.map(
    (part) => html`
      <p class="quiet-line" key=${part.sku_id}>
        ${number(part.quantity)} × ${nameOf(part.sku_id)}: waiting for stock since
        ${" "}<time datetime=${part.queued_at}>${moment(part.queued_at)}</time>${part.lost_at && html`; units are missing since <time datetime=${part.lost_at}>${moment(part.lost_at)}</time>`}
      </p>
    `,
  );
}

function Parcels({ order, undo }) {
  if (!order.fulfillments.length) {
    return html`<p class="quiet-line">${order.status === "canceled" ? "Nothing was shipped." : "Nothing has been shipped yet."}</p>`;
  }
  return html`
    <ol class="parcels">
      ${order.fulfillments.map(
        (parcel) => html`
          <li key=${parcel.fulfillment_id}>
            <p>
              <b>${parcel.warehouse_location}</b> <time datetime=${parcel.shipped_at}>${moment(parcel.shipped_at)}</time>
              ${parcel.tracking_number && html`<span class="code">${parcel.tracking_number}</span>`}
              ${parcel.canceled_at
                ? html`<span class="fine">undone ${moment(parcel.canceled_at)}</span>`
                : undo && html`<button type="button" class="plain" onClick=${() => undo(parcel)}>Undo</button>`}
            </p>
            ${parcel.cancel_reason && html`<q class="note">${parcel.cancel_reason}</q>`}
            ${parcel.items.map(
              (item) => html`
                <p class="fine" key=${`${item.sku_id} ${item.batch_number}`}>
                  ${number(item.quantity)} × ${nameOf(item.sku_id)}, ${item.batch_number}${item.assumed && " (assumed)"}
                  ${item.passed_over &&
                  html`, before ${item.passed_over.batch_numbers.join(", ")}: ${item.passed_over.reason_code.replaceAll("_", " ")}`}
                </p>
              `,
            )}
            ${parcel.note && html`<q class="note">${parcel.note}</q>`}
          </li>
        `,
      )}
    </ol>
  `;
}

function FulfillDialog({ order, open, onClose, onDone }) {
  const places = [...new Set(open.map((part) => part.warehouse))].sort();
  const own = places.find((place) => session.value.warehouses.includes(place));
  const [place, setPlace] = useState(own ?? places[0]);
  const [units, setUnits] = useState({});
  const [lots, setLots] = useState({});
  const [reason, setReason] = useState("");
  useEffect(() => void readReasons().catch(() => {}), []);
  const { submit, problem, isBusy } = useSubmission();
  const parts = open.filter((part) => part.warehouse === place);
  const wanted = parts.map((part) => ({ ...part, wanted: Number(units[part.sku] ?? part.units) }));
  const total = wanted.reduce((sum, part) => sum + part.wanted, 0);

  const onSubmit = async (event) => {
    event.preventDefault();
    if (isBusy || !total) return;
    const { tracking, note } = Object.fromEntries(new FormData(event.target));
    const done = await submit("POST", `${pathOf(order.order_id)}/fulfillments`, {
      warehouse_location: place,
      items: wanted.filter((part) => part.wanted > 0).map((part) => ({
        sku_id: part.sku,
        quantity: part.wanted,
        ...(lots[part.sku]?.trim() && { batch_number: lots[part.sku].trim(), ...(reason && { reason_code: reason }) }),
      })),
      ...(tracking.trim() && { tracking_number: tracking.trim() }),
      ...(note.trim() && { note: note.trim() }),
    });
    if (done) onDone(done);
  };

  return html`
    <${Dialog} title=${`Fulfill ${order.order_id}`} onClose=${onClose}>
      <form class="form" onSubmit=${onSubmit}>
        ${places.length > 1 &&
        html`<${Field} id="place" label="Warehouse">
          ${(given) => html`
            <select ...${given} value=${place}
                    onChange=${(event) => {
                      setPlace(event.target.value);
                      setUnits({});
                    }}>
              ${places.map((one) => html`<option key=${one} value=${one}>${one}</option>`)}
            </select>
          `}
        <//>`}
        <fieldset class="lines">
          <legend>${places.length > 1 ? "Ship now" : `Ship now from ${place}`}</legend>
          ${parts.map(
            (part) => html`
              <div class="line" key=${part.sku}>
                <label for=${`units-${part.sku}`}>${nameOf(part.sku)} <span class="code">${part.sku}</span></label>
                <input id=${`units-${part.sku}`} type="number" inputmode="numeric" min="0" max=${part.units} step="1" required
                       value=${units[part.sku] ?? part.units}
                       onInput=${(event) => setUnits({ ...units, [part.sku]: event.target.value })} />
                <span class="fine">of ${number(part.units)}</span>
                <input class="lot" aria-label=${`Lot of ${part.sku}`} placeholder="Lot (scan)" maxlength="64" autocomplete="off"
                       spellcheck=${false} value=${lots[part.sku] ?? ""}
                       onInput=${(event) => setLots({ ...lots, [part.sku]: event.target.value })} />
              </div>
            `,
          )}
        </fieldset>
        ${Object.values(lots).some((lot) => lot.trim()) &&
        html`<${Field} id="why" label="If lots that expire earlier stay: why?">
          ${(given) => html`
            <select ...${given} value=${reason} onChange=${(event) => setReason(event.target.value)}>
              <option value=""></option>
              ${reasons.value.filter(explainsPicking).map((one) => html`<option key=${one.reason_code} value=${one.reason_code}>${one.description}</option>`)}
            </select>
          `}
        <//>`}
        <${Field} id="tracking" label="Tracking number (optional)" error=${errorOf(problem, "/tracking_number")}>
          ${(given) => html`<input ...${given} name="tracking" maxlength="200" autocomplete="off" spellcheck=${false} />`}
        <//>
        <${Field} id="note" label="Note (optional)" error=${errorOf(problem, "/note")}>
          ${(given) => html`<textarea ...${given} name="note" rows="2" maxlength="1000"></textarea>`}
        <//>
        <${Refusal} problem=${problem} shown=${["/tracking_number", "/note"]} />
        <div class="form-end">
          <p class="form-preview">Without a lot, the one that expires first is assumed.</p>
          <button class="primary" disabled=${isBusy || !total}>${isBusy ? "Saving" : `Ship ${count(total, "unit")}`}</button>
        </div>
      </form>
    <//>
  `;
}

/** Moves open units to another warehouse: of each part as many as are typed. */
function MoveDialog({ order, open, onClose, onDone }) {
  const [units, setUnits] = useState({});
  const [place, setPlace] = useState("");
  const { submit, problem, isBusy } = useSubmission();
  const places = warehouses.value.filter(({ isSellable }) => isSellable).map(({ id }) => id);
  const to = place || places.find((one) => open.every((part) => part.warehouse !== one)) || places[0];
  const items = open
    .map((part) => ({ ...part, wanted: Number(units[`${part.sku} ${part.warehouse}`] ?? 0) }))
    .filter((part) => part.wanted > 0 && part.warehouse !== to);
  const total = items.reduce((sum, part) => sum + part.wanted, 0);

  const onSubmit = async (event) => {
    event.preventDefault();
    if (isBusy || !total) return;
    const reason = new FormData(event.target).get("reason").trim();
    const done = await submit("POST", `${pathOf(order.order_id)}/reallocate`, {
      items: items.map(({ sku, warehouse, wanted }) => ({
        sku_id: sku,
        quantity: wanted,
        from_warehouse_location: warehouse,
        to_warehouse_location: to,
      })),
      ...(reason && { reason }),
    });
    if (done) onDone(done);
  };

  return html`
    <${Dialog} title=${`Move units of ${order.order_id}`} onClose=${onClose}>
      <form class="form" onSubmit=${onSubmit}>
        <${Field} id="to" label="To warehouse">
          ${(given) => html`
            <select ...${given} value=${to} onChange=${(event) => setPlace(event.target.value)}>
              ${places.map((one) => html`<option key=${one} value=${one}>${one}</option>`)}
            </select>
          `}
        <//>
        <fieldset class="lines">
          <legend>Units to move</legend>
          ${open.filter((part) => part.warehouse !== to).map((part) => {
            const key = `${part.sku} ${part.warehouse}`;
            return html`
              <div class="line" key=${key}>
                <label for=${`move-${key}`}>${nameOf(part.sku)} <span class="code">${part.warehouse}</span></label>
                <input id=${`move-${key}`} type="number" inputmode="numeric" min="0" max=${part.units} step="1" required
                       value=${units[key] ?? 0}
                       onInput=${(event) => setUnits({ ...units, [key]: event.target.value })} />
                <span class="fine">of ${number(part.units)}</span>
              </div>
            `;
          })}
        </fieldset>
        <${Field} id="reason" label="Reason (optional)" error=${errorOf(problem, "/reason")}>
          ${(given) => html`<input ...${given} name="reason" maxlength="200" autocomplete="off" />`}
        <//>
        <${Refusal} problem=${problem} shown=${["/reason"]} />
        <div class="form-end">
          <button class="primary" disabled=${isBusy || !total}>${isBusy ? "Moving" : `Move ${count(total, "unit")}`}</button>
        </div>
      </form>
    <//>
  `;
}

const STEPS = {
  confirm: {
    title: "Confirm the payment of",
    text: "The order can then be shipped.",
    button: "Confirm",
    done: "The payment is confirmed.",
  },
  hold: { title: "Hold", text: "The order keeps its units and is not shipped.", button: "Put on hold", done: "The order is on hold." },
  release: { title: "Release", text: "The order becomes what it was before.", button: "Release", done: "The order is released." },
};

/** Confirms, holds or releases the order. A hold needs a reason. */
function StatusDialog({ order, step, onClose, onDone }) {
  const { submit, problem, isBusy } = useSubmission();
  const { title, text, button } = STEPS[step];
  const onSubmit = async (event) => {
    event.preventDefault();
    if (isBusy) return;
    const reason = new FormData(event.target).get("reason").trim();
    const done = await submit("POST", `${pathOf(order.order_id)}/${step}`, reason ? { reason } : {});
    if (done) onDone(done);
  };
  return html`
    <${Dialog} title=${`${title} ${order.order_id}`} onClose=${onClose}>
      <form class="form" onSubmit=${onSubmit}>
        <p>${text}</p>
        <${Field} id="reason" label=${step === "hold" ? "Reason" : "Reason (optional)"} error=${errorOf(problem, "/reason")}>
          ${(given) => html`<input ...${given} name="reason" maxlength="200" autocomplete="off" autofocus required=${step === "hold"} />`}
        <//>
        <${Refusal} problem=${problem} shown=${["/reason"]} />
        <div class="form-end">
          <button class="primary" disabled=${isBusy}>${isBusy ? "Saving" : button}</button>
        </div>
      </form>
    <//>
  `;
}

function UndoDialog({ order, parcel, onClose, onDone }) {
  const { submit, problem, isBusy } = useSubmission();
  const units = parcel.items.reduce((sum, item) => sum + item.quantity, 0);
  const onSubmit = async (event) => {
    event.preventDefault();
    if (isBusy) return;
    const { reason } = Object.fromEntries(new FormData(event.target));
    const path = `${pathOf(order.order_id)}/fulfillments/${encodeURIComponent(parcel.fulfillment_id)}/cancel`;
    const done = await submit("PUT", path, { reason: reason.trim() });
    if (done) onDone(done);
  };
  return html`
    <${Dialog} title=${`Undo ${parcel.fulfillment_id}`} onClose=${onClose}>
      <form class="form" onSubmit=${onSubmit}>
        <p>The parcel did not leave: ${count(units, "unit")} in ${parcel.warehouse_location} will be promised to the order again.</p>
        <${Field} id="reason" label="Reason" error=${errorOf(problem, "/reason")}>
          ${(given) => html`<input ...${given} name="reason" maxlength="200" autocomplete="off" required autofocus />`}
        <//>
        <${Refusal} problem=${problem} shown=${["/reason"]} />
        <div class="form-end">
          <button type="button" class="plain" onClick=${onClose}>Keep the parcel</button>
          <button class="primary" disabled=${isBusy}>${isBusy ? "Undoing" : "Undo the parcel"}</button>
        </div>
      </form>
    <//>
  `;
}

function CancelDialog({ order, onClose, onDone }) {
  const { submit, problem, isBusy } = useSubmission();
  const open = openParts(order).reduce((sum, part) => sum + part.units, 0);
  const onSubmit = async (event) => {
    event.preventDefault();
    if (isBusy) return;
    const { reason, note } = Object.fromEntries(new FormData(event.target));
    const done = await submit("PUT", `${pathOf(order.order_id)}/cancel`, {
      ...(reason.trim() && { reason: reason.trim() }),
      ...(note.trim() && { note: note.trim() }),
    });
    if (done) onDone(done);
  };
  return html`
    <${Dialog} title=${`Cancel ${order.order_id}`} onClose=${onClose}>
      <form class="form" onSubmit=${onSubmit}>
        <p>${open ? `${count(open, "unit")} that ${open === 1 ? "is" : "are"} not shipped can be sold again at once.` : ""} This cannot be undone.</p>
        <${Field} id="reason" label="Reason" error=${errorOf(problem, "/reason")}>
          ${(given) => html`<input ...${given} name="reason" maxlength="200" autocomplete="off" autofocus />`}
        <//>
        <${Field} id="note" label="Note (optional)" error=${errorOf(problem, "/note")}>
          ${(given) => html`<textarea ...${given} name="note" rows="2" maxlength="1000"></textarea>`}
        <//>
        <${Refusal} problem=${problem} shown=${["/reason", "/note"]} />
        <div class="form-end">
          <button type="button" class="plain" onClick=${onClose}>Keep the order</button>
          <button class="primary" disabled=${isBusy}>${isBusy ? "Canceling" : "Cancel the order"}</button>
        </div>
      </form>
    <//>
  `;
}
