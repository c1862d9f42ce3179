// Settings of an admin: the time zones of regions and warehouses, which say when a day begins and until when a lot is sold.
import { useState } from "preact/hooks";

import { pages } from "../api.js";
import { html } from "../html.js";
import { announce, Heading, Trouble, useLoad, useTitle } from "../parts/bits.js";
import { errorOf, Field, Refusal, useSubmission } from "../parts/form.js";

const ZONES = [...new Set(["UTC", ...Intl.supportedValuesOf("timeZone")])];

async function readAll() {
  const read = async (path) => {
    const all = [];
    for await (const page of pages(path)) all.push(...page);
    return all;
  };
  return { regions: await read("/v1/regions"), warehouses: await read("/v1/warehouses") };
}

export function SettingsPage() {
  useTitle("Settings");
  const { data, problem, run } = useLoad(readAll, []);
  return html`
    <div class="page-head"><${Heading}>Settings<//></div>
    <p><a href="/channels">Channels</a> <span class="fine">their warehouses, time to pay and sale rules</span></p>
    ${problem.value
      ? html`<${Trouble} problem=${problem.value} retry=${run} />`
      : data.value
        ? html`<${Zones} ...${data.value} onSaved=${() => run({ quietly: true })} />`
        : html`<p class="waiting" role="status">Loading</p>`}
  `;
}

function Zones({ regions, warehouses, onSaved }) {
  return html`
    <section class="settings">
      <h2>Time zones</h2>
      <p class="fine">
        A lot is sold in a warehouse through its last day there. Reports count orders by the days of the region, and stock by the days of the
        warehouse. A change applies to the stock at once; the reports are summed again.
      </p>
      <datalist id="zones">${ZONES.map((zone) => html`<option key=${zone} value=${zone} />`)}</datalist>
      ${regions.map(
        (region) => html`
          <${Zone} key=${`region ${region.region_id}`} id=${`region-${region.region_id}`} label=${`Region ${region.name}`}
                   path=${`/v1/regions/${region.region_id}`} zone=${region.time_zone} required onSaved=${onSaved} />
        `,
      )}
      ${warehouses.map(
        (place) => html`
          <${Zone} key=${place.warehouse_id} id=${`warehouse-${place.warehouse_id}`} label=${`${place.warehouse_id} ${place.name}`}
                   path=${`/v1/warehouses/${encodeURIComponent(place.warehouse_id)}`} zone=${place.time_zone} onSaved=${onSaved}
                   hint=${place.time_zone ? "" : `As its region: ${regions.find((one) => one.region_id === place.region_id)?.time_zone ?? "?"}`} />
        `,
      )}
    </section>
  `;
}

function Zone({ id, label, path, zone, required = false, hint, onSaved }) {
  const [text, setText] = useState(zone ?? "");
  const { submit, problem, isBusy } = useSubmission();
  const onSubmit = async (event) => {
    event.preventDefault();
    if (isBusy) return;
    const saved = await submit("PATCH", path, { time_zone: text.trim() || null });
    if (!saved) return;
    setText(saved.time_zone ?? "");
    announce(`${label}: saved.`);
    onSaved();
  };
  return html`
    <form class="form setting" onSubmit=${onSubmit}>
      <${Field} id=${id} label=${label} hint=${hint} error=${errorOf(problem, "/time_zone")}>
        ${(given) => html`
          <input ...${given} list="zones" autocomplete="off" spellcheck="false" maxlength="64" required=${required} value=${text}
                 onInput=${(event) => setText(event.target.value)} />
        `}
      <//>
      <button class="plain" disabled=${isBusy || text.trim() === (zone ?? "")} aria-label=${`Save ${label}`}>${isBusy ? "Saving" : "Save"}</button>
      <${Refusal} problem=${problem && !errorOf(problem, "/time_zone") ? problem : null} />
    </form>
  `;
}
