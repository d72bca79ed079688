// Who else may look: tokens for programs and people, links for everybody who has them.
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { change, type Door, get } from "../reports";
import { place, site, sites, write } from "../state";
import { Copied } from "../ui/copy";
import { Icon } from "../ui/icons";

const day = (seconds: number) => new Intl.DateTimeFormat(undefined, { dateStyle: "medium" }).format(seconds * 1000);

interface Kind {
  path: "links" | "tokens";
  title: string;
  about: string;
  none: string;
}

const LINKS: Kind = {
  path: "links",
  title: "Shared links",
  about: "Whoever has the link sees one site, and changes nothing, until you revoke it.",
  none: "No links yet.",
};
const TOKENS: Kind = {
  path: "tokens",
  title: "Tokens",
  about: "For programs (Authorization: Bearer …), and for people in place of the password: they see the sites that you choose.",
  none: "No tokens yet.",
};

export function Sharing(): JSX.Element {
  return (
    <div class="grid">
      <Doors kind={LINKS} />
      <Doors kind={TOKENS} />
    </div>
  );
}

function Doors({ kind }: { kind: Kind }): JSX.Element {
  const [list, set] = useState<Door[]>([]);
  const [error, fail] = useState("");
  const [made, show] = useState<Door | undefined>();
  const guarded = async (work: () => Promise<void>) => {
    try {
      await work();
      fail("");
    } catch (error) {
      fail(error instanceof Error ? error.message : String(error));
    }
  };
  const load = () => guarded(async () => set(await get<Door[]>(`/api/${kind.path}`)));
  useEffect(() => void load(), []);
  const revoke = (id: string) =>
    guarded(async () => {
      await change("DELETE", `/api/${kind.path}/${id}`);
      await load();
    });
  const done = (door: Door) => {
    show(door);
    load();
  };
  return (
    <section class="panel" aria-label={kind.title}>
      <header>
        <h2>{kind.title}</h2>
      </header>
      <p class="dim">{kind.about}</p>
      {list.length === 0 ? (
        <p class="empty">{kind.none}</p>
      ) : (
        <ul class="rows">
          {list.map(door => (
            <li key={door.id}>
              <span class="grow">
                <b>{door.name}</b>
                <small>
                  {" "}
                  {door.sites ? door.sites.join(", ") : "all sites"}, since {day(door.made)}
                  {door.until ? `, until ${day(door.until)}` : ""}
                </small>
              </span>
              <button type="button" class="quiet" onClick={() => revoke(door.id)} aria-label={`Revoke ${door.name}`}>
                <Icon name="close" size={14} /> Revoke
              </button>
            </li>
          ))}
        </ul>
      )}
      <Make kind={kind} done={done} guarded={guarded} />
      {error && <p role="alert">{error}</p>}
      {made?.secret && (
        <div role="status">
          <p>It is shown this once:</p>
          <Copied text={kind.path === "links" ? `${location.origin}/share/${made.secret}` : made.secret} label={kind.title} />
        </div>
      )}
    </section>
  );
}

const DAY = 86_400;

function Make({
  kind,
  done,
  guarded,
}: {
  kind: Kind;
  done: (door: Door) => void;
  guarded: (work: () => Promise<void>) => Promise<void>;
}): JSX.Element {
  const [name, setName] = useState("");
  const [of, setOf] = useState("");
  const [lasts, setLasts] = useState("0");
  const own = of || site.value?.key || "";
  const submit = (event: Event) => {
    event.preventDefault();
    return guarded(async () => {
      const body =
        kind.path === "links"
          ? {
              name,
              site: own,
              view: write({ ...place.value, view: "overview", site: own, own: {} }),
              ...(lasts === "0" ? {} : { lasts_s: Number(lasts) * DAY }),
            }
          : { name, ...(of === "*" ? {} : { sites: [own] }) };
      done(await change<Door>("POST", `/api/${kind.path}`, body));
      setName("");
    });
  };
  return (
    <form class="form" onSubmit={submit}>
      <label>
        For whom
        <input required maxLength={120} value={name} onInput={event => setName(event.currentTarget.value)} />
      </label>
      <label>
        Site
        <select value={own} onChange={event => setOf(event.currentTarget.value)}>
          {sites.value.map(({ key, name }) => (
            <option key={key} value={key}>
              {name || key}
            </option>
          ))}
          {kind.path === "tokens" && <option value="*">all sites</option>}
        </select>
      </label>
      {kind.path === "links" && (
        <label>
          Lasts
          <select value={lasts} onChange={event => setLasts(event.currentTarget.value)}>
            <option value="0">until it is revoked</option>
            <option value="7">a week</option>
            <option value="90">three months</option>
          </select>
        </label>
      )}
      <button type="submit" class="primary">
        Make
      </button>
    </form>
  );
}
