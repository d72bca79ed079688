// The list of views: at the side, or behind a button where there is no room.
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { report } from "../reports";
import { me, place, show, type View, write } from "../state";
import { BODIES } from "../views";
import { Icon } from "./icons";

export const TITLE: Record<View, string> = {
  overview: "Overview",
  live: "Live",
  pages: "Pages",
  sources: "Sources",
  places: "Places",
  devices: "Devices",
  pattern: "Pattern",
  sessions: "Sessions",
  paths: "Paths",
  funnel: "Funnel",
  retention: "Retention",
  goals: "Goals",
  preferences: "Preferences",
  logins: "Logins",
  bots: "Bots",
  books: "Books",
  sharing: "Sharing",
};

const GROUPS: [string, View[]][] = [
  ["", ["overview", "live"]],
  ["Traffic", ["pages", "sources", "places", "devices", "pattern"]],
  ["Behaviour", ["sessions", "paths", "funnel", "goals", "retention", "preferences"]],
  ["Trust", ["logins", "bots", "books"]],
  ["", ["sharing"]],
];

/** The report without which a view shows nothing; a server that lacks it does not offer the view. */
export const NEEDS: Partial<Record<View, string>> = {
  sessions: "sessions",
  paths: "paths",
  funnel: "funnel",
  retention: "retention",
  goals: "goals",
  preferences: "preferences",
  logins: "logins",
  bots: "bots",
  books: "books",
  pattern: "pattern",
};

const offered = (view: View) => view in BODIES && (view === "sharing" ? me.value?.writes : !NEEDS[view] || report(NEEDS[view]));

export function Navigation(): JSX.Element {
  const [open, set] = useState(false);
  const now = place.value.view;
  useEffect(() => set(false), [now]);
  return (
    <nav class={open ? "side open" : "side"} aria-label="Views">
      <div class="brand">
        <svg viewBox="0 0 32 32" width="26" height="26" aria-hidden="true">
          <rect width="32" height="32" rx="8" fill="var(--accent)" />
          <g fill="var(--on-accent)">
            <rect x="7" y="17" width="4" height="8" rx="2" />
            <rect x="14" y="11" width="4" height="14" rx="2" />
            <rect x="21" y="7" width="4" height="18" rx="2" />
          </g>
        </svg>
        <b>Footfall</b>
        <button type="button" class="quiet menu" aria-expanded={open} aria-label={`${TITLE[now]}, all views`} onClick={() => set(!open)}>
          <span>{TITLE[now]}</span>
          <Icon name="menu" />
        </button>
      </div>
      <div class="links">
        {GROUPS.filter(([, views]) => views.some(offered)).map(([name, views]) => (
          <div class="group" key={views[0]}>
            {name && <p>{name}</p>}
            <ul>
              {views.filter(offered).map(view => (
                <li key={view}>
                  <a
                    href={write({ ...place.value, view, own: {} }) || "/"}
                    aria-current={view === now ? "page" : undefined}
                    onClick={event => {
                      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
                      event.preventDefault();
                      show(view);
                    }}
                  >
                    <Icon name={view} />
                    {TITLE[view]}
                  </a>
                </li>
              ))}
            </ul>
          </div>
        ))}
      </div>
    </nav>
  );
}
