// Saved segments: filters under a name.
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { forget, save, saved } from "../saved";
import { type Filters, go, me, place } from "../state";
import { Dialog } from "./dialog";
import { Icon } from "./icons";

/** As one text, whatever the order. */
const same = (filters: Filters): string =>
  JSON.stringify(
    Object.keys(filters)
      .sort()
      .map(name => [name, [...filters[name]!].sort()]),
  );

export function Segments(): JSX.Element | null {
  const [open, set] = useState(false);
  const [error, fail] = useState("");
  const segments = saved("segment");
  const filters = place.value.filters;
  const filtered = Object.keys(filters).length > 0;
  const current = filtered ? segments.find(segment => same(segment.filters ?? {}) === same(filters)) : undefined;
  const remove = async (id: string) => {
    try {
      await forget(id);
      fail("");
    } catch (error) {
      fail(error instanceof Error ? error.message : String(error));
    }
  };
  if (segments.length === 0 && !me.value?.writes) return null;
  return (
    <>
      <button type="button" class="quiet" onClick={() => set(true)}>
        <Icon name="star" size={16} /> {current?.name ?? "Segments"}
      </button>
      {open && (
        <Dialog title="Segments" onClose={() => set(false)}>
          {segments.length === 0 && (
            <p class="dim">
              Filters under a name, for everybody who looks at this site.{filtered ? "" : " Filter first: click on anything in a list."}
            </p>
          )}
          <ul class="rows">
            {segments.map(segment => (
              <li key={segment.id}>
                <button
                  type="button"
                  class={segment === current ? "quiet grow chosen" : "quiet grow"}
                  aria-pressed={segment === current}
                  onClick={() => {
                    go({ filters: segment === current ? {} : (segment.filters ?? {}) });
                    set(false);
                  }}
                >
                  {segment.name}
                </button>
                {me.value?.writes && (
                  <button type="button" class="quiet" aria-label={`Forget ${segment.name}`} onClick={() => remove(segment.id)}>
                    <Icon name="close" size={14} />
                  </button>
                )}
              </li>
            ))}
          </ul>
          {error && <p role="alert">{error}</p>}
          {me.value?.writes && filtered && !current && (
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
