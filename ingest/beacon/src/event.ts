// One event with what every event says of its page.
import type { Event } from "./api";
import { consent } from "./device";
import { hash } from "./settings";
import { uuid } from "./uuid";

/** One page load, as long as its script lives: restored from the back/forward cache it is the same. */
const page = uuid();

/** The page before; of a single page application the view before. */
export let referrer = document.referrer;
export const setReferrer = (url: string): void => {
  referrer = url;
};

/** The page's address. The part behind `#` may hold secrets (OAuth), so it is cut off where it is no route. */
export const address = (): string => (hash ? location.href : location.href.split("#")[0]!);

export const make = (type: Event["type"], more?: Partial<Event>): Event => ({
  id: uuid(),
  type,
  ts: Date.now(),
  url: address(),
  referrer,
  page_id: page,
  language: navigator.language,
  timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
  consent,
  ...more,
});
