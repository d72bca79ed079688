// The world, each country the fuller the more visitors it has. A click filters, as in the list beside it; with the keyboard
// one Tab leads into the map, and arrows go from country to country, the most visitors first.
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { get } from "../api";
import { country, number } from "../format";
import { place, toggleFilter } from "../state";

/** As `world.mjs` writes it. */
interface Shapes {
  width: number;
  height: number;
  shapes: Record<string, string>;
  points: Record<string, [number, number]>;
  rest: string;
}

interface Props {
  label: string;
  /** Visitors by ISO 3166-1 alpha-2 code. */
  values: Map<string, number>;
}

/** Asked for when the first map is shown. */
let asked: Promise<Shapes> | undefined;

const STEP: Record<string, number> = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
const RADIUS = { least: 2.5, more: 5 };

export function World({ label, values }: Props): JSX.Element {
  const [world, set] = useState<Shapes | undefined>();
  const [missing, miss] = useState(false);
  const [at, move] = useState("");
  const picture = useRef<SVGSVGElement>(null);
  useEffect(() => {
    asked ??= get<Shapes>("/world.json");
    asked.then(set).catch(() => {
      asked = undefined;
      miss(true);
    });
  }, []);
  if (missing) return <p class="empty">The map has not been loaded. The list has the same figures.</p>;
  if (!world) return <div class="world-place" aria-busy="true" />;
  const most = Math.max(1, ...values.values());
  const chosen = place.value.filters.country ?? [];
  const there = [...values.entries()]
    .filter(([code, visitors]) => visitors > 0 && (world.shapes[code] || world.points[code]))
    .sort((a, b) => b[1] - a[1])
    .map(([code]) => code);
  const first = there.includes(at) ? at : there[0];
  // Ten times the visitors is not ten times the colour: most sites have one country far ahead.
  const share = (code: string) => Math.sqrt((values.get(code) ?? 0) / most);
  const keys = (event: KeyboardEvent, code: string) => {
    const step = STEP[event.key];
    if (event.key === "Enter" || event.key === " ") toggleFilter("country", code);
    else if (step) {
      const next = there[(there.indexOf(code) + step + there.length) % there.length]!;
      move(next);
      picture.current?.querySelector<SVGElement>(`[data-code=${next}]`)?.focus();
    } else return;
    event.preventDefault();
  };
  const as = (code: string) => {
    const visitors = values.get(code) ?? 0;
    const name = `${country(code)}: ${number(visitors)} ${visitors === 1 ? "visitor" : "visitors"}`;
    if (!there.includes(code)) return { class: "land", children: <title>{name}</title> };
    return {
      class: chosen.includes(code) ? "land seen chosen" : "land seen",
      "fill-opacity": 0.16 + 0.84 * share(code),
      "data-code": code,
      role: "button" as const,
      tabIndex: code === first ? 0 : -1,
      "aria-label": name,
      "aria-pressed": chosen.includes(code),
      onClick: () => toggleFilter("country", code),
      onFocus: () => move(code),
      onKeyDown: (event: KeyboardEvent) => keys(event, code),
      children: <title>{name}</title>,
    };
  };
  return (
    <svg ref={picture} class="chart world" viewBox={`0 0 ${world.width} ${world.height}`} role="group" aria-label={label}>
      <path class="land" d={world.rest} />
      {Object.entries(world.shapes).map(([code, path]) => (
        <path key={code} d={path} {...as(code)} />
      ))}
      {Object.entries(world.points)
        .filter(([code]) => values.has(code))
        .map(([code, [x, y]]) => (
          <circle key={code} cx={x} cy={y} r={RADIUS.least + RADIUS.more * share(code)} {...as(code)} />
        ))}
    </svg>
  );
}
