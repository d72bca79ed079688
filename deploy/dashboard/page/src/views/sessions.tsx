// Sessions, the latest first; one of them with all its events; and one person over all of theirs.
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { capital, clock, compact, duration, instant, moment, value as spell } from "../format";
import { report } from "../reports";
import { place, setOwn, show, toggleFilter, zone } from "../state";
import { CountryCode } from "../ui/code";
import { Icon } from "../ui/icons";
import { Panel } from "../ui/panel";
import { useReport } from "../use";

interface Session {
  session_id: string;
  visitor_id: string;
  user_id?: string;
  user?: string;
  began: string;
  duration_ms: number;
  page_views: number;
  events: number;
  entry_path: string;
  exit_path: string;
  channel?: string;
  source?: string;
  country: string;
  city: string;
  device_type: string;
  browser: string;
  os: string;
  bot_score?: number;
}

interface Event {
  time: string;
  type: string;
  name: string;
  path: string;
  title: string;
  engagement_ms: number;
  scroll: number;
  props: Record<string, string>;
  event_id: string;
}

export function Sessions(): JSX.Element {
  const { session, visitor } = place.value.own;
  if (visitor) return <Visitor id={visitor} />;
  return session ? <One id={session} /> : <All />;
}

function All(): JSX.Element {
  const [limit, set] = useState(50);
  const asked = useReport<Session>(report("sessions"), { limit });
  return (
    <Panel title="Latest sessions" asked={asked} empty="No session in this range.">
      <SessionList sessions={asked.rows ?? []} />
      {(asked.rows?.length ?? 0) >= limit && (
        <button type="button" class="link more" onClick={() => set(limit * 2)}>
          More
        </button>
      )}
    </Panel>
  );
}

function SessionList({ sessions }: { sessions: Session[] }): JSX.Element {
  return (
    <ol class="feed sessions">
      {sessions.map(session => (
        <li key={session.session_id}>
          <button type="button" class="row" onClick={() => show("sessions", { session: session.session_id })}>
            <CountryCode code={session.country} />
            <span class="what">
              <b>
                {session.entry_path || "(no page)"}
                {session.exit_path && session.exit_path !== session.entry_path ? ` → ${session.exit_path}` : ""}
              </b>
              <small>
                {[
                  session.user_id || session.user,
                  session.source && `from ${session.source}`,
                  [session.browser, session.os].filter(Boolean).join(" on "),
                  spell("device_type", session.device_type),
                ]
                  .filter(Boolean)
                  .join(" · ")}
              </small>
            </span>
            <span class="when">
              {moment(instant(session.began), zone.value)}
              <small>
                {duration(session.duration_ms)}, {compact(session.page_views)} {session.page_views === 1 ? "view" : "views"}
              </small>
            </span>
          </button>
        </li>
      ))}
    </ol>
  );
}

const GLYPH: Record<string, string> = {
  page_view: "pages",
  page_leave: "close",
  click: "sources",
  custom: "star",
  login: "logins",
  logout: "logins",
  login_failed: "logins",
  identify: "sessions",
  consent: "books",
};

function One({ id }: { id: string }): JSX.Element {
  const asked = useReport<Event>(report("session"), { session_id: id, limit: 2000 });
  const about = useReport<Session>(report("sessions"), { "filter.session_id": [id], limit: 1 });
  const session = about.rows?.[0];
  const events = asked.rows ?? [];
  return (
    <>
      <p class="back">
        <button type="button" class="quiet" onClick={() => setOwn("session", "")}>
          ← All sessions
        </button>
      </p>
      {session && (
        <dl class="facts panel">
          <Fact name="Began" text={moment(instant(session.began), zone.value)} />
          <Fact name="Lasted" text={duration(session.duration_ms)} />
          <Fact
            name="From"
            text={[session.source, session.channel && spell("channel", session.channel)].filter(Boolean).join(", ") || "(not known)"}
          />
          <Fact name="Place" text={[session.city, spell("country", session.country)].filter(Boolean).join(", ")} />
          <Fact name="Device" text={[spell("device_type", session.device_type), session.browser, session.os].filter(Boolean).join(", ")} />
          <Fact name="User" text={session.user_id || "not logged in"} />
          <div>
            <dt>Visitor</dt>
            <dd>
              <button type="button" class="link" onClick={() => show("sessions", { visitor: session.visitor_id })}>
                {session.visitor_id.slice(0, 8)}: all their sessions
              </button>
              <br />
              <button type="button" class="link" onClick={() => toggleFilter("visitor_id", session.visitor_id)}>
                Filter by this visitor
              </button>
            </dd>
          </div>
        </dl>
      )}
      <Panel title="What happened" asked={asked} empty="This session has no events.">
        <ol class="timeline">
          {events.map(event => (
            <li key={event.event_id} class={event.type}>
              <time>{clock(instant(event.time), zone.value, true)}</time>
              <i>
                <Icon name={GLYPH[event.type] ?? "star"} size={14} />
              </i>
              <span class="what">
                <b>{event.type === "page_view" ? event.path : event.name || capital(event.type.replaceAll("_", " "))}</b>
                <small>
                  {[
                    event.type === "page_view" ? event.title : event.path,
                    event.engagement_ms > 0 && `${duration(event.engagement_ms)} in use`,
                    event.scroll > 0 && `${event.scroll}% read`,
                  ]
                    .filter(Boolean)
                    .join(" · ")}
                </small>
                {Object.keys(event.props ?? {}).length > 0 && (
                  <small class="props">
                    {Object.entries(event.props).map(([name, value]) => (
                      <span key={name}>
                        {name}: {value}
                      </span>
                    ))}
                  </small>
                )}
              </span>
            </li>
          ))}
        </ol>
      </Panel>
    </>
  );
}

const Fact = ({ name, text }: { name: string; text: string }): JSX.Element => (
  <div>
    <dt>{name}</dt>
    <dd>{text}</dd>
  </div>
);

function Visitor({ id }: { id: string }): JSX.Element {
  const asked = useReport<Session>(report("visitor"), { visitor_id: id, limit: 500 });
  const sessions = asked.rows ?? [];
  const user = sessions.find(session => session.user)?.user;
  return (
    <>
      <p class="back">
        <button type="button" class="quiet" onClick={() => setOwn("visitor", "")}>
          ← All sessions
        </button>
      </p>
      <Panel
        title={user ? `${user}: all sessions` : `Visitor ${id.slice(0, 8)}: all sessions`}
        asked={asked}
        empty="Nothing is known of this visitor."
      >
        <p class="dim">Of all times, on all browsers that they logged in with.</p>
        <SessionList sessions={sessions} />
      </Panel>
    </>
  );
}
