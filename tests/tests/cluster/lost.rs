//! Retention has removed records that nobody has read, and the edge that sent them is gone with its log: no copy is left.
//! The operator says so, and the books say exactly which numbers.

use crate::world::gap;
use crate::{send, settle};
use anyhow::ensure;
use footfall_tests::books::{books, number};
use footfall_tests::cluster::Cluster;
use footfall_tests::footfall::eventually;
use footfall_tests::kafka::Kafka;
use footfall_tests::load::{Control, Plan};
use footfall_tests::seed::Seed;
use std::time::Duration;

const PLAN: Plan = Plan {
    clients: 4,
    events: 3_000,
    batch: 30,
    pause: Duration::ZERO,
};

#[test]
fn what_no_copy_has_any_more_is_counted_as_lost_and_nothing_else_is() {
    let folder = tempfile::tempdir().unwrap();
    let cluster = Cluster::start(folder.path(), 12).unwrap();
    let (wiring, kafka) = (&cluster.wiring, Kafka::at(&cluster.broker.bootstrap()));
    let mut ingest = wiring.ingest("edge-1").unwrap();
    let mut processor = wiring.processor("p-1").unwrap();
    let homes = [wiring.home(&ingest)];
    let mut seed = Seed::from_env();
    let mut more = || send(&homes, &PLAN, &mut seed, &Control::default());
    let mut kept = more();
    settle("before retention", &homes[0], &kept, &[&ingest, &processor]);
    processor.stop().unwrap();
    let removed = more();
    eventually("everything in Kafka", || {
        let behind = ingest.metric("footfall_log_behind_records{cursor=\"forward\"}")?;
        ensure!(behind == 0.0, "{behind} records are not");
        Ok(())
    })
    .unwrap();
    let records = kafka.remove_records("footfall").unwrap();
    kept.extend(more());
    processor.again().unwrap();
    // A mark comes within 10 s of the last event and says how many there were.
    eventually("what is missing", || {
        let books = books(&homes[0])?;
        ensure!(
            books.missing == records,
            "{books:?}, {records} that nobody had read were removed"
        );
        Ok(())
    })
    .unwrap();
    let sql = "SELECT max(last_seq) AS n FROM footfall.ledger WHERE reason = 'mark'";
    let above = "SELECT max(log_seq) AS n FROM footfall.events";
    eventually("a mark above the last event", || {
        ensure!(number(&homes[0], sql)? > number(&homes[0], above)?, "none yet");
        Ok(())
    })
    .unwrap();
    ingest.stop().unwrap();
    std::fs::remove_dir_all(ingest.data.join("log")).unwrap();
    let sql = "SELECT toString(any(log_id)) AS log, max(log_seq) AS n FROM footfall.events";
    let rows = footfall_tests::books::query(&homes[0], sql).unwrap();
    let (log, height) = (rows[0]["log"].as_str().unwrap(), rows[0]["n"].as_u64().unwrap());
    let (first, last) = gap(&homes[0], log, height).unwrap().unwrap();
    let (from, to) = (first.to_string(), last.to_string());
    let resend = ["resend", "--log", log, "--from", &from, "--to", &to];
    assert!(
        wiring.run_in(&ingest.data, &resend).is_err(),
        "a log that is gone was sent again"
    );
    let lost = [
        "lost",
        "--log",
        log,
        "--from",
        &from,
        "--to",
        &to,
        "--no-copy-is-left",
    ];
    println!("{}", wiring.run(&lost).unwrap());
    // Those that were kept are there once, of those that were removed none, and each number has a fate.
    settle("after retention", &homes[0], &kept, &[&ingest, &processor]);
    let sql = "SELECT sum(last_seq + 1 - first_seq) AS n FROM footfall.ledger WHERE reason = 'lost'";
    let lost = number(&homes[0], sql).unwrap();
    assert_eq!(lost, records);
    println!(
        "retention: {} events and {} marks counted as lost",
        removed.len(),
        lost - removed.len() as u64
    );
    processor.stop().unwrap();
}
