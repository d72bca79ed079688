// How long a view was looked at and how far it was scrolled, sent as `page_leave` when it is left or hidden. Each says
// the time since the one before, so that the sum is right however often a tab is switched.
import { make } from "./event";
import { listen } from "./guard";
import { push } from "./send";
import { automatic } from "./settings";

/** Milliseconds looked at below which a view that has been left once is not left again. */
const LEAST = 1e3;

/** Since when it is looked at; 0: it is not. */
let since = 0;
let engaged = 0;
let deepest = 0;
let left = true;
/** Where the view is; nothing before the first. */
export let url: string | undefined;

/** Takes the time up to now; `away`: nobody looks any more. */
export const measure = (away?: boolean): void => {
  const now = performance.now();
  if (since) engaged += now - since;
  since = away || document.hidden ? 0 : now;
};

const dive = (): void => {
  deepest = Math.max(deepest, scrollY);
};

/** A view begins; `depart` goes before. */
export const arrive = (at: string): void => {
  url = at;
  deepest = engaged = 0;
  left = false;
};

/** A view ends, or is hidden; `away`: until the next `arrive`. */
export const depart = (away?: boolean): void => {
  measure(away);
  dive();
  if (!automatic("leave") || (left && engaged < LEAST)) return;
  left = true;
  push(
    make("page_leave", {
      url,
      engagement_ms: engaged | 0,
      scroll: Math.min(100, (((deepest + innerHeight) / document.documentElement.scrollHeight) * 100 + 0.5) | 0),
    }),
  );
  engaged = 0;
};

export const watchScrolling = (): void => listen("scroll", dive);
