// The filters in force, and the form that adds one.
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { value as spell, title } from "../format";
import { catalogue } from "../reports";
import { go, place, setFilter, type View } from "../state";
import { Dialog } from "./dialog";
import { Icon } from "./icons";
import { Segments } from "./segments";

/** Views of reports that take no filters. */
const WHOLE = new Set<View>(["logins", "books"]);

export function FilterBar(): JSX.Element {
  const [adding, add] = useState(false);
  const filters = Object.entries(place.value.filters);
  return (
    <div class="filters" role="group" aria-label="Filters">
      {filters.map(([name, values]) => {
        const plain = name.replace(/^!/, "");
        const text = values.map(value => spell(plain, value)).join(" or ");
        return (
          <span class="chip" key={name}>
            <b>{title(plain)}</b> {name === plain ? "is" : "is not"} {text}
            <button
              type="button"
              class="quiet"
              aria-label={`Remove the filter ${title(plain)} ${text}`}
              onClick={() => setFilter(name, [])}
            >
              <Icon name="close" size={12} />
            </button>
          </span>
        );
      })}
      <button type="button" class="quiet" onClick={() => add(true)}>
        <Icon name="filter" size={16} /> Filter
      </button>
      <Segments />
      {filters.length > 0 && WHOLE.has(place.value.view) && (
        <span class="dim">This view is about everything: filters do not count here.</span>
      )}
      {filters.length > 0 && (
        <button type="button" class="quiet" onClick={() => go({ filters: {} })}>
          Clear
        </button>
      )}
      {adding && <Add onClose={() => add(false)} />}
    </div>
  );
}

function Add({ onClose }: { onClose: () => void }): JSX.Element {
  const [dimension, setDimension] = useState("path");
  const [text, setText] = useState("");
  const [not, setNot] = useState(false);
  const about = catalogue.value.dimensions.find(({ name }) => name === dimension)?.about;
  const add = (event: Event) => {
    event.preventDefault();
    const name = not ? `!${dimension}` : dimension;
    setFilter(name, [...new Set([...(place.value.filters[name] ?? []), text])]);
    onClose();
  };
  return (
    <Dialog title="Filter" onClose={onClose}>
      <form class="form" onSubmit={add}>
        <label>
          What
          <select value={dimension} onChange={event => setDimension(event.currentTarget.value)}>
            {catalogue.value.dimensions.map(({ name }) => (
              <option key={name} value={name}>
                {title(name)}
              </option>
            ))}
          </select>
        </label>
        {about && <p class="dim">{about}</p>}
        <label>
          <span class="visually-hidden">How</span>
          <select value={not ? "not" : "is"} onChange={event => setNot(event.currentTarget.value === "not")}>
            <option value="is">is</option>
            <option value="not">is not</option>
          </select>
        </label>
        <label>
          Value
          <input value={text} onInput={event => setText(event.currentTarget.value)} placeholder="exactly as it stands in the tables" />
        </label>
        <button type="submit" class="primary">
          Add
        </button>
      </form>
    </Dialog>
  );
}
