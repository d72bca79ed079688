// What happens now: asked each second.
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { LineChart } from "../charts/line";
import { ago, clock, compact, instant, value as spell } from "../format";
import { report } from "../reports";
import { go, zone } from "../state";
import { Bars } from "../ui/bars";
import { CountryCode } from "../ui/code";
import { Panel } from "../ui/panel";
import { useReport } from "../use";

interface Minute {
  minute: string;
  visitors: number;
  page_views: number;
}

interface Someone {
  visitor_id: string;
  last_at: string;
  path: string;
  title: string;
  country: string;
  city: string;
  device_type: string;
  browser: string;
  source: string;
  views: number;
}

const EVERY_MS = 1000;

/** Counts of a field, the most first. */
function counted(people: Someone[], field: (one: Someone) => string): { value: string; count: number }[] {
  const counts = new Map<string, number>();
  for (const one of people) counts.set(field(one), (counts.get(field(one)) ?? 0) + 1);
  return [...counts].map(([value, count]) => ({ value, count })).sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1));
}

export function Live(): JSX.Element {
  const now = useReport<Someone>(report("live_now"), { limit: 500 }, EVERY_MS);
  const minutes = useReport<Minute>(report("live"), {}, EVERY_MS * 5);
  const people = now.rows ?? [];
  const course = minutes.rows ?? [];
  const at = course.map(({ minute }) => instant(minute));
  const sessions = (dimension: string) => (value: string) =>
    go({ view: "sessions", range: "today", filters: { [dimension]: [value] }, own: {} });
  return (
    <>
      <div class="live-head">
        <section class="panel now" aria-live="polite" aria-label="Visitors now">
          <span class="figure big">{now.answer ? compact(people.length) : "…"}</span>
          <span class="label">
            <i class="pulse" /> {people.length === 1 ? "visitor" : "visitors"} in the last five minutes
          </span>
        </section>
        <Panel title="The last 30 minutes" asked={minutes} class="grow">
          <LineChart
            label="Page views by minute"
            at={at}
            lines={[{ label: "Page views", values: course.map(({ page_views }) => page_views) }]}
            zone={zone.value}
            bars
            height={150}
            name={moment => clock(moment, zone.value)}
          />
        </Panel>
      </div>
      <div class="grid">
        <Feed people={people} asked={now} />
        <div class="stack">
          <Panel title="Pages now" asked={now} empty="Nobody is here just now.">
            <Bars dimension="path" items={counted(people, one => one.path).slice(0, 8)} unit="Visitors" onPick={sessions("path")} />
          </Panel>
          <Panel title="From" asked={now} empty="Nobody is here just now.">
            <Bars dimension="source" items={counted(people, one => one.source).slice(0, 6)} unit="Visitors" onPick={sessions("source")} />
          </Panel>
          <Panel title="In" asked={now} empty="Nobody is here just now.">
            <Bars
              dimension="country"
              items={counted(people, one => one.country).slice(0, 6)}
              unit="Visitors"
              onPick={sessions("country")}
            />
          </Panel>
        </div>
      </div>
    </>
  );
}

function Feed({ people, asked }: { people: Someone[]; asked: ReturnType<typeof useReport<Someone>> }): JSX.Element {
  const [now, tick] = useState(Date.now());
  const known = useRef(new Map<string, string>());
  useEffect(() => {
    const timer = setInterval(() => tick(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  const fresh = (one: Someone) => known.current.size > 0 && known.current.get(one.visitor_id) !== one.last_at;
  const marked = people.map(one => ({ one, isFresh: fresh(one) }));
  useEffect(() => {
    known.current = new Map(people.map(one => [one.visitor_id, one.last_at]));
  }, [asked.answer?.generated_at]);
  return (
    <Panel title="Who is here" asked={asked} empty="Nobody is here just now. This list fills by itself.">
      <ol class="feed">
        {marked.slice(0, 40).map(({ one, isFresh }) => (
          <li key={one.visitor_id} class={isFresh ? "fresh" : ""}>
            <CountryCode code={one.country} />
            <span class="what">
              <b>{one.path || "(no page)"}</b>
              <small>
                {[
                  one.title,
                  one.source && `from ${one.source}`,
                  [one.browser, spell("device_type", one.device_type)].filter(Boolean).join(" on "),
                ]
                  .filter(Boolean)
                  .join(" · ")}
              </small>
            </span>
            <span class="when">
              {ago(instant(one.last_at), now)}
              <small>{one.views === 1 ? "1 view" : `${one.views} views`}</small>
            </span>
          </li>
        ))}
      </ol>
    </Panel>
  );
}
