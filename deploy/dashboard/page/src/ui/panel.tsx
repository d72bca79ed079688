// A panel: one report under its title, with its SQL, its CSV and its picture a click away; and what stands in its place
// while there is no answer.
import type { ComponentChildren, JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import { picture } from "../export";
import { bytes, number } from "../format";
import { report } from "../reports";
import type { Asked } from "../use";
import { Copied } from "./copy";
import { Dialog } from "./dialog";
import { Icon } from "./icons";

interface Props {
  title: string;
  asked: Asked<unknown>;
  /** What else stands in the head: tabs, switches. */
  tools?: ComponentChildren;
  /** What to say where there is nothing. */
  empty?: string;
  class?: string;
  children: ComponentChildren;
}

export function Panel({ title, asked, tools, empty, class: name = "", children }: Props): JSX.Element {
  const [shown, show] = useState(false);
  const element = useRef<HTMLElement>(null);
  const { answer, error } = asked;
  const save = () => element.current && picture(element.current, title);
  return (
    <section class={`panel ${name}`} ref={element} aria-label={title} aria-busy={!answer && !error}>
      <header>
        <div class="panel-title">
          <h2>{title}</h2>
          {tools}
        </div>
        <div class="panel-actions">
          <button
            type="button"
            class="quiet"
            title="The SQL behind it"
            aria-label={`The SQL behind ${title}`}
            onClick={() => show(true)}
            disabled={!answer}
          >
            <Icon name="code" size={16} />
          </button>
          {answer && (
            <a
              class="button quiet"
              title="Save as CSV"
              aria-label={`Save ${title} as CSV`}
              href={`${asked.address.replace(/&columns=[^&]*/, "")}&format=csv`}
              download
            >
              <Icon name="download" size={16} />
            </a>
          )}
          <button type="button" class="quiet" title="Save as PNG" aria-label={`Save ${title} as PNG`} onClick={save} disabled={!answer}>
            <Icon name="image" size={16} />
          </button>
        </div>
      </header>
      <div class={`panel-body ${asked.stale && answer ? "stale" : ""}`}>
        {error && <Refusal error={error} />}
        {!error && !answer && <Waiting />}
        {answer && !(error && !error.passes) && (answer.rows.length === 0 && empty !== undefined ? <p class="empty">{empty}</p> : children)}
      </div>
      {shown && answer && <Behind asked={asked} onClose={() => show(false)} />}
    </section>
  );
}

export function Refusal({ error }: { error: { message: string; passes: boolean } }): JSX.Element {
  return (
    <div class="refusal" role="status">
      <p>{error.message.charAt(0).toUpperCase() + error.message.slice(1)}</p>
      {error.passes && <p class="dim">Trying again by itself.</p>}
    </div>
  );
}

export function Waiting(): JSX.Element {
  return (
    <div class="waiting" role="status">
      <span class="visually-hidden">Loading</span>
      <i />
      <i />
      <i />
    </div>
  );
}

function Behind({ asked, onClose }: { asked: Asked<unknown>; onClose: () => void }): JSX.Element | null {
  const { answer } = asked;
  const about = answer && report(answer.report);
  if (!answer) return null;
  const { elapsed_ms, rows_read, bytes_read } = answer.statistics;
  return (
    <Dialog title={`report_${answer.report}`} onClose={onClose}>
      {about && <p>{about.about}</p>}
      <Copied text={answer.sql} label="SQL" />
      <p class="dim">
        {elapsed_ms < 10 ? elapsed_ms.toFixed(1) : Math.round(elapsed_ms)} ms in ClickHouse, {number(rows_read)} rows and{" "}
        {bytes(bytes_read)} read, {answer.rows.length} rows answered
      </p>
      <h3>The same over HTTP</h3>
      <Copied text={`curl '${location.origin}${asked.address.replaceAll("'", "%27")}'`} label="Address" />
      {about && about.columns.length > 0 && (
        <>
          <h3>Columns</h3>
          <dl class="columns">
            {about.columns.map(column => (
              <div key={column.name}>
                <dt>{column.name}</dt>
                <dd>{column.about}</dd>
              </div>
            ))}
          </dl>
        </>
      )}
    </Dialog>
  );
}
