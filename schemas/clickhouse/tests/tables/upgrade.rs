//! Upgrades: the engine dies at any statement of the way, and tables of every earlier release have rows in them.

use crate::cut::{Cut, Way};
use crate::engine::{DATABASE, Server, run};
use clickhouse::{Client, Row};
use footfall_tables::catalogue::MIGRATIONS;
use footfall_tables::{MigrateError, Report, migrate, migrate_to, status};
use serde::Deserialize;

/// Everything that a database is made of, as the engine itself says it.
#[derive(Debug, PartialEq, Row, Deserialize)]
struct Made {
    name: String,
    sql: String,
}

async fn made(client: &Client) -> Vec<Made> {
    let asked = client
        .query("SELECT name, create_table_query AS sql FROM system.tables WHERE database = ? ORDER BY name");
    asked.bind(DATABASE).fetch_all().await.unwrap()
}

/// Every column with its type, default and codec.
async fn columns(client: &Client) -> Vec<Made> {
    let asked = client.query(
        "SELECT concat(table, '.', name) AS name, concat(type, ' ', default_kind, ' ', default_expression, ' ', compression_codec) AS sql \
         FROM system.columns WHERE database = ? ORDER BY table, position",
    );
    asked.bind(DATABASE).fetch_all().await.unwrap()
}

async fn drop_all(client: &Client) {
    run(client, &format!("DROP DATABASE IF EXISTS {DATABASE} SYNC")).await;
}

/// All of it, or the tables alone, which are what cannot be made anew.
async fn bring_up(client: &Client, with_views: bool) -> Result<Report, MigrateError> {
    if with_views {
        return migrate(client, DATABASE, &mut |_| {}).await;
    }
    migrate_to(client, DATABASE, MIGRATIONS, &mut |_| {}).await
}

/// Cuts the way at each of these requests, kills the engine, and runs again. `fatal` gives them, told how many there are.
async fn dies_and_goes_on(with_views: bool, fatal: impl Fn(u64) -> Vec<u64>) {
    let mut server = Server::start().await;
    let way = Way::to(server.address(), u64::MAX, Cut::Answered).await;
    bring_up(&Server::client_at(way.address), with_views)
        .await
        .unwrap();
    let all = way.requests();
    let fresh = (made(&server.client).await, columns(&server.client).await);
    for fatal in fatal(all) {
        for cut in [Cut::Sent, Cut::Answered] {
            drop_all(&server.client).await;
            let way = Way::to(server.address(), fatal, cut).await;
            let died = bring_up(&Server::client_at(way.address), with_views).await;
            assert_eq!(way.requests(), fatal);
            let died = died.unwrap_err();
            assert!(
                matches!(died, MigrateError::Server { .. }),
                "{fatal}, {cut:?}: {died}"
            );
            server.restart().await;
            bring_up(&server.client, with_views).await.unwrap();
            let again = (made(&server.client).await, columns(&server.client).await);
            assert_eq!(again, fresh, "{fatal}, {cut:?}");
            assert!(status(&server.client, DATABASE).await.unwrap().pending.is_empty());
        }
    }
}

#[tokio::test]
async fn an_engine_that_is_killed_at_any_statement_is_brought_to_the_same_schema_by_the_next_run() {
    dies_and_goes_on(false, |all| {
        assert!(all > 3 * MIGRATIONS.len() as u64, "{all}");
        (1..=all).collect()
    })
    .await;
}

/// Views are made anew at each start, whatever is there: of them the last, and one amid.
#[tokio::test]
async fn an_engine_that_is_killed_while_views_are_made_gets_them_all_by_the_next_run() {
    dies_and_goes_on(true, |all| vec![all - 20, all]).await;
}

/// As a release with these tables wrote them: 100 events, and the mark that closes them.
const ROWS: [&str; 2] = [
    "INSERT INTO events (site, type, event_id, time, received_at, url, props, log_id, log_seq, insert_deadline) \
     SELECT 'shop', 'page_view', generateUUIDv4(), now64(3), now64(3), concat('https://shop.example/', toString(number)), \
     map('n', toString(number)), toUUID('01890a5d-ac96-774b-bcce-b302099a8057'), number + 1, now64(3) + 3600 FROM numbers(100)",
    "INSERT INTO ledger (log_id, first_seq, last_seq, reason, at, insert_deadline) \
     SELECT toUUID('01890a5d-ac96-774b-bcce-b302099a8057'), 101, 101, 'mark', now64(3), now64(3) + 3600",
];

#[tokio::test]
async fn tables_of_each_earlier_release_become_those_of_this_one_and_keep_their_rows() {
    let server = Server::start().await;
    migrate(&server.client, DATABASE, &mut |_| {}).await.unwrap();
    let fresh = (made(&server.client).await, columns(&server.client).await);
    for known in 1..MIGRATIONS.len() {
        drop_all(&server.client).await;
        let earlier = &MIGRATIONS[..known];
        let report = migrate_to(&server.client, DATABASE, earlier, &mut |_| {})
            .await
            .unwrap();
        assert_eq!(report.applied.len(), known);
        let client = server.client.clone().with_database(DATABASE);
        for rows in &ROWS[..known.min(2)] {
            run(&client, rows).await;
        }
        let found = status(&server.client, DATABASE).await.unwrap();
        assert_eq!(
            (found.applied, found.pending.len()),
            (known, MIGRATIONS.len() - known)
        );
        let report = migrate(&server.client, DATABASE, &mut |_| {}).await.unwrap();
        assert_eq!(
            (report.before, report.applied.len()),
            (known, MIGRATIONS.len() - known)
        );
        assert_eq!(
            (made(&server.client).await, columns(&server.client).await),
            fresh,
            "from {known}"
        );
        let kept = "SELECT count(), uniqExact(url, props['n']), sum(log_seq) FROM events";
        let kept = client.query(kept).fetch_one::<(u64, u64, u64)>().await.unwrap();
        assert_eq!(kept, (100, 100, 5050), "from {known}");
        let books = "SELECT sum(rows), sum(missing), sum(doubled) FROM books";
        let books = client.query(books).fetch_one::<(u64, u64, u64)>().await.unwrap();
        assert_eq!(books, (100, 0, 0), "from {known}");
        // An earlier release that is started on it afterwards leaves it alone.
        let refused = migrate_to(&server.client, DATABASE, earlier, &mut |_| {})
            .await
            .unwrap_err();
        assert!(matches!(refused, MigrateError::Newer { .. }), "{refused}");
        assert_eq!(
            (made(&server.client).await, columns(&server.client).await),
            fresh,
            "from {known}"
        );
    }
}
