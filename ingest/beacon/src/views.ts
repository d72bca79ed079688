// Page views: real loads, single page applications (push, replace, pop, hash), pages that come back from the
// back/forward cache, prerendered pages when they are shown; and the two ways in which a page is left.
import type { Event } from "./api";
import { arrive, depart, measure, url, watchScrolling } from "./engagement";
import { address, make, setReferrer } from "./event";
import { guard, listen } from "./guard";
import { flush, leave, push } from "./send";
import { automatic } from "./settings";

/** A view begins, and with it ends the one before. */
export const view = (fields?: Partial<Event>): void => {
  depart();
  const at = address();
  if (url && url !== at) setReferrer(url);
  arrive(at);
  push(
    make("page_view", {
      screen_w: screen.width,
      screen_h: screen.height,
      viewport_w: innerWidth,
      viewport_h: innerHeight,
      ...fields,
    }),
  );
};

const navigated = guard((): void => {
  if (address() !== url) view();
});

/** Starts, with the first view unless the page makes its own. */
export const watch = (): void => {
  if (automatic("view")) {
    // 404 pages are seen without being told, where the browser tells.
    const status = (performance.getEntriesByType("navigation")[0] as { responseStatus: number } | undefined)?.responseStatus as number;
    view((status > 399 && { props: { status } }) as Partial<Event>);
    for (const name of ["pushState", "replaceState"] as const) {
      const real = history[name];
      history[name] = function (...args) {
        real.apply(this, args);
        navigated();
      };
    }
    listen("pageshow", (event: PageTransitionEvent) => event.persisted && view());
    listen("popstate", navigated);
  }
  watchScrolling();
  listen("visibilitychange", () => {
    if (document.hidden) {
      depart();
      flush(true);
    } else {
      measure();
    }
  });
  // Neither `unload` nor `beforeunload`: they keep a page out of the back/forward cache.
  // In one listener: in two, one page in three was left without its last event having been sent.
  listen("pagehide", () => {
    depart(true);
    leave();
  });
};
