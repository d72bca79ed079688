// The disk's future: how large the tables are and will be under retention, and whether there is room.
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { get, Refused } from "../api";
import { Growth, type Point } from "../charts/growth";
import { picture } from "../export";
import { bytes, capital, number, percent } from "../format";
import { zone } from "../state";
import { Icon } from "../ui/icons";
import { Refusal, Waiting } from "../ui/panel";
import { later } from "../use";

interface Told {
  tables: { name: string; rows: number; bytes: number; bytes_per_day: number }[];
  disk: { free_bytes: number; total_bytes: number } | null;
  retention: { events_days: number | null; sites: Record<string, number | null> };
  ahead: { days: number; bytes: number; expired_bytes: number }[];
  full_in_days: number | null;
  notes: string[];
  generated_at: string;
}

const DAY_MS = 86_400_000;
/** The service has a new answer as often. */
const EVERY_MS = 120_000;
const AGAIN_MS = 2500;
/** A disk that is full within these days is a matter of now. */
const SOON = 30;
/** A disk that has more room than so many times the coming year's tables is not drawn: they would be a line on the ground. */
const FAR = 4;

function useForecast(): { told: Told | undefined; error: Refused | undefined } {
  const [state, set] = useState<{ told?: Told; error?: Refused }>({});
  useEffect(() => {
    const stop = new AbortController();
    let timer = 0;
    const ask = async () => {
      let again = EVERY_MS;
      try {
        const told = await get<Told>("/api/forecast", stop.signal);
        set({ told });
      } catch (error) {
        if (stop.signal.aborted) return;
        const refused = error instanceof Refused ? error : new Refused("fault", String(error));
        if (refused.passes) again = AGAIN_MS;
        set(before => ({ error: refused, ...(before.told && refused.passes ? { told: before.told } : {}) }));
      }
      if (!stop.signal.aborted) timer = later(ask, again);
    };
    ask();
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, []);
  return { told: state.told, error: state.error };
}

export function Forecast(): JSX.Element {
  const { told, error } = useForecast();
  const element = useRef<HTMLElement>(null);
  const title = "Room on the disk";
  return (
    <section class="panel after" ref={element} aria-label={title} aria-busy={!told && !error}>
      <header>
        <div class="panel-title">
          <h2>{title}</h2>
        </div>
        <div class="panel-actions">
          <button
            type="button"
            class="quiet"
            title="Save as PNG"
            aria-label={`Save ${title} as PNG`}
            onClick={() => element.current && picture(element.current, title)}
            disabled={!told?.ahead.length}
          >
            <Icon name="image" size={16} />
          </button>
        </div>
      </header>
      <div class="panel-body">
        {error && <Refusal error={error} />}
        {!error && !told && <Waiting />}
        {told && <Shown told={told} />}
      </div>
    </section>
  );
}

function Shown({ told }: { told: Told }): JSX.Element {
  const { tables, disk, ahead, full_in_days: full } = told;
  const now = tables.reduce((sum, table) => sum + table.bytes, 0);
  const then = (days: number) => ahead.find(point => point.days === days);
  const year = ahead.at(-1);
  const from = Date.parse(told.generated_at);
  const day = (days: number) =>
    new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeZone: zone.value }).format(from + days * DAY_MS);
  const points: Point[] = ahead.map(point => ({
    at: from + point.days * DAY_MS,
    bytes: point.bytes,
    whole: point.bytes + point.expired_bytes,
  }));
  const room = disk ? now + disk.free_bytes : undefined;
  const near = room !== undefined && year && room < FAR * Math.max(...ahead.map(point => point.bytes)) ? room : undefined;
  return (
    <>
      <dl class="facts room-facts">
        <Fact name="Tables now" more={tables.map(table => `${table.name} ${bytes(table.bytes)} in ${number(table.rows)} rows`).join(", ")}>
          {bytes(now)}
        </Fact>
        {year && (
          <>
            <Fact name="A day brings" more="as the last whole days did">
              {bytes(tables.reduce((sum, table) => sum + table.bytes_per_day, 0))}
            </Fact>
            <Fact name="In 30 days">{bytes(then(30)?.bytes ?? 0)}</Fact>
            <Fact name={`In ${year.days} days`} more={kept(told)}>
              {bytes(year.bytes)}
            </Fact>
          </>
        )}
        {disk && (
          <Fact name="Free" more={`${percent(disk.free_bytes / disk.total_bytes)} of ${bytes(disk.total_bytes)}`}>
            {bytes(disk.free_bytes)}
          </Fact>
        )}
        {disk && year && (
          <Fact
            name="The disk is full"
            class={full === null ? "good" : full <= SOON ? "bad" : ""}
            more={full === null ? "at this pace" : day(full)}
          >
            {full === null ? "not within ten years" : `in ${number(full)} ${full === 1 ? "day" : "days"}`}
          </Fact>
        )}
      </dl>
      {disk && <Bar now={now} year={year?.bytes ?? now} free={disk.free_bytes} total={disk.total_bytes} />}
      {year && points.length > 1 && (
        <>
          <Growth label={summary(told, now)} points={points} room={near} zone={zone.value} />
          <p class="dim growth-key">
            {[
              "The tables in the coming year.",
              year.expired_bytes > 0 && "Dashed: as if nothing expired.",
              room !== undefined && near === undefined && "The end of the disk is far above.",
            ]
              .filter(Boolean)
              .join(" ")}
          </p>
        </>
      )}
      {told.notes.map(note => (
        <p class="dim growth-key" key={note}>
          {capital(note).replaceAll("`", "")}.
        </p>
      ))}
    </>
  );
}

function Fact({ name, more, class: kind = "", children }: { name: string; more?: string; class?: string; children: string }): JSX.Element {
  return (
    <div>
      <dt>{name}</dt>
      <dd class={`figure ${kind}`}>{children}</dd>
      {more && <dd class="delta">{more}</dd>}
    </div>
  );
}

/** The whole disk: what others use, the tables, what they grow by within a year, and what is left then. */
function Bar({ now, year, free, total }: { now: number; year: number; free: number; total: number }): JSX.Element {
  const grows = Math.min(Math.max(0, year - now), free);
  const parts: [string, string, number][] = [
    ["others", "others use", Math.max(0, total - free - now)],
    ["tables", "tables", now],
    ["grows", "more within a year", grows],
    ["left", grows > 0 ? "left then" : "free", free - grows],
  ];
  const said = parts.map(([, name, size]) => `${bytes(size)} ${name}`);
  return (
    <>
      <div class="disk" role="img" aria-label={`The disk of ${bytes(total)}: ${said.join(", ")}`}>
        {parts.map(([kind, name, size]) => (
          <i key={kind} class={kind} style={{ flexGrow: size / total }} title={`${bytes(size)} ${name}`} />
        ))}
      </div>
      <ul class="disk-key dim">
        {parts.map(([kind, , size], index) => (
          <li key={kind} class={size > 0 ? "" : "none"}>
            <i class={kind} /> {said[index]}
          </li>
        ))}
      </ul>
    </>
  );
}

/** What retention does, in a sentence. */
function kept({ retention, ahead }: Told): string {
  const days = (kept: number | null) => (kept === null ? "for ever" : kept === 1 ? "for 1 day" : `for ${number(kept)} days`);
  const sites = Object.entries(retention.sites);
  const own = sites.length > 3 ? `${sites.length} sites have their own` : sites.map(([site, kept]) => `${site} ${days(kept)}`).join(", ");
  const expired = ahead.at(-1)?.expired_bytes ?? 0;
  return [`events are kept ${days(retention.events_days)}`, own, expired > 0 && `${bytes(expired)} expire by then`]
    .filter(Boolean)
    .join("; ");
}

function summary({ ahead, full_in_days: full }: Told, now: number): string {
  const year = ahead.at(-1)!;
  const end = full === null ? "" : `; the disk is full in ${number(full)} days`;
  return `The tables: ${bytes(now)} now, ${bytes(year.bytes)} in ${year.days} days${end}`;
}
