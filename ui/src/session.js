// The session: a token and its claims. A client's secret is kept only in this module's memory; the token is kept for the tab, so that
// a reload does not sign out. The server decides what the caller may do; rights here only hide actions that it would refuse.
import { computed, signal } from "@preact/signals";

const KEPT = "scoville.token";
const RENEW_AT = 0.75; // of a token's life
const RENEW_RETRY_MILLISECONDS = 5_000;
const TIMER_MILLISECONDS_MAX = 2 ** 31 - 1;

export const session = signal(null);
export const notice = signal("");

let client = null; // {id, secret}
let timer = 0;
let renewing = null;

export const rights = computed(() => {
  const role = session.value?.role;
  const isStaff = role === "admin" || role === "warehouse";
  const isSeller = role === "admin" || role === "sales" || role === "integration";
  return {
    levels: role !== "integration",
    analytics: role !== "integration",
    cover: isStaff,
    everyChannel: role === "admin",
    batches: role !== "integration",
    movements: isStaff,
    adjust: isStaff,
    fulfill: isStaff,
    move: isStaff || role === "sales",
    changeStatus: isSeller,
    cancel: isSeller,
    webhooks: role === "admin" || role === "integration",
    settings: role === "admin",
  };
});

/** The claims of a token, unverified: only for display. null if it is not one of our tokens. */
export function readToken(token) {
  try {
    const part = token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
    const bytes = Uint8Array.from(atob(part), (character) => character.charCodeAt(0));
    const claims = JSON.parse(new TextDecoder().decode(bytes));
    return typeof claims.role === "string" && typeof claims.exp === "number" ? claims : null;
  } catch {
    return null;
  }
}

export function scopeText({ role, warehouses, channels }) {
  if (role === "admin") return "Everything";
  return (role === "warehouse" ? warehouses : channels).join(", ") || "None";
}

function start(token, claims, by) {
  session.value = {
    token,
    role: claims.role,
    subject: claims.sub,
    warehouses: claims.warehouses ?? [],
    channels: claims.channels ?? [],
    isRenewed: by === "client",
  };
  try {
    sessionStorage.setItem(KEPT, token);
  } catch {
    // Without session storage a reload signs out.
  }
}

/** Sign in with a pasted token. Throws an Error with a message for the user. */
export async function signInWithToken(text) {
  const token = text.trim().replace(/^bearer\s+/i, "");
  const claims = readToken(token);
  if (!claims) throw new Error("This is not a Scoville token. Paste the whole text: three parts separated by dots.");
  const answer = await ask("/v1/inventory?limit=1", { headers: { Authorization: `Bearer ${token}` } });
  if (answer.status === 401) throw new Error((await problemOf(answer)).detail);
  if (!answer.ok) throw new Error(`The server cannot check the token now (${answer.status}). Try again in a moment.`);
  client = null;
  start(token, claims, "token");
  notice.value = "";
}

/** Sign in as an API client (RFC 6749, section 4.4). Throws an Error with a message for the user. */
export async function signInAsClient(id, secret) {
  const { token, claims, seconds } = await issue(id.trim(), secret);
  client = { id: id.trim(), secret };
  start(token, claims, "client");
  notice.value = "";
  renewAfter(seconds * RENEW_AT * 1000);
}

async function issue(id, secret) {
  const body = new URLSearchParams({ grant_type: "client_credentials", client_id: id, client_secret: secret });
  const answer = await ask("/v1/oauth/token", { method: "POST", body });
  if (!answer.ok) {
    const problem = await problemOf(answer);
    const error = new Error(
      answer.status === 404
        ? "This server has no API clients. Sign in with a token."
        : (problem.error_description ?? problem.detail ?? `The server refused (${answer.status}).`),
    );
    error.isFinal = answer.status >= 400 && answer.status < 500 && answer.status !== 429;
    throw error;
  }
  const { access_token: token, expires_in: seconds } = await answer.json();
  return { token, seconds, claims: readToken(token) ?? {} };
}

async function ask(path, options) {
  try {
    return await fetch(path, { ...options, credentials: "omit", cache: "no-store" });
  } catch {
    throw new Error("The server cannot be reached. Check the connection and try again.");
  }
}

const problemOf = (answer) => answer.json().catch(() => ({}));

function renewAfter(milliseconds) {
  clearTimeout(timer);
  timer = setTimeout(() => renew().catch(() => {}), Math.min(milliseconds, TIMER_MILLISECONDS_MAX));
}

/** Gets a new token for the signed-in client, one request at a time; false if no client is signed in. */
export function renew() {
  if (!client) return Promise.resolve(false);
  renewing ??= issue(client.id, client.secret)
    .then(({ token, claims, seconds }) => {
      start(token, claims, "client");
      renewAfter(seconds * RENEW_AT * 1000);
      return true;
    })
    .catch((error) => {
      if (error.isFinal) {
        signOut(`Signed out: ${error.message}`);
        return false;
      }
      renewAfter(RENEW_RETRY_MILLISECONDS);
      throw error;
    })
    .finally(() => {
      renewing = null;
    });
  return renewing;
}

export function signOut(why = "") {
  clearTimeout(timer);
  client = null;
  try {
    sessionStorage.removeItem(KEPT);
  } catch {
    // The storage is not available.
  }
  notice.value = why;
  session.value = null;
}

/** Restores the token that this tab kept. */
export function resume() {
  let token = null;
  try {
    token = sessionStorage.getItem(KEPT);
  } catch {
    return;
  }
  const claims = token && readToken(token);
  if (claims) start(token, claims, "token");
}
