// The server's clock as seen from here. Each answer's Date header bounds the difference of the two clocks from both sides, and the
// bounds of many answers close in on it. Without that the lag shown would be the clocks' difference.
const STALE_MILLISECONDS = 2000; // whole seconds, and the server renews the header once a second

let least = -Infinity;
let most = Infinity;

/** Takes the Date header of an answer to a request sent and answered at these times of ours. */
export function observe(header, sentAt, answeredAt) {
  const server = Date.parse(header ?? "");
  if (Number.isNaN(server)) return;
  const lower = server - answeredAt;
  const upper = server + STALE_MILLISECONDS - sentAt;
  if (lower > most || upper < least) {
    // One of the clocks was set: begin anew.
    least = lower;
    most = upper;
    return;
  }
  least = Math.max(least, lower);
  most = Math.min(most, upper);
}

/** Server time minus ours, in milliseconds; 0 while that is possible. */
export function difference() {
  if (least <= 0 && most >= 0) return 0;
  if (!Number.isFinite(least) || !Number.isFinite(most)) return 0;
  return (least + most) / 2;
}

export const serverNow = () => Date.now() + difference();
