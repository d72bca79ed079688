//! Brokers that are gone cost next to nothing, however long it lasts.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use footfall_broker::{Broker, Options};
use footfall_topics::{Connection, TopicError, Topics};

/// Of each question.
const PATIENCE: Duration = Duration::from_secs(2);

/// Counts who comes to the door of a broker that is gone, and lets nobody in.
fn door(address: &str) -> Arc<AtomicUsize> {
    let door = TcpListener::bind(address).unwrap();
    let knocks = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&knocks);
    std::thread::spawn(move || {
        for visitor in door.incoming() {
            drop(visitor);
            counted.fetch_add(1, Ordering::Relaxed);
        }
    });
    knocks
}

/// A client that the broker has answered; one that has just started may take longer than a question's patience.
fn acquainted(broker: &Broker) -> Topics {
    let until = Instant::now() + Duration::from_secs(90);
    loop {
        let topics = Topics::connect(&Connection::plain(broker.bootstrap()), PATIENCE);
        let asked = topics.and_then(|topics| match topics.describe("none") {
            Err(TopicError::Missing(_)) => Ok(topics),
            Err(error) => Err(error),
            Ok(description) => panic!("there is no such topic: {description:?}"),
        });
        match asked {
            Ok(topics) => return topics,
            Err(error) => assert!(Instant::now() < until, "{error}"),
        }
    }
}

#[test]
fn whoever_waits_for_a_broker_does_not_knock_all_the_time() {
    let mut broker = Broker::start(&Options::default()).unwrap();
    let topics = acquainted(&broker);
    let address = broker.bootstrap();
    broker.kill9();
    let knocks = door(&address);
    for _ in 0..3 {
        assert!(topics.describe("none").is_err());
    }
    // Each question takes its patience at the least; the backoff allows for ten attempts in the first second and for one in
    // each of the others, and for as many again whenever the client begins anew with the addresses that it was given.
    let knocks = knocks.load(Ordering::Relaxed);
    assert!((1..=60).contains(&knocks), "{knocks} attempts");
    println!("{knocks} attempts");
}
