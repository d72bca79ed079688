//! Reports over a handful of events, each figure plain to see.

use super::ask;
use crate::engine::{Server, insert, run};
use clickhouse::Client;
use footfall_schemas::{Flag, Flags};
use footfall_tables::{EVENTS, EventBlock, EventRow};
use uuid::Uuid;

/// 2026-11-20 10:00 UTC, a Friday.
const TEN: i64 = 1_795_168_800_000;
const MINUTE: i64 = 60_000;
const NEVER: i64 = 7_258_000_000_000;

/// An event of a visitor's session in that minute.
fn event(visitor: u128, minute: i64, kind: &'static str, path: &'static str) -> EventRow<'static> {
    EventRow {
        site: "shop",
        kind,
        event_id: Uuid::from_u128(visitor << 64 | u128::from((minute + 100_000).unsigned_abs())),
        visitor_id: Uuid::from_u128(visitor),
        session_id: Uuid::from_u128(visitor + 100),
        time: TEN + minute * MINUTE,
        received_at: TEN + minute * MINUTE,
        url: "https://shop.example/",
        path,
        path_template: path,
        title: path,
        country: if visitor == 1 { "DE" } else { "AT" },
        insert_deadline: NEVER,
        ..EventRow::default()
    }
}

/// One visitor who came by a letter, looks at two pages and reads one; one who leaves at once, an hour later; a machine.
fn rows() -> Vec<EventRow<'static>> {
    vec![
        EventRow {
            channel: "email",
            source: "letter",
            medium: "email",
            ..event(1, 0, "page_view", "/")
        },
        event(1, 2, "page_view", "/shoes"),
        EventRow {
            engagement_ms: 30_000,
            scroll: 80,
            ..event(1, 3, "page_leave", "/shoes")
        },
        event(2, 60, "page_view", "/shoes"),
        EventRow {
            bot_score: 90,
            ..event(3, 61, "page_view", "/robots")
        },
    ]
}

async fn keep(client: &Client, rows: &[EventRow<'_>]) {
    let (mut block, mut bytes) = (EventBlock::default(), Vec::new());
    rows.iter().for_each(|row| block.push(row));
    block.write_native(&mut bytes);
    insert(client, EVENTS, bytes).await.unwrap();
}

const RANGE: &str =
    "site = 'shop', since = '2026-11-20 10:00:00', until = '2026-11-20 12:00:00', bots = 0, filters = map()";

#[tokio::test]
async fn a_handful_of_events_is_counted_right() {
    let (_server, client) = Server::migrated().await;
    keep(&client, &rows()).await;
    let cases = [
        (
            format!("SELECT * FROM report_overview({RANGE})"),
            vec!["2 2 3 4 1 0.5 1.5 180000 30000"],
        ),
        (format!("SELECT * FROM report_newcomers({RANGE})"), vec!["2 2 1"]),
        (
            format!("SELECT * FROM report_timeline({RANGE}, interval = 'hour', timezone = 'Asia/Kathmandu')"),
            vec![
                "2026-11-20 09:15:00 1 1 2 3",
                "2026-11-20 10:15:00 1 1 1 1",
                "2026-11-20 11:15:00 0 0 0 0",
            ],
        ),
        (
            format!("SELECT * FROM report_breakdown({RANGE}, dimension = 'channel', touch = 'session')"),
            vec!["email 1 1 2 3 0 180000 30000", "direct 1 1 1 1 1 0 0"],
        ),
        (
            format!("SELECT * FROM report_breakdown({RANGE}, dimension = 'country', touch = 'session')"),
            vec!["DE 1 1 2 3 0 180000 30000", "AT 1 1 1 1 1 0 0"],
        ),
        (
            format!("SELECT * FROM report_pages({RANGE}, by = 'path')"),
            vec!["/shoes /shoes 2 2 1 2 1 30000 80", "/ / 1 1 1 0 0 0 0"],
        ),
        (
            format!("SELECT * FROM report_pattern({RANGE}, timezone = 'UTC') WHERE visitors > 0"),
            vec!["5 10 1 1 2", "5 11 1 1 1"],
        ),
    ];
    for (sql, expected) in cases {
        let answer = ask(&client, &sql).await;
        let lines: Vec<_> = answer.iter().map(|line| line.join(" ")).collect();
        assert_eq!(lines, expected, "{sql}");
    }
}

/// Sessions are judged as they are put together, events by a list of machines: both by the rule of `session_bots`.
#[tokio::test]
async fn a_machine_is_one_in_every_report() {
    let (_server, client) = Server::migrated().await;
    let view = |visitor: u128, at: i64| EventRow {
        event_id: Uuid::from_u128(visitor << 64 | u128::from(at.unsigned_abs())),
        time: TEN + at,
        received_at: TEN + at,
        ..event(visitor, 0, "page_view", "/")
    };
    let views = |visitor: u128, count: i64, every_ms: i64| -> Vec<_> {
        (0..count).map(|nth| view(visitor, nth * every_ms)).collect()
    };
    let run = |rows: Vec<EventRow<'static>>| rows.into_iter().map(|row| EventRow { seq: 1, ..row });
    let mut rows: Vec<EventRow<'_>> = Vec::new();
    // Whom nothing tells from a person: 59 views in a minute; 60 in two; 19 that nobody looks at; 20 with one click.
    rows.extend(views(1, 59, 1000));
    rows.extend(views(2, 60, 1500));
    rows.extend(run(views(3, 19, 1500)));
    rows.extend(run(views(4, 20, 1500)));
    rows.push(EventRow {
        event_id: Uuid::from_u128(4),
        ..event(4, 1, "click", "/")
    });
    // A server may send as many as it likes, and be called a machine.
    let mut flags = Flags::default();
    flags.set_if(Flag::Server, true);
    let server = |row: EventRow<'static>| EventRow { flags, ..row };
    rows.extend(run(views(5, 60, 900)).map(server));
    rows.push(server(EventRow {
        bot_score: 90,
        event_id: Uuid::from_u128(5),
        ..event(5, 1, "custom", "/")
    }));
    // Machines: by their pace; by their sleep; by a name, though only once and after the range.
    rows.extend(views(11, 60, 1000));
    rows.extend(run(views(12, 20, 1500)));
    rows.push(event(13, 1, "page_view", "/"));
    rows.push(EventRow {
        bot_score: 90,
        ..event(13, 180, "page_view", "/")
    });
    keep(&client, &rows).await;
    for (bots, sessions) in [(0, "5"), (1, "8"), (2, "4")] {
        let range = RANGE.replace("bots = 0", &format!("bots = {bots}"));
        for sql in [
            format!("SELECT sessions FROM report_overview({range})"),
            format!(
                "SELECT sum(sessions) FROM report_timeline({range}, interval = 'hour', timezone = 'UTC')"
            ),
            format!(
                "SELECT sum(sessions) FROM report_breakdown({range}, dimension = 'host', touch = 'session')"
            ),
            format!("SELECT count() FROM report_sessions({range})"),
        ] {
            assert_eq!(ask(&client, &sql).await, [[sessions]], "{sql}");
        }
    }
}

#[tokio::test]
async fn who_is_here_now_is_shown() {
    let (_server, client) = Server::migrated().await;
    // `now` must be the engine's: a copy of the rows, moved so that the last one is half a minute old.
    keep(&client, &rows()).await;
    let moved = format!(
        "INSERT INTO events WITH now64(3) - toIntervalMillisecond(30000 + {} - toUnixTimestamp64Milli(time)) AS moved \
         SELECT * REPLACE (moved AS time, moved AS received_at, 'now' AS site) FROM (SELECT * FROM events WHERE visitor_id = '{}')",
        TEN + 3 * MINUTE,
        Uuid::from_u128(1)
    );
    run(&client, &moved).await;
    let here = ask(
        &client,
        "SELECT path, title, country, source, views FROM report_live_now(site = 'now')",
    )
    .await;
    assert_eq!(here, [["/shoes", "/shoes", "DE", "letter", "2"]]);
    let live = ask(
        &client,
        "SELECT count(), sum(page_views), max(visitors) FROM report_live(site = 'now')",
    )
    .await;
    assert_eq!(live, [["30", "2", "1"]]);
}
