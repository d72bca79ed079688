// What a page may set and call: the public types of the package, nothing that runs. What each setting does is in
// README.md; the fields of an event are those of schemas/beacon.schema.json.

/** Free properties of an event: text as it is, everything else as JSON text. At most 32 KiB, 256 keys. */
export type Props = Record<string, unknown>;

/** One event as it is sent. A before-send hook may change all of it. */
export interface Event {
  /** UUIDv7, the key by which a second delivery is recognised: a hook must leave it. */
  id: string;
  type: "page_view" | "page_leave" | "click" | "custom" | "identify" | "login" | "logout" | "login_failed" | "consent";
  /** Milliseconds since 1970 by the clock of the device. */
  ts: number;
  url: string;
  title?: string;
  referrer: string;
  /** UUIDv7 of the page load; views of a single page application share it. */
  page_id: string;
  /** Number of the event on its page load, from 1 without gaps; set after the hook. */
  seq?: number;
  /** Which attempt to send this is, from 1. Below 0, on the device only: handed to the browser, and very likely there. */
  attempt?: number;
  name?: string;
  user_id?: string;
  props?: Props;
  language?: string;
  timezone?: string;
  consent?: "granted" | "refused";
  /** What ingest has handed out: proves in which session an event happened that comes late. */
  token?: string;
  engagement_ms?: number;
  scroll?: number;
  screen_w?: number;
  screen_h?: number;
  viewport_w?: number;
  viewport_h?: number;
}

/** Sees each event before it is sent; nothing or `false` keeps it back. A hook that throws keeps it back too. */
export type BeforeSend = (event: Event) => Event | false | null | undefined;

/** The `data-` attributes of the script tag, or what `init` is given. */
export interface Options {
  /** Key of the site. */
  site?: string;
  /** Where ingest is, with another path than `/v1/events` if it has one; without: where the script comes from. */
  host?: string;
  /** What is sent without being called, of `view,leave,outbound,download`; without: everything; `false`: nothing. */
  auto?: string | boolean;
  /** The only host names, separated by commas, on which anything is sent. */
  domains?: string;
  /** Counts a change of the part behind `#` as a page, and sends it; else it is cut off. */
  hash?: string | boolean;
  /** Keeps nothing on the device and sends no cookie. */
  cookieless?: string | boolean;
  /** Says in the console what becomes of each event. */
  debug?: string | boolean;
  /** The hook, or the name of a global function. */
  beforeSend?: BeforeSend | string;
}

/** What `footfall` can do. No verb throws; what goes wrong is said by `debug`. */
export interface Verbs {
  /** A page view, for `data-auto="false"`; `fields` replace those of the event. */
  page(fields?: Partial<Event>): void;
  /** An event of the page's own; names that start with `$` are refused. */
  track(name: string, props?: Props): void;
  /** Tells who the visitor is, with traits. */
  identify(userId: string, traits?: Props): void;
  /** The visitor has logged in. */
  login(userId: string, props?: Props): void;
  /** The visitor has tried to log in. */
  loginFailed(userId?: string, props?: Props): void;
  /** The visitor has logged out. */
  logout(userId?: string, props?: Props): void;
  /** What the visitor has said about being recognised again. Kept on the device, and sent with every event. */
  consent(granted: boolean | "granted" | "refused"): void;
  /** Sends nothing from this device any more, until `optIn`, and has ingest take its cookie away. */
  optOut(): void;
  /** Sends again. */
  optIn(): void;
  /** Says in the console what became of each event so far, and of each that follows. */
  debug(): void;
}

/** The global: `footfall.track("signup")` and `footfall("track", "signup")` are the same. */
export interface Footfall extends Verbs {
  <V extends keyof Verbs>(verb: V, ...args: Parameters<Verbs[V]>): void;
  /** Calls made before the script was there. */
  q?: Iterable<unknown>[];
  /** What became of the latest events, for the debug script. */
  d?: unknown[];
}

declare global {
  interface Window {
    footfall?: Footfall;
  }
}
