//! The view `losses` over planted pages.

use crate::engine::{Server, insert};
use clickhouse::{Client, Row};
use footfall_schemas::{Flag, Flags};
use footfall_tables::{EVENTS, EventBlock, EventRow, LEDGER, LedgerBlock, LedgerRow};
use serde::Deserialize;
use uuid::Uuid;

/// 2026-11-20 10:00 UTC.
const TEN: i64 = 1_795_168_800_000;
const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const NEVER: i64 = 7_258_000_000_000;

#[derive(Debug, PartialEq, Row, Deserialize)]
struct Loss {
    site: String,
    hour: u32,
    pages: u64,
    sent: u64,
    arrived: u64,
    late: u64,
    twice: u64,
    never: u64,
}

/// The figures in the order of the fields.
fn loss(site: &str, hour: i64, [pages, sent, arrived, late, twice, never]: [u64; 6]) -> Loss {
    Loss {
        site: site.into(),
        hour: u32::try_from(hour / 1_000).unwrap(),
        pages,
        sent,
        arrived,
        late,
        twice,
        never,
    }
}

async fn losses(client: &Client, since: i64, until: i64) -> Vec<Loss> {
    let at = |ms| format!("fromUnixTimestamp64Milli({ms}, 'UTC')");
    let sql = format!(
        "SELECT site, toUnixTimestamp(hour) AS hour, pages, sent, arrived, late, twice, never \
         FROM losses(since = {}, until = {}) ORDER BY hour, site",
        at(since),
        at(until)
    );
    client.query(&sql).fetch_all().await.unwrap()
}

/// One number of a page: when it happened, and how much later it was received.
#[derive(Clone, Copy)]
struct Sent {
    site: &'static str,
    page: u128,
    seq: u32,
    time: i64,
    waited: i64,
    flag: Option<Flag>,
}

const fn sent(page: u128, seq: u32, time: i64) -> Sent {
    Sent {
        site: "shop",
        page,
        seq,
        time,
        waited: 40,
        flag: None,
    }
}

/// The id of that event, so that a test can name its duplicate.
const fn event_id(of: Sent) -> Uuid {
    Uuid::from_u128(of.page << 32 | of.seq as u128)
}

async fn keep(client: &Client, list: &[Sent]) {
    let (mut block, mut bytes) = (EventBlock::default(), Vec::new());
    for of in list {
        let mut flags = Flags::default();
        if let Some(flag) = of.flag {
            flags.set(flag);
        }
        block.push(&EventRow {
            site: of.site,
            kind: "page_view",
            event_id: event_id(*of),
            page_id: Uuid::from_u128(of.page),
            seq: of.seq,
            time: of.time,
            received_at: of.time + of.waited,
            flags,
            insert_deadline: NEVER,
            ..EventRow::default()
        });
    }
    block.write_native(&mut bytes);
    insert(client, EVENTS, bytes).await.unwrap();
}

async fn duplicate(client: &Client, of: Sent) {
    let (mut block, mut bytes) = (LedgerBlock::default(), Vec::new());
    block.push(&LedgerRow {
        reason: "duplicate",
        event_id: event_id(of),
        at: of.time + of.waited,
        insert_deadline: NEVER,
        ..LedgerRow::default()
    });
    block.write_native(&mut bytes);
    insert(client, LEDGER, bytes).await.unwrap();
}

#[tokio::test]
async fn what_pages_sent_is_what_arrived_and_what_never_did() {
    let (_server, client) = Server::migrated().await;
    let whole = [1, 2, 3].map(|seq| sent(1, seq, TEN + i64::from(seq)));
    let holed = [2, 5, 6].map(|seq| sent(2, seq, TEN + i64::from(seq) * MINUTE));
    keep(&client, &[whole, holed].concat()).await;
    let found = losses(&client, TEN, TEN + HOUR).await;
    assert_eq!(found, [loss("shop", TEN, [2, 9, 6, 0, 0, 3])]);
}

#[tokio::test]
async fn a_gap_belongs_to_the_hour_of_the_number_behind_it() {
    let (_server, client) = Server::migrated().await;
    let page = [
        sent(1, 1, TEN),
        sent(1, 2, TEN + MINUTE),
        sent(1, 5, TEN + HOUR),
        sent(1, 6, TEN + HOUR),
    ];
    keep(&client, &page).await;
    let (first, second) = (
        loss("shop", TEN, [1, 2, 2, 0, 0, 0]),
        loss("shop", TEN + HOUR, [1, 4, 2, 0, 0, 2]),
    );
    assert_eq!(losses(&client, TEN + HOUR, TEN + 2 * HOUR).await, [second]);
    let found = losses(&client, TEN, TEN + 2 * HOUR).await;
    assert_eq!(
        found[0], first,
        "the numbers before are looked at from the beginning of the page"
    );
    assert_eq!(found.len(), 2);
}

#[tokio::test]
async fn late_and_twice_are_of_those_that_arrived() {
    let (_server, client) = Server::migrated().await;
    let kept_for = |seq, waited| Sent {
        waited,
        ..sent(1, seq, TEN)
    };
    let by_server = Sent {
        flag: Some(Flag::Server),
        ..kept_for(5, 9 * HOUR)
    };
    let page = [
        kept_for(1, 40),
        kept_for(2, MINUTE),
        kept_for(3, MINUTE + 1),
        kept_for(4, 26 * HOUR),
        by_server,
    ];
    keep(&client, &page).await;
    for of in [page[0], page[0], page[3]] {
        duplicate(&client, of).await;
    }
    // Of an event that is not in the range.
    duplicate(&client, sent(9, 1, TEN)).await;
    let found = losses(&client, TEN, TEN + HOUR).await;
    assert_eq!(found, [loss("shop", TEN, [1, 5, 5, 2, 3, 0])]);
}

#[tokio::test]
async fn sites_are_kept_apart_and_events_without_a_page_are_left_out() {
    let (_server, client) = Server::migrated().await;
    let elsewhere = Sent {
        site: "blog",
        ..sent(1, 2, TEN)
    };
    let list = [sent(1, 1, TEN), elsewhere, sent(0, 7, TEN), sent(2, 0, TEN)];
    keep(&client, &list).await;
    let found = losses(&client, TEN, TEN + HOUR).await;
    let expected = [
        loss("blog", TEN, [1, 2, 1, 0, 0, 1]),
        loss("shop", TEN, [1, 1, 1, 0, 0, 0]),
    ];
    assert_eq!(found, expected);
}

#[tokio::test]
async fn one_absurd_number_does_not_drown_the_others() {
    let (_server, client) = Server::migrated().await;
    keep(&client, &[sent(1, 1, TEN), sent(2, u32::MAX, TEN)]).await;
    let found = losses(&client, TEN, TEN + HOUR).await;
    assert_eq!(found, [loss("shop", TEN, [2, 10_001, 2, 0, 0, 9_999])]);
}
