// A list of values with bars behind them. A click on a value filters by it, everywhere.
import type { ComponentChildren, JSX } from "preact";
import { compact, number, percent, value as spell } from "../format";
import { place, toggleFilter } from "../state";
import { CountryCode } from "./code";
import { Icon } from "./icons";

export interface Item {
  value: string;
  count: number;
  /** A second figure, at the right end. */
  aside?: string;
  /** What stands under the name. */
  note?: string;
}

interface Props {
  dimension: string;
  items: Item[];
  /** What is counted. */
  unit: string;
  /** The whole, for shares; none: no shares. */
  total?: number | undefined;
  asideLabel?: string;
  label?: (value: string) => ComponentChildren;
  onPick?: (value: string) => void;
}

export function Bars({ dimension, items, unit, total, asideLabel, label, onPick }: Props): JSX.Element {
  const most = Math.max(1, ...items.map(({ count }) => count));
  const chosen = place.value.filters[dimension] ?? [];
  const pick = onPick ?? (value => toggleFilter(dimension, value));
  return (
    <div class={onPick ? "bars plain" : "bars"}>
      <div class="bars-head" aria-hidden="true">
        <span>{unit}</span>
        {asideLabel && <span class="aside">{asideLabel}</span>}
      </div>
      <ol>
        {items.map(item => (
          <li key={item.value} class={chosen.includes(item.value) ? "chosen" : ""}>
            <button
              type="button"
              class="bar"
              onClick={() => pick(item.value)}
              aria-pressed={onPick ? undefined : chosen.includes(item.value)}
              title={onPick ? item.value : `Filter by ${spell(dimension, item.value)}`}
            >
              <i class="fill" style={{ width: `${(100 * item.count) / most}%` }} />
              <span class="name">
                {dimension === "country" && <CountryCode code={item.value} />}
                {label ? label(item.value) : spell(dimension, item.value)}
                {item.note && <small>{item.note}</small>}
              </span>
              {total ? <span class="share">{percent(item.count / total)}</span> : null}
              <span class="count" title={number(item.count)}>
                {compact(item.count)}
              </span>
              {item.aside !== undefined && <span class="aside">{item.aside}</span>}
            </button>
            {!onPick && (
              <button
                type="button"
                class="quiet exclude"
                onClick={() => toggleFilter(`!${dimension}`, item.value)}
                aria-label={`Leave out ${spell(dimension, item.value)}`}
                title="Leave out"
              >
                <Icon name="close" size={12} />
              </button>
            )}
          </li>
        ))}
      </ol>
    </div>
  );
}
