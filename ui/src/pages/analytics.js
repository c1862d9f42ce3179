// Reports: stockouts, cover, revenue, ordering times and more. Each part reads its own route and shows its values in words and numbers;
// the bars are decoration.
import { get, withQuery } from "../api.js";
import { count, date, money, number } from "../format.js";
import { html } from "../html.js";
import { Bar, decimals, HeatMap, percent, Stack } from "../parts/bars.js";
import { Empty, Figure, Heading, Trouble, useLoad, useTitle } from "../parts/bits.js";
import { skuPath } from "../router.js";
import { rights } from "../session.js";

const SHOWN = 8; // rows of a list
const PAGE = 200;
const SOON_DAYS = 14; // days of cover that count as low
const EXPIRING_DAYS = 30;
const CLASS_NAMES = { A: "80% of the revenue", B: "the next 15%", C: "the last 5%" };
const month = new Intl.DateTimeFormat("en-GB", { month: "short", year: "numeric", timeZone: "UTC" });
const monthName = (text) => month.format(new Date(`${text}T00:00:00Z`));

const read = async (name, query) => (await get(withQuery(`/v1/analytics/${name}`, { limit: PAGE, ...query }))).data;
const total = (rows, field) => rows.reduce((sum, row) => sum + row[field], 0);

export function AnalyticsPage() {
  useTitle("Analytics");
  const { cover, everyChannel } = rights.value;
  const stockouts = useLoad(() => read("stockouts", { open: true }), []);
  const covers = useLoad(() => (cover ? read("cover") : []), []);
  const expiring = useLoad(() => read("expiring", { within_days: EXPIRING_DAYS }), []);
  const fills = useLoad(() => (everyChannel ? read("fill-rate") : []), []);
  return html`
    <div class="page-head">
      <${Heading}>Analytics<//>
      <${Figures} stockouts=${stockouts.data.value} covers=${cover && covers.data.value} expiring=${expiring.data.value}
                  fills=${everyChannel && fills.data.value} />
    </div>
    <div class="parts">
      ${everyChannel && html`<${Part} title="Fill rate" note="Units shipped so far, as a share of units ordered" load=${fills}
        empty="No orders yet." Body=${FillRates} />`}
      ${cover && html`<${Part} title="Runs out first" note="Days until the available units are sold, at the pace of the last 28 days" load=${covers}
        pick=${(rows) => rows.filter((row) => row.days_of_cover !== null && row.available > 0)}
        empty="Nothing sold in the last 28 days." Body=${Covers} />`}
      <${Part} title="Out of stock" note="Consecutive days that ended with no units available" load=${stockouts} empty="Nothing is out of stock."
        Body=${Stockouts} />
      <${Part} title="Expires soon" note=${`Lots that have expired or expire within ${EXPIRING_DAYS} days`} load=${expiring}
        empty=${`Nothing expires within ${EXPIRING_DAYS} days.`} Body=${Expiring} />
      ${everyChannel && html`<${Ask} title="What brings the revenue" note="The last 91 days; classes A, B and C by share of revenue"
        name="abc" empty="Nothing sold in the last 91 days." Body=${Classes} />
      <${Ask} title="When customers order" note="By weekday and hour, in the time zone of the region" name="patterns" empty="No orders yet." Body=${Patterns} />`}
      <${Ask} title="From order to parcel" note="Hours from order to shipment, by month of the order" name="fulfillment"
        empty="Nothing shipped yet." Body=${LeadTimes} />
      ${cover && html`<${Ask} title="Turnover" note="Times per year that the average stock is shipped, at this pace" name="turnover"
        empty="No stock yet." Body=${Turnover} />`}
    </div>
    <p class="fine parts-note">Sums are a few seconds old. Days are those of the warehouse for stock, of the region for orders. Analysts can query the same data in SQL, in schema bi.</p>
  `;
}

function Figures({ stockouts, covers, expiring, fills }) {
  const latest = fills?.length ? fills.filter((row) => row.month === fills[0].month) : [];
  return html`
    <div class="figures" role="group" aria-label="Totals">
      ${latest.length > 0 && html`<${Figure} label=${`Fill rate, ${monthName(latest[0].month)}`}>
        ${percent(total(latest, "units_shipped") / total(latest, "units_ordered"))}<//>`}
      ${stockouts && html`<${Figure} label="Out of stock" tone=${stockouts.length ? "hot" : ""}>${atMost(stockouts)}<//>`}
      ${covers && html`<${Figure} label=${`Sold out within ${SOON_DAYS} days`}>
        ${number(covers.filter((row) => row.days_of_cover !== null && row.available > 0 && row.days_of_cover <= SOON_DAYS).length)}<//>`}
      ${expiring && html`<${Figure} label="Expiring lots">${atMost(expiring)}<//>`}
    </div>
  `;
}

const atMost = (rows) => (rows.length === PAGE ? `${number(PAGE)}+` : number(rows.length));

/** A part that loads its own rows. */
function Ask({ name, ...rest }) {
  return html`<${Part} load=${useLoad(() => read(name), [])} ...${rest} />`;
}

function Part({ title, note, load, pick = (rows) => rows, empty, Body }) {
  const { data, problem, run } = load;
  const rows = data.value && pick(data.value);
  return html`
    <section class="part">
      <h2>${title}</h2>
      <p class="fine">${note}</p>
      ${problem.value
        ? html`<${Trouble} problem=${problem.value} retry=${run} />`
        : !rows
          ? html`<p class="waiting" role="status">Loading</p>`
          : rows.length
            ? html`<${Body} rows=${rows} />`
            : html`<${Empty} title=${empty} />`}
    </section>
  `;
}

const Product = ({ row }) => html`<a href=${skuPath(row.sku_id)}>${row.name}</a>`;

/** A list whose lines have a name, a bar and a number. rows: [{key, label, share, value, detail, tone}] */
const Lines = ({ rows }) => html`
  <ul class="lines">
    ${rows.map(
      ({ key, label, share, value, detail, tone }) => html`
        <li key=${key}>
          <span class="line-name">${label}${detail && html` <span class="fine">${detail}</span>`}</span>
          <span class="line-value">${value}</span>
          <${Bar} share=${share} tone=${tone} />
        </li>
      `,
    )}
  </ul>
`;

function FillRates({ rows }) {
  return html`<${Lines} rows=${byMonth(rows).slice(0, SHOWN).map(([key, of]) => {
    const ordered = total(of, "units_ordered");
    const share = ordered ? total(of, "units_shipped") / ordered : 0;
    const open = total(of, "units_open");
    return { key, label: monthName(key), share, value: percent(share), detail: `${count(ordered, "unit")}${open ? `, ${number(open)} open` : ""}` };
  })} />`;
}

/** [[month, rows]], in the order of the rows. */
function byMonth(rows) {
  const found = new Map();
  for (const row of rows) found.set(row.month, [...(found.get(row.month) ?? []), row]);
  return [...found];
}

function Covers({ rows }) {
  const shown = rows.slice(0, SHOWN);
  const most = shown.at(-1).days_of_cover || 1;
  return html`<${Lines} rows=${shown.map((row) => ({
    key: `${row.warehouse_location} ${row.sku_id}`,
    label: html`<${Product} row=${row} />`,
    detail: `${row.warehouse_location}, ${number(row.available)} left`,
    share: row.days_of_cover / most,
    value: count(Math.floor(row.days_of_cover), "day"),
    tone: row.days_of_cover <= SOON_DAYS ? "hot" : "",
  }))} />`;
}

function Stockouts({ rows }) {
  const most = Math.max(...rows.map((row) => row.days));
  return html`<${Lines} rows=${rows.slice(0, SHOWN).map((row) => ({
    key: `${row.warehouse_location} ${row.sku_id}`,
    label: html`<${Product} row=${row} />`,
    detail: `${row.warehouse_location}, since ${date(row.started_on)}`,
    share: row.days / most,
    value: count(row.days, "day"),
    tone: "hot",
  }))} /><${More} rows=${rows} />`;
}

function Expiring({ rows }) {
  const most = Math.max(...rows.map((row) => row.stock));
  return html`<${Lines} rows=${rows.slice(0, SHOWN).map((row) => ({
    key: `${row.warehouse_location} ${row.sku_id} ${row.batch_number}`,
    label: html`<${Product} row=${row} />`,
    detail: `${row.warehouse_location}, ${row.days_left < 0 ? "expired" : "until"} ${date(row.expiration_date)}`,
    share: row.stock / most,
    value: count(row.stock, "unit"),
    tone: row.days_left < 0 ? "hot" : "",
  }))} /><${More} rows=${rows} />`;
}

const More = ({ rows }) => rows.length > SHOWN && html`<p class="fine">${`and ${rows.length === PAGE ? "many" : number(rows.length - SHOWN)} more`}</p>`;

function Classes({ rows }) {
  const currency = rows[0].currency; // a single list would mix currencies; the API has the others
  const own = rows.filter((row) => row.currency === currency);
  const classes = ["A", "B", "C"].map((name) => [name, own.filter((row) => row.abc === name)]).filter(([, of]) => of.length);
  return html`
    <${Stack} parts=${classes.map(([name, of]) => ({ name, share: total(of, "revenue_share") }))} />
    <ul class="stack-key">
      ${classes.map(([name, of]) => html`<li key=${name}><b>${name}</b> ${count(of.length, "product")} <span class="fine">${CLASS_NAMES[name]}</span></li>`)}
    </ul>
    <${Lines} rows=${own.slice(0, SHOWN).map((row) => ({
      key: row.sku_id,
      label: html`<${Product} row=${row} />`,
      detail: `${row.abc}${row.xyz}, ${count(row.units, "unit")}`,
      share: row.revenue / own[0].revenue,
      value: money(row.revenue, currency),
    }))} />
  `;
}

const Patterns = ({ rows }) => html`<${HeatMap} rows=${rows} />`;

function LeadTimes({ rows }) {
  const months = byMonth(rows).slice(0, SHOWN);
  return html`
    <table class="plain-table">
      <thead><tr><th scope="col">Month</th><th scope="col">Ships from</th><th scope="col">Parcels</th><th scope="col">Median</th><th scope="col">90th percentile</th></tr></thead>
      <tbody>
        ${months.flatMap(([key, of]) =>
          of.slice(0, SHOWN).map(
            (row, place) => html`
              <tr key=${`${key} ${row.channel} ${row.warehouse_location}`}>
                ${place === 0 && html`<th scope="rowgroup" rowspan=${Math.min(of.length, SHOWN)}>${monthName(key)}</th>`}
                <td>${row.channel} <span class="fine">${row.warehouse_location}</span></td>
                <td>${number(row.parcels)}</td>
                <td>${row.median_hours} h</td>
                <td>${row.p90_hours} h</td>
              </tr>
            `,
          ),
        )}
      </tbody>
    </table>
  `;
}

function Turnover({ rows }) {
  const latest = rows.filter((row) => row.month === rows[0].month && row.turnover !== null).slice(0, SHOWN);
  const most = Math.max(...latest.map((row) => row.turnover_annualized), 1e-9);
  return html`<p class="fine">${monthName(rows[0].month)}, most shipped products</p><${Lines} rows=${latest.map((row) => ({
    key: `${row.warehouse_location} ${row.sku_id}`,
    label: html`<${Product} row=${row} />`,
    detail: `${row.warehouse_location}, ${number(row.units_shipped)} shipped`,
    share: row.turnover_annualized / most,
    value: `${decimals(row.turnover_annualized)} per year`,
  }))} />`;
}
