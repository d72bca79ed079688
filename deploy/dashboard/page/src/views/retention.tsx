// Who comes back: cohorts of new visitors down, days, weeks or months later across.
import type { JSX } from "preact";
import { compact, instant, percent } from "../format";
import { report } from "../reports";
import { place, setOwn, zone } from "../state";
import { Panel } from "../ui/panel";
import { Tabs } from "../ui/tabs";
import { useReport } from "../use";

interface New {
  visitors: number;
  new_visitors: number;
  share: number;
}

interface Cell {
  cohort: string;
  period: number;
  visitors: number;
  share: number;
}

const UNITS = { day: "Days", week: "Weeks", month: "Months" } as const;
/** Periods that fit side by side. */
const MOST = 15;

export function Retention(): JSX.Element {
  const unit = (place.value.own.unit as keyof typeof UNITS) in UNITS ? (place.value.own.unit as keyof typeof UNITS) : "week";
  const asked = useReport<Cell>(report("retention"), { unit, limit: 5000 });
  const all = useReport<New>(report("newcomers")).rows?.[0];
  const cells = asked.rows ?? [];
  const cohorts = [...new Set(cells.map(({ cohort }) => cohort))].sort();
  const periods = Math.min(MOST, Math.max(0, ...cells.map(({ period }) => period)));
  const found = new Map(cells.map(cell => [`${cell.cohort} ${cell.period}`, cell]));
  const name = (cohort: string) =>
    new Intl.DateTimeFormat(undefined, {
      ...(unit === "month" ? { month: "short", year: "numeric" } : { day: "numeric", month: "short" }),
      timeZone: zone.value,
    }).format(instant(cohort));
  return (
    <Panel
      title="Retention"
      asked={asked}
      empty="Nobody was new in this range."
      tools={<Tabs label="Unit" all={UNITS} now={unit} pick={unit => setOwn("unit", unit)} />}
    >
      {all && all.visitors > 0 && (
        <p class="lead">
          <strong>{compact(all.new_visitors)}</strong> of {compact(all.visitors)} visitors were new ({percent(all.share)}).
        </p>
      )}
      <div class="scroll" tabIndex={0} role="region" aria-label="Retention">
        <table class="cohorts">
          <thead>
            <tr>
              <th scope="col">First seen</th>
              <th scope="col" class="number">
                New
              </th>
              {[...Array(periods + 1).keys()].map(period => (
                <th key={period} scope="col" class="number">
                  {period}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {cohorts.map(cohort => (
              <tr key={cohort}>
                <th scope="row">{name(cohort)}</th>
                <td class="number">{compact(found.get(`${cohort} 0`)?.visitors ?? 0)}</td>
                {[...Array(periods + 1).keys()].map(period => {
                  const cell = found.get(`${cohort} ${period}`);
                  return (
                    <td key={period} class="number" title={cell ? `${compact(cell.visitors)} visitors` : undefined}>
                      {cell && <i class="shade" style={{ opacity: period === 0 ? 0.06 : Math.min(0.9, 0.06 + cell.share * 1.6) }} />}
                      <span class={cell && period > 0 && cell.share > 0.35 ? "strong" : ""}>{cell ? percent(cell.share) : ""}</span>
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p class="dim">
        Each row: visitors first seen then, and the share of them who did something again so many {UNITS[unit].toLowerCase()} later.
      </p>
    </Panel>
  );
}
