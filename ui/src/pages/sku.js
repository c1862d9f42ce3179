// One product: levels by warehouse, lots, the history of its stock, and the form that adjusts it.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";

import { get, withQuery } from "../api.js";
import { serverNow } from "../clock.js";
import { count, DAY_MILLISECONDS, date, daysUntil, delta, moment, money, number, words } from "../format.js";
import { html } from "../html.js";
import { curve, tell } from "../movements.js";
import { announce, Choice, Empty, Figure, Heading, Trouble, useLoad, useTitle } from "../parts/bits.js";
import { StockChart } from "../parts/chart.js";
import { Back } from "../parts/icons.js";
import { Quantity } from "../parts/number.js";
import { useNarrow } from "../parts/table.js";
import { reasons, readReasons } from "../reasons.js";
import { orderPath, skuPath } from "../router.js";
import { rights } from "../session.js";
import { isUnserved, levelsOf, onChange, products, warehouses } from "../store.js";
import { AdjustDialog } from "./adjust.js";

const RELOAD_MILLISECONDS = 400; // after a change, so that a burst of changes makes one request
const HISTORY_PAGES_MAX = 5;
const HISTORY_PAGE = 200;
const LIST_STEP = 20;
const EXPIRING_DAYS = 30;
const SPANS = [
  { value: "1", label: "1 hour", milliseconds: DAY_MILLISECONDS / 24 },
  { value: "24", label: "1 day", milliseconds: DAY_MILLISECONDS },
  { value: "168", label: "7 days", milliseconds: 7 * DAY_MILLISECONDS },
  { value: "720", label: "30 days", milliseconds: 30 * DAY_MILLISECONDS },
];

const DEFAULT_SPAN = "24";
const EMPTY_SHARE = 0.03; // share of the curve before the first movement

export function SkuPage({ id }) {
  const { data, problem, run } = useLoad(() => get(`/v1/inventory/${encodeURIComponent(id)}`), [id]);
  const [isAdjusting, setAdjusting] = useState(false);
  const product = data.value;
  useTitle(product?.name ?? id);
  const components = product?.components ?? [];
  useReload([id, ...components.map((part) => part.sku_id)].join(" "), run);
  const live = levelsOf(id);

  if (problem.value) {
    return html`
      <${BackLink} />
      ${problem.value.status === 404
        ? html`<${Heading}>Product not found<//><${Empty} title=${problem.value.message} />`
        : html`<${Heading}>${id}<//><${Trouble} problem=${problem.value} retry=${run} />`}
    `;
  }
  if (!product) return html`<${BackLink} /><${Heading}>${id}<//><p class="waiting" role="status">Loading</p>`;

  const levels = merge(product.warehouses, live);
  const counted = (field) => (field === "available" ? [...levels].filter(([warehouse]) => !isUnserved(warehouse)) : [...levels]);
  const isBundle = components.length > 0; // it has no stock: what is available can be made of its components
  const total = (field) => counted(field).reduce((sum, [, level]) => sum + (level[field] ?? 0), 0);
  const { levels: isFull, batches, movements, adjust } = rights.value;
  return html`
    <${BackLink} />
    <div class="page-head">
      <div class="title">
        <${Heading}>${product.name}<//>
        <p class="facts">
          <span class="code">${product.sku_id}</span>
          ${product.size_ml && html`<span>${number(product.size_ml)} ml</span>`}
          ${product.price !== undefined && html`<span>${money(product.price, product.currency)}</span>`}
          ${product.flavor_profile?.length > 0 && html`<span>${product.flavor_profile.join(", ")}</span>`}
          ${product.active === false && html`<span class="mark">Retired</span>`}
        </p>
        ${product.description && html`<p class="lead">${product.description}</p>`}
      </div>
      ${adjust && !isBundle && html`<button type="button" class="primary" onClick=${() => setAdjusting(true)}>Adjust stock</button>`}
    </div>
    <div class="figures wide" role="group" aria-label="Totals">
      <${Figure} label="Available" tone=${product.low_stock ? "hot big" : "big"}
        ><${Quantity} value=${isBundle ? product.available : total("available")}
      /><//>
      ${isFull && !isBundle &&
      [
        ["On hand", "stock"],
        ["Reserved", "reserved"],
        ["Committed", "committed"],
        ["Unavailable", "unavailable"],
        ...(total("shortfall") ? [["Short of promises", "shortfall"]] : []),
      ].map(([label, field]) => html`<${Figure} key=${field} label=${label}><${Quantity} value=${total(field)} /><//>`)}
      ${!isBundle && html`<${Figure} label="Reorder at">${number(product.reorder_point)}<//>`}
    </div>
    <div class="columns">
      <section class="section" aria-labelledby="where">
        <h2 id="where">${isBundle ? "Components" : "By warehouse"}</h2>
        ${isBundle ? html`<${Components} components=${components} />` : html`<${Places} levels=${levels} isFull=${isFull} requests=${requestsOf(product)} />`}
      </section>
      ${batches && !isBundle &&
      html`<section class="section" aria-labelledby="batches">
        <h2 id="batches">Lots</h2>
        <${Batches} batches=${product.batches ?? []} />
      </section>`}
    </div>
    ${movements && !isBundle && html`<${History} id=${id} levels=${levels} reorderPoint=${product.reorder_point} />`}
    ${isAdjusting &&
    html`<${AdjustDialog}
      product=${product}
      levels=${levels}
      onClose=${() => setAdjusting(false)}
      onDone=${(level) => {
        setAdjusting(false);
        announce(`Saved. ${number(level.stock)} on hand in ${level.warehouse_location}.`);
        run({ quietly: true });
      }}
    />`}
  `;
}

const BackLink = () => html`<a class="back" href="/"><${Back} size=${16} />Stock</a>`;

/** Reads the product again shortly after the stock of one of these SKUs (or of its components) has changed. */
function useReload(ids, run) {
  const latest = useRef(run);
  latest.current = run;
  useEffect(() => {
    let timer = 0;
    const stop = onChange((changed) => {
      if (!ids.split(" ").some((id) => changed.has(id))) return;
      clearTimeout(timer);
      timer = setTimeout(() => latest.current({ quietly: true }), RELOAD_MILLISECONDS);
    });
    return () => {
      clearTimeout(timer);
      stop();
    };
  }, [ids]);
}

/** For each warehouse, the newer of the document's level and the live one. */
function merge(documents, live) {
  const merged = new Map(documents.map((level) => [level.warehouse_location, level]));
  for (const [warehouse, level] of live) {
    const known = merged.get(warehouse);
    if (!known || known.version <= level.version) merged.set(warehouse, level);
  }
  return new Map([...merged].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** When a count was asked for, by warehouse. The live levels do not say it. */
const requestsOf = (product) =>
  new Map(product.warehouses.filter((level) => level.count_requested_at).map((level) => [level.warehouse_location, level.count_requested_at]));

/** The components of a bundle and their units. */
function Components({ components }) {
  return html`
    <div class="scroll" tabindex="0" role="group" aria-label="Components">
      <table class="plain-table">
        <thead>
          <tr>
            <th scope="col">Component</th>
            <th scope="col" class="numeric">Per bundle</th>
            <th scope="col" class="numeric">Available</th>
          </tr>
        </thead>
        <tbody>
          ${components.map(
            (part) => html`
              <tr key=${part.sku_id}>
                <th scope="row"><a href=${skuPath(part.sku_id)}>${products.value.get(part.sku_id)?.name ?? part.sku_id}</a></th>
                <td class="numeric">${number(part.quantity)}</td>
                <td class="numeric"><${Quantity} value=${part.available} /></td>
              </tr>
            `,
          )}
        </tbody>
      </table>
    </div>
  `;
}

function Places({ levels, isFull, requests }) {
  const isNarrow = useNarrow();
  if (!levels.size) return html`<p class="quiet-line">No warehouse stocks it yet.</p>`;
  const names = new Map(warehouses.value.map(({ id, name }) => [id, name]));
  // On a phone, columns of zeros are hidden.
  const some = (part) => !isNarrow || [...levels.values()].some((level) => level[part]);
  const short = [...levels.values()].some((level) => level.shortfall) ? ["shortfall"] : [];
  const parts = isFull ? ["stock", ...["reserved", "committed", "unavailable"].filter(some), ...short, "available"] : ["available"];
  const labels = { stock: "On hand", shortfall: "Short" };
  return html`
    <div class="scroll" tabindex="0" role="group" aria-label="Stock by warehouse">
      <table class="plain-table">
        <thead>
          <tr>
            <th scope="col">Warehouse</th>
            ${parts.map((part) => html`<th scope="col" class="numeric" key=${part}>${labels[part] ?? words(part)}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${[...levels].map(
            ([warehouse, level]) => html`
              <tr key=${warehouse}>
                <th scope="row">${warehouse} ${names.get(warehouse) !== warehouse && html`<span class="fine">${names.get(warehouse)}</span>`}
                  ${isUnserved(warehouse) && html` <span class="mark" title="Retired, or serves no channel">Not sold from</span>`}
                  ${requests.has(warehouse) &&
                  html` <span class="mark low" title=${`A till sold more than the count said, ${moment(requests.get(warehouse))}`}>Count it</span>`}</th>
                ${parts.map(
                  (part) => html`
                    <td class="numeric" key=${part}><${Quantity} value=${level[part]} quiet=${part !== "available"} /></td>
                  `,
                )}
              </tr>
            `,
          )}
        </tbody>
      </table>
    </div>
  `;
}

function Batches({ batches }) {
  if (!batches.length) return html`<p class="quiet-line">No lot has units left.</p>`;
  return html`
    <div class="scroll" tabindex="0" role="group" aria-label="Lots">
      <table class="plain-table">
        <thead>
          <tr>
            <th scope="col">Lot</th>
            <th scope="col">Warehouse</th>
            <th scope="col">Expires</th>
            <th scope="col" class="numeric">On hand</th>
          </tr>
        </thead>
        <tbody>
          ${batches.map(
            (batch) => html`
              <tr key=${`${batch.warehouse_location} ${batch.batch_number}`}>
                <th scope="row" class="batch">${batch.batch_number}</th>
                <td>${batch.warehouse_location}</td>
                <td><${Expiry} batch=${batch} /></td>
                <td class="numeric"><${Quantity} value=${batch.stock} /></td>
              </tr>
            `,
          )}
        </tbody>
      </table>
    </div>
  `;
}

function Expiry({ batch }) {
  if (batch.status !== "available" && batch.status !== "expired") return html`<span class="mark">${words(batch.status)}</span>`;
  if (!batch.expiration_date) return html`<span class="fine">No date</span>`;
  const days = daysUntil(batch.expiration_date, new Date(serverNow()));
  return html`
    <span class="expiry">
      ${date(batch.expiration_date)}
      ${batch.status === "expired"
        ? html`<span class="mark out">Expired</span>`
        : days <= EXPIRING_DAYS && html`<span class="mark low">${days === 0 ? "today" : count(days, "day")}</span>`}
    </span>
  `;
}

function History({ id, levels, reorderPoint }) {
  const [place, setPlace] = useState("");
  const [chosen, setSpan] = useState("");
  const [length, setLength] = useState(LIST_STEP);
  const known = useRef({ place: null, rows: [], isWhole: false });
  const reach = SPANS.find((one) => one.value === (chosen || DEFAULT_SPAN)).milliseconds;
  const { data, problem, run } = useLoad(() => readHistory(id, place, serverNow() - reach, known), [id, place, chosen]);
  const span = chosen || spanOf(data.value);
  const milliseconds = SPANS.find((one) => one.value === span).milliseconds;
  useReload(id, run);
  useEffect(() => void readReasons().catch(() => {}), []);
  const descriptions = new Map(reasons.value.map((reason) => [reason.reason_code, reason.description]));

  const seen = place ? new Map([...levels].filter(([warehouse]) => warehouse === place)) : levels;
  const now = serverNow();
  const drawn = useMemo(() => data.value && curve(data.value.rows, seen, startOf(data.value, now - milliseconds, now), now), [data.value, span]);
  const current = [...seen.values()].reduce((sum, level) => sum + level.stock, 0);
  const options = [{ value: "", label: "All" }, ...[...levels.keys()].map((warehouse) => ({ value: warehouse, label: warehouse }))];
  if (problem.value) return html`<section class="section"><${Trouble} problem=${problem.value} retry=${run} /></section>`;
  return html`
    <section class="section" aria-labelledby="history">
      <div class="section-head">
        <h2 id="history">Why is it ${number(current)}?</h2>
        <div class="section-tools">
          ${levels.size > 1 &&
          html`<${Choice} name="history-place" label="Warehouse" options=${options} value=${place} onChange=${setPlace} />`}
          <${Choice} name="span" label="Time shown" options=${SPANS} value=${span} onChange=${setSpan} />
        </div>
      </div>
      ${!data.value
        ? html`<p class="waiting" role="status">Loading</p>`
        : html`
            <${StockChart} data=${drawn} reorderPoint=${place ? 0 : reorderPoint} />
            <${Movements} rows=${data.value.rows.slice(0, length)} descriptions=${descriptions} />
            ${length < data.value.rows.length &&
            html`<button type="button" class="plain more" onClick=${() => setLength(length + 5 * LIST_STEP)}>Show earlier movements</button>`}
            ${length >= data.value.rows.length &&
            !data.value.isWhole &&
            html`<p class="fine more">These are the last ${number(data.value.rows.length)} movements.</p>`}
          `}
    </section>
  `;
}

/** The last day, or the last hour if the product is newer. */
function spanOf(history) {
  const oldest = history?.isWhole && history.rows.at(-1);
  return oldest && serverNow() - Date.parse(oldest.recorded_at) < SPANS[0].milliseconds ? SPANS[0].value : DEFAULT_SPAN;
}

/** The start of the curve: shortly before the first movement. */
function startOf(history, from, now) {
  const oldest = history.isWhole && history.rows.at(-1);
  return oldest ? Math.max(from, Date.parse(oldest.recorded_at) - (now - Date.parse(oldest.recorded_at)) * EMPTY_SHARE) : from;
}

/** The movements since `from`, newest first, and those of the first page. Known movements are not read again. */
async function readHistory(id, place, from, known) {
  if (known.current.place !== `${id} ${place}`) known.current = { place: `${id} ${place}`, rows: [], isWhole: false };
  const held = known.current.rows;
  const newest = held[0]?.movement_id ?? -1;
  const fresh = [];
  let isWhole = true;
  let cursor = "";
  for (let page = 0; page < HISTORY_PAGES_MAX; page += 1) {
    const query = { warehouse: place, limit: HISTORY_PAGE, cursor };
    const answer = await get(withQuery(`/v1/inventory/${encodeURIComponent(id)}/movements`, query));
    const unseen = answer.data.filter((movement) => movement.movement_id > newest);
    fresh.push(...unseen);
    cursor = answer.next_cursor;
    if (unseen.length < answer.data.length && isCovered(held, from, known.current.isWhole)) {
      isWhole = known.current.isWhole;
      break;
    }
    if (unseen.length < answer.data.length) {
      // The known movements do not reach back far enough: start over.
      known.current = { place: `${id} ${place}`, rows: [], isWhole: false };
      return readHistory(id, place, from, known);
    }
    isWhole = !cursor;
    if (!cursor || Date.parse(answer.data.at(-1).recorded_at) < from) break;
  }
  known.current = { place: `${id} ${place}`, rows: [...fresh, ...held].slice(0, HISTORY_PAGES_MAX * HISTORY_PAGE), isWhole };
  return known.current;
}

const isCovered = (rows, from, isWhole) =>
  isWhole || rows.length >= HISTORY_PAGES_MAX * HISTORY_PAGE || Date.parse(rows.at(-1).recorded_at) < from;

function Movements({ rows, descriptions }) {
  if (!rows.length) return html`<p class="quiet-line">No movements yet.</p>`;
  return html`
    <div class="movements-head" aria-hidden="true"><span>When</span><span>What</span><span>On hand</span><span>Available</span></div>
    <ol class="movements">
      ${rows.map((movement) => html`<${Movement} key=${movement.movement_id} movement=${movement} descriptions=${descriptions} />`)}
    </ol>
  `;
}

function Movement({ movement, descriptions }) {
  const { what, order, document, note } = tell(movement, descriptions);
  return html`
    <li>
      <time datetime=${movement.recorded_at}>${moment(movement.recorded_at)}</time>
      <div class="movement-what">
        <p>
          ${what} ${order && html`<a href=${orderPath(order)}>${order}</a>`} ${document && html`<span class="code">${document}</span>`}
          ${note && html`<q>${note}</q>`}
        </p>
        <p class="fine">
          ${movement.warehouse_location}${movement.batch_number && ` · ${movement.batch_number}`} · by ${movement.actor}
        </p>
      </div>
      <p class="movement-number"><span class="fine">On hand</span>${change(movement.stock_delta)} <b>${number(movement.stock_after)}</b></p>
      <p class="movement-number">
        <span class="fine">Available</span>${change(movement.available_delta)} <b>${number(movement.available_after)}</b>
      </p>
    </li>
  `;
}

const change = (value) => html`<span class="movement-delta">${value === 0 ? "\u00a0" : delta(value)}</span>`;
