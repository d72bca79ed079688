// The page's settings, read once: attributes of the tag and options of `init` have the same names and mean the same.
import type { BeforeSend, Options } from "./api";

export let site: string | undefined;
/** What the keys of the queue begin with. */
export let prefix: string;
/** Where events go. */
export let endpoint: URL;
/** Where beacon-debug.js is. */
export let debugSource: URL;
export let nonce: string | undefined;
export let hash: boolean;
export let cookieless: boolean;
/** Whether cookies go along and come back. */
export let credentials: RequestCredentials;
/** Nothing may be put on the device, and the browser is not asked for more than it says by itself. */
export let discreet: boolean;
export let debug: boolean;
export let domains: string[] | undefined;
export let beforeSend: BeforeSend | string | undefined;
let auto: string | boolean;

/** An attribute without a value is on. */
const on = (value: string | boolean | undefined): boolean => !/false/.test((value ?? false) as string);

/** Whether this is sent without being called. */
export const automatic = (what: string): boolean => RegExp(`true|${what}`).test(auto as string);

/** Ingest writes its own paths in place of the usual ones when it serves the script. */
export const configure = (options: Options, script: { src?: string; nonce?: string }): void => {
  const base = new URL(options.host || script.src!, location.href);
  endpoint = new URL("v1/events", base);
  debugSource = new URL("beacon-debug.js", base);
  nonce = script.nonce;
  site = options.site;
  prefix = `footfall_${site}_`;
  hash = on(options.hash);
  cookieless = on(options.cookieless);
  credentials = cookieless ? "omit" : "include";
  discreet = cookieless || !!(navigator as { globalPrivacyControl?: boolean }).globalPrivacyControl;
  debug = on(options.debug);
  domains = options.domains?.split(/[\s,]+/);
  beforeSend = options.beforeSend;
  auto = options.auto ?? true;
};
