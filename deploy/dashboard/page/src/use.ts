// A report as a component uses it: asked again when what it depends on changes, kept in sight while it is asked.
import { useEffect, useState } from "preact/hooks";
import { type Answer, address, get, me, objects, Refused, type Report, type Values } from "./reports";
import { place, range, site, zone } from "./state";

export interface Asked<T> {
  rows: T[] | undefined;
  answer: Answer | undefined;
  /** The answer is of what was asked before. */
  stale: boolean;
  error: Refused | undefined;
  address: string;
}

/** Pause before a question is asked again that may be answered in a moment. */
const AGAIN_MS = 2500;
/** Between two questions about a range that is not over. */
const MINUTE_MS = 60_000;
/** So many times what an answer took passes before it is asked for again unasked. */
const DEAR = 20;
/** Pause of a question that takes as long as the time between two of it. */
const LEAST_MS = 150;

/** The parameters that the whole page shares, those of them that the report knows. */
export function shared(report: Report | undefined, own: Values): Values {
  const { since, until } = range.value;
  const values: Values = {
    site: site.value?.key,
    since: new Date(since).toISOString(),
    until: new Date(until).toISOString(),
    timezone: zone.value,
    bots: place.value.bots,
  };
  for (const [name, texts] of Object.entries(place.value.filters)) values[`filter.${name}`] = texts;
  Object.assign(values, own);
  const known = new Set(report?.parameters.map(({ name }) => name));
  for (const name of Object.keys(values)) {
    const is = name.startsWith("filter.") ? known.has("filters") : known.has(name) || name === "limit" || name === "columns";
    if (!is) delete values[name];
  }
  return values;
}

/** Does something after so many ms; in a tab that nobody sees five times as late. */
export const later = (what: () => void, ms: number) => setTimeout(what, document.hidden ? ms * 5 : ms);

/** Asks a report. `own`: parameters of this question. `often`: again after so many ms; of a range that is not over every minute. */
export function useReport<T>(report: Report | undefined, own: Values = {}, often = 0): Asked<T> {
  const values = report && site.value ? shared(report, own) : undefined;
  const asked = report && values ? address(report.name, values) : "";
  const runs = typeof values?.until === "string" && Date.parse(values.until) > Date.now();
  const every = often || (runs ? MINUTE_MS : 0);
  const [state, set] = useState<{ of: string; answer?: Answer; error?: Refused }>({ of: "" });
  useEffect(() => {
    if (!asked) return;
    const stop = new AbortController();
    let timer = 0;
    const ask = async () => {
      let again = every;
      const asking = performance.now();
      try {
        const answer = await get<Answer>(asked, stop.signal);
        set({ of: asked, answer });
      } catch (error) {
        if (stop.signal.aborted) return;
        const refused = error instanceof Refused ? error : new Refused("fault", String(error));
        if (refused.label === "login") me.value = { by: null, sites: null, writes: false };
        again = refused.passes ? Math.min(again || AGAIN_MS, AGAIN_MS) : often;
        set(before => ({ of: asked, error: refused, ...(before.answer && refused.passes ? { answer: before.answer } : {}) }));
      }
      const took = performance.now() - asking;
      // Every second means each second, not a second after the answer. What is dear is asked less often by itself.
      if (every && again === every) again = Math.max(often ? LEAST_MS : took * DEAR, every - took);
      if (again && !stop.signal.aborted) timer = later(ask, again);
    };
    ask();
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, [asked, every]);
  return {
    rows: state.answer && objects<T>(state.answer),
    answer: state.answer,
    stale: state.of !== asked,
    error: state.of === asked ? state.error : undefined,
    address: asked,
  };
}
