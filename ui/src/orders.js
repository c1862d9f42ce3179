// Helpers for every page that shows orders.
import { html } from "./html.js";

const STATES = {
  pending: "Not paid",
  on_hold: "On hold",
  canceled: "Canceled",
  completed: "Shipped",
};

/** The order's state in one or two words. */
export function stateOf(order) {
  if (order.status === "completed" && order.fulfillment_status === "partially_fulfilled") return "Shipped, rest canceled";
  if (STATES[order.status]) return STATES[order.status];
  if (order.fulfillment_status === "partially_fulfilled") return "Partly shipped";
  return order.backorders.length && !openParts(order).length ? "Waiting for stock" : "To ship";
}

/** Of a bundle its components count, as they do where units are allocated. */
const sizeOf = (item) => item.components.reduce((sum, part) => sum + part.quantity, 0) || 1;

export const unitsOf = (order) => order.items.reduce((sum, item) => sum + (item.quantity - item.canceled) * sizeOf(item), 0);

const openOf = ({ quantity, fulfilled, released }) => quantity - fulfilled - released;

/** The parts of an order that are still to be shipped: [{warehouse, sku, units}]. */
export const openParts = (order) =>
  order.allocations
    .map((part) => ({ warehouse: part.warehouse_location, sku: part.sku_id, units: openOf(part) }))
    .filter((part) => part.units > 0);

/** The shipped share of the order as a small disc, with its state in words. */
export function State({ order }) {
  const waiting = order.backorders.reduce((sum, part) => sum + part.quantity, 0);
  const wanted = order.allocations.reduce((sum, part) => sum + part.quantity - part.released, 0) + waiting;
  const gone = order.allocations.reduce((sum, part) => sum + part.fulfilled, 0);
  const share = order.status === "completed" ? 1 : wanted ? gone / wanted : 0;
  const isOver = order.status === "canceled";
  return html`
    <span class=${`state ${isOver ? "over" : ""}`}>
      <span class="disc" style=${{ "--share": `${Math.round(share * 100)}%` }} aria-hidden="true"></span>${stateOf(order)}
    </span>
  `;
}
