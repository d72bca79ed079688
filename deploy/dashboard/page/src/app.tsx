// The frame: navigation, site, range, filters, and the view that the address names.
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { change, get, load, type Me, Refused, type Site } from "./reports";
import { loadSaved } from "./saved";
import { go, me, place, show, site, sites, tags, theme } from "./state";
import { FilterBar } from "./ui/filters";
import { Icon } from "./ui/icons";
import { Navigation, TITLE } from "./ui/navigation";
import { Refusal, Waiting } from "./ui/panel";
import { When } from "./ui/when";
import { BODIES } from "./views";
import { First } from "./views/first";
import { Login } from "./views/login";
import { Overview } from "./views/overview";

/** Between two looks for the first event, or for a server that is away. */
const AGAIN_MS = 1000;
/** Between two looks at the list of sites once there are events. */
const SITES_MS = 60_000;

async function loadSites(): Promise<void> {
  const told = await get<{ sites: Site[]; beacon: string | null; demo: string | null }>("/api/sites");
  sites.value = told.sites;
  tags.value = { beacon: told.beacon, demo: told.demo };
  // Without a site in the address: the one with the most events.
  const known = told.sites.some(({ key }) => key === place.value.site);
  const best = [...told.sites].sort((a, b) => b.events - a.events)[0];
  if (!known && best) go({ site: best.key }, true);
}

async function begin(): Promise<void> {
  me.value = await get<Me>("/api/me");
  if (!me.value.by) return;
  await Promise.all([load(), loadSaved(), loadSites()]);
}

export function App(): JSX.Element {
  const [error, fail] = useState<Refused | undefined>();
  const [ready, done] = useState(false);
  const by = me.value?.by;
  const waits = ready && !site.value?.events;
  useEffect(() => {
    let timer = 0;
    let over = false;
    const turn = async () => {
      let pause = SITES_MS;
      try {
        if (ready) await loadSites();
        else {
          await begin();
          if (me.value?.by && !over) done(true);
        }
        fail(undefined);
        if (waits) pause = AGAIN_MS;
      } catch (refused) {
        if (refused instanceof Refused) {
          if (refused.label === "login") me.value = { by: null, sites: null, writes: false };
          else fail(refused);
          pause = AGAIN_MS * 2;
        }
      }
      if (!over && (ready || me.value?.by || me.value === undefined)) timer = setTimeout(turn, pause);
    };
    turn();
    return () => {
      over = true;
      clearTimeout(timer);
    };
  }, [ready, waits, by]);
  if (me.value && !by) return <Login done={() => done(false)} />;
  return (
    <div class="frame">
      <a class="skip" href="#main">
        To the content
      </a>
      <Navigation />
      <div class="stage">
        <Bar />
        <main id="main" tabIndex={-1}>
          {ready ? <Content waits={waits} /> : error ? <Refusal error={error} /> : <Waiting />}
        </main>
      </div>
    </div>
  );
}

function Content({ waits }: { waits: boolean }): JSX.Element {
  const view = place.value.view;
  useEffect(() => {
    document.title = `${TITLE[view]} · ${site.value?.name ?? "Footfall"}`;
  }, [view, site.value?.name]);
  if (waits && view !== "sharing" && view !== "books") return <First />;
  const Body = BODIES[view] ?? Overview;
  return (
    <>
      <h1 class={view === "overview" ? "visually-hidden" : ""}>{TITLE[view]}</h1>
      <Body />
    </>
  );
}

/** Views that have no range or filters of the page. */
const NO_RANGE = new Set(["live", "sharing"]);

function Bar(): JSX.Element {
  const view = place.value.view;
  const leave = async () => {
    await change("POST", "/api/logout");
    location.assign("/");
  };
  return (
    <div class="bar-top">
      <div class="bar-row">
        <label class="site">
          <span class="visually-hidden">Site</span>
          <select value={site.value?.key ?? ""} onChange={event => go({ site: event.currentTarget.value, filters: {} })}>
            {sites.value.map(({ key, name }) => (
              <option key={key} value={key}>
                {name || key}
              </option>
            ))}
          </select>
        </label>
        <button type="button" class="quiet now-button" onClick={() => show("live")}>
          <i class="pulse" /> Live
        </button>
        <span class="spring" />
        {!NO_RANGE.has(view) && <When />}
        <button
          type="button"
          class="quiet"
          aria-label={`Colours: ${theme.value}`}
          title={`Colours: ${theme.value}`}
          onClick={() => (theme.value = theme.value === "auto" ? "dark" : theme.value === "dark" ? "light" : "auto")}
        >
          <Icon name={document.documentElement.dataset.theme === "dark" ? "moon" : "sun"} />
        </button>
        {me.value?.by && me.value.by !== "open" && (
          <button
            type="button"
            class="quiet"
            onClick={leave}
            title={me.value.by === "link" ? "Leave the shared link" : "Log out"}
            aria-label={me.value.by === "link" ? "Leave the shared link" : "Log out"}
          >
            <Icon name="logins" />
          </button>
        )}
      </div>
      {!NO_RANGE.has(view) && <FilterBar />}
    </div>
  );
}
