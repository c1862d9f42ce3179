// A modal dialog. It is the browser's own, so Escape, focus and the page behind it behave as expected.
import { useEffect, useRef } from "preact/hooks";

import { html } from "../html.js";
import { Close } from "./icons.js";

export function Dialog({ title, onClose, children }) {
  const box = useRef(null);
  useEffect(() => {
    const opener = document.activeElement;
    box.current.showModal();
    return () => opener?.isConnected && opener.focus();
  }, []);
  const onClick = (event) => event.target === box.current && box.current.close();
  return html`
    <dialog ref=${box} aria-labelledby="dialog-title" onClose=${onClose} onMouseDown=${onClick}>
      <div class="dialog-body">
        <header>
          <h2 id="dialog-title">${title}</h2>
          <button type="button" class="icon-button" aria-label="Close" onClick=${() => box.current.close()}><${Close} /></button>
        </header>
        ${children}
      </div>
    </dialog>
  `;
}
