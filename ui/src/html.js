// htm with preact's h: templates that need no compiler.
import htm from "htm";
import { h } from "preact";

export const html = htm.bind(h);
