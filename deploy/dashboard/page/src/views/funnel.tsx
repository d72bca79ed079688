// The funnel builder: steps, the time for all of them, a breakdown.
import type { JSX } from "preact";
import { compact, duration, percent, value as spell, title } from "../format";
import { catalogue, report } from "../reports";
import { forget, save, saved } from "../saved";
import { go, me, place } from "../state";
import { Icon } from "../ui/icons";
import { Panel } from "../ui/panel";
import { Keep } from "../ui/segments";
import { Steps, stepName } from "../ui/steps";
import { useReport } from "../use";

interface Step {
  step: number;
  value: string;
  visitors: number;
  of_first: number;
  of_previous: number;
  median_ms: number;
}

const WINDOWS: Record<string, string> = {
  "1800": "30 minutes",
  "3600": "an hour",
  "86400": "a day",
  "604800": "a week",
  "2592000": "30 days",
};

export function Funnel(): JSX.Element {
  const own = place.value.own;
  const steps = own.steps ? own.steps.split("\n") : ["", ""];
  const within = own.within ?? "86400";
  const set = (change: Record<string, string>) => go({ own: { ...own, ...change } });
  const ready = steps.filter(step => /^(page|event|type):./.test(step));
  const complete = ready.length >= 2 && ready.length === steps.length;
  const asked = useReport<Step>(complete ? report("funnel") : undefined, {
    steps: ready,
    window_s: within,
    strict: own.strict ?? "0",
    dimension: own.dimension ?? "",
    limit: 500,
  });
  const funnels = saved("funnel");
  return (
    <>
      <section class="panel builder" aria-label="Steps">
        {funnels.length > 0 && (
          <div class="filters">
            {funnels.map(funnel => (
              <span class="chip" key={funnel.id}>
                <button
                  type="button"
                  class="link"
                  onClick={() =>
                    set({
                      steps: (funnel.steps ?? []).join("\n"),
                      within: String(funnel.window_s ?? 86400),
                      strict: funnel.strict ? "1" : "",
                    })
                  }
                >
                  {funnel.name}
                </button>
                {me.value?.writes && (
                  <button type="button" class="quiet" aria-label={`Forget ${funnel.name}`} onClick={() => forget(funnel.id)}>
                    <Icon name="close" size={12} />
                  </button>
                )}
              </span>
            ))}
          </div>
        )}
        <Steps steps={steps} set={next => set({ steps: next.join("\n") })} />
        <div class="options">
          {steps.length < 10 && (
            <button type="button" onClick={() => set({ steps: [...steps, ""].join("\n") })}>
              <Icon name="plus" size={14} /> Step
            </button>
          )}
          <label class="check">
            within
            <select value={within} onChange={event => set({ within: event.currentTarget.value })}>
              {Object.entries(WINDOWS).map(([seconds, text]) => (
                <option key={seconds} value={seconds}>
                  {text}
                </option>
              ))}
            </select>
          </label>
          <label class="check">
            by
            <select value={own.dimension ?? ""} onChange={event => set({ dimension: event.currentTarget.value })}>
              <option value="">nothing</option>
              {catalogue.value.dimensions.map(({ name }) => (
                <option key={name} value={name}>
                  {title(name)}
                </option>
              ))}
            </select>
          </label>
          <label class="check">
            <input
              type="checkbox"
              checked={own.strict === "1"}
              onChange={event => set({ strict: event.currentTarget.checked ? "1" : "" })}
            />
            nothing in between
          </label>
        </div>
        {complete && me.value?.writes && (
          <Keep
            label="Save as"
            keep={name => save({ kind: "funnel", name, steps: ready, window_s: Number(within), strict: own.strict === "1" })}
          />
        )}
      </section>
      {complete ? (
        <Panel title="Funnel" asked={asked} empty="Nobody has done the first step in this range." class="after">
          <Shape rows={asked.rows ?? []} steps={ready} dimension={own.dimension ?? ""} />
        </Panel>
      ) : (
        <p class="empty">
          Name at least two steps: <code>page:/pricing</code>, <code>page:/docs/*</code>, <code>event:signup</code>, <code>type:login</code>
          .
        </p>
      )}
    </>
  );
}

function Shape({ rows, steps, dimension }: { rows: Step[]; steps: string[]; dimension: string }): JSX.Element {
  const values = [...new Set(rows.map(({ value }) => value))].slice(0, 8);
  return (
    <>
      {values.map(value => {
        const of = rows.filter(row => row.value === value).sort((a, b) => a.step - b.step);
        const last = of.at(-1);
        return (
          <div class="funnel" key={value}>
            {dimension && <h3>{spell(dimension, value)}</h3>}
            <ol>
              {of.map(row => (
                <li key={row.step}>
                  <span class="name">
                    {row.step}. {stepName(steps[row.step - 1] ?? "")}
                  </span>
                  <span class="track">
                    <i style={{ width: `${Math.max(0.5, 100 * row.of_first)}%` }} />
                  </span>
                  <span class="figures">
                    <b>{compact(row.visitors)}</b> {percent(row.of_first)}
                    {row.step > 1 && (
                      <small>
                        {percent(row.of_previous)} of the step before{row.median_ms > 0 ? `, after ${duration(row.median_ms)}` : ""}
                      </small>
                    )}
                  </span>
                </li>
              ))}
            </ol>
            {last && last.step > 1 && !dimension && (
              <p class="conversion">
                <b>{percent(last.of_first)}</b> go all the way.
              </p>
            )}
          </div>
        );
      })}
    </>
  );
}
