// The way out. The first request goes alone, because it may bring the cookie that those after it carry; then each goes
// at once. What fails is kept (queue.ts) and tried again, by one tab at a time, later and later.
import type { Event } from "./api";
import { closed, seal } from "./gate";
import { note } from "./notes";
import { put, setToken, takeAll } from "./queue";
import { cookieless, credentials, endpoint, prefix, site } from "./settings";

/** Characters under way for which `keepalive` is asked: 64 KiB is what browsers grant a page, at 3 bytes a character. */
const QUOTA = 2e4;
/** Events of a request: within ingest's 1 MiB with the largest properties. */
const BATCH = 25;
/** Milliseconds in which events gather, an application sets its title, and the browser gives its hints. */
const SETTLED = 100;
/** Milliseconds until a request counts as lost. */
const PATIENCE = 2e4;
/** Older than this, in milliseconds, an event is given up: a week. */
const OLD = 6048e5;
/** As long as this after it was handed to the browser, an event that was very likely delivered is taken for delivered. */
const FRESH = 6e4;

let waiting: Event[] = [];
const flying = new Set<Event[]>();
/** Characters of the bodies under way. */
let load = 0;
/** A request has been answered, and none has failed since. */
let open = false;
let failures = 0;
/** Runs while nothing may be sent. */
let timer = 0;
let settling: number | undefined;

/** Takes an event; it goes when it has settled, or when the page is left. */
export const push = (event: Event): void => {
  const why = closed();
  if (why) return note(why, event);
  // Each event begins the wait anew, but for a stream of them.
  if (waiting.push(event) < BATCH) clearTimeout(settling);
  settling = setTimeout(flush, SETTLED);
};

/** Sends what waits. `leaving`: now, whatever is under way. */
export const flush = (leaving?: boolean): void => {
  if ((document as { prerendering?: boolean }).prerendering || (!leaving && !open && flying.size)) return;
  const events = seal(waiting.splice(0));
  if (timer) put(events);
  else while (events[0]) send(events.splice(0, BATCH), leaving);
};

const send = async (events: Event[], leaving?: boolean): Promise<void> => {
  for (const event of events) event.attempt = Math.abs(event.attempt || 0) + 1;
  const body = JSON.stringify({ site, sent_at: Date.now(), events });
  const keepalive = load + body.length < QUOTA && "keepalive" in Request.prototype;
  // `fetch` comes first: it is answered, it can go without cookies, and it has an origin under every referrer policy.
  if (leaving && !keepalive && !cookieless && navigator.sendBeacon(endpoint, body)) return note("beacon", events);
  flying.add(events);
  load += body.length;
  // The next cookie comes with the answer to a login or logout: what follows waits for it.
  if (/e":"log/.test(body)) open = false;
  try {
    const answer = await fetch(endpoint, {
      method: "POST",
      body,
      keepalive,
      credentials,
      signal: AbortSignal.timeout?.(PATIENCE),
    });
    if (/^5|4(08|29)/.test(answer.status as unknown as string)) throw +answer.headers.get("retry-after")!;
    // What is no JSON is not from ingest, but from a captive portal or a proxy: nothing has been kept.
    const said = await answer.json();
    note(answer.ok ? "sent" : "refused", events, said);
    setToken(said);
    flying.delete(events);
    // What earlier pages and other tabs could not deliver.
    if (!open && answer.ok) retry();
    open = true;
    failures = 0;
  } catch (error) {
    note("retry", events, error);
    // Not ours any more: the page has been left meanwhile, and `leave` has kept them.
    if (flying.delete(events)) put(events);
    open = false;
    // With jitter, so that the visitors of a page that has failed do not come back at once. An error is no number.
    timer ||= setTimeout(retry, Math.max((error as number) * 1e3 || 0, Math.min(3e5, 1e3 * 2 ** failures++)) * (1 + Math.random() / 2));
  }
  load -= body.length;
  flush();
};

/**
 * Tries again what is kept, under a lock (Web Locks) that is held until the answer: two tabs cannot take the same entry.
 * Without locks they could within a few microseconds; ids and attempts stay, so ingest sees a duplicate.
 */
export const retry = async (): Promise<void> => {
  clearTimeout(timer);
  timer = 0;
  const run = () => {
    const due = takeAll().filter(event => {
      const age = Date.now() - event.ts;
      return age > OLD ? note("old", event) : failures || age > FRESH || !(event.attempt! < 0);
    });
    return due[0] && send(due);
  };
  try {
    await navigator.locks.request(prefix, run);
  } catch {
    run();
  }
};

/** The page ends, or is put aside: sends what waits, and keeps what has no answer, because nobody will hear it. */
export const leave = (): void => {
  flush(true);
  for (const events of flying) {
    for (const event of events) {
      // While all is well the last event of a page arrives, but for one in many: marked, see FRESH.
      if (event.type === "page_leave" && !failures && navigator.onLine) event.attempt! *= -1;
    }
    put(events);
  }
  flying.clear();
};

/** Drops what waits, and does not keep what is under way. */
export const forget = (): void => {
  waiting = [];
  flying.clear();
};
