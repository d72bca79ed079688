// Saved segments: filters under a name.
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { forget, save, saved } from "../saved";
import { go, me, place } from "../state";
import { Dialog } from "./dialog";
import { Icon } from "./icons";

export function Segments(): JSX.Element | null {
  const [open, set] = useState(false);
  const segments = saved("segment");
  const filters = place.value.filters;
  if (segments.length === 0 && Object.keys(filters).length === 0) return null;
  return (
    <>
      <button type="button" class="quiet" onClick={() => set(true)}>
        <Icon name="star" size={16} /> Segments
      </button>
      {open && (
        <Dialog title="Segments" onClose={() => set(false)}>
          {segments.length === 0 && <p class="dim">Filters under a name, for everybody who looks at this site.</p>}
          <ul class="rows">
            {segments.map(segment => (
              <li key={segment.id}>
                <button
                  type="button"
                  class="quiet grow"
                  onClick={() => {
                    go({ filters: segment.filters ?? {} });
                    set(false);
                  }}
                >
                  {segment.name}
                </button>
                {me.value?.writes && (
                  <button type="button" class="quiet" aria-label={`Forget ${segment.name}`} onClick={() => forget(segment.id)}>
                    <Icon name="close" size={14} />
                  </button>
                )}
              </li>
            ))}
          </ul>
          {me.value?.writes && Object.keys(filters).length > 0 && (
            <Keep label="Save the filters as" keep={name => save({ kind: "segment", name, filters })} />
          )}
        </Dialog>
      )}
    </>
  );
}

/** A name, and a button that keeps something under it. */
export function Keep({ label, keep }: { label: string; keep: (name: string) => Promise<void> }): JSX.Element {
  const [name, set] = useState("");
  const [error, fail] = useState("");
  const submit = async (event: Event) => {
    event.preventDefault();
    try {
      await keep(name);
      set("");
      fail("");
    } catch (error) {
      fail(error instanceof Error ? error.message : String(error));
    }
  };
  return (
    <form class="form inline" onSubmit={submit}>
      <label>
        {label}
        <input required value={name} maxLength={120} onInput={event => set(event.currentTarget.value)} />
      </label>
      <button type="submit" class="primary">
        Save
      </button>
      {error && <p role="alert">{error}</p>}
    </form>
  );
}
