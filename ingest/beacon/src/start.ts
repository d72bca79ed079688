// Everything in its order: settings, the global, what the stub has collected, then the watchers. Once per page.
import type { Footfall, Options } from "./api";
import { watchClicks } from "./clicks";
import { read, setConsent } from "./device";
import { listen } from "./guard";
import { ask } from "./hints";
import { retry } from "./send";
import { configure, debug } from "./settings";
import { CONSENT, install, opt } from "./verbs";
import { watch } from "./views";

export const start = (options: Options, script: { src?: string; nonce?: string }): Footfall => {
  const before = window.footfall;
  if (before?.d) return before;
  configure(options, script);
  setConsent(read(CONSENT));
  ask();
  const footfall = install();
  const wish = /[?&]footfall=o(n|ff)\b/.exec(location.search);
  if (wish) opt(wish[1] === "n" ? "" : "1");
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
