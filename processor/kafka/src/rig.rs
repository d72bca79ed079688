//! A poll thread without the thread, against a real broker, for tests that step it themselves.

use crate::client;
use crate::exchange::Exchange;
use crate::poll::{Poll, State};
use crate::settings::Settings;
use crate::topic_id::topic_id;
use footfall_broker::Broker;
use footfall_topics::{Connection, TopicSettings, Topics};
use rdkafka::consumer::Consumer as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

pub(crate) const TOPIC: &str = "events";
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Ends like the thread does, also when an assertion fails: a client with partitions waits for ever otherwise.
pub(crate) struct Member(pub(crate) Poll);

impl Drop for Member {
    fn drop(&mut self) {
        self.0.owned.clear();
        self.0.consumer.context().close();
    }
}

/// Steps until `done`.
pub(crate) fn until(poll: &mut Poll, what: &str, done: impl Fn(&Poll) -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !done(poll) {
        assert!(Instant::now() < deadline, "never: {what}");
        if !poll.step() {
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// Of the first partition.
pub(crate) fn state(poll: &Poll) -> Option<State> {
    poll.owned.get(&0).map(|owned| owned.state)
}

pub(crate) fn topics(broker: &Broker) -> Topics {
    Topics::connect(&Connection::plain(broker.bootstrap()), PATIENCE).unwrap()
}

pub(crate) fn create(broker: &Broker, partitions: u32) {
    let topic = TopicSettings {
        name: TOPIC.to_owned(),
        partitions,
        replication: 1,
        min_insync: 1,
        ..TopicSettings::default()
    };
    topics(broker).create(&topic).unwrap();
}

/// A topic, and a member of a group that is about to join it.
pub(crate) fn member(broker: &Broker, partitions: u32) -> Member {
    create(broker, partitions);
    let settings = Settings::new(Connection::plain(broker.bootstrap()), TOPIC, "rig");
    let exchange = Arc::new(Exchange::default());
    let consumer = client::member(&settings, 1, &exchange).unwrap();
    let id = topic_id(&consumer, TOPIC, PATIENCE).unwrap();
    consumer.subscribe(&[TOPIC]).unwrap();
    Member(Poll::new(settings, consumer, 1, exchange, id))
}
