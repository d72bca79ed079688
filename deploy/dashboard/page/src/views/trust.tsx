// Logins, machines, and the books: is everything there, once?
import type { JSX } from "preact";
import { compact, country, instant, moment, number } from "../format";
import { report } from "../reports";
import { show, zone } from "../state";
import { Panel } from "../ui/panel";
import { type Column, Table } from "../ui/table";
import { useReport } from "../use";

interface Login {
  time: string;
  what: string;
  user: string;
  visitor_id: string;
  session_id: string;
  address: string;
  country: string;
  city: string;
  browser: string;
  os: string;
  reason: string;
  is_new_visitor: number;
  failed_before: number;
}

const WHAT: Record<string, string> = { login: "Login", login_failed: "Failed login", logout: "Logout", takeover: "Takeover" };

export function Logins(): JSX.Element {
  const asked = useReport<Login>(report("logins"), { limit: 500 });
  const columns: Column<Login>[] = [
    { name: "time", label: "When", show: row => moment(instant(row.time), zone.value), order: row => row.time },
    {
      name: "what",
      label: "What",
      show: row => <span class={`badge ${row.what}`}>{WHAT[row.what] ?? row.what}</span>,
      order: row => row.what,
    },
    { name: "user", label: "User", show: row => row.user || "–", order: row => row.user },
    { name: "from", label: "From", show: row => [row.city, country(row.country), row.address].filter(Boolean).join(", ") },
    { name: "with", label: "With", show: row => [row.browser, row.os].filter(Boolean).join(" on ") },
    {
      name: "notes",
      label: "Worth knowing",
      show: row =>
        [
          row.failed_before > 0 && `${number(row.failed_before)} failed in the hour before`,
          row.is_new_visitor && row.what === "login" && "first time on this browser",
          row.reason,
        ]
          .filter(Boolean)
          .join("; "),
    },
  ];
  return (
    <Panel title="Logins" asked={asked} empty="Nobody has logged in, or tried to, in this range.">
      <Table
        label="Logins"
        columns={columns}
        rows={asked.rows ?? []}
        limit={500}
        id={row => `${row.time} ${row.session_id} ${row.what}`}
        onRow={row => show("sessions", { session: row.session_id })}
      />
    </Panel>
  );
}

interface Sign {
  reason: string;
  visitors: number;
  sessions: number;
  events: number;
  agent: string;
}

export function Machines(): JSX.Element {
  const asked = useReport<Sign>(report("bots"), { limit: 100 });
  const columns: Column<Sign>[] = [
    { name: "reason", label: "What gave them away", show: row => row.reason.replaceAll("_", " "), order: row => row.reason },
    { name: "events", label: "Events", number: true, bar: true, show: row => compact(row.events), order: row => row.events },
    { name: "sessions", label: "Sessions", number: true, show: row => compact(row.sessions), order: row => row.sessions },
    { name: "visitors", label: "Visitors", number: true, show: row => compact(row.visitors), order: row => row.visitors },
    { name: "agent", label: "Such as", show: row => <span class="agent">{row.agent}</span> },
  ];
  return (
    <Panel title="Machines" asked={asked} empty="No machines were seen in this range.">
      <p class="dim lead">They are left out of every figure unless the range says otherwise. One event may have several signs.</p>
      <Table label="Machines" columns={columns} rows={asked.rows ?? []} usual="events" id={row => row.reason} />
    </Panel>
  );
}

interface Book {
  log_id: string;
  acknowledged: number;
  rows: number;
  ledger: number;
  marks: number;
  missing: number;
  doubled: number;
  last_at: string;
}

interface Entry {
  day: string;
  reason: string;
  entries: number;
  numbers: number;
}

interface Complete {
  complete_up_to: string;
  logs: number;
  waiting: number;
}

const EVERY_MS = 5000;

export function Books(): JSX.Element {
  const books = useReport<Book>(report("books"), { limit: 200 }, EVERY_MS);
  const complete = useReport<Complete>(report("complete_up_to"), {}, EVERY_MS);
  const ledger = useReport<Entry>(report("ledger"), { limit: 200 });
  const rows = books.rows ?? [];
  const sum = (field: "missing" | "doubled") => rows.reduce((sum, book) => sum + book[field], 0);
  const columns: Column<Book>[] = [
    { name: "log_id", label: "Log", show: row => <code>{row.log_id.slice(0, 8)}</code> },
    { name: "acknowledged", label: "Acknowledged", number: true, show: row => number(row.acknowledged) },
    { name: "rows", label: "In the table", number: true, show: row => number(row.rows) },
    { name: "ledger", label: "In the ledger", number: true, show: row => number(row.ledger) },
    { name: "missing", label: "Missing", number: true, show: row => number(row.missing) },
    { name: "doubled", label: "Doubled", number: true, show: row => number(row.doubled) },
    { name: "last_at", label: "Last", show: row => moment(instant(row.last_at), zone.value) },
  ];
  const reasons: Column<Entry>[] = [
    { name: "day", label: "Day", show: row => row.day },
    { name: "reason", label: "Reason", show: row => row.reason.replaceAll("_", " ") },
    { name: "numbers", label: "Events", number: true, show: row => number(row.numbers) },
  ];
  const upTo = complete.rows?.[0]?.complete_up_to;
  return (
    <>
      <section class="tiles" aria-label="The books in short">
        <div class="tile">
          <span class="label">Missing</span>
          <span class={`figure ${sum("missing") ? "" : "good"}`}>{books.answer ? number(sum("missing")) : "…"}</span>
          <span class="delta">{sum("missing") ? "on the way, if events come just now" : "nothing that was acknowledged is gone"}</span>
        </div>
        <div class="tile">
          <span class="label">Doubled</span>
          <span class={`figure ${sum("doubled") ? "bad" : "good"}`}>{books.answer ? number(sum("doubled")) : "…"}</span>
          <span class="delta">{sum("doubled") ? "`footfall audit --repair` mends it" : "every event is there once"}</span>
        </div>
        <div class="tile">
          <span class="label">Complete up to</span>
          <span class="figure">
            {upTo && instant(upTo) > 0
              ? new Intl.DateTimeFormat(undefined, { timeStyle: "medium", timeZone: zone.value }).format(instant(upTo))
              : "–"}
          </span>
          <span class="delta">before that nothing is still on its way</span>
        </div>
      </section>
      <Panel title="Books of each log" asked={books} empty="No log has events of this site yet.">
        <Table label="Books" columns={columns} rows={rows} id={row => row.log_id} />
      </Panel>
      <Panel title="What was not kept, and why" asked={ledger} empty="Everything was kept in this range." class="after">
        <Table label="Ledger" columns={reasons} rows={ledger.rows ?? []} id={row => `${row.day} ${row.reason}`} />
      </Panel>
    </>
  );
}
