// The channels of an admin: which warehouses serve them, how long an unpaid order keeps its units, what may wait for stock.
import { useState } from "preact/hooks";

import { pages } from "../api.js";
import { count, words } from "../format.js";
import { html } from "../html.js";
import { announce, Empty, Heading, Trouble, useLoad, useTitle } from "../parts/bits.js";
import { Dialog } from "../parts/dialog.js";
import { errorOf, Field, Refusal, useSubmission } from "../parts/form.js";
import { Back } from "../parts/icons.js";

const MODES = [
  ["backorder", "Wait for stock"],
  ["preorder", "Wait for the release"],
  ["refuse", "Refuse"],
];
const NEW_RULE = { sku_id: "", mode: "backorder", units_max: "", priority: 0, ships_on: "" };

async function readAll() {
  const all = [];
  for await (const page of pages("/v1/channels")) all.push(...page);
  return all;
}

export function ChannelsPage() {
  useTitle("Channels");
  const { data, problem, run } = useLoad(readAll, []);
  const [edited, setEdited] = useState(null);
  const onSaved = (channel) => {
    setEdited(null);
    announce(`${channel.name}: saved.`);
    run({ quietly: true });
  };
  return html`
    <a class="back" href="/settings"><${Back} size=${16} />Settings</a>
    <div class="page-head"><${Heading}>Channels<//></div>
    ${problem.value
      ? html`<${Trouble} problem=${problem.value} retry=${run} />`
      : data.value
        ? html`<${List} channels=${data.value} onEdit=${setEdited} />`
        : html`<p class="waiting" role="status">Loading</p>`}
    ${edited && html`<${EditDialog} channel=${edited} onClose=${() => setEdited(null)} onSaved=${onSaved} />`}
  `;
}

function List({ channels, onEdit }) {
  if (!channels.length) return html`<${Empty} title="No channels yet.">Create one with PUT /v1/channels/{channel_id}.<//>`;
  return html`
    <ul class="channels">
      ${channels.map(
        (channel) => html`
          <li key=${channel.channel_id}>
            <div>
              <h2>
                ${channel.name} <span class="code">${channel.channel_id}</span>
                ${!channel.active && html` <span class="mark">Retired</span>`}
              </h2>
              <p class="fine">${factsOf(channel).join(" · ")}</p>
            </div>
            <button type="button" class="plain" aria-label=${`Edit ${channel.name}`} onClick=${() => onEdit(channel)}>Edit</button>
          </li>
        `,
      )}
    </ul>
  `;
}

const factsOf = (channel) => [
  words(channel.kind),
  channel.warehouses.length ? `from ${channel.warehouses.join(", ")}` : "no warehouse, so it sells nothing",
  `unpaid orders keep their units for ${count(channel.unpaid_minutes, "minute")}`,
  channel.sale_rules.length ? count(channel.sale_rules.length, "sale rule") : "nothing waits for stock",
];

function EditDialog({ channel, onClose, onSaved }) {
  const [name, setName] = useState(channel.name);
  const [minutes, setMinutes] = useState(String(channel.unpaid_minutes));
  const [places, setPlaces] = useState(channel.warehouses.join(", "));
  const [rules, setRules] = useState(channel.sale_rules.map((rule) => ({ ...rule, sku_id: rule.sku_id ?? "", units_max: rule.units_max ?? "", ships_on: rule.ships_on ?? "" })));
  const { submit, problem, isBusy } = useSubmission();
  const setRule = (at, change) => setRules(rules.map((rule, nth) => (nth === at ? { ...rule, ...change } : rule)));

  const onSubmit = async (event) => {
    event.preventDefault();
    if (isBusy) return;
    const wanted = {
      name: name.trim(),
      unpaid_minutes: Number(minutes),
      warehouses: places.split(/[\s,]+/).filter(Boolean),
      sale_rules: rules.map(({ sku_id: sku, mode, units_max: most, priority, ships_on: day }) => ({
        sku_id: sku.trim() || null,
        mode,
        units_max: most === "" || mode === "refuse" ? null : Number(most),
        priority: mode === "refuse" ? 0 : Number(priority),
        ships_on: mode === "preorder" ? day || null : null,
      })),
    };
    // Only what was changed, so that the form undoes nobody else's change of the rest.
    const changed = Object.entries(wanted).filter(([member, value]) => JSON.stringify(value) !== JSON.stringify(known(channel, member)));
    if (!changed.length) return onClose();
    const saved = await submit("PATCH", `/v1/channels/${encodeURIComponent(channel.channel_id)}`, Object.fromEntries(changed));
    if (saved) onSaved(saved);
  };

  const faulty = problem?.errors.find(({ pointer }) => pointer.startsWith("/warehouses"));
  const shown = ["/name", "/unpaid_minutes", faulty?.pointer];
  return html`
    <${Dialog} title="Edit channel" onClose=${onClose}>
      <form class="form" onSubmit=${onSubmit}>
        <${Field} id="name" label="Name" error=${errorOf(problem, "/name")}>
          ${(given) => html`<input ...${given} required maxlength="200" value=${name} onInput=${(event) => setName(event.target.value)} />`}
        <//>
        <${Field} id="places" label="Warehouses" error=${faulty?.detail} hint="Their codes, the preferred one first. Without any, it sells nothing.">
          ${(given) => html`<input ...${given} autocomplete="off" spellcheck="false" value=${places} onInput=${(event) => setPlaces(event.target.value)} />`}
        <//>
        <${Field} id="minutes" label="Minutes to pay" error=${errorOf(problem, "/unpaid_minutes")} hint="An unpaid order keeps its units for this time.">
          ${(given) => html`
            <input ...${given} type="number" inputmode="numeric" min="1" max="43200" step="1" required value=${minutes}
                   onInput=${(event) => setMinutes(event.target.value)} />
          `}
        <//>
        <fieldset class="rules">
          <legend>Orders that find too few units</legend>
          <p class="fine">Without a rule they are refused. A rule without a SKU is for every SKU that has none of its own.</p>
          ${rules.map((rule, at) => html`<${Rule} key=${at} at=${at} rule=${rule} onChange=${setRule} onRemove=${() => setRules(rules.filter((_, nth) => nth !== at))} />`)}
          <button type="button" class="plain" onClick=${() => setRules([...rules, NEW_RULE])}>Add a rule</button>
        </fieldset>
        <${Refusal} problem=${problem} shown=${shown} />
        <div class="form-end"><span></span><button class="primary" disabled=${isBusy}>${isBusy ? "Saving" : "Save"}</button></div>
      </form>
    <//>
  `;
}

const known = (channel, member) =>
  member === "sale_rules"
    ? channel.sale_rules.map(({ sku_id, mode, units_max, priority, ships_on }) => ({ sku_id, mode, units_max, priority, ships_on }))
    : channel[member];

function Rule({ at, rule, onChange, onRemove }) {
  const id = (member) => `rule-${at}-${member}`;
  const field = (member) => ({ value: rule[member], onInput: (event) => onChange(at, { [member]: event.target.value }) });
  return html`
    <div class="rule" role="group" aria-label=${`Rule ${at + 1}`}>
      <${Field} id=${id("sku")} label="SKU">
        ${(given) => html`<input ...${given} placeholder="Every SKU" autocomplete="off" spellcheck="false" maxlength="64" ...${field("sku_id")} />`}
      <//>
      <${Field} id=${id("mode")} label="Missing units">
        ${(given) => html`
          <select ...${given} value=${rule.mode} onChange=${(event) => onChange(at, { mode: event.target.value })}>
            ${MODES.map(([mode, label]) => html`<option key=${mode} value=${mode}>${label}</option>`)}
          </select>
        `}
      <//>
      ${rule.mode === "preorder" &&
      html`
        <${Field} id=${id("day")} label="Ships on">
          ${(given) => html`<input ...${given} type="date" required ...${field("ships_on")} />`}
        <//>
      `}
      ${rule.mode !== "refuse" &&
      html`
        <${Field} id=${id("most")} label="At most">
          ${(given) => html`<input ...${given} placeholder="No limit" type="number" inputmode="numeric" min="1" step="1" ...${field("units_max")} />`}
        <//>
        <${Field} id=${id("priority")} label="Priority">
          ${(given) => html`<input ...${given} title="Higher comes first" type="number" inputmode="numeric" step="1" required ...${field("priority")} />`}
        <//>
      `}
      <button type="button" class="plain" aria-label=${`Remove rule ${at + 1}`} onClick=${onRemove}>Remove</button>
    </div>
  `;
}
