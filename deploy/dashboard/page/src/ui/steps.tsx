// A list of steps that is built by hand: pages, events, logins.
import type { JSX } from "preact";
import { report } from "../reports";
import { useReport } from "../use";
import { Icon } from "./icons";

/** What a step is, for people. */
export function stepName(step: string): string {
  const at = step.indexOf(":");
  const rest = step.slice(at + 1);
  return step.startsWith("page:") ? rest : step.startsWith("event:") ? `event ${rest}` : rest.replaceAll("_", " ");
}

/** Steps that exist on this site, for the input's list. */
export function Known(): JSX.Element {
  const pages = useReport<{ page: string }>(report("pages"), { limit: 100 });
  const events = useReport<{ value: string }>(report("breakdown"), { dimension: "name", limit: 50 });
  const types = useReport<{ value: string }>(report("breakdown"), { dimension: "type", limit: 20 });
  const all = [
    ...(pages.rows ?? []).map(({ page }) => `page:${page}`),
    ...(events.rows ?? []).filter(({ value }) => value).map(({ value }) => `event:${value}`),
    ...(types.rows ?? []).map(({ value }) => `type:${value}`),
  ];
  return (
    <datalist id="known-steps">
      {all.map(step => (
        <option key={step} value={step} />
      ))}
    </datalist>
  );
}

export function Steps({ steps, set, least = 2 }: { steps: string[]; set: (steps: string[]) => void; least?: number }): JSX.Element {
  const replace = (at: number, text: string) => set(steps.map((step, index) => (index === at ? text : step)));
  return (
    <>
      <ol class="steps">
        {steps.map((step, at) => (
          <li key={at}>
            <span aria-hidden="true">{at + 1}</span>
            <input
              aria-label={`Step ${at + 1}`}
              list="known-steps"
              value={step}
              placeholder="page:/pricing, event:signup, type:login"
              onChange={event => replace(at, event.currentTarget.value.trim())}
            />
            {steps.length > least && (
              <button
                type="button"
                class="quiet"
                aria-label={`Remove step ${at + 1}`}
                onClick={() => set(steps.filter((_, index) => index !== at))}
              >
                <Icon name="close" size={14} />
              </button>
            )}
          </li>
        ))}
      </ol>
      <Known />
    </>
  );
}
