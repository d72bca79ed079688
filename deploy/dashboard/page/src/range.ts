// Ranges of time as people name them, in the zone of the site.
import { civil, dayOf, fromIsoDay, isoDay, midnight } from "./zone";

export interface Range {
  since: number;
  until: number;
}

/** Names in the address, and for people. */
export const PRESETS = {
  today: "Today",
  yesterday: "Yesterday",
  "7d": "7 days",
  "30d": "30 days",
  month: "This month",
  before: "Last month",
  "12m": "12 months",
} as const;
export type Preset = keyof typeof PRESETS;

export const isPreset = (name: string): name is Preset => name in PRESETS;

/** `7d`, or `2026-11-01..2026-11-07` with both days in it. */
export function resolve(name: string, now: number, zone: string): Range {
  const { year, month } = civil(now, zone);
  const tomorrow = dayOf(now, zone, 1);
  switch (name) {
    case "today":
      return { since: dayOf(now, zone), until: tomorrow };
    case "yesterday":
      return { since: dayOf(now, zone, -1), until: dayOf(now, zone) };
    case "30d":
      return { since: dayOf(now, zone, -29), until: tomorrow };
    case "month":
      return { since: midnight(year, month, 1, zone), until: midnight(year, month + 1, 1, zone) };
    case "before":
      return { since: midnight(year, month - 1, 1, zone), until: midnight(year, month, 1, zone) };
    case "12m":
      return { since: midnight(year, month - 11, 1, zone), until: midnight(year, month + 1, 1, zone) };
  }
  const [first, last] = name.split("..");
  const since = fromIsoDay(first ?? "", zone);
  const until = fromIsoDay(last ?? "", zone, 1);
  if (since < until) return { since, until };
  return { since: dayOf(now, zone, -6), until: tomorrow };
}

/** A custom range from two days. */
export const custom = (first: string, last: string): string => (first <= last ? `${first}..${last}` : `${last}..${first}`);

const days = (range: Range) => Math.max(1, Math.round((range.until - range.since) / 86_400_000));

/** The same number of days before; of a range that is not over, the same part of it. */
export function before(name: string, range: Range, now: number, zone: string): Range {
  const { year, month } = civil(range.since, zone);
  const since =
    name === "month" || name === "before" ? midnight(year, month - 1, 1, zone) : dayOf(range.since + 3_600_000, zone, -days(range));
  if (range.until <= now) return { since, until: range.since };
  // Whole five minutes, so that equal questions are equal.
  const passed = Math.ceil((now - range.since) / 300_000) * 300_000;
  return { since, until: Math.min(since + passed, range.since) };
}

export const INTERVALS = ["minute", "hour", "day", "week", "month"] as const;
export type Interval = (typeof INTERVALS)[number];

/** How long a bucket is if nobody says otherwise. */
export function usualInterval(range: Range): Interval {
  const length = days(range);
  return length <= 2 ? "hour" : length <= 92 ? "day" : length <= 366 ? "week" : "month";
}

/** The range for people. */
export function describe(range: Range, zone: string): string {
  const show = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeZone: zone });
  const last = range.until - 1;
  return isoDay(range.since, zone) === isoDay(last, zone) ? show.format(range.since) : show.formatRange(range.since, last);
}
