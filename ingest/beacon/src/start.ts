// Everything in its order: settings, the global, what the stub has collected, then the watchers. Once per page.
import type { Footfall, Options } from "./api";
import { watchClicks } from "./clicks";
import { read, setConsent } from "./device";
import { listen } from "./guard";
import { ask } from "./hints";
import { retry } from "./send";
import { configure, debug } from "./settings";
import { CONSENT, install, move, opt } from "./verbs";
import { watch } from "./views";

export const start = (options: Options, script: { src?: string; nonce?: string }): Footfall => {
  const before = window.footfall;
  if (before?.d) return before;
  // Before the settings: what lies on the device is found, and then lies where these allow.
  setConsent();
  configure(options, script);
  move(read(CONSENT));
  ask();
  const footfall = install();
  location.search.replace(/[?&]footfall=o(n|ff)\b/, (_, wish) => opt(wish === "n" ? "" : "1") as never);
  if (debug) footfall.debug();
  // Before the first view: consent and the user count for it.
  for (const call of before?.q || []) footfall(...(call as ["debug"]));
  const begin = () => {
    watch();
    watchClicks();
    listen("online", retry);
  };
  // A prerendered page has not been seen yet, and may never be.
  if ((document as { prerendering?: boolean }).prerendering) listen("prerenderingchange", begin);
  else begin();
  return footfall;
};
