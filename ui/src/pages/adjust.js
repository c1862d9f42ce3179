// The form that adjusts stock by hand, with a reason.
import { useEffect, useState } from "preact/hooks";

import { count, date, number, words } from "../format.js";
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
const SHOWN = ["/delta", "/reason_code", "/note", "/batch_number", "/warehouse_location"];

export function AdjustDialog({ product, levels, onClose, onDone }) {
  const places = warehouses.value.length ? warehouses.value.map(({ id }) => id) : [...levels.keys()];
  const [trouble, setTrouble] = useState(null);
  const [way, setWay] = useState("out");
  const [place, setPlace] = useState(places[0] ?? "");
  const [units, setUnits] = useState("");
  const [reason, setReason] = useState("");
  const [batch, setBatch] = useState("");
  const [note, setNote] = useState("");
  const { submit, problem, isBusy } = useSubmission();
  useEffect(() => void readReasons().catch(setTrouble), []);

  const known = reasons.value.filter(({ direction }) => direction === "both" || direction === way);
  const chosen = known.find(({ reason_code: code }) => code === reason);
  const batches = batchesFor(product.batches ?? [], place, way);
  const amount = Number(units) * (way === "out" ? -1 : 1);
  const stock = levels.get(place)?.stock ?? 0;
  const turn = (value) => {
    setWay(value);
    setReason("");
    setBatch("");
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
                        setBatch("");
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
        <${Field} id="batch" label="Lot" error=${errorOf(problem, "/batch_number")}
          hint=${batch ? "" : way === "out" ? "Without a lot, units are taken from the lot that expires first." : "Without a lot, units go to the newest lot."}>
          ${(given) => html`
            <select ...${given} value=${batch} onChange=${(event) => setBatch(event.target.value)}>
              <option value="">Any</option>
              ${batches.map((one) => html`<option key=${one.batch_number} value=${one.batch_number}>${nameOf(one)}</option>`)}
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

/** Lots to take away from: those in the warehouse. Lots to add to: all lots of the product. */
function batchesFor(batches, place, way) {
  if (way === "out") return batches.filter((batch) => batch.warehouse_location === place);
  return [...new Map(batches.map((batch) => [batch.batch_number, { ...batch, stock: undefined }])).values()];
}

function nameOf({ batch_number: name, expiration_date: expiry, status, stock }) {
  const parts = [name, expiry && `expires ${date(expiry)}`, status !== "available" && words(status).toLowerCase()];
  return [...parts, stock !== undefined && `${number(stock)} on hand`].filter(Boolean).join(", ");
}
