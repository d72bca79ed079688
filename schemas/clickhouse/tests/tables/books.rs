//! The view `books` over planted faults.

use crate::engine::{Server, insert, run};
use clickhouse::{Client, Row};
use footfall_tables::{EVENTS, EventBlock, EventRow, LEDGER, LedgerBlock, LedgerRow};
use serde::Deserialize;
use uuid::Uuid;

const LOG: Uuid = Uuid::from_u128(7);
const OTHER: Uuid = Uuid::from_u128(8);
const NEVER: i64 = 7_258_000_000_000;

#[derive(Debug, PartialEq, Row, Deserialize)]
struct Books {
    acknowledged: u64,
    rows: u64,
    ledger: u64,
    marks: u64,
    missing: u64,
    doubled: u64,
    through: u64,
}

/// In the order of the fields.
const fn books([acknowledged, rows, ledger, marks, missing, doubled, through]: [u64; 7]) -> Books {
    Books {
        acknowledged,
        rows,
        ledger,
        marks,
        missing,
        doubled,
        through,
    }
}

async fn of(client: &Client, log_id: Uuid) -> Books {
    let sql = "SELECT acknowledged, rows, ledger, marks, missing, doubled, through \
               FROM books WHERE log_id = toUUID(?)";
    client
        .query(sql)
        .bind(log_id.to_string())
        .fetch_one()
        .await
        .unwrap()
}

async fn rows(client: &Client, log_id: Uuid, numbers: impl IntoIterator<Item = u64>) {
    let (mut block, mut bytes) = (EventBlock::default(), Vec::new());
    for log_seq in numbers {
        block.push(&EventRow {
            log_id,
            log_seq,
            insert_deadline: NEVER,
            ..EventRow::default()
        });
    }
    block.write_native(&mut bytes);
    insert(client, EVENTS, bytes).await.unwrap();
}

async fn entry(client: &Client, log_id: Uuid, first_seq: u64, last_seq: u64, reason: &str) {
    let (mut block, mut bytes) = (LedgerBlock::default(), Vec::new());
    block.push(&LedgerRow {
        log_id,
        first_seq,
        last_seq,
        reason,
        insert_deadline: NEVER,
        ..LedgerRow::default()
    });
    block.write_native(&mut bytes);
    insert(client, LEDGER, bytes).await.unwrap();
}

#[tokio::test]
async fn right_books_are_right_for_each_log_alone() {
    let (_server, client) = Server::migrated().await;
    rows(&client, LOG, (1..=99).chain(101..=150)).await;
    entry(&client, LOG, 100, 100, "mark").await;
    entry(&client, LOG, 151, 160, "unreadable").await;
    entry(&client, LOG, 161, 161, "mark").await;
    // The same numbers elsewhere are other numbers.
    rows(&client, OTHER, [2, 100, 155]).await;
    entry(&client, OTHER, 1, 1, "duplicate").await;
    assert_eq!(of(&client, LOG).await, books([161, 149, 12, 2, 0, 0, 161]));
    assert_eq!(of(&client, OTHER).await, books([155, 3, 1, 0, 151, 0, 0]));
}

#[tokio::test]
async fn of_a_strangers_log_nothing_is_missing() {
    let (_server, client) = Server::migrated().await;
    let stranger = uuid::Builder::from_custom_bytes([9; 16]).into_uuid();
    entry(&client, stranger, 3_000, 3_000, "unreadable").await;
    entry(&client, stranger, 5_000, 5_000, "erased").await;
    assert_eq!(of(&client, stranger).await, books([2, 0, 2, 0, 0, 0, 0]));
    entry(&client, stranger, 3_000, 3_000, "unreadable").await;
    assert_eq!(of(&client, stranger).await, books([2, 0, 2, 0, 0, 1, 0]));
}

#[tokio::test]
async fn gaps_and_doubles_show_wherever_they_are() {
    let (_server, client) = Server::migrated().await;
    rows(&client, LOG, [1, 2, 4]).await;
    entry(&client, LOG, 6, 6, "mark").await;
    assert_eq!(
        of(&client, LOG).await,
        books([6, 3, 1, 1, 2, 0, 6]),
        "3 and 5 are missing"
    );
    rows(&client, LOG, [4, 4]).await;
    assert_eq!(
        of(&client, LOG).await,
        books([6, 3, 1, 1, 2, 2, 6]),
        "4 is there three times"
    );
    entry(&client, LOG, 2, 3, "unreadable").await;
    assert_eq!(
        of(&client, LOG).await,
        books([6, 2, 3, 1, 1, 3, 6]),
        "2 is in both tables"
    );
    entry(&client, LOG, 6, 6, "mark").await;
    assert_eq!(
        of(&client, LOG).await,
        books([6, 2, 3, 2, 1, 4, 6]),
        "6 is marked twice"
    );
    entry(&client, LOG, 5, 6, "lost").await;
    assert_eq!(
        of(&client, LOG).await,
        books([6, 2, 4, 2, 0, 5, 6]),
        "6 is lost too"
    );
}

#[tokio::test]
async fn what_may_follow_a_fate_is_not_doubled() {
    let (_server, client) = Server::migrated().await;
    rows(&client, LOG, 1..=10).await;
    entry(&client, LOG, 11, 11, "unreadable").await;
    entry(&client, LOG, 3, 3, "duplicate").await;
    assert_eq!(
        of(&client, LOG).await,
        books([11, 9, 2, 0, 0, 0, 0]),
        "a late duplicate"
    );
    entry(&client, LOG, 4, 5, "erased").await;
    entry(&client, LOG, 11, 11, "erased").await;
    assert_eq!(
        of(&client, LOG).await,
        books([11, 7, 4, 0, 0, 0, 0]),
        "erased, rows still there"
    );
    run(
        &client,
        "ALTER TABLE events DELETE WHERE log_seq IN (3, 4, 5) SETTINGS mutations_sync = 2",
    )
    .await;
    assert_eq!(of(&client, LOG).await, books([11, 7, 4, 0, 0, 0, 0]), "and gone");
    entry(&client, LOG, 1, 11, "expired").await;
    assert_eq!(
        of(&client, LOG).await,
        books([11, 0, 11, 0, 0, 0, 0]),
        "all expired"
    );
}

#[tokio::test]
async fn long_ranges_and_high_numbers_are_counted_exactly() {
    let (_server, client) = Server::migrated().await;
    let far = 1 << 40;
    rows(&client, LOG, [1, 1_500, 3_000, 9_000, far]).await;
    entry(&client, LOG, 1_000, 3_500, "lost").await;
    entry(&client, LOG, 3_600, 3_700, "expired").await;
    entry(&client, LOG, 9_001, far - 1, "lost").await;
    entry(&client, LOG, 9_500, 9_600, "lost").await;
    let ledger = 2_501 + 101 + (far - 9_001);
    assert_eq!(
        of(&client, LOG).await,
        books([far, 3, ledger, 0, far - 3 - ledger, 2 + 101, 0])
    );
}
