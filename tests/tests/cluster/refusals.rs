//! `footfall lost` refuses as long as a number can still come, from wherever: each refusal on the real thing.

use crate::world::gap;
use crate::{send, settle};
use anyhow::ensure;
use footfall_tests::books::{books, number, query, wait_for_rows};
use footfall_tests::cluster::Cluster;
use footfall_tests::footfall::{Home, eventually};
use footfall_tests::http::Client;
use footfall_tests::kafka::Kafka;
use footfall_tests::load::{Control, Plan};
use footfall_tests::seed::Seed;
use footfall_tests::server::Server;
use footfall_tests::service::Service;
use std::path::Path;
use std::time::Duration;

const PLAN: Plan = Plan {
    clients: 4,
    events: 400,
    batch: 20,
    pause: Duration::ZERO,
};

/// What `footfall lost` says on a node whose data is there, done or not.
fn lost(cluster: &Cluster, data: &Path, log: &str, (from, to): (u64, u64), more: &[&str]) -> String {
    let (from, to) = (from.to_string(), to.to_string());
    let range = ["lost", "--log", log, "--from", &from, "--to", &to];
    let said = cluster.wiring.run_in(data, &[&range, more].concat());
    said.unwrap_or_else(|refusal| format!("{refusal:#}"))
}

fn forwarded(ingest: &Service) {
    eventually("everything in Kafka", || {
        let behind = ingest.metric("footfall_log_behind_records{cursor=\"forward\"}")?;
        ensure!(behind == 0.0, "{behind} records are not");
        Ok(())
    })
    .unwrap();
}

/// A row is gone from the table, as by a hand that should not have.
pub(crate) fn delete(clickhouse: &Server, number: u64) {
    let sql =
        format!("ALTER TABLE footfall.events DELETE WHERE log_seq = {number} SETTINGS mutations_sync = 2");
    let writer = [
        ("x-clickhouse-user", "default"),
        ("x-clickhouse-key", clickhouse.password.as_str()),
    ];
    let mut client = Client::new(clickhouse.address, Duration::from_secs(60));
    let answer = client.request("POST", "/", &writer, sql.as_bytes()).unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
}

/// The log that all events here have, and its highest number in the table.
fn height(home: &Home) -> (String, u64) {
    let sql = "SELECT toString(any(log_id)) AS log, max(log_seq) AS n FROM footfall.events";
    let rows = query(home, sql).unwrap();
    (
        rows[0]["log"].as_str().unwrap().to_owned(),
        rows[0]["n"].as_u64().unwrap(),
    )
}

#[test]
fn what_can_still_come_is_not_declared_lost() {
    let folder = tempfile::tempdir().unwrap();
    let cluster = Cluster::start(folder.path(), 3).unwrap();
    // Nobody but the commands here sends anything again.
    let wiring = &cluster.wiring.with(&[("FOOTFALL_PROCESSOR_AUDIT_EVERY", "0s")]);
    let kafka = Kafka::at(&cluster.broker.bootstrap());
    let mut ingest = wiring.ingest("edge-1").unwrap();
    let mut processor = wiring.processor("p-1").unwrap();
    let (home, elsewhere) = (wiring.home(&ingest), folder.path().join("operator"));
    let mut seed = Seed::from_env();
    let mut more = || send(std::slice::from_ref(&home), &PLAN, &mut seed, &Control::default());
    let mut kept = more();
    settle("before retention", &home, &kept, &[&ingest, &processor]);
    processor.stop().unwrap();
    let removed = more();
    forwarded(&ingest);
    let records = kafka.remove_records("footfall").unwrap();
    let (log, before) = height(&home);
    let refused = |data: &Path, range: (u64, u64), what: &str| {
        let said = lost(&cluster, data, &log, range, &["--no-copy-is-left"]);
        assert!(said.contains(what), "wanted: {what}\n{said}");
    };

    refused(&elsewhere, (0, 5), "numbers count from 1");
    refused(&elsewhere, (5, 4), "a range ends where it begins or later");
    refused(&elsewhere, (before + 1, before + records), "is closed only up to");

    kept.extend(more());
    processor.again().unwrap();
    eventually("what is missing", || {
        let books = books(&home)?;
        ensure!(books.missing == records, "{books:?}, {records} were removed");
        Ok(())
    })
    .unwrap();
    let marked = "SELECT max(last_seq) AS n FROM footfall.ledger WHERE reason = 'mark'";
    eventually("a mark above the last event", || {
        ensure!(number(&home, marked)? > height(&home).1, "none yet");
        Ok(())
    })
    .unwrap();
    let range = gap(&home, &log, height(&home).1).unwrap().unwrap();
    processor.stop().unwrap();
    kept.extend(more());
    forwarded(&ingest);
    refused(&elsewhere, range, "have not passed what is in the topic");
    processor.again().unwrap();
    wait_for_rows(&home, kept.len() as u64).unwrap();

    refused(&elsewhere, (1, before), "every number of the range has its fate");
    ingest.stop().unwrap();
    refused(
        &ingest.data,
        range,
        &format!("footfall resend --log {log} --from {} --to {}", range.0, range.1),
    );
    let asked = lost(&cluster, &elsewhere, &log, range, &[]);
    assert!(
        asked.contains("not in the topic") && asked.contains("nothing was declared"),
        "{asked}"
    );

    let deleted = height(&home).1;
    delete(&cluster.clickhouse, deleted);
    refused(
        &elsewhere,
        (deleted, deleted),
        "the topic still had all of them, and they are sent again",
    );
    assert_eq!(books(&home).unwrap().missing, records);
    let counted = "SELECT count() AS n FROM footfall.ledger WHERE reason = 'lost'";
    assert_eq!(number(&home, counted).unwrap(), 0);

    wiring.run_in(&ingest.data, &["drain"]).unwrap();
    let (from, to) = (range.0.to_string(), range.1.to_string());
    let resend = ["resend", "--log", &log, "--from", &from, "--to", &to];
    wiring.run_in(&ingest.data, &resend).unwrap();
    kept.extend(removed);
    settle("sent again", &home, &kept, &[&ingest, &processor]);
    processor.stop().unwrap();
}
