// Lists that several views have: pages, and the values of a dimension.
import type { ComponentChildren, JSX } from "preact";
import { useState } from "preact/hooks";
import { title as called, compact, duration, percent } from "../format";
import { report } from "../reports";
import { show, type View } from "../state";
import { Bars } from "../ui/bars";
import { Panel } from "../ui/panel";
import { Tabs } from "../ui/tabs";
import { useReport } from "../use";
import type { Figures } from "./overview";

export interface Part {
  value: string;
  visitors: number;
  sessions: number;
  page_views: number;
  events: number;
  bounce_rate: number;
  session_ms: number;
  engagement_ms: number;
}

interface Props {
  title: string;
  tabs: string[];
  limit?: number;
  /** Where there is more of it. */
  view?: View;
  touch?: "session" | "first";
  /** What stands at the right end. */
  aside?: "bounce" | "events";
  /** What to say where no value is known of anybody. */
  unknown?: string;
  label?: (dimension: string, value: string) => ComponentChildren;
  children?: ComponentChildren;
}

export function Breakdown({ title, tabs, limit = 12, view, touch, aside = "bounce", unknown, label }: Props): JSX.Element {
  const [dimension, pick] = useState(tabs[0]!);
  const [more, set] = useState(false);
  const shown = more ? 500 : limit;
  // No more than is shown: the fewer columns, the sooner the answer.
  const columns = `value,visitors,${aside === "events" ? "events" : "bounce_rate"}`;
  const asked = useReport<Part>(report("breakdown"), { dimension, columns, limit: shown + 1, ...(touch ? { touch } : {}) });
  const whole = useReport<Figures>(report("overview"));
  const parts = asked.rows ?? [];
  const all = Object.fromEntries(tabs.map(name => [name, called(name)]));
  const items = parts.slice(0, shown).map(part => ({
    value: part.value,
    count: part.visitors,
    aside: aside === "events" ? compact(part.events) : percent(part.bounce_rate),
  }));
  const nothing = unknown && parts.length > 0 && parts.every(part => part.value === "");
  return (
    <Panel
      title={title}
      asked={asked}
      tools={tabs.length > 1 ? <Tabs label={title} all={all} now={dimension} pick={pick} /> : undefined}
      empty="Nothing in this range."
    >
      {nothing ? (
        <p class="empty">{unknown}</p>
      ) : (
        <Bars
          dimension={dimension}
          items={items}
          unit="Visitors"
          total={whole.rows?.[0]?.visitors}
          asideLabel={aside === "events" ? "Events" : "Bounce"}
          {...(label ? { label: (value: string) => label(dimension, value) } : {})}
        />
      )}
      {parts.length > shown && (
        <button type="button" class="link more" onClick={() => (view ? show(view) : set(true))}>
          More
        </button>
      )}
    </Panel>
  );
}

interface Page extends Partial<Record<Order, number>> {
  page: string;
  title: string;
  bounce_rate?: number;
  engagement_ms?: number;
}

const ORDERS = { page_views: "Views", entries: "Entries", exits: "Exits" } as const;
type Order = keyof typeof ORDERS;

export function Pages({ title, limit }: { title: string; limit: number }): JSX.Element {
  const [order, set] = useState<Order>("page_views");
  const columns = `page,title,${order},${order === "entries" ? "bounce_rate" : "engagement_ms"}`;
  const asked = useReport<Page>(report("pages"), { columns, limit: 1000 });
  // What is in sight, until what is asked for is there.
  const seen = asked.answer ? (asked.answer.columns[2]!.name as Order) : order;
  const pages = (asked.rows ?? []).map(page => ({ ...page, count: page[seen] ?? 0 })).filter(page => page.count > 0);
  pages.sort((a, b) => b.count - a.count);
  const items = pages.slice(0, limit).map(page => ({
    value: page.page,
    count: page.count,
    aside: seen === "entries" ? percent(page.bounce_rate ?? 0) : duration(page.engagement_ms ?? 0),
    ...(page.title && page.title !== page.page ? { note: page.title } : {}),
  }));
  const dimension = seen === "entries" ? "entry_path" : seen === "exits" ? "exit_path" : "path";
  return (
    <Panel
      title={title}
      asked={asked}
      tools={<Tabs label="Order" all={ORDERS} now={order} pick={set} />}
      empty="Nobody has looked at a page in this range."
    >
      <Bars dimension={dimension} items={items} unit={ORDERS[seen]} asideLabel={seen === "entries" ? "Bounce" : "Engaged"} />
      {pages.length > limit && (
        <button type="button" class="link more" onClick={() => show("pages")}>
          More
        </button>
      )}
    </Panel>
  );
}
