//! A real broker with a topic that is full.

use bytes::Bytes;
use footfall_broker::{Broker, Options};
use footfall_kafka::{KafkaSource, Settings};
use footfall_topics::{Body, Connection, Number, Outgoing, TopicSettings, Topics};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use std::time::Duration;
use uuid::Uuid;

const TOPIC: &str = "footfall-events";
const PARTITIONS: u32 = 12;

pub(crate) struct Full {
    broker: Broker,
}

impl Full {
    pub(crate) fn new(payloads: &[Bytes]) -> Self {
        let broker = Broker::start(&Options::default()).expect("a broker");
        let connection = Connection::plain(broker.bootstrap());
        let settings = TopicSettings {
            name: TOPIC.to_owned(),
            partitions: PARTITIONS,
            replication: 1,
            min_insync: 1,
            ..TopicSettings::default()
        };
        Topics::connect(&connection, Duration::from_secs(20))
            .and_then(|topics| topics.create(&settings))
            .expect("a topic");
        fill(&connection, payloads);
        Self { broker }
    }

    /// A member of a group of its own: it reads everything.
    pub(crate) fn source(&self) -> KafkaSource {
        let connection = Connection::plain(self.broker.bootstrap());
        let group = Uuid::new_v4().to_string();
        KafkaSource::open(Settings::new(connection, TOPIC, &group)).expect("a source")
    }
}

fn fill(connection: &Connection, payloads: &[Bytes]) {
    let mut config = connection.client();
    config
        .set("enable.idempotence", "true")
        .set("compression.type", "lz4")
        .set("linger.ms", "20");
    let producer: BaseProducer = config.create().expect("a producer");
    let log_id = Uuid::new_v4();
    for (seq, payload) in (1_u64..).zip(payloads) {
        let outgoing = Outgoing {
            number: Number { log_id, seq },
            received_ms: crate::made::now_ms().unsigned_abs(),
            body: Body::Event {
                code: 1,
                key: Uuid::from_u128(u128::from(seq % 2_000) << 64 | 1),
                payload,
            },
        };
        let key = outgoing.key().to_string();
        let mut record = BaseRecord::to(TOPIC)
            .key(&key)
            .payload(outgoing.payload())
            .partition(outgoing.partition(PARTITIONS) as i32)
            .headers(outgoing.headers());
        while let Err((_, again)) = producer.send(record) {
            producer.poll(Duration::from_millis(100));
            record = again;
        }
    }
    producer.flush(Duration::from_secs(120)).expect("a full topic");
}
