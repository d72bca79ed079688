// The verbs of `footfall`, and how they become the page's one global.
import type { Event, Footfall, Props, Verbs } from "./api";
import { consent, setConsent, write } from "./device";
import { make } from "./event";
import { OFF, setOff } from "./gate";
import { guard } from "./guard";
import { note, notes } from "./notes";
import { put, takeAll } from "./queue";
import { forget, push } from "./send";
import { cookieless, credentials, debugSource, endpoint, nonce, site } from "./settings";
import { view } from "./views";

/** The key of what the visitor has said. */
export const CONSENT = "footfall_consent";

const user =
  (type: Event["type"]) =>
  (user_id?: string, props?: Props): void =>
    push(make(type, { user_id, props }));

/**
 * `1`: out. Kept in cookieless pages too, because it is the visitor's own wish. The cookie goes as well; where ingest is
 * away it stays, and counts for nothing, as nothing is sent.
 */
export const opt = async (out: string): Promise<void> => {
  setOff(out);
  write(OFF, out);
  if (out) {
    forget();
    takeAll();
    try {
      await fetch(new URL(`visitor?site=${site}`, endpoint), { method: "DELETE", credentials, keepalive: true });
    } catch {}
  }
};

/** What waits moves to where it may lie now: a refusal takes it from the device into this page's memory. */
export const move = (value: string | undefined): void => {
  const kept = takeAll();
  setConsent(value);
  put(kept);
};

const say = (granted: boolean | string): void => {
  const value = /true|granted/.test(granted as string) ? "granted" : "refused";
  if (value === consent) return note("same");
  move(value);
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
  for (const name in verbs) footfall[name as keyof Verbs] = guard(verbs[name as keyof Verbs] as () => void);
  footfall.d = notes;
  return (window.footfall = footfall);
};
