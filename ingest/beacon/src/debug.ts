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
  /** Only if it was asked. */
  log_id?: string;
  events?: { index: number; log_seq: number; flags: string[] }[];
}

/** What ingest has said of one event of a batch. */
const verdict = (code: string, answer: Answer, index: number): string => {
  const rejected = answer.rejected?.find(one => one.index === index);
  if (rejected) return `REJECTED, ${rejected.reason}: ${rejected.detail}`;
  const kept = answer.events?.find(one => one.index === index);
  if (kept) {
    const done = kept.flags.length ? ` (${kept.flags.join(", ")})` : "";
    return `accepted: on disk at ingest as number ${kept.log_seq} of log ${answer.log_id}${done}`;
  }
  if (code === "sent") return "accepted: on disk at ingest";
  return `${TEXT[code]}${answer.error ? `, ${answer.error}: ${answer.detail}` : ""}`;
};

const print = ([code, about, detail]: Note): void => {
  const events = (Array.isArray(about) ? about : about ? [about] : []) as Event[];
  if (events.length === 0) return console.info("[footfall]", TEXT[code] ?? code, detail ?? "");
  const answered = code === "sent" || code === "refused";
  events.forEach((event, index) => {
    const said = answered ? verdict(code, (detail ?? {}) as Answer, index) : (TEXT[code] ?? code);
    const bad = /^[A-Z]{3}/.test(said) || code === "retry";
    console[bad ? "warn" : "info"]("[footfall]", line(event), "\n→", said, answered ? "" : (detail ?? ""), event);
  });
};

/** From now on ingest is asked for the number of each event. A body that begins with a site is the beacon's. */
const ask = (): void => {
  const real = window.fetch;
  window.fetch = (input, init) => real(typeof input === "string" && /^{"site":/.test(`${init?.body}`) ? `${input}?debug=1` : input, init);
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
