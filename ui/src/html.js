// htm with preact's h: templates without a compiler.
import htm from "htm";
import { h } from "preact";

// Characters that are written from right to left, or that turn the direction of what follows.
const TURNS = /[\u0590-\u08ff\u200e\u200f\u202a-\u202e\u2066-\u2069\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;
const HOLDS_TEXT_ONLY = new Set(["option", "textarea", "title"]);

/** All text of the pages passes here. One that turns the direction stays within itself: it moves nothing that stands beside it. */
function isolate(child) {
  if (Array.isArray(child)) return child.map(isolate);
  return typeof child === "string" && TURNS.test(child) ? h("bdi", null, child) : child;
}

export const html = htm.bind((type, props, ...children) =>
  h(type, props, ...(HOLDS_TEXT_ONLY.has(type) ? children : children.map(isolate))),
);
