//! The view `session_sources`: the first event of a session decides.

use crate::engine::{Server, insert};
use clickhouse::{Client, Row};
use footfall_tables::{EVENTS, EventBlock, EventRow};
use serde::Deserialize;
use uuid::Uuid;

/// 2026-11-20 10:00 UTC.
const TEN: i64 = 1_795_168_800_000;
const MINUTE: i64 = 60_000;
const NEVER: i64 = 7_258_000_000_000;

/// A page of a session in that minute, with what it says of channel and source.
fn page(
    session: u128,
    minute: i64,
    path: &'static str,
    said: (&'static str, &'static str),
) -> EventRow<'static> {
    EventRow {
        site: "shop",
        kind: "page_view",
        event_id: Uuid::from_u128(session << 64 | u128::from(minute.unsigned_abs())),
        session_id: Uuid::from_u128(session),
        time: TEN + minute * MINUTE,
        received_at: TEN + minute * MINUTE,
        url: "https://shop.example/",
        host: "shop.example",
        path,
        channel: said.0,
        source: said.1,
        medium: if said.0.is_empty() { "" } else { "some" },
        insert_deadline: NEVER,
        ..EventRow::default()
    }
}

#[derive(Debug, PartialEq, Row, Deserialize)]
struct Began {
    session: u64,
    minute: i64,
    channel: String,
    source: String,
    medium: String,
    entry_path: String,
}

fn began(session: u64, minute: i64, [channel, source, medium, entry_path]: [&str; 4]) -> Began {
    Began {
        session,
        minute,
        channel: channel.into(),
        source: source.into(),
        medium: medium.into(),
        entry_path: entry_path.into(),
    }
}

async fn sessions(client: &Client) -> Vec<Began> {
    let sql = format!(
        "SELECT reinterpretAsUInt64(reverse(unhex(substring(replaceAll(toString(session_id), '-', ''), 17)))) AS session, \
         intDiv(toUnixTimestamp64Milli(began) - {TEN}, {MINUTE}) AS minute, channel, source, medium, entry_path \
         FROM session_sources(since = fromUnixTimestamp64Milli({TEN}, 'UTC'), \
         until = fromUnixTimestamp64Milli({}, 'UTC')) ORDER BY session",
        TEN + 60 * MINUTE
    );
    client.query(&sql).fetch_all().await.unwrap()
}

#[tokio::test]
async fn the_first_event_of_a_session_decides() {
    let (_server, client) = Server::migrated().await;
    let search = ("organic_search", "google");
    let rows = [
        // Came by a search; what is opened later without a referrer, or comes from elsewhere, changes nothing.
        page(1, 0, "/shoes", search),
        page(1, 1, "/cart", ("", "")),
        page(1, 2, "/thanks", ("direct", "(direct)")),
        // Cut by a pause in the middle of the site: nothing brought this session.
        page(2, 5, "/cart", ("", "")),
        page(2, 6, "/", search),
        // Events of a server have no page.
        EventRow {
            url: "",
            ..page(3, 7, "", ("", ""))
        },
        // A server's event comes before the page.
        EventRow {
            url: "",
            ..page(4, 8, "", ("", ""))
        },
        page(4, 9, "/a", ("email", "letter")),
        // Began before.
        page(5, -1, "/", search),
        page(5, 1, "/b", ("", "")),
        // Begins afterwards.
        page(6, 60, "/", search),
    ];
    let (mut block, mut bytes) = (EventBlock::default(), Vec::new());
    rows.iter().for_each(|row| block.push(row));
    block.write_native(&mut bytes);
    insert(&client, EVENTS, bytes).await.unwrap();
    assert_eq!(
        sessions(&client).await,
        [
            began(1, 0, ["organic_search", "google", "some", "/shoes"]),
            began(2, 5, ["direct", "(direct)", "(none)", "/cart"]),
            began(3, 7, ["", "", "", ""]),
            began(4, 8, ["email", "letter", "some", "/a"]),
        ]
    );
}
