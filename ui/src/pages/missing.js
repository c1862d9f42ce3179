import { html } from "../html.js";
import { Empty, Heading, useTitle } from "../parts/bits.js";

export function Missing() {
  useTitle("Page not found");
  return html`
    <${Heading}>Page not found<//>
    <${Empty} title="This address has no page.">Go to <a href="/">stock</a> or <a href="/orders">orders</a>.<//>
  `;
}
