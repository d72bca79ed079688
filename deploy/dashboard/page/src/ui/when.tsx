// The range: named ones, or two days; and whether it is compared.
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { custom, describe, isPreset, PRESETS } from "../range";
import { earlier, go, place, range, zone } from "../state";
import { isoDay } from "../zone";
import { Icon } from "./icons";

export function When(): JSX.Element {
  const [open, set] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const name = place.value.range;
  const pick = (range: string) => {
    go({ range });
    set(false);
  };
  useEffect(() => {
    if (!open) return;
    const away = (event: Event) => {
      if (event instanceof KeyboardEvent ? event.key === "Escape" : !box.current?.contains(event.target as Node)) set(false);
    };
    addEventListener("pointerdown", away);
    addEventListener("keydown", away);
    return () => {
      removeEventListener("pointerdown", away);
      removeEventListener("keydown", away);
    };
  }, [open]);
  return (
    <div class="when" ref={box}>
      <button type="button" aria-expanded={open} aria-haspopup="dialog" onClick={() => set(!open)}>
        <Icon name="calendar" size={16} />
        <span>{isPreset(name) ? PRESETS[name] : describe(range.value, zone.value)}</span>
      </button>
      {open && (
        <div class="popover" role="dialog" aria-label="Range">
          <div class="presets">
            {Object.entries(PRESETS).map(([key, label]) => (
              <button type="button" key={key} aria-pressed={key === name} onClick={() => pick(key)}>
                {label}
              </button>
            ))}
          </div>
          <Days pick={pick} />
          <label class="check">
            <input type="checkbox" checked={place.value.compare} onChange={event => go({ compare: event.currentTarget.checked })} />
            Compare with {describe(earlier.value, zone.value)}
          </label>
          <label class="check">
            Machines
            <select value={place.value.bots} onChange={event => go({ bots: event.currentTarget.value })}>
              <option value="0">are left out</option>
              <option value="1">are counted too</option>
              <option value="2">are all that is counted</option>
            </select>
          </label>
          <p class="dim">Days of {zone.value}, the site's zone.</p>
        </div>
      )}
    </div>
  );
}

function Days({ pick }: { pick: (range: string) => void }): JSX.Element {
  const [first, setFirst] = useState(isoDay(range.value.since, zone.value));
  const [last, setLast] = useState(isoDay(range.value.until - 1, zone.value));
  return (
    <form
      class="days"
      onSubmit={event => {
        event.preventDefault();
        if (first && last) pick(custom(first, last));
      }}
    >
      <label>
        From
        <input type="date" value={first} onInput={event => setFirst(event.currentTarget.value)} />
      </label>
      <label>
        to
        <input type="date" value={last} onInput={event => setLast(event.currentTarget.value)} />
      </label>
      <button type="submit" class="primary">
        Show
      </button>
    </form>
  );
}
