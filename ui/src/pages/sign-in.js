import { useEffect, useRef, useState } from "preact/hooks";

import { html } from "../html.js";
import { arrive, Choice, useTitle } from "../parts/bits.js";
import { Chili } from "../parts/icons.js";
import { notice, signInAsClient, signInWithToken } from "../session.js";

const WAYS = [
  { value: "client", label: "Client" },
  { value: "token", label: "Token" },
];

export function SignInPage() {
  const [way, setWay] = useState("client");
  const [problem, setProblem] = useState("");
  const [isBusy, setBusy] = useState(false);
  const form = useRef(null);
  useTitle("Sign in");
  useEffect(arrive, []);
  useEffect(() => {
    if (matchMedia("(hover: hover)").matches) focusFirst(form.current); // on a phone the keyboard would hide half of the page
  }, [way]);

  const submit = async (event) => {
    event.preventDefault();
    if (isBusy) return;
    const { id, secret, token } = Object.fromEntries(new FormData(form.current));
    setProblem("");
    setBusy(true);
    try {
      await (way === "client" ? signInAsClient(id, secret) : signInWithToken(token));
    } catch (error) {
      setProblem(error.message);
      setBusy(false);
      focusFirst(form.current);
    }
  };

  return html`
    <main class="sign-in">
      <div class="sign-in-brand"><${Chili} size=${34} /><span>Scoville</span></div>
      <h1>Sign in</h1>
      <p class="lead">Live stock and orders.</p>
      ${notice.value && !problem && html`<p class="notice" role="status">${notice}</p>`}
      <form ref=${form} onSubmit=${submit}>
        <${Choice} name="way" label="Sign in with" options=${WAYS} value=${way}
          onChange=${(value) => {
            setWay(value);
            setProblem("");
          }} />
        ${way === "client" ? html`<${ClientFields} />` : html`<${TokenField} />`}
        ${problem && html`<p class="field-problem" role="alert">${problem}</p>`}
        <button class="primary wide" disabled=${isBusy}>${isBusy ? "Signing in" : "Sign in"}</button>
      </form>
    </main>
  `;
}

const focusFirst = (form) => form?.querySelector("input:not([type=radio]), textarea")?.focus();

const ClientFields = () => html`
  <label class="field">
    <span>Client ID</span>
    <input name="id" required autocomplete="username" autocapitalize="none" spellcheck=${false} />
  </label>
  <label class="field">
    <span>Secret</span>
    <input name="secret" type="password" required autocomplete="current-password" />
  </label>
  <p class="fine">An admin creates clients with <code>scoville clients add</code>. The secret is kept only in this tab's memory.</p>
`;

const TokenField = () => html`
  <label class="field">
    <span>Token</span>
    <textarea name="token" rows="4" required spellcheck=${false} autocapitalize="none" autocomplete="off"></textarea>
  </label>
  <p class="fine">Paste the output of <code>scoville token</code>. It is kept until you sign out or close this tab.</p>
`;
