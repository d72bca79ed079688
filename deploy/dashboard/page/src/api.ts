// The API: reports, what is kept, logins. Every failure has a sentence for people.

export interface Me {
  by: "open" | "password" | "token" | "link" | null;
  sites: string[] | null;
  writes: boolean;
}

export interface Site {
  key: string;
  name: string;
  timezone: string;
  events: number;
  last: string | null;
}

export interface Column {
  name: string;
  type: string;
  about?: string;
}

export type Cell = string | number | boolean | null | Cell[] | { [key: string]: Cell };

export interface Answer {
  report: string;
  columns: Column[];
  rows: Cell[][];
  statistics: { elapsed_ms: number; rows_read: number; bytes_read: number };
  sql: string;
  generated_at: string;
}

export interface Parameter {
  name: string;
  type: string;
  about: string;
  default?: string;
  values?: string[];
}

export interface Report {
  name: string;
  about: string;
  parameters: Parameter[];
  columns: Required<Column>[];
}

export interface Saved {
  id: string;
  site: string;
  name: string;
  kind: "segment" | "goal" | "funnel";
  filters?: Record<string, string[]>;
  step?: string;
  steps?: string[];
  window_s?: number;
  strict?: boolean;
}

export interface Door {
  id: string;
  name: string;
  sites: string[] | null;
  made: number;
  until?: number;
  secret?: string;
}

/** Why there is no answer. */
export class Refused extends Error {
  constructor(
    readonly label: string,
    detail: string,
    readonly parameter?: string,
  ) {
    super(detail);
  }
  /** Whether the same may work in a moment. */
  get passes(): boolean {
    return this.label === "away" || this.label === "busy" || this.label === "gone";
  }
}

async function call(path: string, options: RequestInit = {}): Promise<Response> {
  let answer: Response;
  try {
    answer = await fetch(path, { ...options, credentials: "same-origin" });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw new Refused("gone", "The dashboard's server does not answer: is Footfall running? This page goes on by itself when it is back.");
  }
  if (answer.ok) return answer;
  const told = await answer.json().catch(() => ({ error: "gone", detail: `the server answered ${answer.status}` }));
  throw new Refused(told.error, told.detail, told.parameter);
}

export async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  return (await call(path, signal ? { signal } : {})).json();
}

export async function change<T>(method: "POST" | "DELETE", path: string, body: unknown = {}): Promise<T> {
  const headers = { "content-type": "application/json", "x-footfall": "1" };
  return (await call(path, { method, headers, body: JSON.stringify(body) })).json();
}

export type Values = Record<string, string | number | string[] | undefined>;

/** The address of a report. Parameters that it does not know are left out by who asks. */
export function address(name: string, values: Values): string {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(values)) {
    if (value === undefined) continue;
    for (const one of Array.isArray(value) ? value : [value]) query.append(key, String(one));
  }
  return `/api/reports/${name}?${query}`;
}

/** Rows as objects. */
export function objects<T>(answer: Answer): T[] {
  const names = answer.columns.map(({ name }) => name);
  return answer.rows.map(row => Object.fromEntries(names.map((name, at) => [name, row[at]])) as T);
}
