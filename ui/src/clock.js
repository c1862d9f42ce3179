// The server's clock as seen from here. The Date header of each response bounds the difference between the two clocks from both sides;
// many responses narrow it down. Without this correction the lag shown would include the difference.
const STALE_MILLISECONDS = 2000; // Date has whole seconds, and the server renews it once per second

let least = -Infinity;
let most = Infinity;

/** Takes the Date header of a response, with our times of request and response. */
export function observe(header, sentAt, answeredAt) {
  const server = Date.parse(header ?? "");
  if (Number.isNaN(server)) return;
  const lower = server - answeredAt;
  const upper = server + STALE_MILLISECONDS - sentAt;
  if (lower > most || upper < least) {
    // One of the clocks was set: start over.
    least = lower;
    most = upper;
    return;
  }
  least = Math.max(least, lower);
  most = Math.min(most, upper);
}

/** Server time minus ours, in milliseconds; 0 if the bounds allow it. */
export function difference() {
  if (least <= 0 && most >= 0) return 0;
  if (!Number.isFinite(least) || !Number.isFinite(most)) return 0;
  return (least + most) / 2;
}

export const serverNow = () => Date.now() + difference();
