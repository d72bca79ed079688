// What stands beside the pages: links that lead away, files that were taken, pages that answered with an error.
import type { JSX } from "preact";
import { compact } from "../format";
import { report } from "../reports";
import { Panel } from "../ui/panel";
import { type Column, Table } from "../ui/table";
import { useReport } from "../use";

interface Link {
  target: string;
  pages: number;
  clicks: number;
  visitors: number;
}

interface Missing {
  page: string;
  status: number;
  views: number;
  visitors: number;
  referrer: string;
}

const LINKS: Column<Link>[] = [
  { name: "target", label: "Address", show: row => <span class="name">{row.target}</span>, order: row => row.target },
  { name: "visitors", label: "Visitors", number: true, bar: true, show: row => compact(row.visitors), order: row => row.visitors },
  { name: "clicks", label: "Clicks", number: true, show: row => compact(row.clicks), order: row => row.clicks },
];

const MISSING: Column<Missing>[] = [
  {
    name: "page",
    label: "Page",
    show: row => (
      <span class="name">
        {row.page}
        {row.referrer && <small>from {row.referrer}</small>}
      </span>
    ),
    order: row => row.page,
  },
  { name: "status", label: "Status", number: true, show: row => row.status, order: row => row.status },
  { name: "visitors", label: "Visitors", number: true, bar: true, show: row => compact(row.visitors), order: row => row.visitors },
  { name: "views", label: "Views", number: true, show: row => compact(row.views), order: row => row.views },
];

function Links({ title, name, empty }: { title: string; name: string; empty: string }): JSX.Element {
  const asked = useReport<Link>(report(name), { limit: 50 });
  return (
    <Panel title={title} asked={asked} empty={empty}>
      <Table label={title} columns={LINKS} rows={asked.rows ?? []} usual="visitors" limit={20} id={row => row.target} />
    </Panel>
  );
}

export function Beside(): JSX.Element {
  const missing = useReport<Missing>(report("not_found"), { limit: 50 });
  return (
    <div class="grid">
      <Links title="Links that lead away" name="outbound" empty="Nobody has followed a link to another site in this range." />
      <Links title="Downloads" name="downloads" empty="Nobody has taken a file in this range." />
      <Panel title="Pages with an error" asked={missing} empty="No page has answered with an error in this range.">
        <Table
          label="Pages with an error"
          columns={MISSING}
          rows={missing.rows ?? []}
          usual="visitors"
          limit={20}
          id={row => `${row.page} ${row.status}`}
        />
      </Panel>
    </div>
  );
}
