// beacon-debug.js: says in the console what became of each event. Loaded only with `data-debug` or `footfall.debug()`, so
// that no visitor pays for the sentences.
import type { Event } from "./api";
import type { Note } from "./notes";

const TEXT: Record<string, string> = {
  sent: "answered",
  refused: "REFUSED by ingest as a whole, not tried again",
  retry:
    "not delivered; kept, and tried again later. Offline, ingest is down or busy, or blocked: by an ad blocker, or by connect-src of the page's Content-Security-Policy",
  beacon: "handed to the browser with sendBeacon; nobody will hear the answer",
  off: "NOT SENT: this device has opted out (footfall.optOut() or ?footfall=off; footfall.optIn() or ?footfall=on ends it)",
  domain: "NOT SENT: this host name is not in data-domains",
  hook: "NOT SENT: the before-send hook has kept it back",
  broken: "NOT SENT: the before-send hook is missing or has thrown, or the event cannot be written as JSON",
  full: "GIVEN UP: the queue is full, and these were the oldest",
  old: "GIVEN UP: older than a week",
  same: "no event: consent is the same as before",
  bug: "caught, so that the page is not disturbed",
};

const line = (event: Event): string =>
  [event.type, event.name, event.seq && `seq ${event.seq}`, event.attempt && `attempt ${event.attempt}`, event.url, event.id]
    .filter(Boolean)
    .join(" · ");

interface Answer {
  error?: string;
  detail?: string;
  rejected?: { index: number; reason: string; detail: string }[];
  token?: string;
  /** Only if it was asked. */
  log_id?: string;
  /** Whether the visitor's cookie came with the request: `read`, `refused`, `none`. */
  cookie?: string;
  events?: { index: number; log_seq: number; decision: string; flags: string[] }[];
}

/** By `events[].decision`. */
const BY: Record<string, string> = {
  cookie: "visitor known by the cookie",
  cookieless: "no cookie: visitor known for the day by a salted hash",
  page: "no cookie: visitor known for this page load only",
};

const BLOCKED =
  "THE COOKIE DOES NOT COME BACK: ingest sets one, and this browser does not send it. Each page load counts as a visitor of its own. " +
  "Either ingest is of another site than this page (serve it from a subdomain of the page's: browsers block cookies of third parties), " +
  "or cookies are blocked here, or the tag has data-cookieless (then set the site's cookie mode to never)";

let isSet = false;
let isTold = false;

/** An answer with a token has set the cookie; a later request without one shows that it does not come back. */
const lookForCookie = ({ cookie, token }: Answer): void => {
  if (cookie === "none" && isSet && !isTold) {
    isTold = true;
    console.warn("[footfall]", BLOCKED);
  }
  isSet ||= !!token;
};

/** What ingest has said of one event of a batch. */
const verdict = (code: string, answer: Answer, index: number): string => {
  const rejected = answer.rejected?.find(one => one.index === index);
  if (rejected) return `REJECTED, ${rejected.reason}: ${rejected.detail}`;
  const kept = answer.events?.find(one => one.index === index);
  if (kept) {
    const done = [BY[kept.decision], ...kept.flags].filter(Boolean).join(", ");
    return `accepted: on disk at ingest as number ${kept.log_seq} of log ${answer.log_id} (${done})`;
  }
  if (code === "sent") return "accepted: on disk at ingest";
  return `${TEXT[code]}${answer.error ? `, ${answer.error}: ${answer.detail}` : ""}`;
};

const print = ([code, about, detail]: Note): void => {
  const events = (Array.isArray(about) ? about : about ? [about] : []) as Event[];
  if (events.length === 0) return console.info("[footfall]", TEXT[code] ?? code, detail ?? "");
  const answered = code === "sent" || code === "refused";
  if (code === "sent") lookForCookie((detail ?? {}) as Answer);
  events.forEach((event, index) => {
    const said = answered ? verdict(code, (detail ?? {}) as Answer, index) : (TEXT[code] ?? code);
    const bad = /^[A-Z]{3}/.test(said) || code === "retry";
    console[bad ? "warn" : "info"]("[footfall]", line(event), "\n→", said, answered ? "" : (detail ?? ""), event);
  });
};

/** From now on ingest is asked for the number of each event. A body that begins with a site is the beacon's. */
const ask = (): void => {
  const real = window.fetch;
  window.fetch = (input, init) => real(/^{"site":/.test(`${init?.body}`) ? `${input}?debug=1` : input, init);
};

const notes = window.footfall?.d as Note[] | undefined;
if (notes) {
  ask();
  console.info("[footfall] debugging; nothing that follows is seen by visitors");
  if (!document.querySelector("script[data-site]")) console.info("[footfall] there is no script tag with data-site: started by init()");
  for (const each of notes.splice(0)) print(each);
  notes.push = (...more: Note[]) => {
    for (const each of more) print(each);
    return 0;
  };
}
