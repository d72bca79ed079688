// Days and hours of a time zone that need not be the browser's: the site's. Milliseconds since 1970 in and out.

export interface Civil {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function format(zone: string): Intl.DateTimeFormat {
  let found = formats.get(zone);
  if (!found) {
    const options: Intl.DateTimeFormatOptions = {
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
      hourCycle: "h23",
    };
    try {
      found = new Intl.DateTimeFormat("en-US-u-ca-gregory-nu-latn", { ...options, timeZone: zone });
    } catch {
      found = new Intl.DateTimeFormat("en-US-u-ca-gregory-nu-latn", { ...options, timeZone: "UTC" });
    }
    formats.set(zone, found);
  }
  return found;
}

/** What the clocks of the zone show. */
export function civil(at: number, zone: string): Civil {
  const parts: Record<string, number> = {};
  for (const { type, value } of format(zone).formatToParts(at)) parts[type] = Number(value);
  return { year: parts.year!, month: parts.month!, day: parts.day!, hour: parts.hour!, minute: parts.minute! };
}

/** The first moment of a day of the zone; days and months may be out of their range, as in `Date.UTC`. */
export function midnight(year: number, month: number, day: number, zone: string): number {
  const wanted = Date.UTC(year, month - 1, day);
  const shown = (at: number) => {
    const { year, month, day, hour, minute } = civil(at, zone);
    return Date.UTC(year, month - 1, day, hour, minute);
  };
  let at = wanted;
  // Twice: the offset at the first guess may not be the one at midnight.
  for (let turn = 0; turn < 2; turn++) at += wanted - shown(at);
  // Where clocks jump over midnight, the day begins when they have jumped.
  while (shown(at) < wanted) at += 900_000;
  return at;
}

/** The first moment of the day of `at`, moved by whole days. */
export function dayOf(at: number, zone: string, days = 0): number {
  const { year, month, day } = civil(at, zone);
  return midnight(year, month, day + days, zone);
}

/** `2026-11-22`, the day of `at`. */
export function isoDay(at: number, zone: string): string {
  const { year, month, day } = civil(at, zone);
  return `${year}-${String(month).padStart(2, "0")}-${String(day).padStart(2, "0")}`;
}

/** The first moment of `2026-11-22`; NaN if it is no day. */
export function fromIsoDay(text: string, zone: string, days = 0): number {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  return match ? midnight(Number(match[1]), Number(match[2]), Number(match[3]) + days, zone) : Number.NaN;
}
