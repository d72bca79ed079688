// What the page shows, kept in its address: every view can be linked to, and Back works.
import { computed, effect, signal } from "@preact/signals";
import type { Me, Site } from "./api";
import { before, type Range, resolve } from "./range";

export const VIEWS = [
  "overview",
  "live",
  "pages",
  "sources",
  "places",
  "devices",
  "pattern",
  "sessions",
  "paths",
  "funnel",
  "retention",
  "goals",
  "preferences",
  "logins",
  "bots",
  "books",
  "sharing",
] as const;
export type View = (typeof VIEWS)[number];

/** Allowed values by dimension; a name that begins with `!` excludes. */
export type Filters = Record<string, string[]>;

export interface Place {
  view: View;
  site: string;
  range: string;
  compare: boolean;
  bots: string;
  filters: Filters;
  /** What only one view knows: a dimension, a session, steps. */
  own: Record<string, string>;
}

const USUAL: Place = { view: "overview", site: "", range: "7d", compare: true, bots: "0", filters: {}, own: {} };

export function read(search: string): Place {
  const place: Place = { ...USUAL, filters: {}, own: {} };
  for (const [name, text] of new URLSearchParams(search)) {
    if (name === "view") place.view = VIEWS.find(view => view === text) ?? "overview";
    else if (name === "site") place.site = text;
    else if (name === "range") place.range = text;
    else if (name === "compare") place.compare = text !== "0";
    else if (name === "bots") place.bots = text === "1" || text === "2" ? text : "0";
    else if (name.startsWith("f.")) (place.filters[name.slice(2)] ??= []).push(text);
    else place.own[name] = text;
  }
  return place;
}

export function write(place: Place): string {
  const query = new URLSearchParams();
  if (place.view !== "overview") query.set("view", place.view);
  if (place.site) query.set("site", place.site);
  if (place.range !== USUAL.range) query.set("range", place.range);
  if (!place.compare) query.set("compare", "0");
  if (place.bots !== "0") query.set("bots", place.bots);
  for (const [name, values] of Object.entries(place.filters)) for (const value of values) query.append(`f.${name}`, value);
  for (const [name, text] of Object.entries(place.own)) if (text) query.set(name, text);
  const text = query.toString();
  return text ? `?${text}` : "";
}

export const place = signal<Place>(read(location.search));
export const me = signal<Me | undefined>(undefined);
export const sites = signal<Site[]>([]);
export const tags = signal<{ beacon: string | null; demo: string | null }>({ beacon: null, demo: null });
/** Now, by the minute: ranges such as `today` move on. */
export const now = signal(Date.now());
export const theme = signal(localStorage.getItem("theme") ?? "auto");

export const site = computed(() => sites.value.find(({ key }) => key === place.value.site) ?? sites.value[0]);
export const zone = computed(() => site.value?.timezone ?? "UTC");
const minute = computed(() => Math.floor(now.value / 60_000) * 60_000);
export const range = computed<Range>(() => resolve(place.value.range, minute.value, zone.value));
export const earlier = computed<Range>(() => before(place.value.range, range.value, minute.value, zone.value));

/** Shows another place; a new entry of the history unless it only corrects the one that is there. */
export function go(change: Partial<Place>, correct = false): void {
  const next = { ...place.value, ...change };
  const address = `${location.pathname}${write(next)}`;
  if (correct) history.replaceState(null, "", address);
  else if (address !== location.pathname + location.search) history.pushState(null, "", address);
  place.value = next;
}

/** Another view: filters and range stay, what belonged to the view before goes. */
export const show = (view: View, own: Record<string, string> = {}): void => {
  go({ view, own });
  scrollTo(0, 0);
};

export const setOwn = (name: string, text: string, correct = false): void => go({ own: { ...place.value.own, [name]: text } }, correct);

/** Adds a value to a filter, or takes it away. */
export function toggleFilter(dimension: string, value: string): void {
  const values = place.value.filters[dimension] ?? [];
  setFilter(dimension, values.includes(value) ? values.filter(own => own !== value) : [...values, value]);
}

export function setFilter(dimension: string, values: string[]): void {
  const { [dimension]: _, ...rest } = place.value.filters;
  go({ filters: values.length ? { ...rest, [dimension]: values } : rest });
}

addEventListener("popstate", () => (place.value = read(location.search)));
setInterval(() => (now.value = Date.now()), 20_000);

const dark = matchMedia("(prefers-color-scheme: dark)");
const systemIsDark = signal(dark.matches);
dark.addEventListener("change", () => (systemIsDark.value = dark.matches));
export const isDark = computed(() => theme.value === "dark" || (theme.value === "auto" && systemIsDark.value));
effect(() => {
  document.documentElement.dataset.theme = isDark.value ? "dark" : "light";
  localStorage.setItem("theme", theme.value);
});
