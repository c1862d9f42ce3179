// Paths of the page: /, /stock/{sku}, /orders, /orders/{id}, /webhooks, /webhooks/{id}, /analytics, /settings, /channels.
import { signal } from "@preact/signals";

export const location_ = signal({ path: location.pathname, query: new URLSearchParams(location.search) });

const read = () => {
  location_.value = { path: location.pathname, query: new URLSearchParams(location.search) };
};

export function navigate(to, { replace = false } = {}) {
  history[replace ? "replaceState" : "pushState"]({}, "", to);
  read();
  if (!replace) scrollTo(0, 0);
}

addEventListener("popstate", read);

// One listener for all links to our own pages.
document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[href]");
  if (!link || event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
  const to = new URL(link.href);
  if (to.origin !== location.origin || link.target || to.hash || !match(to.pathname)) return;
  event.preventDefault();
  navigate(to.pathname + to.search);
});

const ONE_OF = { stock: "sku", orders: "order", webhooks: "webhook" };

/** {page, id} of a path, null if the dashboard has no such page. */
export function match(path) {
  if (path === "/") return { page: "stock" };
  if (path === "/orders") return { page: "orders" };
  if (path === "/webhooks") return { page: "webhooks" };
  if (path === "/analytics") return { page: "analytics" };
  if (path === "/settings") return { page: "settings" };
  if (path === "/channels") return { page: "channels" };
  const found = /^\/(stock|orders|webhooks)\/([^/]+)$/.exec(path);
  if (!found) return null;
  try {
    return { page: ONE_OF[found[1]], id: decodeURIComponent(found[2]) };
  } catch {
    return null;
  }
}

export const skuPath = (id) => `/stock/${encodeURIComponent(id)}`;
export const orderPath = (id) => `/orders/${encodeURIComponent(id)}`;
export const hookPath = (id) => `/webhooks/${encodeURIComponent(id)}`;
