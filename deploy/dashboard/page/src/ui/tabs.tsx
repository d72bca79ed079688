// A choice of few, in the head of a panel.
import type { JSX } from "preact";

export function Tabs<T extends string>({
  label,
  all,
  now,
  pick,
}: {
  label: string;
  all: Record<T, string>;
  now: T;
  pick: (tab: T) => void;
}): JSX.Element {
  return (
    <div class="tabs" role="group" aria-label={label}>
      {(Object.keys(all) as T[]).map(tab => (
        <button type="button" key={tab} aria-pressed={tab === now} onClick={() => pick(tab)}>
          {all[tab]}
        </button>
      ))}
    </div>
  );
}
