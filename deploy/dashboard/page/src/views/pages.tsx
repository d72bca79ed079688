// Pages as a table: order by any column, a click filters.
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { compact, duration, percent } from "../format";
import { report } from "../reports";
import { place, setOwn, toggleFilter } from "../state";
import { Panel } from "../ui/panel";
import { type Column, Table } from "../ui/table";
import { Tabs } from "../ui/tabs";
import { useReport } from "../use";
import { Beside } from "./links";

interface Page {
  page: string;
  title: string;
  visitors: number;
  page_views: number;
  entries: number;
  exits: number;
  bounce_rate: number;
  engagement_ms: number;
  scroll: number;
}

export function PageTable(): JSX.Element {
  const by = place.value.own.by === "path_template" ? "path_template" : "path";
  const [limit, set] = useState(50);
  const asked = useReport<Page>(report("pages"), { by, limit: 1000 });
  const columns: Column<Page>[] = [
    {
      name: "page",
      label: "Page",
      show: page => (
        <button type="button" class="link name" onClick={() => toggleFilter(by, page.page)} title={`Filter by ${page.page}`}>
          {page.page}
          {page.title && <small>{page.title}</small>}
        </button>
      ),
      order: page => page.page,
    },
    { name: "visitors", label: "Visitors", number: true, bar: true, show: page => compact(page.visitors), order: page => page.visitors },
    { name: "page_views", label: "Views", number: true, bar: true, show: page => compact(page.page_views), order: page => page.page_views },
    { name: "entries", label: "Entries", number: true, show: page => compact(page.entries), order: page => page.entries },
    { name: "exits", label: "Exits", number: true, show: page => compact(page.exits), order: page => page.exits },
    {
      name: "bounce_rate",
      label: "Bounce",
      number: true,
      show: page => (page.entries ? percent(page.bounce_rate) : ""),
      order: page => page.bounce_rate,
    },
    {
      name: "engagement_ms",
      label: "Engaged",
      number: true,
      show: page => duration(page.engagement_ms),
      order: page => page.engagement_ms,
    },
    { name: "scroll", label: "Read", number: true, show: page => (page.scroll ? `${page.scroll}%` : "–"), order: page => page.scroll },
  ];
  return (
    <>
      <Panel
        title="Pages"
        asked={asked}
        empty="Nobody has looked at a page in this range."
        tools={
          <Tabs
            label="What a page is"
            all={{ path: "Each page", path_template: "Groups of pages" }}
            now={by}
            pick={by => setOwn("by", by)}
          />
        }
      >
        <Table label="Pages" columns={columns} rows={asked.rows ?? []} usual="page_views" limit={limit} id={page => page.page} />
        {(asked.rows?.length ?? 0) > limit && (
          <button type="button" class="link more" onClick={() => set(limit + 200)}>
            More
          </button>
        )}
      </Panel>
      <Beside />
    </>
  );
}
