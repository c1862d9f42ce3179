import { render } from "preact";

import { html } from "./html.js";
import { AnalyticsPage } from "./pages/analytics.js";
import { ChannelsPage } from "./pages/channels.js";
import { Missing } from "./pages/missing.js";
import { OrderPage } from "./pages/order.js";
import { OrdersPage } from "./pages/orders.js";
import { SettingsPage } from "./pages/settings.js";
import { SignInPage } from "./pages/sign-in.js";
import { SkuPage } from "./pages/sku.js";
import { StockPage } from "./pages/stock.js";
import { WebhookPage } from "./pages/webhook.js";
import { WebhooksPage } from "./pages/webhooks.js";
import { location_, match } from "./router.js";
import { resume, rights, session } from "./session.js";
import { Shell } from "./shell.js";

const PAGES = {
  stock: StockPage, sku: SkuPage, orders: OrdersPage, order: OrderPage, webhooks: WebhooksPage, webhook: WebhookPage, analytics: AnalyticsPage,
  settings: SettingsPage, channels: ChannelsPage,
};

function App() {
  if (!session.value) return html`<${SignInPage} />`;
  const found = match(location_.value.path);
  const isOpen =
    found &&
    (rights.value.webhooks || !found.page.startsWith("webhook")) &&
    (rights.value.analytics || found.page !== "analytics") &&
    (rights.value.settings || !["settings", "channels"].includes(found.page));
  const Page = isOpen ? PAGES[found.page] : Missing;
  return html`<${Shell}><${Page} key=${`${found?.page} ${found?.id}`} id=${found?.id} /><//>`;
}

// "/" focuses the page's search field, as on many other sites.
document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest?.("input, textarea, select, dialog[open]")) return;
  const search = document.querySelector("input[type=search]");
  if (!search) return;
  event.preventDefault();
  search.focus();
  search.select();
});

resume();
render(html`<${App} />`, document.getElementById("app"));
