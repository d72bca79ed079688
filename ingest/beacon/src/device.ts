// What is kept on the device, where it may be: the visitor's own choices, and a box for the queue. Every access can throw
// (blocked cookies, sandboxed frames, a full disk), and then this page's memory serves.
import { discreet } from "./settings";

/** `localStorage` and a plain object are used alike. */
export type Box = Record<string, string>;

const memory: Box = {};

/** Where the queue lies. Who has refused, or sends Global Privacy Control, has nothing put on the device. */
export let box = memory;

export let consent: "granted" | "refused" | undefined;

/** Takes what the visitor has said, and chooses the box by it. */
export const setConsent = (value?: string): void => {
  consent = value as typeof consent;
  box = memory;
  try {
    if (!discreet && consent !== "refused") box = (localStorage as unknown as Box) || memory;
  } catch {}
};

/** Puts something into the box; if the device has no room, into memory from now on. */
export const store = (key: string, value: string): void => {
  try {
    box[key] = value;
  } catch {
    box = memory;
    box[key] = value;
  }
};

export const read = (key: string): string | undefined => {
  try {
    return (localStorage as unknown as Box)[key];
  } catch {}
};

/** Keeps a choice; nothing takes it back. */
export const write = (key: string, value: string): void => {
  try {
    (localStorage as unknown as Box)[key] = value;
  } catch {}
};
