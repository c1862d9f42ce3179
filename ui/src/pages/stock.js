// Live stock, one row per SKU. With all warehouses in view, one column per warehouse shows the available units; with one warehouse, the
// columns show the parts of its stock.
import { computed, signal } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";

import { count, number } from "../format.js";
import { html } from "../html.js";
import { announce, Choice, Empty, Figure, Heading, Trouble, useTitle } from "../parts/bits.js";
import { Search } from "../parts/icons.js";
import { Quantity } from "../parts/number.js";
import { Table, useNarrow } from "../parts/table.js";
import { skuPath } from "../router.js";
import { rights } from "../session.js";
import { expiring, fold, isUnserved, levelsOf, load, loading, lowSkus, peekLevels, products, settled, warehouses } from "../store.js";

const COLUMNS_MAX = 6; // most warehouses that get their own column
const COLUMNS_MAX_NARROW = 3;
const ROW = 57;
const ROW_NARROW = 93;
const PARTS = [
  ["reserved", "Reserved", "Reserved for a limited time, for example for a checkout"],
  ["committed", "Committed", "On orders that are not shipped yet"],
  ["unavailable", "Unavailable", "On hand but not for sale: expired, damaged, quarantined or recalled"],
];
const ON_HAND = "All units in the warehouse";

// Kept as long as the tab is open: after a product page the list is as the user left it.
const words = signal("");
const place = signal(""); // a warehouse, or all
const mark = signal(""); // "", low, expiring
const order = signal({ key: "product", descending: false });

/** Over all warehouses, only what can be sold is available. */
const sum = (sku, field, levels, where = place.value) => {
  let total = 0;
  for (const [warehouse, level] of levels) {
    if (where ? warehouse === where : field !== "available" || !isUnserved(warehouse)) total += level[field] ?? 0;
  }
  return total;
};

/** The reorder point is of the product, so all warehouses count, whichever is shown. */
const isLow = (product, levels = peekLevels(product.sku_id)) =>
  lowSkus.value ? lowSkus.value.has(product.sku_id) : sum(product.sku_id, "available", levels, "") <= product.reorder_point;

function isExpiring(sku) {
  const where = expiring.value.get(sku);
  return where !== undefined && (!place.value || where.has(place.value));
}

const inPlace = computed(() => {
  settled.value; // eslint-disable-line no-unused-expressions -- levels are not signals
  return [...products.value.values()].filter((product) => !place.value || peekLevels(product.sku_id).has(place.value));
});

const figures = computed(() => {
  const found = { available: 0, stock: 0, committed: 0, low: 0, expiring: 0 };
  for (const product of inPlace.value) {
    const levels = peekLevels(product.sku_id);
    for (const field of ["available", "stock", "committed"]) found[field] += sum(product.sku_id, field, levels);
    if (isLow(product)) found.low += 1;
    if (isExpiring(product.sku_id)) found.expiring += 1;
  }
  return found;
});

const shown = computed(() => {
  const wanted = fold(words.value).split(/\s+/).filter(Boolean);
  const rows = inPlace.value.filter(
    (product) =>
      wanted.every((word) => product.searchable.includes(word)) &&
      (mark.value !== "low" || isLow(product)) &&
      (mark.value !== "expiring" || isExpiring(product.sku_id)),
  );
  const { key, descending } = order.value;
  const value =
    key === "product"
      ? (product) => product.name
      : key.startsWith("@")
        ? (product) => peekLevels(product.sku_id).get(key.slice(1))?.available ?? -1
        : (product) => sum(product.sku_id, key, peekLevels(product.sku_id));
  const sorted = rows.map((product) => [value(product), product.sku_id]);
  const sign = descending ? -1 : 1;
  sorted.sort(([a, x], [b, y]) => (a < b ? -sign : a > b ? sign : x < y ? -1 : 1));
  return sorted.map(([, sku]) => sku);
});

function columnsFor(isFull, isNarrow) {
  const columns = [{ key: "product", label: "Product", sort: true, width: "minmax(15rem, 1fr)" }];
  const numeric = { numeric: true, sort: true, width: "minmax(6.5rem, 9rem)" };
  if (isFull) columns.push({ ...numeric, key: "stock", label: "On hand", hint: ON_HAND });
  const each = !place.value && warehouses.value.length > 1 && warehouses.value.length <= (isNarrow ? COLUMNS_MAX_NARROW : COLUMNS_MAX);
  if (each) {
    for (const { id, name } of warehouses.value) {
      columns.push({ ...numeric, key: `@${id}`, label: id, hint: `Available in ${name ?? id}` });
    }
  } else if (isFull) {
    for (const [key, label, hint] of PARTS) columns.push({ ...numeric, key, label, hint });
  }
  columns.push({ ...numeric, key: "available", label: "Available", hint: "Can be sold now" });
  return columns;
}

export function StockPage() {
  useTitle("Stock");
  const search = useRef(null);
  const isNarrow = useNarrow();
  const isFull = rights.value.levels;
  const columns = useMemo(() => columnsFor(isFull, isNarrow), [place.value, warehouses.value, isFull, isNarrow]);
  const ids = shown.value;
  useEffect(() => {
    const timer = setTimeout(() => words.value && announce(`${count(ids.length, "product")} found.`), 600);
    return () => clearTimeout(timer);
  }, [words.value]);

  const onOrder = (key) => {
    const isSame = order.value.key === key;
    order.value = { key, descending: isSame ? !order.value.descending : key !== "product" };
  };
  const options = [{ value: "", label: "All" }, ...warehouses.value.map(({ id }) => ({ value: id, label: id }))];

  return html`
    <div class="page-head">
      <${Heading}>Stock<//>
      <${Figures} key=${`${place.value} ${loading.value.state}`} isFull=${isFull} />
    </div>
    <div class="tools">
      <label class="search">
        <span class="hidden">Search products by name, code or flavor</span>
        <${Search} />
        <input type="search" ref=${search} placeholder="Name, code or flavor" value=${words.value} autocomplete="off"
               onInput=${(event) => (words.value = event.target.value)} onKeyDown=${toFirstRow} />
        <kbd aria-hidden="true">/</kbd>
      </label>
      ${warehouses.value.length > 1 &&
      html`<${Choice} name="place" label="Warehouse" options=${options} value=${place.value}
              onChange=${(value) => (place.value = value)} />`}
      <label class="sort">
        <span>Sort by</span>
        <select value=${order.value.key} onChange=${(event) => onOrder(event.target.value)}>
          ${columns.map((column) => html`<option key=${column.key} value=${column.key}>${column.label}</option>`)}
        </select>
      </label>
    </div>
    <${List} ids=${ids} columns=${columns} onOrder=${onOrder} rowHeight=${isNarrow ? ROW_NARROW : ROW} />
  `;
}

function List({ ids, columns, onOrder, rowHeight }) {
  const { state, problem } = loading.value;
  if (state === "failed") return html`<${Trouble} problem=${problem} retry=${load} />`;
  if (!products.value.size) {
    if (state !== "ready") return html`<p class="waiting" role="status">Loading stock</p>`;
    return html`<${Empty} title="No stock yet.">Receive a first lot with <code>POST /v1/inventory</code>, or import a file.<//>`;
  }
  if (!ids.length) {
    const clear = () => {
      words.value = "";
      mark.value = "";
    };
    return html`
      <${Empty} title="No product matches.">
        ${mark.value === "low" && !words.value ? "No product is low here. " : "Try fewer letters, or all warehouses. "}
        <button type="button" class="link" onClick=${clear}>Show all</button>
      <//>
    `;
  }
  // The key keeps a change of warehouse from looking like a change of stock.
  return html`<${Table} key=${place.value} label="Stock by product" name="stock" columns=${columns} ids=${ids} Row=${Row} order=${order.value}
                onOrder=${onOrder} rowHeight=${rowHeight} />`;
}

function Figures({ isFull }) {
  const { available, stock, committed, low, expiring: soon } = figures.value;
  const toggle = (value) => () => (mark.value = mark.value === value ? "" : value);
  return html`
    <div class="figures" role="group" aria-label="Totals">
      <${Figure} label="Available"><${Quantity} value=${available} /><//>
      ${isFull &&
      html`<${Figure} label="On hand"><${Quantity} value=${stock} /><//>
        <${Figure} label="Committed" tone="minor"><${Quantity} value=${committed} /><//>`}
      <${Figure} label="Low" tone=${low ? "hot" : ""} hint="At or below the reorder point, over all warehouses" onClick=${toggle("low")} pressed=${mark.value === "low"}>${number(low)}<//>
      ${isFull &&
      html`<${Figure} label="Expiring" hint="With a lot that expires within 30 days" onClick=${toggle("expiring")} pressed=${mark.value === "expiring"}>${number(soon)}<//>`}
    </div>
  `;
}

/** Enter or Down in the search focuses the first product found; Escape clears it. */
function toFirstRow(event) {
  if (event.key === "Escape") words.value = "";
  if (event.key !== "ArrowDown" && event.key !== "Enter") return;
  event.preventDefault();
  document.querySelector(".table.stock .body a")?.focus();
}

function Row({ id, columns, index }) {
  const product = products.value.get(id);
  const levels = levelsOf(id);
  if (!product) return null;
  return html`
    <div class="row" role="row" aria-rowindex=${index}>
      ${columns.map(
        (column) => html`
          <div class=${`cell ${column.numeric ? "numeric" : "product"}`} role="cell" key=${column.key} data-column=${column.key}
               data-label=${column.label}>
            ${column.key === "product"
              ? html`<${Product} product=${product} levels=${levels} />`
              : html`<${Quantity} value=${valueOf(column.key, id, levels)} quiet=${column.key !== "available"} />`}
          </div>
        `,
      )}
    </div>
  `;
}

const valueOf = (key, id, levels) => (key.startsWith("@") ? levels.get(key.slice(1))?.available : sum(id, key, levels));

function Product({ product, levels }) {
  const available = sum(product.sku_id, "available", levels);
  return html`
    <a class="product-name" href=${skuPath(product.sku_id)}>${product.name}</a>
    <span class="product-line">
      <span class="code">${product.sku_id}</span>
      ${product.size_ml && html`<span class="size">${number(product.size_ml)} ml</span>`}
      ${available === 0
        ? html`<span class="mark out">Out</span>`
        : isLow(product, levels) && html`<span class="mark low">Low</span>`}
      ${isExpiring(product.sku_id) && html`<span class="mark">Expiring</span>`}
    </span>
  `;
}
