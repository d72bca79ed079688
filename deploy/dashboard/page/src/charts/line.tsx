// Lines over time: uPlot on a canvas, with a table of the same figures for those who cannot see it.
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { compact, number } from "../format";
import { isDark } from "../state";

export interface Line {
  label: string;
  values: (number | null)[];
  /** Dashed and quiet: what was before. */
  before?: boolean;
}

interface Props {
  label: string;
  /** Milliseconds since 1970. */
  at: number[];
  lines: Line[];
  zone: string;
  bars?: boolean;
  /** Whole days: no hours on the axis. */
  days?: boolean;
  height?: number;
  /** How a moment is called in the legend. */
  name: (at: number) => string;
}

const colour = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** Days, weeks, months and quarters, seconds. */
const DAYS = [1, 2, 3, 7, 14, 28, 61, 91, 183, 366].map(days => days * 86_400);

/** Marks of the time axis: hours within days, days within months; what is above stands where it changes. */
function marks(splits: number[], step: number, zone: string): string[] {
  const show = (seconds: number, options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat(undefined, { ...options, timeZone: zone }).format(seconds * 1000);
  let above = "";
  return splits.map(seconds => {
    const day = show(seconds, { day: "numeric", month: "short" });
    if (step >= 2_419_200) return show(seconds, { month: "short", year: "2-digit" });
    if (step >= 86_400) return day;
    const line = above === day ? "" : `\n${day}`;
    above = day;
    return `${show(seconds, { hour: "2-digit", minute: "2-digit" })}${line}`;
  });
}

function options({ lines, zone, bars, days, height = 260, name }: Props, width: number): uPlot.Options {
  const ink = colour("--dim");
  const grid = { stroke: colour("--line"), width: 1 };
  const axis = { stroke: ink, grid, ticks: { show: false }, font: `12px ${getComputedStyle(document.body).fontFamily}` };
  const shown = (self: uPlot, value: number | null) =>
    value === null || value === undefined ? (self.cursor.idx === null ? "" : "–") : number(value);
  const drawn = (line: Line): uPlot.Series => {
    const stroke = colour(line.before ? "--before" : "--accent");
    const series: uPlot.Series = {
      label: line.label,
      stroke,
      value: shown,
      points: { show: line.values.length === 1, size: 6, fill: stroke },
    };
    if (line.before) return { ...series, width: 1.5, dash: [4, 4] };
    if (bars && uPlot.paths.bars)
      return {
        ...series,
        fill: colour("--accent"),
        width: 0,
        paths: uPlot.paths.bars({ size: [0.8, 40], radius: 0.2 }),
        points: { show: false },
      };
    const filled = (self: uPlot) => {
      // The legend asks before anything is laid out.
      if (!Number.isFinite(self.bbox.height)) return `${stroke}22`;
      const gradient = self.ctx.createLinearGradient(0, self.bbox.top, 0, self.bbox.top + self.bbox.height);
      gradient.addColorStop(0, `${stroke}33`);
      gradient.addColorStop(1, `${stroke}05`);
      return gradient;
    };
    const paths = uPlot.paths.spline ? { paths: uPlot.paths.spline() } : {};
    return { ...series, width: 2, fill: filled, ...paths };
  };
  return {
    width,
    height,
    padding: [12, 26, 0, 0],
    tzDate: seconds => uPlot.tzDate(new Date(seconds * 1e3), zone),
    cursor: { points: { size: 8 }, drag: { x: false, y: false } },
    legend: { live: true, markers: { width: 2 } },
    scales: { x: { time: true }, y: { range: (_, _least, most) => [0, Math.max(most * 1.1, 4)] } },
    axes: [
      {
        ...axis,
        grid: { show: false },
        space: 80,
        ...(days ? { incrs: DAYS } : {}),
        values: (_, splits, _axis, _space, step) => marks(splits, step, zone),
      },
      { ...axis, size: 48, values: (_, splits) => splits.map(split => (Number.isInteger(split) ? compact(split) : "")) },
    ],
    series: [
      { label: "", value: (_, seconds) => (seconds === null || seconds === undefined ? "" : name(seconds * 1000)) },
      ...lines.map(drawn),
    ],
  };
}

export function LineChart(props: Props): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const dark = isDark.value;
  const shape = `${dark} ${props.days} ${props.zone} ${props.bars} ${props.lines.map(line => line.label + line.before).join()}`;
  const data = [props.at.map(at => at / 1000), ...props.lines.map(line => line.values)] as uPlot.AlignedData;
  useEffect(() => {
    const element = box.current!;
    plot.current = new uPlot(options(props, Math.max(element.clientWidth, 100)), data, element);
    const watch = new ResizeObserver(() =>
      plot.current?.setSize({ width: Math.max(element.clientWidth, 100), height: props.height ?? 260 }),
    );
    watch.observe(element);
    return () => {
      watch.disconnect();
      plot.current?.destroy();
      plot.current = undefined;
    };
  }, [shape]);
  useEffect(() => plot.current?.setData(data), [JSON.stringify(data)]);
  return (
    <>
      <div class="line-chart" ref={box} role="img" aria-label={summary(props)} />
      <table class="visually-hidden">
        <caption>{props.label}</caption>
        <thead>
          <tr>
            <th scope="col">Time</th>
            {props.lines.map(line => (
              <th scope="col" key={line.label}>
                {line.label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {props.at.slice(-100).map((at, row) => (
            <tr key={at}>
              <th scope="row">{props.name(at)}</th>
              {props.lines.map(line => (
                <td key={line.label}>{line.values[Math.max(0, props.at.length - 100) + row] ?? ""}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}

function summary({ label, lines, at, name }: Props): string {
  const values = lines[0]?.values ?? [];
  const most = values.reduce<number>((most, value, index) => ((value ?? 0) > (values[most] ?? 0) ? index : most), 0);
  if (at.length === 0) return `${label}: nothing yet`;
  return `${label}: ${at.length} points, the most at ${name(at[most]!)} with ${number(values[most] ?? 0)}`;
}
