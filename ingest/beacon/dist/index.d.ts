import type { Footfall, Options } from "./api.js";
export type { BeforeSend, Event, Footfall, Options, Props, Verbs } from "./api.js";
/** Starts the beacon with the options of the tag; `host` must be given. A second call changes nothing. Never throws. */
export declare const init: (options: Options & {
    site: string;
    host: string;
}) => Footfall | undefined;
