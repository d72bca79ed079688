// Figures, times and codes for people.

const whole = new Intl.NumberFormat();
const short = new Intl.NumberFormat(undefined, { notation: "compact", maximumFractionDigits: 1 });
const tenths = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1, minimumFractionDigits: 1 });
const share = new Intl.NumberFormat(undefined, { style: "percent", maximumFractionDigits: 1 });
const regions = new Intl.DisplayNames(undefined, { type: "region", fallback: "code" });
const languages = new Intl.DisplayNames(undefined, { type: "language", fallback: "code" });

export const number = (value: number): string => whole.format(value);
export const compact = (value: number): string => (Math.abs(value) < 10_000 ? whole.format(value) : short.format(value));
export const decimal = (value: number): string => tenths.format(value);
export const percent = (value: number): string => (Number.isFinite(value) ? share.format(value) : "–");

/** `1m 20s` of milliseconds. */
export function duration(ms: number): string {
  if (!Number.isFinite(ms)) return "–";
  const seconds = Math.round(ms / 1000);
  if (ms > 0 && ms < 1000) return `${Math.round(ms)} ms`;
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m ${seconds % 60}s`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3600)}h ${Math.floor((seconds % 3600) / 60)}m`;
  return `${Math.round(seconds / 86_400)} days`;
}

export function bytes(count: number): string {
  const units = ["B", "KB", "MB", "GB", "TB"];
  let at = 0;
  let value = count;
  while (value >= 1000 && at < units.length - 1) {
    value /= 1000;
    at++;
  }
  return `${at === 0 ? value : tenths.format(value)} ${units[at]}`;
}

/** `+12 %`; none where there was nothing before. */
export function change(now: number, then: number): string | undefined {
  if (!then) return undefined;
  const by = (now - then) / then;
  return `${by > 0 ? "+" : by < 0 ? "−" : "±"}${share.format(Math.abs(by) > 10 ? Math.round(Math.abs(by)) : Math.abs(by))}`;
}

/** Times of ClickHouse are UTC, with or without a `Z`. */
export const instant = (text: string): number => Date.parse(/[zZ]|[+-]\d\d:?\d\d$/.test(text) ? text : `${text.replace(" ", "T")}Z`);

export const clock = (at: number, zone: string, seconds = false): string =>
  new Intl.DateTimeFormat(undefined, {
    hour: "2-digit",
    minute: "2-digit",
    ...(seconds ? { second: "2-digit" } : {}),
    timeZone: zone,
  }).format(at);

export const moment = (at: number, zone: string): string =>
  new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short", timeZone: zone }).format(at);

/** `12 s ago`. */
export function ago(at: number, now: number): string {
  const seconds = Math.max(0, Math.round((now - at) / 1000));
  return seconds < 5 ? "now" : seconds < 60 ? `${seconds} s ago` : `${Math.round(seconds / 60)} min ago`;
}

export function country(code: string): string {
  if (!/^[A-Za-z]{2}$/.test(code)) return code;
  try {
    return regions.of(code.toUpperCase()) ?? code;
  } catch {
    return code;
  }
}

function language(code: string): string {
  try {
    return languages.of(code) ?? code;
  } catch {
    return code;
  }
}

const NAMES: Record<string, string> = {
  direct: "Direct",
  organic_search: "Organic search",
  paid_search: "Paid search",
  organic_social: "Organic social",
  paid_social: "Paid social",
  organic_video: "Organic video",
  paid_video: "Paid video",
  organic_shopping: "Organic shopping",
  paid_shopping: "Paid shopping",
  paid_other: "Paid, other",
  email: "E-mail",
  referral: "Referral",
  affiliates: "Affiliates",
  display: "Display",
  audio: "Audio",
  sms: "SMS",
  push: "Push",
  ai_assistants: "AI assistants",
};

/** A dimension's value for people. */
export function value(dimension: string, text: string): string {
  if (text === "") return EMPTY[dimension] ?? "(not known)";
  if (dimension === "country") return country(text);
  if (dimension === "language") return language(text);
  if (dimension === "channel") return NAMES[text] ?? capital(text.replaceAll("_", " "));
  if (dimension === "device_type" || dimension === "type") return capital(text.replaceAll("_", " "));
  return text;
}

const EMPTY: Record<string, string> = {
  source: "(direct)",
  referrer_host: "(direct)",
  channel: "(none)",
  utm_campaign: "(no campaign)",
  utm_source: "(none)",
  utm_medium: "(none)",
  city: "(not known)",
  name: "(no name)",
};

export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** What a dimension is called. */
export const TITLES: Record<string, string> = {
  country: "Country",
  region: "Region",
  city: "City",
  browser: "Browser",
  browser_version: "Browser version",
  os: "System",
  os_version: "System version",
  device_type: "Device",
  device_brand: "Brand",
  device_model: "Model",
  language: "Language",
  timezone: "Time zone",
  source: "Source",
  medium: "Medium",
  channel: "Channel",
  referrer_source: "Known source",
  referrer_host: "Referring site",
  utm_source: "utm_source",
  utm_medium: "utm_medium",
  utm_campaign: "Campaign",
  utm_term: "Term",
  utm_content: "Content",
  host: "Host",
  path: "Page",
  path_template: "Page group",
  name: "Event",
  type: "Kind of event",
  user_id: "User",
  visitor_id: "Visitor",
  session_id: "Session",
  asn_org: "Network",
  entry_path: "Entry page",
  exit_path: "Exit page",
};
export const title = (dimension: string): string => TITLES[dimension] ?? dimension;
