// How large something grows over the coming year, and how much room there is: drawn in the pixels that there are, so that its
// text is as large on a phone.
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { bytes } from "../format";

export interface Point {
  /** Milliseconds since 1970. */
  at: number;
  bytes: number;
  /** As if nothing went. */
  whole: number;
}

interface Props {
  label: string;
  points: Point[];
  /** Where the room ends; none: far above, or nobody knows. */
  room: number | undefined;
  zone: string;
}

const HEIGHT = 240;
const LEFT = 62;
const RIGHT = 14;
const TOP = 14;
const BOTTOM = 24;
/** Width of a mark of the time axis. */
const MARK = 64;

/** Round figures up to the most, four at most. */
function ticks(most: number): number[] {
  const rough = most / 4;
  const unit = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map(by => by * unit).find(step => step >= rough) ?? rough;
  return Array.from({ length: Math.floor(most / step) + 1 }, (_, index) => index * step);
}

/** First days of months, as many as fit. */
function months(from: number, until: number, most: number): number[] {
  const first = new Date(from);
  const all: number[] = [];
  for (let month = 1; ; month++) {
    const at = Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + month, 1, 12);
    if (at > until) break;
    all.push(at);
  }
  const every = Math.max(1, Math.ceil(all.length / Math.max(1, most)));
  return all.filter((_, index) => index % every === 0);
}

export function Growth({ label, points, room, zone }: Props): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  const [width, set] = useState(0);
  useEffect(() => {
    const element = box.current!;
    const watch = new ResizeObserver(() => set(Math.round(element.clientWidth)));
    watch.observe(element);
    return () => watch.disconnect();
  }, []);
  const day = (at: number, options: Intl.DateTimeFormatOptions = { dateStyle: "medium" }) =>
    new Intl.DateTimeFormat(undefined, { ...options, timeZone: zone }).format(at);
  const first = points[0]!;
  const last = points.at(-1)!;
  const shrinks = points.some(point => point.whole > point.bytes * 1.001);
  // What would be without retention may be so much that nothing else could be seen.
  const own = Math.max(...points.map(point => point.bytes), 1);
  const most = 1.12 * Math.max(own, Math.min(shrinks ? last.whole : 0, 3 * own), room ?? 0);
  const x = (at: number) => LEFT + ((at - first.at) / (last.at - first.at)) * (width - LEFT - RIGHT);
  const y = (value: number) => HEIGHT - BOTTOM - (Math.min(value, most) / most) * (HEIGHT - TOP - BOTTOM);
  const line = (of: (point: Point) => number) => points.map(point => `${x(point.at).toFixed(1)},${y(of(point)).toFixed(1)}`).join("L");
  const wide = (width - LEFT - RIGHT) / (points.length - 1);
  const base = y(0);
  return (
    <div class="growth-place" ref={box}>
      {width > 0 && (
        <svg class="chart growth" width={width} height={HEIGHT} role="img" aria-label={label}>
          {ticks(most).map(value => (
            <g key={value}>
              <line class="grid" x1={LEFT} x2={width - RIGHT} y1={y(value)} y2={y(value)} />
              <text x={LEFT - 8} y={y(value)} text-anchor="end" dominant-baseline="central">
                {bytes(value)}
              </text>
            </g>
          ))}
          {months(first.at, last.at, Math.floor((width - LEFT) / MARK)).map(at => (
            <text key={at} x={x(at)} y={HEIGHT - 6} text-anchor="middle">
              {day(at, { month: "short", ...(new Date(at).getUTCMonth() === 0 ? { year: "numeric" } : {}) })}
            </text>
          ))}
          <path class="area" d={`M${x(first.at)},${base}L${line(point => point.bytes)}L${x(last.at)},${base}Z`} />
          {shrinks && <path class="whole" stroke-dasharray="4 4" d={`M${line(point => point.whole)}`} />}
          <path class="grown" d={`M${line(point => point.bytes)}`} />
          {room !== undefined && (
            <g>
              <line class="room" stroke-dasharray="6 3" x1={LEFT} x2={width - RIGHT} y1={y(room)} y2={y(room)} />
              <text class="room-name" x={width - RIGHT} y={y(room) - 7} text-anchor="end">
                the disk is full
              </text>
            </g>
          )}
          {points.map(point => (
            <rect key={point.at} class="hit" x={x(point.at) - wide / 2} y={TOP} width={wide} height={base - TOP}>
              <title>{`${day(point.at)}: ${bytes(point.bytes)}${shrinks ? `, without retention ${bytes(point.whole)}` : ""}`}</title>
            </rect>
          ))}
        </svg>
      )}
    </div>
  );
}
