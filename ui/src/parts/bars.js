// Bars and a heat map as decoration: the same values are beside them in numbers, and for screen readers the map is a table.
import { number } from "../format.js";
import { html } from "../html.js";

const DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const HOURS = Array.from({ length: 24 }, (_, hour) => hour);
const LEVELS = 4;
const shares = new Intl.NumberFormat("en-US", { style: "percent", maximumFractionDigits: 1 });
const one = new Intl.NumberFormat("en-US", { maximumFractionDigits: 1 });

export const percent = (value) => shares.format(value);
export const decimals = (value) => one.format(value);

const width = (share) => ({ width: `${Math.max(0, Math.min(1, share)) * 100}%` });

export const Bar = ({ share, tone = "" }) => html`<span class=${`bar-line ${tone}`} aria-hidden="true"><span style=${width(share)}></span></span>`;

/** One bar of several parts. parts: [{name, share}] */
export const Stack = ({ parts }) => html`
  <div class="stack" aria-hidden="true">
    ${parts.map(({ name, share }, place) => html`<span key=${name} data-place=${place} style=${width(share)}>${share > 0.06 && name}</span>`)}
  </div>
`;

/** rows: [{iso_weekday, hour_of_day, orders}]; a missing row counts as 0. */
export function HeatMap({ rows }) {
  const orders = new Map(rows.map((row) => [row.iso_weekday * 24 + row.hour_of_day, row.orders]));
  const most = Math.max(...rows.map((row) => row.orders));
  const busiest = rows.find((row) => row.orders === most);
  return html`
    <p class="heat-said">Most orders: ${DAYS[busiest.iso_weekday - 1]}, ${clock(busiest.hour_of_day)} to ${clock(busiest.hour_of_day + 1)} (${number(most)}).</p>
    <table class="heat">
      <caption class="hidden">Orders by weekday and hour</caption>
      <thead>
        <tr>
          <td></td>
          ${HOURS.map((hour) => html`<th key=${hour} scope="col"><span class=${hour % 6 ? "hidden" : ""}>${hour}</span></th>`)}
        </tr>
      </thead>
      <tbody>
        ${DAYS.map(
          (day, place) => html`
            <tr key=${day}>
              <th scope="row">${day}</th>
              ${HOURS.map((hour) => {
                const value = orders.get((place + 1) * 24 + hour) ?? 0;
                return html`<td key=${hour} data-level=${Math.ceil((value / most) * LEVELS)} title=${`${day} ${clock(hour)}: ${number(value)}`}
                  ><span class="hidden">${number(value)}</span></td>`;
              })}
            </tr>
          `,
        )}
      </tbody>
    </table>
  `;
}

const clock = (hour) => `${String(hour % 24).padStart(2, "0")}:00`;
