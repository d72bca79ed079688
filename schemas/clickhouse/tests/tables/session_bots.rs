//! The views `session_bots` and `human_events`: what a whole session shows, judged without rewriting an event.

use crate::engine::{Server, insert};
use clickhouse::{Client, Row};
use footfall_schemas::{Flag, Flags};
use footfall_tables::{EVENTS, EventBlock, EventRow};
use serde::Deserialize;
use uuid::Uuid;

/// 2026-11-20 10:00 UTC.
const TEN: i64 = 1_795_168_800_000;
const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const NEVER: i64 = 7_258_000_000_000;

/// What a session is made of: so many page views, so far apart, and what comes with each.
#[derive(Clone, Copy)]
struct Session {
    id: u128,
    from: i64,
    views: u32,
    apart: i64,
    engaged: u32,
    flag: Option<Flag>,
    last: EventRow<'static>,
}

fn session(id: u128, views: u32, apart: i64) -> Session {
    Session {
        id,
        from: TEN,
        views,
        apart,
        engaged: 0,
        flag: None,
        last: EventRow {
            kind: "custom",
            ..EventRow::default()
        },
    }
}

/// The page views, and one more event at the end.
fn events(of: Session) -> Vec<EventRow<'static>> {
    let mut flags = Flags::default();
    flags.set_if(Flag::Pixel, of.flag == Some(Flag::Pixel));
    flags.set_if(Flag::Server, of.flag == Some(Flag::Server));
    let row = |at: u32, like: EventRow<'static>| {
        let time = of.from + i64::from(at) * of.apart;
        EventRow {
            site: "shop",
            event_id: Uuid::from_u128(of.id << 64 | u128::from(at)),
            session_id: Uuid::from_u128(of.id),
            seq: at + 1,
            time,
            received_at: time,
            flags,
            insert_deadline: NEVER,
            ..like
        }
    };
    let view = EventRow {
        kind: "page_view",
        engagement_ms: of.engaged,
        ..EventRow::default()
    };
    let mut rows: Vec<_> = (0..of.views).map(|at| row(at, view)).collect();
    rows.push(row(of.views, of.last));
    rows
}

async fn keep(client: &Client, sessions: &[Session]) {
    let (mut block, mut bytes) = (EventBlock::default(), Vec::new());
    sessions
        .iter()
        .flat_map(|session| events(*session))
        .for_each(|row| block.push(&row));
    block.write_native(&mut bytes);
    insert(client, EVENTS, bytes).await.unwrap();
}

fn range() -> String {
    format!(
        "since = fromUnixTimestamp64Milli({TEN}, 'UTC'), until = fromUnixTimestamp64Milli({}, 'UTC')",
        TEN + 60 * MINUTE
    )
}

#[derive(Debug, PartialEq, Row, Deserialize)]
struct Bot {
    session: u64,
    views: u64,
    fastest: u64,
    reasons: Vec<String>,
    score: u8,
}

const SESSION: &str =
    "reinterpretAsUInt64(reverse(unhex(substring(replaceAll(toString(session_id), '-', ''), 17))))";

async fn bots(client: &Client) -> Vec<Bot> {
    let sql = format!(
        "SELECT {SESSION} AS session, views, fastest, reasons, score FROM session_bots({}) ORDER BY session",
        range()
    );
    client.query(&sql).fetch_all().await.unwrap()
}

async fn humans(client: &Client) -> Vec<u64> {
    let sql = format!(
        "SELECT DISTINCT {SESSION} AS session FROM human_events({}) ORDER BY session",
        range()
    );
    client.query(&sql).fetch_all().await.unwrap()
}

fn bot(session: u64, views: u64, fastest: u64, reasons: &[&str], score: u8) -> Bot {
    let reasons = reasons.iter().map(|reason| (*reason).to_owned()).collect();
    Bot {
        session,
        views,
        fastest,
        reasons,
        score,
    }
}

fn told(bot_score: u8) -> EventRow<'static> {
    EventRow {
        kind: "custom",
        bot_score,
        ..EventRow::default()
    }
}

fn acts(kind: &'static str, scroll: u32) -> EventRow<'static> {
    EventRow {
        kind,
        scroll,
        ..EventRow::default()
    }
}

#[tokio::test]
async fn a_session_is_judged_by_its_pace_and_by_what_nobody_did_in_it() {
    let (_server, client) = Server::migrated().await;
    let sessions = [
        // As people do: a few pages looked at; many pages, slowly; nothing looked at, but few pages.
        Session {
            engaged: 9_000,
            ..session(1, 5, 30 * SECOND)
        },
        Session {
            engaged: 9_000,
            ..session(2, 59, SECOND)
        },
        session(3, 19, 20 * SECOND),
        // 60 pages in a minute, though each says that it was looked at.
        Session {
            engaged: 900,
            ..session(4, 60, SECOND - 1)
        },
        // 20 pages, and nothing was done: also with none of both signs alone.
        session(5, 20, 20 * SECOND),
        session(6, 120, SECOND / 2),
        // One click or a little scrolling is somebody.
        Session {
            last: acts("click", 0),
            ..session(7, 30, 20 * SECOND)
        },
        Session {
            last: acts("page_leave", 20),
            ..session(8, 30, 20 * SECOND)
        },
        // Without the script nobody can tell; a server's events are nobody's visit.
        Session {
            flag: Some(Flag::Pixel),
            ..session(9, 30, 20 * SECOND)
        },
        Session {
            flag: Some(Flag::Server),
            last: told(100),
            ..session(10, 200, SECOND / 5)
        },
        // What an event says by itself counts for its session; a weak sign does not.
        Session {
            engaged: 9_000,
            last: told(90),
            ..session(11, 2, SECOND)
        },
        Session {
            engaged: 9_000,
            last: told(49),
            ..session(12, 2, SECOND)
        },
        // Ended before; began before and goes on.
        Session {
            from: TEN - 10 * MINUTE,
            ..session(13, 60, SECOND - 1)
        },
        Session {
            from: TEN - 5 * MINUTE,
            ..session(14, 20, 20 * SECOND)
        },
    ];
    keep(&client, &sessions).await;
    let (rate, idle, agent) = ("rate", "no_engagement", "agent");
    assert_eq!(
        bots(&client).await,
        [
            bot(4, 60, 60, &[rate], 95),
            bot(5, 20, 3, &[idle], 80),
            bot(6, 120, 120, &[rate, idle], 95),
            bot(11, 2, 2, &[agent], 90),
            bot(14, 20, 3, &[idle], 80),
        ]
    );
    // 10 is the server's last word, which it scores itself; its views are not.
    assert_eq!(humans(&client).await, [1, 2, 3, 7, 8, 9, 10, 12]);
}

#[tokio::test]
async fn a_session_is_relabelled_as_soon_as_its_later_events_are_there() {
    let (_server, client) = Server::migrated().await;
    keep(&client, &[session(1, 18, 20 * SECOND)]).await;
    assert_eq!(humans(&client).await, [1]);
    let more = Session {
        from: TEN + 10 * MINUTE,
        ..session(1, 2, 20 * SECOND)
    };
    keep(&client, &[more]).await;
    assert_eq!(bots(&client).await, [bot(1, 20, 3, &["no_engagement"], 80)]);
    assert!(humans(&client).await.is_empty());
}
