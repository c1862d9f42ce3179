// Calls of the API: JSON in, JSON out, and a Problem for everything else.
import { observe } from "./clock.js";
import { renew, session, signOut } from "./session.js";

const PAGE = 200;
const RETRY_MILLISECONDS = [400, 1200, 3000];

/** Position of the database after this tab's last write. Later reads include that write, whichever server answers. */
let written = "";

/** A refusal of the server (RFC 9457), or a server that cannot be reached. */
export class Problem extends Error {
  constructor(status, document = {}) {
    super(document.detail ?? document.title ?? `The server answered ${status}.`);
    this.status = status;
    this.code = document.code ?? "";
    this.title = document.title ?? "";
    this.errors = document.errors ?? [];
    this.requestId = document.request_id ?? "";
  }

  /** True if the same request may succeed soon, and nobody knows whether it was done. */
  get isPassing() {
    return this.status === 0 || this.status === 502 || this.status === 503 || this.status === 504 || this.code === "ID002";
  }
}

const unreachable = () => new Problem(0, { title: "No connection", detail: "The server cannot be reached." });

/** The raw response, with the session's token. An expired token is renewed once; if that fails, the user is signed out. */
export async function send(method, path, { body, headers = {}, signal } = {}) {
  for (let attempt = 0; ; attempt += 1) {
    const held = session.value;
    if (!held) throw new Problem(401, { detail: "Sign in first." });
    const sentAt = Date.now();
    let answer;
    try {
      answer = await fetch(path, {
        method,
        body: body === undefined ? undefined : JSON.stringify(body),
        headers: {
          Accept: "application/json",
          ...(body === undefined ? {} : { "Content-Type": "application/json" }),
          Authorization: `Bearer ${held.token}`,
          ...(written ? { "Scoville-LSN": written } : {}),
          ...headers,
        },
        credentials: "omit",
        cache: "no-store",
        signal,
      });
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw unreachable();
    }
    observe(answer.headers.get("date"), sentAt, Date.now());
    written = answer.headers.get("scoville-lsn") ?? written;
    if (answer.status !== 401) return answer;
    if (attempt === 0 && held.isRenewed && (await renew().catch(() => false))) continue;
    const problem = new Problem(401, await answer.json().catch(() => ({})));
    if (session.value?.token === held.token) signOut(problem.message);
    throw problem;
  }
}

async function decode(answer) {
  if (answer.ok) return answer.json();
  throw new Problem(answer.status, await answer.json().catch(() => ({})));
}

export const get = async (path, options) => decode(await send("GET", path, options));

/** A path with its query, without empty values. */
export function withQuery(path, query) {
  const pairs = Object.entries(query).filter(([, value]) => value !== "" && value !== undefined && value !== null);
  return pairs.length ? `${path}?${new URLSearchParams(pairs)}` : path;
}

/** All rows of a list, page by page: `for await (const rows of pages(...))`. */
export async function* pages(path, query = {}, options = {}) {
  let cursor = "";
  do {
    const page = await get(withQuery(path, { ...query, limit: PAGE, cursor }), options);
    yield page.data;
    cursor = page.next_cursor ?? "";
  } while (cursor);
}

/** A write under an idempotency key. It is repeated while its outcome is unknown, and acts once. */
export async function write(method, path, body, key) {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await decode(await send(method, path, { body, headers: { "Idempotency-Key": key } }));
    } catch (error) {
      if (!error.isPassing || attempt === RETRY_MILLISECONDS.length) throw error;
      await new Promise((resolve) => setTimeout(resolve, RETRY_MILLISECONDS[attempt]));
    }
  }
}

export function newKey() {
  if (crypto.randomUUID) return crypto.randomUUID(); // only in secure contexts
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
