//! Against a real broker: records as they come back, the topic as it is made, and every way of not being let in.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::time::{Duration, Instant};

use footfall_broker::{Broker, Options};
use footfall_topics::{
    Body, Connection, Content, Created, Number, Outgoing, Topic, TopicError, TopicSettings, Topics, decode,
    reach, remind,
};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use rdkafka::{ClientConfig, Message};
use uuid::Uuid;

const PATIENCE: Duration = Duration::from_secs(30);

fn small() -> TopicSettings {
    TopicSettings {
        partitions: 3,
        replication: 1,
        min_insync: 1,
        ..TopicSettings::default()
    }
}

fn topics(broker: &Broker) -> Topics {
    Topics::connect(&Connection::plain(broker.bootstrap()), PATIENCE).unwrap()
}

/// The topic, once it is as it should be: a broker knows of a change a moment after the controller.
fn known(topics: &Topics, is_right: impl Fn(&Topic) -> bool) -> Topic {
    let until = Instant::now() + PATIENCE;
    loop {
        match topics.describe(&small().name) {
            Ok(topic) if is_right(&topic) => return topic,
            answer => assert!(Instant::now() < until, "{answer:?}"),
        }
    }
}

#[test]
fn the_topic_is_made_once_compared_grown_and_known_by_its_id() {
    let broker = Broker::start(&Options::default()).unwrap();
    let topics = topics(&broker);
    let settings = small();
    assert!(matches!(
        topics.describe(&settings.name),
        Err(TopicError::Missing(_))
    ));
    assert_eq!(topics.create(&settings).unwrap(), Created::New);
    assert_eq!(topics.create(&settings).unwrap(), Created::Existing);
    let first = known(&topics, |topic| topic.partitions == 3);
    assert_eq!(first.replicas, 1);
    assert_eq!(topics.check(&settings).unwrap(), []);
    assert!(!first.id.is_nil());

    let wanted = TopicSettings {
        partitions: 5,
        replication: 2,
        min_insync: 2,
        retention: Duration::from_secs(100 * 3600),
        ..settings.clone()
    };
    let differences = topics.check(&wanted).unwrap();
    let named: Vec<String> = differences.iter().map(ToString::to_string).collect();
    assert_eq!(
        named,
        [
            "partitions is 3, it should be 5",
            "replication.factor is 1, it should be 2",
            "retention.ms is 259200000, it should be 360000000",
            "min.insync.replicas is 1, it should be 2",
        ]
    );
    topics.grow(&settings.name, 5).unwrap();
    assert_eq!(known(&topics, |topic| topic.partitions == 5).id, first.id);
    assert!(topics.grow(&settings.name, 2).is_err());

    topics.delete(&settings.name).unwrap();
    let until = Instant::now() + PATIENCE;
    while topics.create(&settings).unwrap() == Created::Existing {
        assert!(Instant::now() < until);
    }
    assert_ne!(known(&topics, |_| true).id, first.id);
}

#[test]
fn more_copies_than_brokers_are_refused_by_name() {
    let broker = Broker::start(&Options::default()).unwrap();
    let refused = topics(&broker).create(&TopicSettings::default()).unwrap_err();
    let text = refused.to_string();
    assert!(
        text.contains("footfall-events") && text.contains("InvalidReplicationFactor"),
        "{text}"
    );
}

#[test]
fn a_broker_that_is_not_there_is_named_within_its_patience() {
    let mut broker = Broker::start(&Options::default()).unwrap();
    broker.kill9();
    let connection = Connection::plain(broker.bootstrap());
    let error = Topics::connect(&connection, Duration::from_secs(1))
        .err()
        .unwrap();
    let text = error.to_string();
    assert!(
        text.contains(&broker.bootstrap()) && text.contains("cannot reach the broker"),
        "{text}"
    );
    assert!(matches!(error, TopicError::Unreachable { cause, .. } if !cause.is_refusal()));
}

#[test]
fn records_come_back_from_the_broker_as_they_were_sent_and_strangers_do_no_harm() {
    let broker = Broker::start(&Options::default()).unwrap();
    let topics = topics(&broker);
    let one = TopicSettings {
        partitions: 1,
        ..small()
    };
    topics.create(&one).unwrap();
    let connection = Connection::plain(broker.bootstrap());
    let producer: BaseProducer = connection.client().create().unwrap();
    let sent = outgoing();
    for record in &sent {
        let key = record.key().to_string();
        let to = BaseRecord::to(&one.name)
            .partition(0)
            .key(&key)
            .timestamp(i64::try_from(record.received_ms).unwrap())
            .headers(record.headers())
            .payload(record.payload());
        producer.send(to).unwrap();
    }
    let header = Header {
        key: "é",
        value: Some("\u{0}"),
    };
    let stranger = OwnedHeaders::new().insert(header);
    producer
        .send(
            BaseRecord::to(&one.name)
                .partition(0)
                .key("k")
                .payload("p")
                .headers(stranger),
        )
        .unwrap();
    producer
        .send(BaseRecord::to(&one.name).partition(0).key("k").payload("p"))
        .unwrap();
    producer.flush(PATIENCE).unwrap();
    read_back(&connection, &one.name, &sent);
}

fn outgoing() -> Vec<Outgoing<'static>> {
    let record = |seq, body| Outgoing {
        number: Number {
            log_id: Uuid::from_u128(5),
            seq,
        },
        received_ms: 1_600_000_000_000 + seq,
        body,
    };
    vec![
        record(1, Body::Mark(b"{\"through\":0}")),
        record(
            2,
            Body::Event {
                code: 1,
                key: Uuid::from_u128(77),
                payload: b"{\"v\":1}",
            },
        ),
        record(
            3,
            Body::Lost {
                last: 9,
                reason: "gone",
                bytes: b"\xff\0",
            },
        ),
    ]
}

fn read_back(connection: &Connection, topic: &str, sent: &[Outgoing<'_>]) {
    let mut config = connection.client();
    let consumer: BaseConsumer = config.set("group.id", "g").create().unwrap();
    let mut list = TopicPartitionList::new();
    list.add_partition_offset(topic, 0, Offset::Beginning).unwrap();
    consumer.assign(&list).unwrap();
    let expected = [
        Content::Mark,
        Content::Event,
        Content::Lost {
            last: 9,
            reason: "gone".to_owned(),
        },
    ];
    for (record, content) in sent.iter().zip(expected) {
        let message = consumer.poll(PATIENCE).unwrap().unwrap();
        let received = decode(&message).unwrap();
        assert_eq!(received.number, record.number);
        assert_eq!(received.content, content);
        assert_eq!(received.received_ms, i64::try_from(record.received_ms).ok());
        assert_eq!(message.payload(), Some(record.payload()));
        assert_eq!(message.key(), Some(record.key().to_string().as_bytes()));
        // Kept by its arrival, not by the edge's clock.
        assert!(message.timestamp().to_millis().unwrap() > 1_700_000_000_000);
    }
    for _ in 0..2 {
        let message = consumer.poll(PATIENCE).unwrap().unwrap();
        assert!(decode(&message).is_err());
    }
}

#[test]
fn a_client_that_knows_no_broker_any_more_is_reminded() {
    let broker = Broker::start(&Options::default()).unwrap();
    let glance = Duration::from_millis(100);
    // What librdkafka comes to when a broker that has just started answers that there are none.
    let client: BaseProducer = ClientConfig::new().create().unwrap();
    assert!(reach(client.client(), "any", glance).is_err());
    let until = Instant::now() + PATIENCE;
    while reach(client.client(), "any", glance).is_err() {
        remind(client.client(), &broker.bootstrap());
        assert!(Instant::now() < until, "the client has not come back");
    }
}
