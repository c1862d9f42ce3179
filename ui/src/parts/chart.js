// Stock over time as steps: a quantity stays the same until it changes. The list of movements has the same content in words.
import { useEffect, useRef, useState } from "preact/hooks";
import uPlot from "uplot";

import { DAY_MILLISECONDS, number } from "../format.js";
import { html } from "../html.js";

const HEIGHT = 240;
const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const clockSeconds = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });
const full = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });

const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function tick(seconds, increment) {
  const at = new Date(seconds * 1000);
  if (increment * 1000 >= DAY_MILLISECONDS) return day.format(at);
  return (increment < 60 ? clockSeconds : clock).format(at);
}

function options(width, reorderPoint, onRead) {
  const axis = { stroke: color("--soft"), font: "12px system-ui", ticks: { show: false }, grid: { stroke: color("--line"), width: 1 } };
  const stepped = uPlot.paths.stepped({ align: 1 });
  return {
    width,
    height: HEIGHT,
    padding: [8, 20, 0, 0],
    legend: { show: false },
    cursor: { y: false, points: { size: 7 }, drag: { setScale: false } },
    scales: { y: { range: (_, least, most) => [0, Math.max(most, reorderPoint ?? 0, 1) * 1.12] } },
    axes: [
      { ...axis, grid: { show: false }, size: 32, values: (_, splits, __, ___, increment) => splits.map((at) => tick(at, increment)), space: 70 },
      { ...axis, size: 52, values: (_, splits) => splits.map((value) => (Number.isInteger(value) ? number(value) : "")) },
    ],
    series: [
      {},
      { label: "On hand", stroke: color("--edge"), width: 1.25, paths: stepped, points: { show: false } },
      { label: "Available", stroke: color("--accent"), width: 2, paths: stepped, points: { show: false } },
    ],
    hooks: {
      setCursor: [(plot) => onRead(plot.cursor.idx ?? null)],
      draw: [
        (plot) => {
          if (!reorderPoint) return;
          const { left, width: across } = plot.bbox;
          const y = Math.round(plot.valToPos(reorderPoint, "y", true)) + 0.5;
          plot.ctx.save();
          plot.ctx.strokeStyle = color("--soft");
          plot.ctx.lineWidth = devicePixelRatio;
          plot.ctx.setLineDash([2 * devicePixelRatio, 4 * devicePixelRatio]);
          plot.ctx.beginPath();
          plot.ctx.moveTo(left, y);
          plot.ctx.lineTo(left + across, y);
          plot.ctx.stroke();
          plot.ctx.restore();
        },
      ],
    },
  };
}

/** data: [seconds[], on hand[], available[]], by time. */
export function StockChart({ data, reorderPoint }) {
  const box = useRef(null);
  const plot = useRef(null);
  const [read, setRead] = useState(null);
  const latest = useRef(data);
  latest.current = data;

  useEffect(() => {
    const into = box.current;
    if (!into) return undefined; // unmounted before the first paint
    const draw = () => {
      plot.current?.destroy();
      plot.current = new uPlot(options(into.clientWidth, reorderPoint, setRead), latest.current, into);
    };
    draw();
    const resized = new ResizeObserver(() => plot.current?.setSize({ width: into.clientWidth, height: HEIGHT }));
    resized.observe(into);
    const themed = new MutationObserver(draw);
    themed.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    return () => {
      resized.disconnect();
      themed.disconnect();
      plot.current.destroy();
      plot.current = null;
    };
  }, [reorderPoint]);

  useEffect(() => plot.current?.setData(data), [data]);

  const [times, stock, available] = data;
  const at = read ?? times.length - 1;
  const least = Math.min(...available);
  const most = Math.max(...available);
  const summary =
    `From ${full.format(times[0] * 1000)} to ${full.format(times.at(-1) * 1000)}, available went from ${number(available[0])} ` +
    `to ${number(available.at(-1))}, at least ${number(least)}, at most ${number(most)}.`;
  return html`
    <div class="chart">
      <p class="chart-read" aria-hidden="true">
        <span class="key available">Available <b>${number(available[at])}</b></span>
        <span class="key on-hand">On hand <b>${number(stock[at])}</b></span>
        ${reorderPoint > 0 && html`<span class="key reorder">Reorder point <b>${number(reorderPoint)}</b></span>`}
        <span class="chart-time">${read === null ? "Now" : full.format(times[at] * 1000)}</span>
      </p>
      <div class="plot" ref=${box} role="img" aria-label=${summary}></div>
    </div>
  `;
}
