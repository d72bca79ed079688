// The verbs of `footfall`, and how they become the page's one global.
import type { Event, Footfall, Props, Verbs } from "./api";
import { consent, setConsent, write } from "./device";
import { make } from "./event";
import { OFF, setOff } from "./gate";
import { guard } from "./guard";
import { note, notes } from "./notes";
import { put, takeAll } from "./queue";
import { forget, push } from "./send";
import { cookieless, debugSource, nonce } from "./settings";
import { view } from "./views";

/** The key of what the visitor has said. */
export const CONSENT = "footfall_consent";

const user =
  (type: Event["type"]) =>
  (user_id?: string, props?: Props): void =>
    push(make(type, { user_id, props }));

/** `1`: out. Kept in cookieless pages too, because it is the visitor's own wish. */
export const opt = (out: string): void => {
  setOff(out);
  write(OFF, out);
  if (out) {
    forget();
    takeAll();
  }
};

const say = (granted: boolean | string): void => {
  const value = /^(true|granted)$/.test(granted as string) ? "granted" : "refused";
  if (value === consent) return note("same");
  // What waits moves to where it may lie now: a refusal takes it from the device into this page's memory.
  const kept = takeAll();
  setConsent(value);
  put(kept);
  if (!cookieless) write(CONSENT, value);
  push(make("consent"));
};

const loadDebug = (): void => {
  document.head.append(Object.assign(document.createElement("script"), { src: debugSource, nonce }));
};

const verbs: Verbs = {
  page: view,
  track: (name, props) => push(make("custom", { name, props })),
  identify: user("identify"),
  login: user("login"),
  loginFailed: user("login_failed"),
  logout: user("logout"),
  consent: say,
  optOut: () => opt("1"),
  optIn: () => opt(""),
  debug: loadDebug,
};

/** Puts the global in place of the stub. */
export const install = (): Footfall => {
  const footfall = guard((verb: keyof Verbs, ...args: never[]) => (verbs[verb] as (...args: never[]) => void)(...args)) as Footfall;
  for (const name in verbs) footfall[name as keyof Verbs] = (...args: unknown[]) => footfall(name as "debug", ...(args as []));
  footfall.d = notes;
  window.footfall = footfall;
  return footfall;
};
