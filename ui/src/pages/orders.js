// The feed of orders, latest first. New and changed orders arrive by server-sent events. Warehouse staff receive only stock events:
// for them the first page is read again when an event names an order.
import { signal } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";

import { get, withQuery } from "../api.js";
import { count, dayName, money, number, time } from "../format.js";
import { html } from "../html.js";
import { State, unitsOf } from "../orders.js";
import { announce, Choice, Empty, Heading, Trouble, useTitle } from "../parts/bits.js";
import { Search } from "../parts/icons.js";
import { navigate, orderPath } from "../router.js";
import { products } from "../store.js";
import { follow } from "../stream.js";

const PAGE = 50;
const POLL_MILLISECONDS = 5_000;
const SOON_MILLISECONDS = 400;
const SHOWN_MAX = 2_000;
const NAMED_MAX = 2;
const ORDER = /^ORD-\d+-\d+$/;
const FILTERS = [
  { value: "", label: "All" },
  { value: "processing", label: "Open" },
  { value: "pending", label: "Not paid" },
  { value: "on_hold", label: "On hold" },
  { value: "partially_fulfilled", label: "Partly shipped" },
  { value: "completed", label: "Shipped" },
  { value: "canceled", label: "Canceled" },
];

const filter = signal("");
const customer = signal("");

export function OrdersPage() {
  useTitle("Orders");
  const feed = useFeed(filter.value, customer.value);
  const [typed, setTyped] = useState(customer.value);
  const onSearch = async (event) => {
    event.preventDefault();
    const text = typed.trim();
    if (ORDER.test(text.toUpperCase())) {
      navigate(orderPath(text.toUpperCase()));
      return;
    }
    // A shop's own order number looks like a name: open the order with this ID if it exists.
    if (text && !/[\s@]/.test(text) && (await get(orderPathOfApi(text)).catch(() => null))) navigate(orderPath(text));
    else customer.value = text;
  };
  return html`
    <div class="page-head"><${Heading}>Orders<//></div>
    <div class="tools">
      <form class="search" role="search" onSubmit=${onSearch}>
        <label>
          <span class="hidden">Part of a number, or of the customer's name or e-mail</span>
          <${Search} />
          <input type="search" placeholder="Order number or customer" value=${typed} autocomplete="off"
                 onInput=${(event) => {
                   setTyped(event.target.value);
                   if (!event.target.value) customer.value = "";
                 }} />
          <kbd aria-hidden="true">/</kbd>
        </label>
      </form>
      <${Choice} name="filter" label="State" options=${FILTERS} value=${filter.value} onChange=${(value) => (filter.value = value)} />
    </div>
    <${Feed} feed=${feed} />
  `;
}

const orderPathOfApi = (id) => `/v1/orders/${encodeURIComponent(id)}`;

const before = (a, b) => (a.created_at === b.created_at ? idNumber(a) > idNumber(b) : a.created_at > b.created_at);
const idNumber = (order) => Number(order.order_id.split("-").at(-1));
// "Partly shipped" are those of which something is still to be shipped.
const filtersOf = (state) => (state === "partially_fulfilled" ? { status: "processing", fulfillment_status: state } : { status: state });
const fits = (order, state) => Object.entries(filtersOf(state)).every(([member, value]) => !value || order[member] === value);

/** {orders, problem, isBusy, hasMore, more, fresh} of a filter, kept up to date. */
function useFeed(state, name) {
  const [view, setView] = useState({ orders: [], cursor: "", problem: null, isBusy: true });
  const fresh = useRef(new Set()); // IDs of orders that were new or changed while the page was open
  const turn = useRef(0);

  const read = async (cursor = "", { quietly = false } = {}) => {
    const mine = cursor ? turn.current : (turn.current += quietly ? 0 : 1);
    if (!quietly) setView((old) => ({ ...old, isBusy: true, problem: null }));
    try {
      let page;
      // A page of a search reads a part of the orders and may find nothing in it.
      do {
        page = await get(withQuery("/v1/orders", { ...filtersOf(state), q: name, limit: PAGE, cursor: page?.next_cursor ?? cursor }));
      } while (page.next_cursor && !page.data.length && !quietly && mine === turn.current);
      if (mine !== turn.current) return;
      setView((old) => {
        if (quietly) return { ...merge(old, page.data, state, fresh.current), problem: null };
        const orders = cursor ? [...old.orders, ...page.data] : page.data;
        return { orders, cursor: page.next_cursor ?? "", problem: null, isBusy: false };
      });
    } catch (problem) {
      if (mine === turn.current && !quietly) setView((old) => ({ ...old, problem, isBusy: false }));
    }
  };
  const latest = useRef(read);
  latest.current = read;

  useEffect(() => {
    fresh.current = new Set();
    setView({ orders: [], cursor: "", problem: null, isBusy: true });
    read();
  }, [state, name]);

  useEffect(() => {
    let soon = 0;
    let poll = 0;
    const readSoon = () => {
      soon ||= setTimeout(() => {
        soon = 0;
        latest.current("", { quietly: true });
      }, SOON_MILLISECONDS);
    };
    const stop = follow({
      onEvent: (event) => {
        const isOfOrder = /^(order|fulfillment)[.]/.test(event.type);
        const isWhole = isOfOrder && event.data?.items && !name;
        if (isWhole) setView((old) => merge(old, [event.data], state, fresh.current));
        else if (isOfOrder || event.type === "customer.erased" || event.data?.documents?.some((id) => ORDER.test(id))) readSoon();
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
  }, [state, name]);

  return { ...view, fresh: fresh.current, more: () => read(view.cursor), retry: () => read() };
}

/** Merges newer states of orders into the list: changed ones are replaced or removed, new ones are inserted by their time. */
function merge(view, newer, state, fresh) {
  const orders = [...view.orders];
  let hasChanged = false;
  for (const order of newer) {
    const at = orders.findIndex((one) => one.order_id === order.order_id);
    if (at >= 0 && orders[at].version >= order.version) continue;
    hasChanged = true;
    fresh.add(order.order_id);
    if (at >= 0) orders.splice(at, 1);
    if (!fits(order, state)) continue;
    const place = orders.findIndex((one) => before(order, one));
    if (place >= 0) orders.splice(place, 0, order);
    else if (!view.cursor) orders.push(order); // otherwise it belongs to a page that is not loaded
  }
  return hasChanged ? { ...view, orders: orders.slice(0, SHOWN_MAX) } : view;
}

function Feed({ feed }) {
  const { orders, problem, isBusy, cursor, fresh, more, retry } = feed;
  useEffect(() => {
    if (!isBusy && customer.value) announce(`${count(orders.length, "order")} found.`);
  }, [isBusy, customer.value]);
  if (problem && !orders.length) return html`<${Trouble} problem=${problem} retry=${retry} />`;
  if (!orders.length && isBusy) return html`<p class="waiting" role="status">Loading orders</p>`;
  if (!orders.length) {
    return customer.value
      ? html`<${Empty} title="No orders found.">No name, e-mail or number contains all of these words.<//>`
      : html`<${Empty} title=${filter.value ? "No orders in this state." : "No orders yet."}>
          New ones appear here by themselves.
        <//>`;
  }
  let day = "";
  return html`
    <div class="feed">
      ${orders.map((order) => {
        const name = dayName(order.created_at);
        const isNewDay = name !== day;
        day = name;
        return html`
          ${isNewDay && html`<h2 class="day" key=${`day ${name}`}>${name}</h2>`}
          <${Line} key=${order.order_id} order=${order} isFresh=${fresh.has(order.order_id)} />
        `;
      })}
    </div>
    ${cursor && html`<button type="button" class="plain more" disabled=${isBusy} onClick=${more}>Show earlier orders</button>`}
    ${problem && html`<${Trouble} problem=${problem} retry=${more} />`}
  `;
}

function Line({ order, isFresh }) {
  return html`
    <article class=${`order-line ${isFresh ? "fresh" : ""}`} key=${order.version}>
      ${isFresh && html`<span class="wash" key=${order.version}></span>`}
      <time datetime=${order.created_at}>${time(order.created_at)}</time>
      <p class="order-id"><a href=${orderPath(order.order_id)}>${order.order_id}</a></p>
      <p class="order-customer">${order.customer.name ?? "No name"} <span class="fine">${order.channel}</span></p>
      <p class="order-items">${itemsText(order)}</p>
      <p class="order-total numeric">${money(order.total_price, order.currency)}</p>
      <${State} order=${order} />
    </article>
  `;
}

/** "2 × Ghost Pepper, 1 × Mango and 3 more" */
function itemsText(order) {
  const units = new Map(); // a product may be on several lines, at different prices
  for (const { sku_id: sku, quantity } of order.items) units.set(sku, (units.get(sku) ?? 0) + quantity);
  const all = [...units].map(([sku, quantity]) => `${number(quantity)} × ${products.value.get(sku)?.name ?? sku}`);
  const named = all.slice(0, NAMED_MAX);
  const left = all.length - named.length;
  return left > 0 ? `${named.join(", ")} and ${left} more` : named.join(", ") || count(unitsOf(order), "unit");
}
