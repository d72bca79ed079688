//! The view `path_variety`: where a site's paths have many words.

use crate::engine::{Server, insert};
use clickhouse::{Client, Row};
use footfall_tables::{EVENTS, EventBlock, EventRow};
use serde::Deserialize;
use uuid::Uuid;

/// 2026-11-20 10:00 UTC.
const TEN: i64 = 1_795_168_800_000;
const NEVER: i64 = 7_258_000_000_000;

#[derive(Debug, PartialEq, Row, Deserialize)]
struct Variety {
    pattern: String,
    words: u64,
    views: u64,
    percent: u32,
}

async fn variety(client: &Client, site: &str) -> Vec<Variety> {
    let sql = format!(
        "SELECT pattern, words, views, toUInt32(round(100 * share)) AS percent FROM path_variety(since = \
         fromUnixTimestamp64Milli({TEN}, 'UTC'), until = fromUnixTimestamp64Milli({}, 'UTC')) WHERE site = '{site}'",
        TEN + 3_600_000
    );
    client.query(&sql).fetch_all().await.unwrap()
}

#[tokio::test]
async fn many_words_in_one_place_are_a_pattern() {
    let (_server, client) = Server::migrated().await;
    let mut paths: Vec<String> = Vec::new();
    for number in 0..30 {
        let word = format!("brand{}", char::from(b'a' + number % 26)) + if number > 25 { "x" } else { "" };
        paths.push(format!("/brand/{word}/shoes"));
        paths.push(format!("/blog/{word}"));
        paths.push("/item/:id".to_owned());
    }
    // One word is nearly all of it; the number of words is too small; not a page view's.
    paths.extend((0..70).map(|_| "/blog/branda".to_owned()));
    paths.extend((0..10).map(|number| format!("/few/{number}")));
    let (mut block, mut bytes) = (EventBlock::default(), Vec::new());
    for (number, path) in paths.iter().enumerate() {
        block.push(&EventRow {
            site: "shop",
            kind: "page_view",
            event_id: Uuid::from_u128(number as u128 + 1),
            time: TEN,
            received_at: TEN,
            path_template: path,
            insert_deadline: NEVER,
            ..EventRow::default()
        });
    }
    block.write_native(&mut bytes);
    insert(&client, EVENTS, bytes).await.unwrap();
    let expected = |pattern: &str, words, views, percent| Variety {
        pattern: pattern.into(),
        words,
        views,
        percent,
    };
    assert_eq!(
        variety(&client, "shop").await,
        [
            expected("/blog/:part", 30, 100, 71),
            expected("/brand/:part/*", 30, 30, 3),
        ]
    );
    assert!(variety(&client, "other").await.is_empty());
}
