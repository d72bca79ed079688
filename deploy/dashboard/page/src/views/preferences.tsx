// What the chosen visitors return to, against everyone.
import type { JSX } from "preact";
import { percent, value as spell } from "../format";
import { report } from "../reports";
import { place, zone } from "../state";
import { Panel } from "../ui/panel";
import { useReport } from "../use";

interface Liking {
  kind: string;
  value: string;
  visits: number;
  share: number;
  everyone: number;
  lift: number;
}

const KINDS: Record<string, string> = { page: "Groups of pages", source: "Sources", device: "Devices", weekday: "Weekdays", hour: "Hours" };
const DIMENSION: Record<string, string> = { source: "source", device: "device_type" };
const DAYS = Array.from({ length: 7 }, (_, day) =>
  new Intl.DateTimeFormat(undefined, { weekday: "long", timeZone: "UTC" }).format(Date.UTC(2024, 0, 1 + day)),
);

function name({ kind, value }: Liking): string {
  if (kind === "weekday") return DAYS[Number(value) - 1] ?? value;
  if (kind === "hour") return `${value}:00`;
  return DIMENSION[kind] ? spell(DIMENSION[kind], value) : value;
}

export function Preferences(): JSX.Element {
  const of = place.value.own.of ?? "";
  const asked = useReport<Liking>(report("preferences"), { of, limit: 500 });
  const rows = asked.rows ?? [];
  const chosen = of !== "" || Object.keys(place.value.filters).length > 0;
  return (
    <>
      <p class="dim lead">
        {chosen
          ? "What these visitors return to, and how much more (or less) than everyone."
          : "What everyone returns to. Filter, or choose a segment, to see what sets those visitors apart."}{" "}
        Hours of {zone.value}.
      </p>
      <div class="columns-two">
        {Object.entries(KINDS).map(([kind, label]) => {
          const of = rows.filter(row => row.kind === kind);
          const shown = kind === "hour" || kind === "weekday" ? of.sort((a, b) => Number(a.value) - Number(b.value)) : of.slice(0, 12);
          const most = Math.max(0.0001, ...shown.map(row => Math.max(row.share, row.everyone)));
          return (
            <Panel key={kind} title={label} asked={asked} empty="Nothing in this range.">
              <ul class="likings">
                {shown.map(row => (
                  <li key={row.value} title={`${percent(row.share)} of these sessions, ${percent(row.everyone)} of everyone's`}>
                    <span class="name">{name(row) || "(not known)"}</span>
                    <span class="track">
                      <i style={{ width: `${(100 * row.share) / most}%` }} />
                      <u style={{ left: `${(100 * row.everyone) / most}%` }} />
                    </span>
                    <span class="count">{percent(row.share)}</span>
                    {chosen && (
                      <span class={`aside ${row.lift > 1.15 ? "up" : row.lift < 0.87 ? "down" : ""}`}>×{row.lift.toFixed(1)}</span>
                    )}
                  </li>
                ))}
              </ul>
            </Panel>
          );
        })}
      </div>
    </>
  );
}
