// The package's module: `import { init } from "@footfall/beacon"` for pages that are built, instead of the tag.
import type { Footfall, Options } from "./api";
import { start } from "./start";

export type { BeforeSend, Event, Footfall, Options, Props, Verbs } from "./api";

/** Starts the beacon with the options of the tag; `host` must be given. A second call changes nothing. Never throws. */
export const init = (options: Options & { site: string; host: string }): Footfall | undefined => {
  try {
    return start(options, {});
  } catch {
    return undefined;
  }
};
