//! `kill -9` of the process that appends and forwards, several times; then its position file is lost as well.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::Duration;

use footfall_broker::{Broker, Options};
use footfall_forward::{CURSOR, Config};
use footfall_log::inspect;
use footfall_topics::Connection;
use rdkafka::consumer::{BaseConsumer, Consumer};

use crate::support::{
    Forwarding, PATIENCE, all_there, append, connection, eventually, forwarded, in_order, log_config,
    marks_are_last, open, partitions_agree, read_all, settings, topics,
};

const FOLDER: &str = "FOOTFALL_TEST_FOLDER";
const BOOTSTRAP: &str = "FOOTFALL_TEST_BOOTSTRAP";

/// Not a test: the process that is killed. It appends and forwards until then.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "the child of the test below"]
async fn child_that_appends_and_forwards_until_it_is_killed() {
    let Some(folder) = std::env::var_os(FOLDER) else {
        return;
    };
    let mut settings = log_config(&PathBuf::from(folder));
    settings.segment_bytes = 8 << 20;
    let log = footfall_log::Log::open(settings).unwrap().0;
    let connection = Connection::plain(std::env::var(BOOTSTRAP).unwrap());
    let _forwarding = Forwarding::start(Config::new(connection), &log);
    loop {
        append(&log, 1000).await;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn spawn(folder: &Path, bootstrap: &str) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--ignored", "--exact"])
        .arg(concat!(
            "a_killed_node_sends_the_same_numbers_again::",
            "child_that_appends_and_forwards_until_it_is_killed"
        ))
        .env(FOLDER, folder)
        .env(BOOTSTRAP, bootstrap);
    // SAFETY: prctl is async-signal-safe.
    unsafe {
        command.pre_exec(|| {
            libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
            Ok(())
        });
    }
    command.spawn().unwrap()
}

fn in_topic(consumer: &BaseConsumer, topic: &str) -> i64 {
    // A partition that was just made has no leader for a moment.
    let watermarks = (0..12).map(|p| consumer.fetch_watermarks(topic, p, PATIENCE).unwrap_or_default());
    watermarks.map(|(low, high)| high - low).sum()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_missing_after_kills_nor_after_the_position_is_lost() {
    let broker = Broker::start(&Options::default()).unwrap();
    let topic = settings(12);
    topics(&broker).create(&topic).unwrap();
    let consumer: BaseConsumer = connection(&broker).client().create().unwrap();
    let folder = tempfile::tempdir().unwrap();
    for _ in 0..3 {
        let before = in_topic(&consumer, &topic.name);
        let mut child = spawn(folder.path(), &broker.bootstrap());
        eventually("the child forwards", || {
            in_topic(&consumer, &topic.name) > before + 5000
        })
        .await;
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let again = forward_rest(folder.path(), &broker).await;
    assert!(
        again < 60_000,
        "much more was sent again than was under way: {again}"
    );
    let kept: u64 = inspect(folder.path())
        .unwrap()
        .iter()
        .flat_map(|report| &report.segments)
        .map(|segment| segment.records)
        .sum();
    std::fs::remove_file(folder.path().join("cursors").join(CURSOR)).unwrap();
    let more = forward_rest(folder.path(), &broker).await;
    assert!(
        kept > 5_000 && more - again >= usize::try_from(kept).unwrap(),
        "everything that is kept goes again: {more} after {again}"
    );
}

/// Forwards what is left, checks every number of every log, and returns how many records are copies.
async fn forward_rest(folder: &Path, broker: &Broker) -> usize {
    let log = open(folder);
    let forwarding = Forwarding::start(Config::new(connection(broker)), &log);
    forwarded(&log).await;
    log.seal().await;
    forwarding.stop().await;
    log.close().await;
    let stored = read_all(&connection(broker), footfall_topics::TOPIC, 12);
    partitions_agree(&stored, |_| 12);
    marks_are_last(&stored);
    let reports = inspect(folder).unwrap();
    assert!(reports.len() >= 4);
    let mut copies = 0;
    for report in &reports {
        copies += all_there(&stored, report.log_id, report.last);
        in_order(&stored, report.log_id);
    }
    copies
}
