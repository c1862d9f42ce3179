// The frame of every page: the bar, the navigation, the state of the connection, the account menu.
import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";

import { words } from "./format.js";
import { html } from "./html.js";
import { connectNow, link } from "./live.js";
import { announce, announcement } from "./parts/bits.js";
import { Bars, Chili, Clock, Hook, Parcel, Person, Shelf } from "./parts/icons.js";
import { location_, match } from "./router.js";
import { rights, scopeText, session, signOut } from "./session.js";
import { lag, rate } from "./store.js";

const THEMES = [
  ["auto", "System"],
  ["light", "Light"],
  ["dark", "Dark"],
];
const seconds = signal(0);

export function Shell({ children }) {
  return html`
    <a class="skip" href="#main" onClick=${skip}>Skip to content</a>
    <header class="bar">
      <a class="wordmark" href="/" aria-label="Scoville, stock"><${Chili} /><span>Scoville</span></a>
      <${Navigation} />
      <${Connection} />
      <${Account} />
    </header>
    <main id="main" tabindex="-1">${children}</main>
    <p class="hidden" role="status" aria-live="polite">${announcement}</p>
  `;
}

function skip(event) {
  event.preventDefault();
  document.getElementById("main").focus();
}

function Navigation() {
  const { page } = match(location_.value.path) ?? {};
  const entry = (href, label, pages, Icon) => html`
    <a href=${href} aria-current=${pages.includes(page) ? "page" : undefined}><${Icon} /><span>${label}</span></a>
  `;
  return html`
    <nav aria-label="Pages">
      ${entry("/", "Stock", ["stock", "sku"], Shelf)} ${entry("/orders", "Orders", ["orders", "order"], Parcel)}
      ${rights.value.analytics && entry("/analytics", "Analytics", ["analytics"], Bars)}
      ${rights.value.webhooks && entry("/webhooks", "Webhooks", ["webhooks", "webhook"], Hook)}
      ${rights.value.settings && entry("/settings", "Settings", ["settings", "channels"], Clock)}
    </nav>
  `;
}

function Connection() {
  const { state, until } = link.value;
  useEffect(() => {
    if (state !== "waiting") return undefined;
    const count = () => (seconds.value = Math.max(0, Math.ceil((until - Date.now()) / 1000)));
    count();
    const timer = setInterval(count, 250);
    return () => clearInterval(timer);
  }, [state, until]);
  const before = useRef(state);
  useEffect(() => {
    if (before.current !== state && state === "live" && before.current === "waiting") announce("Live again.");
    if (state === "waiting" && before.current === "live") announce("The connection was lost. Trying again.");
    if (state === "live" || state === "waiting") before.current = state;
  }, [state]);
  return html`
    <div class="connection" data-state=${state}>
      <span class="dot" aria-hidden="true"></span>
      <span class="connection-state">${stateText(state)}</span>
      ${state === "live" && html`<${Pace} />`}
      ${state === "waiting" && html`<button type="button" class="plain" onClick=${connectNow}>Try now</button>`}
    </div>
  `;
}

function stateText(state) {
  if (state === "live") return "Live";
  if (state === "connecting") return "Connecting";
  if (state === "polling") return "Every 5 s";
  if (state === "waiting") return seconds.value > 0 ? `Offline, again in ${seconds.value} s` : "Offline, trying";
  return "";
}

function Pace() {
  const changes = rate.value;
  return html`
    <span class="pace" title="Stock changes per second, and the age of the newest ones on arrival">
      <b>${changes < 10 ? changes.toFixed(1) : Math.round(changes)}</b><span class="pace-word"> changes</span>/s
      ${lag.value !== null && html`<span class="pace-lag"><b>${Math.round(lag.value)}</b> ms lag</span>`}
    </span>
  `;
}

function Account() {
  const box = useRef(null);
  const { role, subject } = session.value;
  const scope = scopeText(session.value);
  useEffect(() => {
    const close = (event) => {
      if (!box.current?.open) return;
      if (event.type === "keydown" && event.key === "Escape") {
        box.current.open = false;
        box.current.querySelector("summary").focus();
      } else if (event.type === "pointerdown" && !box.current.contains(event.target)) box.current.open = false;
    };
    document.addEventListener("keydown", close);
    document.addEventListener("pointerdown", close);
    return () => {
      document.removeEventListener("keydown", close);
      document.removeEventListener("pointerdown", close);
    };
  }, []);
  return html`
    <details class="account" ref=${box}>
      <summary aria-label=${`Account: ${words(role)}, ${scope}`}>
        <${Person} />
        <span class="account-role">${words(role)}</span>
        ${role !== "admin" && html`<span class="account-scope">${scope}</span>`}
      </summary>
      <div class="sheet">
        <dl>
          <dt>Signed in as</dt>
          <dd>${subject}</dd>
          <dt>Role</dt>
          <dd>${words(role)}</dd>
          <dt>${role === "warehouse" ? "Warehouses" : role === "admin" ? "Scope" : "Channels"}</dt>
          <dd>${scope}</dd>
        </dl>
        <${Theme} />
        <button type="button" class="plain wide" onClick=${() => signOut()}>Sign out</button>
      </div>
    </details>
  `;
}

const theme = signal(readTheme());

function readTheme() {
  try {
    return localStorage.getItem("scoville.theme") ?? "auto";
  } catch {
    return "auto";
  }
}

function choose(value) {
  theme.value = value;
  try {
    localStorage.setItem("scoville.theme", value);
  } catch {
    // Without storage the choice lasts until the next load.
  }
  dispatchEvent(new Event("scoville:theme"));
}

export function Theme() {
  return html`
    <fieldset class="theme">
      <legend>Colors</legend>
      ${THEMES.map(
        ([value, label]) => html`
          <label key=${value}>
            <input type="radio" name="theme" value=${value} checked=${theme.value === value} onChange=${() => choose(value)} />
            <span>${label}</span>
          </label>
        `,
      )}
    </fieldset>
  `;
}
