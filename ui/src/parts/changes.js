// What was done with an order, and the dialog that changes its items.
import { useState } from "preact/hooks";

import { moment, money, number } from "../format.js";
import { html } from "../html.js";
import { nameOf } from "../store.js";
import { Dialog } from "./dialog.js";
import { errorOf, Field, Refusal, useSubmission } from "./form.js";

const ACTS = {
  placed: "Placed",
  confirmed: "Payment confirmed",
  held: "Put on hold",
  released: "Released",
  modified: "Changed",
  supplied: "Units came that it waited for",
  reallocated: "Moved to another warehouse",
  backordered: "Units are missing, the order waits for others",
  shipped: "Shipped",
  parcel_corrected: "Parcel corrected",
  parcel_undone: "Parcel undone",
  canceled: "Canceled",
  erased: "Customer erased",
};
const MEMBERS = {
  "customer.name": "Name",
  "customer.email": "E-mail",
  "customer.phone": "Phone",
  "customer.address": "Address",
  "items.address": "Address",
  note: "Note",
  total_price: "Total",
  "parcel.tracking_number": "Tracking number",
  "parcel.note": "Note of the parcel",
};

/** One changed member in words. Status is not told: the act says it. */
function tell({ member, sku_id: sku, before, after }, currency) {
  if (member === "items") return `${nameOf(sku)}: ${number(before ?? 0)} → ${number(after ?? 0)}`;
  if (!MEMBERS[member]) return null;
  if (member === "total_price") return `Total: ${money(before, currency)} → ${money(after, currency)}`;
  const what = sku ? `${nameOf(sku)}, ${MEMBERS[member].toLowerCase()}` : MEMBERS[member];
  if (before === null && after === null) return `${what} changed`;
  return `${what}: ${before ?? "none"} → ${after ?? "none"}`;
}

/** What was done with the order, the earliest first. */
export function Timeline({ entries, currency }) {
  return html`
    <ol class="parcels timeline">
      ${entries.map(
        (entry, place) => html`
          <li key=${place}>
            <p><b>${ACTS[entry.type]}</b> <time datetime=${entry.at}>${moment(entry.at)}</time> <span class="fine">by ${entry.by}</span></p>
            ${entry.reason && html`<q class="note">${entry.reason}</q>`}
            ${entry.changes.map((change) => tell(change, currency)).filter(Boolean).map((text) => html`<p class="fine" key=${text}>${text}</p>`)}
            ${entry.units.map(
              (part) => html`
                <p class="fine" key=${`${part.sku_id} ${part.warehouse_location}`}>
                  ${number(part.quantity)} × ${nameOf(part.sku_id)}, ${part.warehouse_location}
                </p>
              `,
            )}
            ${entry.fulfillments.length > 0 && html`<p class="code">${entry.fulfillments.join(", ")}</p>`}
          </li>
        `,
      )}
    </ol>
  `;
}

/** The units that the order has of each SKU and address, and that were shipped of them: [{key, sku, address, kept, shipped}]. */
function bySku(order) {
  const found = new Map();
  for (const { sku_id: sku, quantity, fulfilled, canceled, address } of order.items) {
    const key = JSON.stringify([sku, address]);
    const { kept = 0, shipped = 0 } = found.get(key) ?? {};
    found.set(key, { key, sku, address, kept: kept + quantity - canceled, shipped: shipped + fulfilled });
  }
  return [...found.values()].filter(({ kept }) => kept > 0);
}

/** Lowers and raises the units of each SKU, and adds another SKU. What was shipped stays. */
export function ChangeDialog({ order, path, onClose, onDone }) {
  const rows = bySku(order);
  const [units, setUnits] = useState({});
  const { submit, problem, isBusy } = useSubmission();
  const onSubmit = async (event) => {
    event.preventDefault();
    if (isBusy) return;
    const { sku, more, reason } = Object.fromEntries(new FormData(event.target));
    const items = rows
      .map(({ key, sku: named, address, kept }) => ({ sku_id: named, quantity: Number(units[key] ?? kept), ...(address && { address }) }))
      .filter((item) => item.quantity > 0);
    if (sku.trim()) items.push({ sku_id: sku.trim(), quantity: Number(more) });
    const done = await submit("PATCH", path, { items, ...(reason.trim() && { reason: reason.trim() }) });
    if (done) onDone(done);
  };
  return html`
    <${Dialog} title=${`Change ${order.order_id}`} onClose=${onClose}>
      <form class="form" onSubmit=${onSubmit}>
        <fieldset class="lines">
          <legend>Units</legend>
          ${rows.map(
            ({ key, sku: named, address, kept, shipped }, place) => html`
              <div class="line" key=${key}>
                <label for=${`kept-${place}`}>${nameOf(named)} <span class="code">${named}</span>${address && html` <span class="fine">to ${address}</span>`}</label>
                <input id=${`kept-${place}`} type="number" inputmode="numeric" min=${shipped} step="1" required value=${units[key] ?? kept}
                       onInput=${(event) => setUnits({ ...units, [key]: event.target.value })} />
                <span class="fine">${shipped > 0 && `${number(shipped)} shipped`}</span>
              </div>
            `,
          )}
        </fieldset>
        <div class="form-row">
          <${Field} id="sku" label="Another SKU (optional)">
            ${(given) => html`<input ...${given} name="sku" maxlength="64" autocomplete="off" spellcheck=${false} />`}
          <//>
          <${Field} id="more" label="Its units">
            ${(given) => html`<input ...${given} name="more" type="number" inputmode="numeric" min="1" step="1" value="1" />`}
          <//>
        </div>
        <${Field} id="reason" label="Reason (optional)" error=${errorOf(problem, "/reason")}>
          ${(given) => html`<input ...${given} name="reason" maxlength="200" autocomplete="off" />`}
        <//>
        <${Refusal} problem=${problem} shown=${["/reason"]} />
        <div class="form-end">
          <p class="form-preview">Further units have the current price.</p>
          <button class="primary" disabled=${isBusy}>${isBusy ? "Saving" : "Save the items"}</button>
        </div>
      </form>
    <//>
  `;
}
