//! A client that fetches nothing of a partition that has records: it is sent to the end behind the poll thread's back.

use super::{DOUBT, SILENCE};
use crate::offsets;
use crate::poll::{Poll, State};
use crate::rig::{PATIENCE, TOPIC, member, state, until};
use footfall_broker::{Broker, Options};
use rdkafka::consumer::Consumer as _;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};
use rdkafka::topic_partition_list::Offset;
use std::time::{Duration, Instant};

const RECORDS: u64 = 100;

fn next(poll: &Poll) -> u64 {
    poll.owned.get(&0).map_or(0, |owned| owned.next)
}

fn produce(broker: &Broker) {
    let mut config = rdkafka::ClientConfig::new();
    let producer: BaseProducer = config
        .set("bootstrap.servers", broker.bootstrap())
        .create()
        .unwrap();
    for _ in 0..RECORDS {
        producer
            .send(BaseRecord::<(), _>::to(TOPIC).partition(0).payload("x"))
            .unwrap();
    }
    producer.flush(PATIENCE).unwrap();
}

#[test]
fn a_partition_of_which_the_client_fetches_nothing_is_read_again_from_our_position() {
    let broker = Broker::start(&Options::default()).unwrap();
    let mut member = member(&broker, 1);
    let poll = &mut member.0;
    until(poll, "the partition is ours", |poll| {
        state(poll) == Some(State::Idle)
    });
    poll.exchange.start(0, 0);
    until(poll, "it is read", |poll| state(poll) == Some(State::Reading));
    poll.stop_fetching(&[0]);
    produce(&broker);
    let list = |offset| offsets::list(TOPIC, [0], offset).unwrap();
    poll.consumer.seek(TOPIC, 0, Offset::End, PATIENCE).unwrap();
    poll.consumer.resume(&list(Offset::Invalid)).unwrap();
    for _ in 0..100 {
        assert!(!poll.step(), "it does not stand");
        std::thread::sleep(Duration::from_millis(10));
    }
    // Not silent for long enough yet.
    poll.look_for_standing(Instant::now());
    assert_eq!((state(poll), next(poll)), (Some(State::Reading), 0));
    assert!(!poll.step());

    // They may have come just now.
    let silent = Instant::now() + SILENCE;
    poll.look_for_standing(silent);
    assert_eq!(
        poll.owned
            .get(&0)
            .map(|owned| (owned.heard.doubtful, owned.heard.tries)),
        Some((true, 0))
    );
    assert!(!poll.step());
    poll.look_for_standing(silent + DOUBT);
    until(poll, "its records have come", |poll| next(poll) == RECORDS);

    // One that is read to its end is silent too, and is left alone.
    poll.look_for_standing(Instant::now() + 2 * SILENCE);
    assert_eq!(poll.owned.get(&0).map(|owned| owned.heard.tries), Some(0));
}
