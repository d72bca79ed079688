// The overview: the range in eight figures, its course, and the first of everything.
import type { JSX } from "preact";
import { LineChart } from "../charts/line";
import { change, clock, compact, decimal, duration, instant, number, percent } from "../format";
import { INTERVALS, type Interval, usualInterval } from "../range";
import { report } from "../reports";
import { earlier, go, place, range, setOwn, show, zone } from "../state";
import { Panel, Refusal } from "../ui/panel";
import { Tabs } from "../ui/tabs";
import { useReport } from "../use";
import { Breakdown, Pages } from "./lists";

export interface Figures {
  visitors: number;
  sessions: number;
  page_views: number;
  events: number;
  bounces: number;
  bounce_rate: number;
  session_ms: number;
  views_per_session: number;
  engagement_ms: number;
}

type Metric = "visitors" | "sessions" | "page_views" | "events";

type Bucket = { at: string } & Partial<Record<Metric, number>>;

const METRICS: Record<Metric, string> = { visitors: "Visitors", sessions: "Sessions", page_views: "Page views", events: "Events" };

interface Tile {
  name: keyof Figures;
  label: string;
  show: (value: number) => string;
  /** More of it is worse. */
  down?: boolean;
  about: string;
}

const TILES: Tile[] = [
  { name: "visitors", label: "Visitors", show: compact, about: "People, as far as a cookie tells" },
  { name: "sessions", label: "Sessions", show: compact, about: "Visits: a pause of 30 minutes begins another" },
  { name: "page_views", label: "Page views", show: compact, about: "Pages that were looked at" },
  { name: "events", label: "Events", show: compact, about: "Everything that was recorded" },
  { name: "views_per_session", label: "Views / session", show: decimal, about: "Page views by sessions" },
  { name: "bounce_rate", label: "Bounce rate", show: percent, down: true, about: "Sessions with one page view and nothing else" },
  { name: "session_ms", label: "Session", show: duration, about: "Median from the first to the last event" },
  { name: "engagement_ms", label: "Engagement", show: duration, about: "Median time that pages were in use" },
];

export function Overview(): JSX.Element {
  const metric = (place.value.own.metric as Metric) in METRICS ? (place.value.own.metric as Metric) : "visitors";
  return (
    <>
      <Tiles metric={metric} />
      <Course metric={metric} />
      <div class="grid">
        <Pages title="Top pages" limit={8} />
        <Breakdown title="Sources" tabs={["source", "channel", "utm_campaign"]} limit={8} view="sources" />
        <Breakdown title="Places" tabs={["country", "region", "city"]} limit={8} view="places" />
        <Breakdown title="Devices" tabs={["device_type", "browser", "os"]} limit={8} view="devices" />
      </div>
    </>
  );
}

function Tiles({ metric }: { metric: Metric }): JSX.Element {
  const now = useReport<Figures>(report("overview"));
  const compare = place.value.compare;
  const before = useReport<Figures>(compare ? report("overview") : undefined, {
    since: new Date(earlier.value.since).toISOString(),
    until: new Date(earlier.value.until).toISOString(),
  });
  const figures = now.rows?.[0];
  const old = compare ? before.rows?.[0] : undefined;
  if (now.error) return <Refusal error={now.error} />;
  return (
    <section class={`tiles ${now.stale ? "stale" : ""}`} aria-label="Figures" aria-busy={!figures}>
      {TILES.map(tile => (
        <Figure key={tile.name} tile={tile} value={figures?.[tile.name]} old={old?.[tile.name]} chosen={tile.name === metric} />
      ))}
    </section>
  );
}

function Figure({
  tile,
  value,
  old,
  chosen,
}: {
  tile: Tile;
  value: number | undefined;
  old: number | undefined;
  chosen: boolean;
}): JSX.Element {
  const by = value !== undefined && old !== undefined ? change(value, old) : undefined;
  const good = value !== undefined && old !== undefined && value !== old ? value > old !== (tile.down ?? false) : undefined;
  const body = (
    <>
      <span class="label">{tile.label}</span>
      <span class="figure">{value === undefined ? "…" : tile.show(value)}</span>
      {by && (
        <span class={`delta ${good === undefined ? "" : good ? "good" : "bad"}`} title={`${tile.show(old!)} before`}>
          {by}
        </span>
      )}
    </>
  );
  if (tile.name in METRICS)
    return (
      <button type="button" class="tile" title={tile.about} aria-pressed={chosen} onClick={() => setOwn("metric", tile.name)}>
        {body}
      </button>
    );
  return (
    <div class="tile" title={tile.about}>
      {body}
    </div>
  );
}

/** What a bucket is called. */
export function bucketName(at: number, interval: Interval, zone: string): string {
  const show = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(undefined, { ...options, timeZone: zone }).format(at);
  if (interval === "minute" || interval === "hour")
    return `${show({ weekday: "short", day: "numeric", month: "short" })}, ${clock(at, zone)}`;
  if (interval === "month") return show({ month: "long", year: "numeric" });
  return `${interval === "week" ? "week of " : ""}${show({ weekday: "short", day: "numeric", month: "short" })}`;
}

function Course({ metric }: { metric: Metric }): JSX.Element {
  const own = place.value.own.interval as Interval;
  const days = (range.value.until - range.value.since) / 86_400_000;
  const fits = INTERVALS.filter(interval =>
    interval === "minute"
      ? days <= 1.1
      : interval === "hour"
        ? days <= 35
        : interval === "month"
          ? days > 60
          : interval === "week"
            ? days > 13
            : true,
  );
  const interval = fits.includes(own) ? own : usualInterval(range.value);
  const columns = `at,${metric}`;
  const asked = useReport<Bucket>(report("timeline"), { interval, columns, limit: 5000 });
  // The whole range before, not only the part that has passed now: the line goes on.
  const { since, until } = range.value;
  const whole = {
    since: new Date(earlier.value.since).toISOString(),
    until: new Date(Math.max(earlier.value.since + (until - since), earlier.value.until)).toISOString(),
  };
  const before = useReport<Bucket>(place.value.compare ? report("timeline") : undefined, { interval, columns, limit: 5000, ...whole });
  // What is in sight, until what is asked for is there.
  const seen = asked.answer ? (asked.answer.columns[1]!.name as Metric) : metric;
  const buckets = asked.rows ?? [];
  const at = buckets.map(bucket => instant(bucket.at));
  const lines = [
    {
      label: METRICS[seen],
      values: buckets.map((bucket, index): number | null => (at[index]! > Date.now() ? null : (bucket[seen] ?? null))),
    },
  ];
  // A line of nothing has no place in the legend.
  const old =
    place.value.compare && before.rows?.some(bucket => (bucket[seen] ?? 0) > 0)
      ? [{ label: "Before", values: at.map((_, index) => before.rows?.[index]?.[seen] ?? null), before: true }]
      : [];
  const total = buckets.reduce((sum, bucket) => sum + (bucket[seen] ?? 0), 0);
  return (
    <Panel
      title={METRICS[seen]}
      asked={asked}
      class="course"
      tools={
        <Tabs
          label="Each point is a"
          all={Object.fromEntries(fits.map(name => [name, name])) as Record<Interval, string>}
          now={interval}
          pick={name => setOwn("interval", name)}
        />
      }
    >
      <LineChart
        label={METRICS[seen]}
        at={at}
        lines={[...old, ...lines]}
        zone={zone.value}
        name={moment => bucketName(moment, interval, zone.value)}
        bars={buckets.length < 3}
        days={interval !== "hour" && interval !== "minute"}
      />
      {total === 0 && asked.answer && (
        <p class="empty">
          Nothing in this range{Object.keys(place.value.filters).length > 0 ? " with these filters" : ""}.{" "}
          {place.value.bots === "0" && (
            <button type="button" class="link" onClick={() => go({ bots: "1" })}>
              Machines are left out: count them too.
            </button>
          )}{" "}
          <button type="button" class="link" onClick={() => show("live")}>
            What happens now
          </button>
        </p>
      )}
      <span class="visually-hidden">{number(total)} in all</span>
    </Panel>
  );
}
