// From made to sent: whether an event may go at all, the page's hook, and its number.
import type { BeforeSend, Event } from "./api";
import { read } from "./device";
import { address } from "./event";
import { hints } from "./hints";
import { note } from "./notes";
import { beforeSend, domains } from "./settings";

/** The key of the visitor's own wish to be left out: `1`. */
export const OFF = "footfall_off";
let off = "";
export const setOff = (value: string): void => {
  off = value;
};

/** Why nothing is sent from here, or nothing. Read each time: another tab may have changed it. */
export const closed = (): string | false | undefined =>
  off || read(OFF) ? "off" : domains && !domains.includes(location.hostname) && "domain";

let seq = 0;

/** Makes events final, in their order. What the hook keeps back gets no number, so that numbers have no gaps. */
export const seal = (made: Event[]): Event[] =>
  made.flatMap(event => {
    try {
      // Frameworks set the title after the address. An event of a view that is gone has none.
      if (event.url === address()) event.title = document.title;
      if (event.type === "page_view") event.props = { ...hints, ...event.props };
      const hook = ((window as unknown as Record<string, BeforeSend>)[beforeSend as string] || beforeSend) as BeforeSend;
      // A copy, which the page cannot change any more, and which can be written as JSON for sure.
      const sealed = JSON.parse(JSON.stringify((hook ? hook(event) : event) || 0));
      if (sealed) {
        sealed.seq = ++seq;
        return sealed;
      }
      note("hook", event);
    } catch (error) {
      note("broken", event, error);
    }
    return [];
  });
