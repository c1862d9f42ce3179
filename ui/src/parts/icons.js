// Our own icons, in the color of the surrounding text. They are decoration: the text beside them has their meaning.
import { html } from "../html.js";

const icon = (body) => ({ size = 20 }) => html`
  <svg class="icon" width=${size} height=${size} viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.75"
       stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">${body}</svg>
`;

export const Chili = ({ size = 22 }) => html`
  <svg class="chili" width=${size} height=${size} viewBox="0 0 32 32" aria-hidden="true">
    <path class="pod" d="M20.5 9.200c3.6 1.1 5.6 3.9 5 7.600C24.3 24.4 16.4 29 5.5 28.200c-.9-.1-1-1.3-.1-1.5 5.6-1.4 8.2-4.6 8.9-9.5.5-3.9 2.5-7.1 6.2-8z" />
    <path class="stem" d="M20.3 9.600c.1-3.1 1.5-5.4 4.3-6.6" fill="none" stroke-width="2.6" stroke-linecap="round" />
  </svg>
`;
export const Search = icon(html`<circle cx="11" cy="11" r="6.5" /><path d="m16 16 4.5 4.5" />`);
export const Close = icon(html`<path d="m6 6 12 12M18 6 6 18" />`);
export const Back = icon(html`<path d="M19 12H5m6-6-6 6 6 6" />`);
export const Shelf = icon(html`<path d="M4 4v16M20 4v16M4 10h16M4 18h16M8 10V6h4v4M13 18v-5h4v5" />`);
export const Parcel = icon(html`<path d="m4 8 8-4 8 4v8.500L12 20.5 4 16.500zM4 8l8 4 8-4M12 12v8.500M8 6l8 4" />`);
export const Hook = icon(html`<circle cx="15.500" cy="5" r="2.2" /><path d="M15.500 7.200v7.300a5 5 0 0 1-10 0V11l3.200 3" />`);
export const Bars = icon(html`<path d="M5 20v-6M12 20V5M19 20v-9M3 20h18" />`);
export const Clock = icon(html`<circle cx="12" cy="12" r="8" /><path d="M12 7.500v4.500l3 2" />`);
export const Person = icon(html`<circle cx="12" cy="8.5" r="3.5" /><path d="M5 20c.6-3.6 3.3-5.5 7-5.500s6.4 1.9 7 5.5" />`);
