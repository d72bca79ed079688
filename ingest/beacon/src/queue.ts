// Events that could not be delivered, until they can: a pool that all tabs of the origin share, small and capped.
//
// Each event is one entry under its id, so tabs never write over each other, and an event that is kept twice is one.
// Whoever sends takes everything out first; `retry` in send.ts sees to it that two tabs do not at the same moment.
import type { Event } from "./api";
import { box, store } from "./device";
import { note } from "./notes";
import { prefix } from "./settings";

/** Characters of all entries: an eightieth of what `localStorage` has, some hundred events. */
const MOST = 6e4;

/** The keys of all entries, the oldest first: ids are in the order of time. */
const keys = (): string[] =>
  Object.keys(box)
    .sort()
    .filter(key => !key.indexOf(prefix));

/** What cannot be read is nothing, and gone. */
const take = (key: string): Event[] => {
  const text = box[key]!;
  delete box[key];
  try {
    return [JSON.parse(text)];
  } catch {
    return [];
  }
};

/** Takes everything out. */
export const takeAll = (): Event[] => keys().flatMap(take);

/** What ingest has handed out last; an answer without one changes nothing. */
let token: string | undefined;
export const setToken = (answer: { token?: string }): void => {
  token = answer.token || token;
};

/** Keeps events for later, each with the token of its time; the oldest give way when there is no room. */
export const put = (events: Event[]): void => {
  for (const event of events) {
    event.token ||= token;
    store(prefix + event.id, JSON.stringify(event));
  }
  let size = 0;
  for (const key of keys().reverse()) {
    if ((size += box[key]!.length) > MOST) note("full", take(key));
  }
};
