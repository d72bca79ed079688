//! Nodes that share the salts of the days: the same on each, the day before, and gone from the broker's disk when their time
//! is over.

use crate::support::{PATIENCE, connection, settings, topics};
use footfall_broker::{Broker, Options};
use footfall_forward::{ForwardError, SALT_PARTITIONS, Salts, share};
use footfall_search::Needles;
use footfall_topics::TopicSettings;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicI64, AtomicU8, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

const DAY: i64 = 24 * 3600 * 1000;
const NOON: i64 = DAY / 2;

/// What a node has been offered, by day.
type Taken = Arc<Mutex<BTreeMap<i64, [u8; 32]>>>;

struct Nodes {
    clock: Arc<AtomicI64>,
    next: Arc<AtomicU8>,
    stop: CancellationToken,
    tasks: JoinSet<Result<(), ForwardError>>,
}

impl Nodes {
    fn start(&mut self, broker: &Broker) -> Taken {
        let taken = Taken::default();
        let (clock, next, into) = (
            Arc::clone(&self.clock),
            Arc::clone(&self.next),
            Arc::clone(&taken),
        );
        let salts = Salts {
            connection: connection(broker),
            topic: "salts".to_owned(),
            now: Box::new(move || clock.load(Ordering::Relaxed)),
            // Never the same twice, and easily found on a disk.
            random: Box::new(move || [next.fetch_add(1, Ordering::Relaxed); 32]),
            offer: Box::new(move |day, salt| into.lock().unwrap().insert(day, salt).is_none()),
        };
        self.tasks.spawn(share(salts, self.stop.clone()));
        taken
    }
}

async fn eventually(what: &str, mut check: impl FnMut() -> bool) {
    let began = Instant::now();
    while !check() {
        assert!(began.elapsed() < PATIENCE, "never: {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Whether a file below `folder` has the salt, as bytes or as hex. One that is deleted at this moment has not.
fn on_disk(folder: &Path, salt: &[u8; 32]) -> bool {
    let searched = Needles::secret("a salt", salt).in_folder(folder);
    !searched.unwrap().found.is_empty()
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_have_the_same_salts_and_the_broker_forgets_them_in_time() {
    let options = Options::default()
        .property("log.retention.check.interval.ms", "500")
        .property("log.initial.task.delay.ms", "500")
        .property("log.segment.delete.delay.ms", "100");
    let broker = Broker::start(&options).unwrap();
    let topic = TopicSettings {
        name: "salts".to_owned(),
        segment: Some(Duration::from_millis(100)),
        ..settings(SALT_PARTITIONS)
    };
    topics(&broker).create(&topic).unwrap();
    let mut nodes = Nodes {
        clock: Arc::new(AtomicI64::new(20_000 * DAY + NOON)),
        next: Arc::new(AtomicU8::new(b'A')),
        stop: CancellationToken::new(),
        tasks: JoinSet::new(),
    };
    // Two at the same moment: both may publish, and both take the first.
    let taken = [nodes.start(&broker), nodes.start(&broker)];
    let has = |taken: &Taken, day| taken.lock().unwrap().get(&day).copied();
    eventually("today and tomorrow are there", || {
        taken
            .iter()
            .all(|of| has(of, 20_000).is_some() && has(of, 20_001).is_some())
    })
    .await;
    let late = nodes.start(&broker);
    eventually("a node that comes later has them too", || {
        has(&late, 20_001).is_some()
    })
    .await;
    for day in [20_000, 20_001] {
        let first = has(&late, day);
        assert_eq!([has(&taken[0], day), has(&taken[1], day)], [first, first]);
    }
    let monday = has(&late, 20_000).unwrap();
    let tuesday = has(&late, 20_001).unwrap();
    assert!(
        on_disk(broker.folder(), &monday),
        "the search finds what is there"
    );
    nodes.clock.store(20_001 * DAY + NOON, Ordering::Relaxed);
    eventually("the day after is published the day before", || {
        has(&late, 20_002).is_some()
    })
    .await;
    assert!(on_disk(broker.folder(), &monday), "not before its time is over");
    nodes.clock.store(20_002 * DAY, Ordering::Relaxed);
    eventually(
        "48 h after its day began the salt is in no file of the broker",
        || !on_disk(broker.folder(), &monday),
    )
    .await;
    assert!(
        on_disk(broker.folder(), &tuesday),
        "that of the day after stays for what comes late"
    );
    nodes.stop.cancel();
    while let Some(ended) = nodes.tasks.join_next().await {
        ended.unwrap().unwrap();
    }
}
