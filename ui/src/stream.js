// Server-sent events over fetch: EventSource cannot send a token, and a token does not belong in a URL.
import { send } from "./api.js";

const BACKOFF_MILLISECONDS = [500, 1000, 2000, 5000, 10_000];
const SILENCE_MILLISECONDS = 60_000;

/** Splits a stream of text into events: push(text) returns the complete ones (WHATWG HTML, section 9.2.6). */
export function parser() {
  let rest = "";
  return (text) => {
    const all = rest + text;
    const held = all.endsWith("\r") ? "\r" : ""; // half of a line end, perhaps
    const blocks = all.slice(0, all.length - held.length).replace(/\r\n?/g, "\n").split("\n\n");
    rest = blocks.pop() + held;
    return blocks.flatMap((block) => {
      const event = { id: "", type: "message", data: [] };
      for (const line of block.split("\n")) {
        const [, field, value] = /^([^:]*)(?::\s?(.*))?$/.exec(line) ?? [];
        if (field === "id") event.id = value ?? "";
        else if (field === "event") event.type = value ?? "";
        else if (field === "data") event.data.push(value ?? "");
      }
      return event.data.length ? [{ ...event, data: event.data.join("\n") }] : [];
    });
  };
}

/**
 * Follows /v1/events/stream until stopped. `onEvent` gets each CloudEvent, `onReset` is called when events may be missing, `onState`
 * with "live", "waiting" or "absent" (the server has no stream: poll instead). Returns a function that stops it.
 */
export function follow({ onEvent, onReset, onState }) {
  const stop = new AbortController();
  let after = "";
  let failures = 0;

  const read = async () => {
    const give = new AbortController();
    const end = () => give.abort();
    stop.signal.addEventListener("abort", end);
    let silence = setTimeout(end, SILENCE_MILLISECONDS);
    try {
      const answer = await send("GET", "/v1/events/stream", {
        headers: { Accept: "text/event-stream", ...(after && { "Last-Event-ID": after }) },
        signal: give.signal,
      });
      if ([403, 404, 406].includes(answer.status)) return "absent";
      if (!answer.ok) return "waiting";
      onState("live");
      failures = 0;
      const push = parser();
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      for (;;) {
        const { value, done } = await reader.read();
        if (done) return "waiting";
        clearTimeout(silence);
        silence = setTimeout(end, SILENCE_MILLISECONDS);
        for (const { id, type, data } of push(value)) {
          if (type === "reset") onReset();
          else onEvent(JSON.parse(data));
          if (id) after = id;
        }
      }
    } catch (error) {
      return error.status === 401 ? "stopped" : "waiting";
    } finally {
      clearTimeout(silence);
      stop.signal.removeEventListener("abort", end);
      give.abort();
    }
  };

  (async () => {
    while (!stop.signal.aborted) {
      const why = await read();
      if (stop.signal.aborted || why === "stopped") return;
      onState(why);
      if (why === "absent") return;
      const pause = BACKOFF_MILLISECONDS[Math.min(failures, BACKOFF_MILLISECONDS.length - 1)];
      failures += 1;
      await new Promise((resolve) => setTimeout(resolve, pause));
      if (!after) onReset();
    }
  })();
  return () => stop.abort();
}
