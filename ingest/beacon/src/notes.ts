// What became of each event, for beacon-debug.js: codes here, sentences there. Without it the latest are kept, so that
// `footfall.debug()` in the console also tells of what happened before.

/** A code of src/debug.ts, the event or events, and what else is known. */
export type Note = [code: string, about?: unknown, detail?: unknown];

export const notes: Note[] = [];

export const note = (...line: Note): void => {
  // beacon-debug.js replaces `push`, and nothing stays.
  if (notes.push(line) > 99) notes.shift();
};
