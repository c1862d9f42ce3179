// All known stock: products from the REST pages, levels from the newest source. Levels change up to hundreds of times per second, so
// they are kept in plain maps; visible rows are updated once per frame, totals and sort order twice per second.
import { batch, effect, signal } from "@preact/signals";

import { get, pages, withQuery } from "./api.js";
import { serverNow } from "./clock.js";
import { DAY_MILLISECONDS } from "./format.js";
import { session } from "./session.js";

const SETTLE_MILLISECONDS = 500;
const RATE_SECONDS = 5;
const LAGS_KEPT = 100;
const UNKNOWN_SKUS_MAX = 20; // fetched one by one; with more of them the whole list is out of date
const EXPIRING_DAYS = 30;
const EXPIRING_MILLISECONDS = 5 * 60_000;
const LOW_MILLISECONDS = 30_000;

export const products = signal(new Map()); // sku_id -> entry of the catalog
export const nameOf = (sku) => products.value.get(sku)?.name ?? sku;
export const warehouses = signal([]); // {id, name, isSellable}, in order
export const lowSkus = signal(null); // of staff, who do not see every warehouse: what the server calls low; null: the levels decide
export const expiring = signal(new Map()); // sku_id -> Set of warehouses with a lot that expires soon
export const loading = signal({ state: "idle", problem: null });
export const settled = signal(0); // changes at most twice per second, after levels have changed
export const rate = signal(0); // changes per second
export const lag = signal(null); // milliseconds, the median of recent changes

const levels = new Map(); // sku_id -> Map(warehouse -> level)
const rows = new Map(); // sku_id -> a signal that changes with any of its levels
const listeners = new Set();
const touched = new Set();
const unknown = new Set();
const none = new Map();
let frame = 0;
let settling = 0;
let counted = [];
let lags = [];
let staging = null; // levels of a snapshot that is still arriving
let loads = 0;

const rowOf = (sku) => {
  if (!rows.has(sku)) rows.set(sku, signal(0));
  return rows.get(sku);
};

/** The levels of a SKU by warehouse. A component that reads them renders again when they change. */
export function levelsOf(sku) {
  rowOf(sku).value; // eslint-disable-line no-unused-expressions -- subscribes
  return levels.get(sku) ?? none;
}

/** The same without a subscription, for sums and sorting. */
export const peekLevels = (sku) => levels.get(sku) ?? none;

export function knownSkus() {
  return products.value;
}

/** Called with a set of SKUs after some of their levels have changed; returns a function that stops it. */
export function onChange(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function put(level) {
  let byWarehouse = levels.get(level.sku_id);
  if (!byWarehouse) levels.set(level.sku_id, (byWarehouse = new Map()));
  const known = byWarehouse.get(level.warehouse_location);
  if (known && known.version >= level.version) return false;
  byWarehouse.set(level.warehouse_location, level);
  touched.add(level.sku_id);
  return true;
}

/** Applies incoming changes: the newest state of some levels. */
export function apply(changes) {
  const now = serverNow();
  for (const level of changes) {
    if (!put(level)) continue;
    if (!products.value.has(level.sku_id)) unknown.add(level.sku_id);
    if (level.updated_at) lags.push(Math.max(0, now - Date.parse(level.updated_at)));
  }
  lags = lags.slice(-LAGS_KEPT);
  counted.push([Date.now(), changes.length]);
  schedule();
}

/** Stages a part of a snapshot; the last part replaces all known levels. */
export function applySnapshot(part, { isLast }) {
  staging ??= new Map();
  for (const level of part) staging.set(`${level.sku_id} ${level.warehouse_location}`, level);
  if (!isLast) return;
  for (const [sku, byWarehouse] of levels) {
    for (const warehouse of byWarehouse.keys()) {
      if (!staging.has(`${sku} ${warehouse}`)) byWarehouse.delete(warehouse);
    }
  }
  for (const level of staging.values()) {
    // After a reset versions may be lower: the snapshot wins.
    const known = levels.get(level.sku_id)?.get(level.warehouse_location);
    if (known && known.version !== level.version) levels.get(level.sku_id).delete(level.warehouse_location);
    put(level);
    if (!products.value.has(level.sku_id)) unknown.add(level.sku_id);
  }
  staging = null;
  schedule();
}

export function dropSnapshot() {
  staging = null;
}

function schedule() {
  frame ||= requestAnimationFrame(flush);
  settling ||= setTimeout(settle, SETTLE_MILLISECONDS);
}

function flush() {
  frame = 0;
  const changed = new Set(touched);
  touched.clear();
  batch(() => {
    for (const sku of changed) rowOf(sku).value += 1;
  });
  for (const listener of listeners) listener(changed);
}

function settle() {
  settling = 0;
  settled.value += 1;
  if (unknown.size) learn();
}

/** Reads products that appeared after the list was read. */
async function learn() {
  const ids = [...unknown];
  unknown.clear();
  if (loading.value.state !== "ready") return;
  if (ids.length > UNKNOWN_SKUS_MAX) {
    load();
    return;
  }
  const found = await Promise.all(ids.map((id) => get(withQuery("/v1/inventory", { sku_id: id })).catch(() => ({ data: [] }))));
  const all = new Map(products.value);
  for (const page of found) for (const document of page.data) all.set(document.sku_id, productOf(document));
  products.value = all;
}

const productOf = ({ warehouses: _, batches: __, ...rest }) => ({
  ...rest,
  searchable: fold(`${rest.sku_id} ${rest.name} ${(rest.flavor_profile ?? []).join(" ")}`),
});

/** Text by which people search: without the difference of case, without accents (as app.fold in SQL). */
export const fold = (text) => text.normalize("NFKD").replace(/[\u0300-\u036f]/g, "").toLowerCase();

/** Reads products, levels and warehouses. Each page is shown as soon as it arrives. */
export async function load() {
  loads += 1;
  const mine = loads;
  loading.value = { state: products.value.size ? "ready" : "loading", problem: null };
  try {
    const [places] = await Promise.all([get("/v1/inventory/warehouses"), readProducts(mine)]);
    if (mine !== loads) return;
    warehouses.value = places.data.map((place) => ({ id: place.warehouse_location, name: place.name, isSellable: place.sellable }));
    loading.value = { state: "ready", problem: null };
    readExpiring(mine);
    readLow(mine);
  } catch (problem) {
    if (mine === loads) loading.value = { state: products.value.size ? "ready" : "failed", problem };
  }
}

async function readProducts(mine) {
  const all = new Map();
  for await (const page of pages("/v1/inventory")) {
    if (mine !== loads) return;
    for (const document of page) {
      all.set(document.sku_id, productOf(document));
      for (const level of document.warehouses) put({ ...level, sku_id: document.sku_id });
    }
    if (all.size > products.value.size) products.value = new Map(all);
    schedule();
  }
  products.value = all;
}

async function readExpiring(mine) {
  if (session.value?.role === "integration") return;
  const before = new Date(serverNow() + EXPIRING_DAYS * DAY_MILLISECONDS).toISOString().slice(0, 10);
  const found = new Map();
  try {
    for (const { id } of warehouses.value) {
      for await (const page of pages("/v1/inventory", { warehouse: id, expiring_before: before })) {
        for (const { sku_id: sku } of page) found.set(sku, (found.get(sku) ?? new Set()).add(id));
      }
    }
  } catch {
    return; // the marks stay unchanged
  }
  if (mine === loads) expiring.value = found;
}

async function readLow(mine) {
  if (session.value?.role !== "warehouse") return;
  const found = new Set();
  try {
    for await (const page of pages("/v1/inventory", { low_stock: true })) for (const { sku_id: sku } of page) found.add(sku);
  } catch {
    return; // the marks stay unchanged
  }
  if (mine === loads) lowSkus.value = found;
}

/** Whether no order takes units from this warehouse: it is retired, or serves no channel. */
export const isUnserved = (id) => warehouses.value.some((place) => place.id === id && !place.isSellable);

/** Reads the levels again, without a live connection. */
export async function refresh() {
  const before = counted.length;
  for await (const page of pages("/v1/inventory")) {
    apply(page.flatMap((document) => document.warehouses.map((level) => ({ ...level, sku_id: document.sku_id }))));
  }
  counted.length = before; // levels that were only read again are not changes
}

setInterval(() => {
  const since = Date.now() - RATE_SECONDS * 1000;
  counted = counted.filter(([at]) => at >= since);
  rate.value = counted.reduce((sum, [, size]) => sum + size, 0) / RATE_SECONDS;
  lag.value = lags.length ? [...lags].sort((a, b) => a - b)[Math.floor(lags.length / 2)] : null;
}, 1000);

setInterval(() => {
  if (session.value && loading.value.state === "ready") readExpiring(loads);
}, EXPIRING_MILLISECONDS);

setInterval(() => {
  if (session.value && loading.value.state === "ready") readLow(loads);
}, LOW_MILLISECONDS);

function forget() {
  loads += 1;
  levels.clear();
  rows.clear();
  touched.clear();
  unknown.clear();
  counted = [];
  lags = [];
  staging = null;
  batch(() => {
    products.value = new Map();
    warehouses.value = [];
    expiring.value = new Map();
    lowSkus.value = null;
    loading.value = { state: "idle", problem: null };
    rate.value = 0;
    lag.value = null;
  });
}

// Another user sees other rows, so all data of the last user is dropped. A renewed token belongs to the same user.
let user = "";
effect(() => {
  const now = session.value ? `${session.value.role} ${session.value.subject}` : "";
  if (now === user) return;
  user = now;
  queueMicrotask(() => {
    forget();
    if (now) load();
  });
});
