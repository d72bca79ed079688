//! A folder is drained: by another process than the one that wrote it, and never beside it.

use std::time::Duration;

use footfall_broker::{Broker, Options};
use footfall_forward::{Config, ForwardError, drain};
use footfall_log::{Log, inspect};
use footfall_topics::Content;
use tokio_util::sync::CancellationToken;

use crate::support::{
    all_there, append, connection, in_order, log_config, marks_are_last, read_all, settings, topics,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drained_folder_is_in_the_topic_with_its_closing_mark() {
    let broker = Broker::start(&Options::default()).unwrap();
    let topic = settings(4);
    topics(&broker).create(&topic).unwrap();
    let folder = tempfile::tempdir().unwrap();
    // Without marks between: the last number is that of the last event.
    let quiet = footfall_log::Config {
        mark_every: Duration::from_secs(3600),
        ..log_config(folder.path())
    };
    let (log, _) = Log::open(quiet).unwrap();
    append(&log, 5000).await;
    let go = || {
        drain(
            Config::new(connection(&broker)),
            folder.path(),
            CancellationToken::new(),
            |_| {},
        )
    };
    let busy = go().await.unwrap_err();
    assert!(matches!(busy, ForwardError::Folder(_)), "{busy}");
    let (id, last) = (log.id(), log.stats().durable);
    // No closing mark: as after kill -9.
    drop(log);

    let drained = go().await.unwrap();
    let stored = read_all(&connection(&broker), &topic.name, 4);
    assert_eq!(drained.forwarded, u64::try_from(stored.len()).unwrap());
    assert_eq!(all_there(&stored, id, last), 0);
    in_order(&stored, id);
    marks_are_last(&stored);
    let reports = inspect(folder.path()).unwrap();
    let own = reports.last().unwrap();
    assert_eq!(all_there(&stored, own.log_id, own.last), 0);
    let marks: Vec<String> = stored
        .iter()
        .filter(|record| record.log_id == own.log_id && record.content == Content::Mark)
        .map(|record| String::from_utf8(record.payload.clone()).unwrap())
        .collect();
    assert!(
        marks[0].contains(&format!("\"previous\":{{\"log\":\"{id}\",\"through\":{last}}}")),
        "{marks:?}"
    );
    assert!(marks.last().unwrap().contains("\"closing\":true"), "{marks:?}");

    let again = go().await.unwrap();
    assert!(again.forwarded <= 4, "only marks are left: {again:?}");
}
