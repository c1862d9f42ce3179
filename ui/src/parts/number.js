// A quantity that shows its changes: a brief wash behind it and the difference beside it. With reduced motion the wash appears without
// an animation. Screen readers get no announcement per change (hundreds per second are possible); they read the number.
import { useEffect, useRef } from "preact/hooks";

import { delta, number } from "../format.js";
import { html } from "../html.js";

const MILLISECONDS = 1600;
const still = matchMedia("(prefers-reduced-motion: reduce)");

export function Quantity({ value, quiet = false, ...rest }) {
  const cell = useRef(null);
  const before = useRef(value);
  useEffect(() => {
    const change = value - before.current;
    before.current = value;
    if (!change || !cell.current || Number.isNaN(change)) return;
    const mark = cell.current.querySelector(".delta");
    mark.textContent = delta(change);
    const easing = still.matches ? "steps(1, end)" : "cubic-bezier(0.3, 0, 0.8, 1)";
    cell.current.classList.toggle("rose", change > 0);
    for (const part of [cell.current.querySelector(".wash"), mark]) {
      part.getAnimations().forEach((animation) => animation.cancel());
      const fade = part.animate([{ opacity: 1 }, { opacity: 1, offset: 0.35 }, { opacity: 0 }], { duration: MILLISECONDS, easing });
      if (part === mark) fade.onfinish = () => (mark.textContent = "");
    }
  }, [value]);
  if (value === undefined || value === null) return html`<span class="quantity none" ...${rest}>–</span>`;
  return html`<span class=${`quantity ${value === 0 ? "zero" : ""} ${quiet ? "quiet" : ""}`} ref=${cell} ...${rest}
    ><span class="wash"></span><span class="delta" aria-hidden="true"></span><span class="value">${number(value)}</span></span
  >`;
}
