//! The runner: an empty server, a second time, after a kill, beside another runner, and databases that it must refuse.

use crate::engine::{DATABASE, Server, run};
use clickhouse::{Client, Row};
use footfall_tables::catalogue::{MIGRATIONS, views};
use footfall_tables::{ColumnInfo, MigrateError, Step, events, ledger, migrate, status};
use serde::Deserialize;

async fn tables(client: &Client) -> Vec<String> {
    let names = client
        .query("SELECT name FROM system.tables WHERE database = ? ORDER BY name")
        .bind(DATABASE);
    names.fetch_all::<String>().await.unwrap()
}

#[derive(Debug, PartialEq, Row, Deserialize)]
struct Described {
    name: String,
    kind: String,
    codec: String,
}

async fn described(client: &Client, table: &str) -> Vec<Described> {
    client
        .query("SELECT name, type AS kind, compression_codec AS codec FROM system.columns WHERE database = ? AND table = ? ORDER BY position")
        .bind(DATABASE)
        .bind(table)
        .fetch_all()
        .await
        .unwrap()
}

fn declared(columns: &[ColumnInfo]) -> Vec<Described> {
    let owned = |column: &ColumnInfo| Described {
        name: column.name.into(),
        kind: column.kind.into(),
        codec: column.codec.into(),
    };
    columns.iter().map(owned).collect()
}

#[tokio::test]
async fn an_empty_server_gets_the_tables_that_the_rows_declare() {
    let server = Server::start().await;
    let before = status(&server.client, DATABASE).await.unwrap();
    assert_eq!((before.applied, before.pending.len()), (0, MIGRATIONS.len()));

    let mut steps = Vec::new();
    let report = migrate(&server.client, DATABASE, &mut |step| steps.push(step))
        .await
        .unwrap();
    assert_eq!((report.before, report.applied.len()), (0, MIGRATIONS.len()));
    assert_eq!(steps.first(), Some(&Step::Prepare));
    assert_eq!(steps.len(), 1 + MIGRATIONS.len() + views().count());

    assert_eq!(
        described(&server.client, "events").await,
        declared(events::COLUMNS)
    );
    assert_eq!(
        described(&server.client, "ledger").await,
        declared(ledger::COLUMNS)
    );
    let after = status(&server.client, DATABASE).await.unwrap();
    assert_eq!((after.applied, after.pending.len()), (MIGRATIONS.len(), 0));

    let again = migrate(&server.client, DATABASE, &mut |_| {}).await.unwrap();
    assert_eq!((again.before, again.applied.len()), (MIGRATIONS.len(), 0));
}

#[tokio::test]
async fn a_runner_killed_at_any_step_is_resumed() {
    let server = Server::start().await;
    migrate(&server.client, DATABASE, &mut |_| {}).await.unwrap();
    let complete = tables(&server.client).await;
    // Views are made anew at each start, whatever is there: of them every seventh.
    let tables_made = 1 + MIGRATIONS.len();
    let in_views = (tables_made + 1..=tables_made + views().count()).step_by(7);
    for fatal in (1..=tables_made).chain(in_views) {
        run(&server.client, &format!("DROP DATABASE {DATABASE} SYNC")).await;
        let client = server.client.clone();
        let killed = tokio::task::JoinSet::from_iter([async move {
            let mut step = 0;
            let mut die = |_: Step| {
                step += 1;
                assert!(step < fatal, "killed");
            };
            migrate(&client, DATABASE, &mut die).await
        }])
        .join_next()
        .await;
        assert!(killed.unwrap().is_err(), "step {fatal}");
        migrate(&server.client, DATABASE, &mut |_| {}).await.unwrap();
        assert_eq!(tables(&server.client).await, complete, "step {fatal}");
        assert!(status(&server.client, DATABASE).await.unwrap().pending.is_empty());
    }
}

#[tokio::test]
async fn two_runners_at_once_are_harmless() {
    let server = Server::start().await;
    for _ in 0..5 {
        let (mut quiet, mut silent) = (|_: Step| {}, |_: Step| {});
        let (one, other) = tokio::join!(
            migrate(&server.client, DATABASE, &mut quiet),
            migrate(&server.client, DATABASE, &mut silent)
        );
        one.unwrap();
        other.unwrap();
        assert!(status(&server.client, DATABASE).await.unwrap().pending.is_empty());
        run(&server.client, &format!("DROP DATABASE {DATABASE} SYNC")).await;
    }
}

#[tokio::test]
async fn another_text_and_a_newer_database_are_refused() {
    let (server, client) = Server::migrated().await;
    let note = "INSERT INTO migrations (number, name, checksum, finished, applied_at) SELECT ";

    // One that never finished may have had another text.
    run(&client, &format!("{note} 2, 'ledger', 'other', false, now64(3)")).await;
    migrate(&server.client, DATABASE, &mut |_| {}).await.unwrap();

    run(&client, &format!("{note} 2, 'ledger', 'other', true, now64(3)")).await;
    for refused in [
        migrate(&server.client, DATABASE, &mut |_| {}).await.unwrap_err(),
        status(&server.client, DATABASE).await.unwrap_err(),
    ] {
        assert!(
            matches!(refused, MigrateError::Changed { number: 2, .. }),
            "{refused}"
        );
        assert!(refused.to_string().contains("name a new database"), "{refused}");
    }

    run(&client, &format!("{note} 999, 'later', 'x', false, now64(3)")).await;
    let refused = migrate(&server.client, DATABASE, &mut |_| {}).await.unwrap_err();
    assert!(
        matches!(refused, MigrateError::Newer { number: 999, .. }),
        "{refused}"
    );
    assert!(refused.to_string().contains("run the newer release"), "{refused}");
}

#[tokio::test]
async fn a_name_that_is_none_is_refused_before_the_server_is_asked() {
    let nobody = Client::default().with_url("http://127.0.0.1:1");
    for name in ["", "a b", "a`; DROP DATABASE b", "1a", "é"] {
        let refused = migrate(&nobody, name, &mut |_| {}).await.unwrap_err();
        assert!(matches!(refused, MigrateError::Name(_)), "{refused}");
    }
    let refused = migrate(&nobody, "footfall", &mut |_| {}).await.unwrap_err();
    assert!(
        refused.to_string().starts_with("looking for the database: "),
        "{refused}"
    );
}
