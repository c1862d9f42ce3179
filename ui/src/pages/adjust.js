// The form that adjusts stock by hand, with a reason.
import { useEffect, useState } from "preact/hooks";

import { count, date, daysUntil, number, words } from "../format.js";
import { html } from "../html.js";
import { Choice, Trouble } from "../parts/bits.js";
import { Dialog } from "../parts/dialog.js";
import { errorOf, Field, Refusal, useSubmission } from "../parts/form.js";
import { reasons, readReasons } from "../reasons.js";
import { warehouses } from "../store.js";

const WAYS = [
  { value: "out", label: "Take away" },
  { value: "in", label: "Add" },
];
// The lots that a reason takes units of (docs/how-to/adjust.md).
const TAKES = {
  any: { fits: () => true, none: "has no units" },
  sellable: { fits: (lot) => lot.status === "available", none: "has no units that can be sold" },
  expired: { fits: isPast, none: "has no units past their expiry date" },
  recalled: { fits: (lot) => lot.status === "recalled", none: "has no units of recalled lots" },
};
const SHOWN = ["/delta", "/reason_code", "/note", "/batch_number", "/warehouse_location"];

export function AdjustDialog({ product, levels, onClose, onDone }) {
  const places = warehouses.value.length ? warehouses.value.map(({ id }) => id) : [...levels.keys()];
  const [trouble, setTrouble] = useState(null);
  const [way, setWay] = useState("out");
  const [place, setPlace] = useState(places[0] ?? "");
  const [units, setUnits] = useState("");
  const [reason, setReason] = useState("");
  const [picked, setPicked] = useState("");
  const [note, setNote] = useState("");
  const { submit, problem, isBusy, clear } = useSubmission();
  useEffect(() => void readReasons().catch(setTrouble), []);

  const known = reasons.value.filter(({ direction }) => direction === "both" || direction === way);
  const chosen = known.find(({ reason_code: code }) => code === reason);
  const takes = TAKES[chosen?.takes] ?? TAKES.any;
  const amount = Number(units) * (way === "out" ? -1 : 1);
  const stock = levels.get(place)?.stock ?? 0;
  const lots = lotsFor(product.batches ?? [], place, way, takes);
  const mustName = way === "out" && isUndecided(lots, -amount);
  const only = way === "out" && lots.length === 1 ? lots[0].batch_number : "";
  const batch = lots.some((lot) => lot.batch_number === picked) ? picked : only;
  const turn = (value) => {
    setWay(value);
    setReason("");
    setPicked("");
    clear();
  };

  const onSubmit = async (event) => {
    event.preventDefault();
    if (isBusy) return;
    const done = await submit("POST", "/v1/inventory/adjust", {
      sku_id: product.sku_id,
      warehouse_location: place,
      delta: amount,
      reason_code: reason,
      ...(batch && { batch_number: batch }),
      ...(note.trim() && { note: note.trim() }),
    });
    if (done) onDone(done);
  };

  return html`
    <${Dialog} title="Adjust stock" onClose=${onClose}>
      ${trouble && html`<${Trouble} problem=${trouble} />`}
      <form class="form" onSubmit=${onSubmit}>
        <p class="form-subject">${product.name} <span class="code">${product.sku_id}</span></p>
        <${Choice} name="way" label="Direction" options=${WAYS} value=${way} onChange=${turn} />
        <div class="form-row">
          <${Field} id="units" label="Units" error=${errorOf(problem, "/delta")}>
            ${(given) => html`
              <input ...${given} type="number" inputmode="numeric" min="1" max="1000000000" step="1" required autofocus value=${units}
                     onInput=${(event) => setUnits(event.target.value)} />
            `}
          <//>
          <${Field} id="place" label="Warehouse" error=${errorOf(problem, "/warehouse_location")}>
            ${(given) => html`
              <select ...${given} required value=${place}
                      onChange=${(event) => {
                        setPlace(event.target.value);
                        setPicked("");
                        clear();
                      }}>
                ${places.map((id) => html`<option key=${id} value=${id}>${id}</option>`)}
              </select>
            `}
          <//>
        </div>
        <${Field} id="reason" label="Reason" error=${errorOf(problem, "/reason_code")}>
          ${(given) => html`
            <select ...${given} required value=${reason} onChange=${(event) => setReason(event.target.value)}>
              <option value="">Choose a reason</option>
              ${known.map(({ reason_code: code, description }) => html`<option key=${code} value=${code}>${description}</option>`)}
            </select>
          `}
        <//>
        <${Field} id="batch" label="Lot" error=${errorOf(problem, "/batch_number")} hint=${hintFor(way, place, takes, lots, batch, mustName)}>
          ${(given) => html`
            <select ...${given} required=${mustName} value=${batch} onChange=${(event) => setPicked(event.target.value)}>
              ${!only && html`<option value="">${mustName ? "Choose a lot" : way === "out" ? "The next to expire" : "The newest"}</option>`}
              ${lots.map((one) => html`<option key=${one.batch_number} value=${one.batch_number}>${nameOf(one)}</option>`)}
            </select>
          `}
        <//>
        <${Field} id="note" label=${chosen?.note_required ? "Note" : "Note (optional)"} error=${errorOf(problem, "/note")}>
          ${(given) => html`
            <textarea ...${given} rows="2" maxlength="1000" required=${chosen?.note_required} value=${note}
                      onInput=${(event) => setNote(event.target.value)}></textarea>
          `}
        <//>
        <${Refusal} problem=${problem} shown=${SHOWN} />
        <div class="form-end">
          <p class="form-preview" aria-live="polite">
            ${amount ? html`On hand in ${place}: ${number(stock)} → <b>${number(stock + amount)}</b>` : ""}
            ${partsOf(lots, batch, amount, mustName).map(
              (part) => html`<span key=${part.name}>from ${part.name}: ${number(part.stock)} → ${number(part.left)}</span>`,
            )}
          </p>
          <button class="primary" disabled=${isBusy}>${label(isBusy, way, amount)}</button>
        </div>
      </form>
    <//>
  `;
}

function label(isBusy, way, amount) {
  if (isBusy) return "Saving";
  if (!amount) return way === "out" ? "Take away" : "Add";
  return way === "out" ? `Take away ${count(-amount, "unit")}` : `Add ${count(amount, "unit")}`;
}

/** Lots to take away from: those in the warehouse that the reason takes. Lots to add to: all lots of the product. */
function lotsFor(batches, place, way, takes) {
  if (way === "out") return batches.filter((lot) => lot.warehouse_location === place && takes.fits(lot));
  return [...new Map(batches.map((lot) => [lot.batch_number, { ...lot, stock: undefined }])).values()];
}

function isPast(lot) {
  return lot.status === "expired" || (lot.expiration_date !== undefined && daysUntil(lot.expiration_date) < 0);
}

const isSellable = (lot) => lot.status === "available";
const sum = (lots) => lots.reduce((units, lot) => units + lot.stock, 0);

/** Whether reason and lots leave open which units go: the server refuses that without a lot. */
function isUndecided(lots, units) {
  return lots.length > 1 && !lots.every(isSellable) && units < sum(lots);
}

function hintFor(way, place, takes, lots, batch, mustName) {
  if (way === "in") return batch ? "" : "Without a lot, units go to the newest lot of the warehouse.";
  if (lots.length === 0) return `${place} ${takes.none}.`;
  if (batch) return "";
  if (mustName) return "Some of these lots cannot be sold, so say which one the units are taken from.";
  return "Without a lot, units are taken from the lots in order of expiry.";
}

/** The lots that units are taken from, as they stand before and after; none as long as that is open. */
function partsOf(lots, batch, amount, mustName) {
  const given = batch ? lots.filter((lot) => lot.batch_number === batch) : lots;
  if (amount >= 0 || (mustName && !batch) || -amount > sum(given)) return [];
  let units = -amount;
  return given.flatMap(({ batch_number: name, stock }) => {
    const part = Math.min(units, stock);
    units -= part;
    return part ? [{ name, stock, left: stock - part }] : [];
  });
}

function nameOf({ batch_number: name, expiration_date: expiry, status, stock }) {
  const parts = [name, expiry && `expires ${date(expiry)}`, status !== "available" && words(status).toLowerCase()];
  return [...parts, stock !== undefined && `${number(stock)} on hand`].filter(Boolean).join(", ");
}
