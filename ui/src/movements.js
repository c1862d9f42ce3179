// The ledger of a SKU, in words and as a curve.

const ORDER = /^ORD-\d+-\d+$/;
const SENTENCES = {
  receipt: "Received",
  count: "Counted",
  transfer_out: "Sent to another warehouse",
  transfer_in: "Arrived from another warehouse",
  reserve: "Reserved",
  release: "Reservation released",
  commit: "Ordered",
  uncommit: "Order changed or canceled",
  fulfill: "Shipped",
  return: "Returned",
  withhold: "Set aside",
  restock: "Put back",
  scrap: "Scrapped",
  send_back: "Sent back",
  expect: "Expected",
};

/** {what, order, why}: "Ordered", "ORD-1-7", the note. */
export function tell(movement, reasons) {
  const reason = reasons.get(movement.reason_code) ?? movement.reason_code?.replaceAll("_", " ");
  const what = SENTENCES[movement.kind] ?? reason ?? movement.kind;
  const order = ORDER.test(movement.document ?? "") ? movement.document : null;
  return {
    what: what.charAt(0).toUpperCase() + what.slice(1),
    order,
    document: order ? null : movement.document,
    note: movement.note,
  };
}

/**
 * The curve of the sum over warehouses: [seconds[], on hand[], available[]], from `from` to `until` (milliseconds). `movements` come
 * newest first; `levels` are the current ones. A level without movements had its current value all along.
 */
export function curve(movements, levels, from, until) {
  const oldestFirst = [...movements].reverse();
  const state = new Map();
  for (const [warehouse, level] of levels) state.set(warehouse, [level.stock, level.available]);
  const seen = new Set();
  for (const movement of oldestFirst) {
    const where = movement.warehouse_location;
    if (seen.has(where)) continue;
    seen.add(where);
    state.set(where, [movement.stock_after - movement.stock_delta, movement.available_after - movement.available_delta]);
  }
  const total = () => {
    let stock = 0;
    let available = 0;
    for (const [a, b] of state.values()) {
      stock += a;
      available += b;
    }
    return [stock, available];
  };
  const points = [[from, ...total()]];
  for (const movement of oldestFirst) {
    state.set(movement.warehouse_location, [movement.stock_after, movement.available_after]);
    const at = Date.parse(movement.recorded_at);
    const point = [Math.max(at, from), ...total()];
    // Movements of one moment make one step. Movements before `from` only set the start of the curve.
    if (points.at(-1)[0] >= point[0]) points[points.length - 1] = [points.at(-1)[0], point[1], point[2]];
    else points.push(point);
  }
  const last = points.at(-1);
  if (until > last[0]) points.push([until, last[1], last[2]]);
  return [points.map(([at]) => at / 1000), points.map(([, stock]) => stock), points.map(([, , available]) => available)];
}
