// Clicks that mean something: links that lead away, downloads, and elements that the page has marked:
// `<button data-footfall-event="signup" data-footfall-plan="pro">`, or a form, which counts when it is submitted.
import type { Props } from "./api";
import { make } from "./event";
import { listen } from "./guard";
import { push } from "./send";
import { automatic } from "./settings";

const FILE = /\.(pdf|docx?|xlsx?|pptx?|csv|zip|gz|dmg|exe|msi|apk|mp[34])$/i;

/** Every other `data-footfall-` attribute is a property. */
const marked = (element: Element): void => {
  const props: Props = {};
  for (const { name, value } of element.attributes) {
    const key = name.split("data-footfall-")[1];
    if (key) props[key] = value;
  }
  const { event, ...rest } = props;
  push(make("custom", { name: event as string, props: rest }));
};

const followed = (link: HTMLAnchorElement): void => {
  if (!/^http/.test(link.protocol)) return;
  const file = link.hasAttribute("download") || FILE.test(link.pathname);
  const name = file ? "download" : "outbound";
  if ((file || link.hostname !== location.hostname) && automatic(name)) {
    push(make("click", { name, props: { href: link.href, text: link.text?.trim().slice(0, 99) } }));
  }
};

const clicked = (event: MouseEvent): void => {
  // The right button opens a menu.
  if (event.button > 1) return;
  const submitted = event.type === "submit";
  // Through shadow roots too.
  for (const element of event.composedPath() as HTMLAnchorElement[]) {
    if (element.dataset?.footfallEvent && submitted === (element.tagName === "FORM")) marked(element);
    if (!submitted) followed(element);
  }
};

export const watchClicks = (): void => {
  listen("click", clicked);
  listen("auxclick", clicked);
  listen("submit", clicked);
};
