// A table of any length that renders only the rows near the screen. All rows have one height; spacers replace the others. ARIA roles are
// explicit because the styles make rows grids, which removes a table's native semantics.
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

import { html } from "../html.js";

const OVERSCAN = 8;
const LONG = 60; // lists up to this length are rendered whole

const narrow = matchMedia("(max-width: 720px)");

/** True in the layout for phones. */
export function useNarrow() {
  const [is, set] = useState(narrow.matches);
  useEffect(() => {
    const change = () => set(narrow.matches);
    narrow.addEventListener("change", change);
    return () => narrow.removeEventListener("change", change);
  }, []);
  return is;
}

function useWindow(body, total, height) {
  const [range, setRange] = useState([0, Math.min(total, LONG)]);
  useLayoutEffect(() => {
    let frame = 0;
    const measure = () => {
      frame = 0;
      if (!body.current) return;
      if (total <= LONG) {
        setRange((old) => (old[0] === 0 && old[1] === total ? old : [0, total]));
        return;
      }
      const top = body.current.getBoundingClientRect().top;
      const first = Math.max(0, Math.floor(-top / height) - OVERSCAN);
      const last = Math.min(total, Math.ceil((innerHeight - top) / height) + OVERSCAN);
      setRange((old) => (old[0] === first && old[1] === last ? old : [Math.min(first, last), last]));
    };
    const soon = () => (frame ||= requestAnimationFrame(measure));
    measure();
    addEventListener("scroll", soon, { passive: true });
    addEventListener("resize", soon);
    return () => {
      cancelAnimationFrame(frame);
      removeEventListener("scroll", soon);
      removeEventListener("resize", soon);
    };
  }, [total, height]);
  return [Math.min(range[0], total), Math.min(range[1], total)];
}

/**
 * columns: [{key, label, numeric, sort, hint}]; ids: the rows in order; Row renders one, given {id, columns}.
 * order: {key, descending}; onOrder(key) when a column's header is pressed.
 */
export function Table({ label, name, columns, ids, Row, order, onOrder, rowHeight }) {
  const body = useRef(null);
  const [first, last] = useWindow(body, ids.length, rowHeight);
  return html`
    <div class=${`table ${name}`} role="table" aria-label=${label} aria-rowcount=${ids.length + 1}
         style=${{ "--columns": columns.map((column) => column.width).join(" "), "--row": `${rowHeight}px` }}>
      <div class="head" role="rowgroup">
        <div class="row" role="row" aria-rowindex="1">
          ${columns.map((column) => html`<${HeadCell} key=${column.key} column=${column} order=${order} onOrder=${onOrder} />`)}
        </div>
      </div>
      <div class="body" role="rowgroup" ref=${body} onKeyDown=${step}
           style=${{ paddingTop: `${first * rowHeight}px`, paddingBottom: `${(ids.length - last) * rowHeight}px` }}>
        ${ids.slice(first, last).map((id, place) => html`<${Row} key=${id} id=${id} columns=${columns} index=${first + place + 2} />`)}
      </div>
    </div>
  `;
}

function HeadCell({ column, order, onOrder }) {
  const isSorted = order?.key === column.key;
  const sort = isSorted ? (order.descending ? "descending" : "ascending") : column.sort ? "none" : undefined;
  return html`
    <div class=${`cell ${column.numeric ? "numeric" : ""}`} role="columnheader" aria-sort=${sort} data-column=${column.key}>
      ${column.sort
        ? html`<button type="button" title=${column.hint} onClick=${() => onOrder(column.key)}>
            ${column.label}<span class="arrow" aria-hidden="true">${isSorted ? (order.descending ? "↓" : "↑") : ""}</span>
          </button>`
        : column.label}
    </div>
  `;
}

/** Up and Down move the focus from row to row. */
function step(event) {
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  const row = event.target.closest("[role=row]");
  const next = event.key === "ArrowDown" ? row?.nextElementSibling : row?.previousElementSibling;
  const link = next?.querySelector("a");
  if (!link) return;
  event.preventDefault();
  link.focus();
  next.scrollIntoView({ block: "nearest" });
}
