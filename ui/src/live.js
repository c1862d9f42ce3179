// The WebSocket with all levels. It reconnects by itself and resumes at its position. If the server offers no live stock, or a proxy
// blocks it, levels are read again every few seconds, and the page says so.
import { effect, signal } from "@preact/signals";

import { Problem, send } from "./api.js";
import { renew, session, signOut } from "./session.js";
import { apply, applySnapshot, dropSnapshot, load, refresh } from "./store.js";

const BACKOFF_MILLISECONDS = [300, 700, 1500, 3000, 6000, 12_000];
const PING_MILLISECONDS = 10_000;
const SILENCE_MILLISECONDS = 25_000; // without a frame for this long, the connection counts as dead
const POLL_MILLISECONDS = 5_000;
const TRY_AGAIN_MILLISECONDS = 60_000; // while polling
const EXPIRED = 4401;
const REFUSED = 4403;

/** state: off | connecting | live | waiting | polling; `until` is when the next attempt starts. */
export const link = signal({ state: "off", until: 0 });

let socket = null;
let place = "";
let failures = 0;
let timers = [];
let turn = 0; // changes with every start and stop; callbacks of an older turn are ignored

const later = (work, milliseconds) => timers.push(setTimeout(work, milliseconds));

function clearTimers() {
  timers.forEach(clearTimeout);
  timers = [];
}

function close() {
  turn += 1;
  clearTimers();
  socket?.close(1000);
  socket = null;
  dropSnapshot();
}

async function connect() {
  close();
  const mine = turn;
  if (link.value.state !== "waiting") link.value = { state: "connecting", until: 0 };
  let ticket;
  try {
    const answer = await send("POST", "/v1/ws/tickets");
    if (answer.status === 404 || answer.status === 403) {
      if (mine === turn) poll();
      return;
    }
    if (!answer.ok) throw new Problem(answer.status);
    ({ ticket } = await answer.json());
  } catch {
    if (mine === turn && session.value) wait();
    return;
  }
  if (mine === turn) open(ticket, mine);
}

function open(ticket, mine) {
  const url = new URL("/v1/ws/inventory", location.href);
  url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  url.searchParams.set("ticket", ticket);
  const opened = new WebSocket(url);
  socket = opened;
  let heardAt = Date.now();
  opened.onopen = () => {
    opened.send(JSON.stringify({ type: "subscribe", ...(place && { after: place }) }));
    const ping = () => {
      if (mine !== turn) return;
      if (Date.now() - heardAt > SILENCE_MILLISECONDS) {
        wait();
        return;
      }
      opened.send(JSON.stringify({ type: "ping" }));
      later(ping, PING_MILLISECONDS);
    };
    later(ping, PING_MILLISECONDS);
  };
  opened.onmessage = (event) => {
    if (mine !== turn) return;
    heardAt = Date.now();
    hear(JSON.parse(event.data));
  };
  opened.onclose = (event) => {
    if (mine === turn) closed(event.code);
  };
}

function hear(message) {
  if (message.type === "snapshot") applySnapshot(message.levels, { isLast: !message.more });
  else if (message.type === "changes") apply(message.levels);
  else if (message.type === "reset") {
    place = ""; // a snapshot of everything follows
    dropSnapshot();
    if (message.reason === "warehouses_changed") load();
  } else if (message.type === "error") console.warn("scoville: the server refused", message.problem);
  if (message.place && !message.more) place = message.place;
  if (message.type !== "error" && link.value.state !== "live") {
    failures = 0;
    link.value = { state: "live", until: 0 };
  }
}

async function closed(code) {
  if (code === REFUSED) {
    poll();
    return;
  }
  if (code === EXPIRED && session.value) {
    const mine = turn;
    const isRenewed = await renew().catch(() => true);
    if (mine !== turn) return;
    if (!isRenewed && session.value) {
      signOut("Your token has expired. Sign in again.");
      return;
    }
  }
  wait();
}

function wait() {
  close();
  const pause = BACKOFF_MILLISECONDS[Math.min(failures, BACKOFF_MILLISECONDS.length - 1)] * (0.75 + Math.random() / 2);
  failures += 1;
  link.value = { state: "waiting", until: Date.now() + pause };
  later(connect, pause);
}

function poll() {
  close();
  const mine = turn;
  link.value = { state: "polling", until: 0 };
  const again = async () => {
    try {
      await refresh();
    } catch {
      if (mine === turn && session.value) wait();
      return;
    }
    if (mine === turn) later(again, POLL_MILLISECONDS);
  };
  later(again, POLL_MILLISECONDS);
  later(connect, TRY_AGAIN_MILLISECONDS);
}

function hurry() {
  if (link.value.state === "waiting" && session.value) connect();
}

addEventListener("online", hurry);
document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && hurry());

/** Retries at once instead of after the pause. */
export { hurry as connectNow };

let user = "";
effect(() => {
  const now = session.value ? `${session.value.role} ${session.value.subject}` : "";
  if (now === user) return;
  user = now;
  place = "";
  failures = 0;
  queueMicrotask(() => {
    if (now) connect();
    else {
      close();
      link.value = { state: "off", until: 0 };
    }
  });
});

