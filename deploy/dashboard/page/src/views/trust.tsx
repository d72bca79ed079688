// Logins, machines, and the books: is everything there, once?
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { compact, country, instant, moment, number } from "../format";
import { report } from "../reports";
import { show, zone } from "../state";
import { Panel } from "../ui/panel";
import { type Column, Table } from "../ui/table";
import { useReport } from "../use";
import { Forecast } from "./forecast";

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
  const [limit, set] = useState(60);
  const asked = useReport<Login>(report("logins"), { limit });
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
        limit={limit}
        id={row => `${row.time} ${row.session_id} ${row.what}`}
        onRow={row => show("sessions", { session: row.session_id })}
      />
      {(asked.rows?.length ?? 0) >= limit && (
        <button type="button" class="link more" onClick={() => set(limit * 3)}>
          More
        </button>
      )}
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

interface Loss {
  hour: string;
  pages: number;
  sent: number;
  arrived: number;
  late: number;
  twice: number;
  never: number;
  may_still_come: number;
}

interface Complete {
  complete_up_to: string;
  logs: number;
  waiting: number;
}

const EVERY_MS = 5000;

export function Books(): JSX.Element {
  // Who sees only some sites has no books: a log serves all of them.
  const whole = report("books");
  const books = useReport<Book>(whole, { limit: 200 }, EVERY_MS);
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
  const losses = useReport<Loss>(report("losses"), { limit: 200 });
  const hours: Column<Loss>[] = [
    { name: "hour", label: "Hour", show: row => moment(instant(row.hour), zone.value) },
    { name: "sent", label: "Sent by pages", number: true, show: row => number(row.sent) },
    { name: "arrived", label: "Arrived", number: true, show: row => number(row.arrived) },
    { name: "late", label: "Late", number: true, show: row => number(row.late) },
    {
      name: "never",
      label: "Not there",
      number: true,
      show: row => `${number(row.never)}${row.never && row.may_still_come ? ", may still come" : ""}`,
    },
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
        {whole && (
          <>
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
          </>
        )}
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
      {whole && (
        <Panel title="Books of each log" asked={books} empty="No log has events of this site yet.">
          <Table label="Books" columns={columns} rows={rows} id={row => row.log_id} />
        </Panel>
      )}
      {whole && <Forecast />}
      <Panel title="What was not kept, and why" asked={ledger} empty="Everything was kept in this range." class="after">
        <Table label="Ledger" columns={reasons} rows={ledger.rows ?? []} id={row => `${row.day} ${row.reason}`} />
      </Panel>
      <Panel title="What pages say that they sent" asked={losses} empty="No page has numbered its events in the last days." class="after">
        <Table label="Losses" columns={hours} rows={losses.rows ?? []} limit={24} id={row => row.hour} />
      </Panel>
    </>
  );
}
