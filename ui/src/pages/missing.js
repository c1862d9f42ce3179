import { html } from "../html.js";
import { Empty, Heading, useTitle } from "../parts/bits.js";

export function Missing() {
  useTitle("Nothing here");
  return html`
    <${Heading}>Nothing here<//>
    <${Empty} title="There is no page at this address.">Go to <a href="/">stock</a> or <a href="/orders">orders</a>.<//>
  `;
}
