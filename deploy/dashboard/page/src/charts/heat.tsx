// Hours of the week as a field of squares: the more, the fuller.
import type { JSX } from "preact";
import { number } from "../format";

interface Props {
  label: string;
  /** `[weekday 0..6][hour 0..23]`, Monday first. */
  values: number[][];
  unit: string;
}

const DAYS = Array.from({ length: 7 }, (_, day) =>
  new Intl.DateTimeFormat(undefined, { weekday: "short", timeZone: "UTC" }).format(Date.UTC(2024, 0, 1 + day)),
);
const CELL = 32;
const LEFT = 44;
const TOP = 20;

export function Heat({ label, values, unit }: Props): JSX.Element {
  const most = Math.max(1, ...values.flat());
  const width = LEFT + 24 * CELL;
  const height = TOP + 7 * CELL;
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={label}>
      <svg class="chart heat" viewBox={`0 0 ${width} ${height}`} role="img" aria-label={summary(values, unit)}>
        {Array.from({ length: 8 }, (_, index) => index * 3).map(hour => (
          <text key={hour} x={LEFT + hour * CELL + CELL / 2} y={12} text-anchor="middle">
            {hour}
          </text>
        ))}
        {values.map((hours, day) => (
          <g key={DAYS[day]}>
            <text x={LEFT - 8} y={TOP + day * CELL + CELL / 2} text-anchor="end" dominant-baseline="central">
              {DAYS[day]}
            </text>
            {hours.map((value, hour) => (
              <rect
                key={hour}
                class="cell"
                x={LEFT + hour * CELL + 1.5}
                y={TOP + day * CELL + 1.5}
                width={CELL - 3}
                height={CELL - 3}
                rx={5}
                fill-opacity={value === 0 ? 0.05 : 0.08 + 0.92 * (value / most)}
              >
                <title>{`${DAYS[day]} ${hour}:00 to ${hour + 1}:00: ${number(value)} ${unit}`}</title>
              </rect>
            ))}
          </g>
        ))}
      </svg>
    </div>
  );
}

function summary(values: number[][], unit: string): string {
  let best = { day: 0, hour: 0, value: -1 };
  for (const [day, hours] of values.entries())
    for (const [hour, value] of hours.entries()) if (value > best.value) best = { day, hour, value };
  return `Hours of the week; the most ${unit} on ${DAYS[best.day]} at ${best.hour}:00, ${number(Math.max(0, best.value))}`;
}
