//! A broker comes up, is killed, frozen and started again, and leaves nothing behind.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use footfall_broker::{Broker, Cluster, Listener, Options};

/// Whether the broker answers ApiVersions within a second.
fn answers(bootstrap: &str) -> bool {
    let ask = || -> std::io::Result<()> {
        let mut stream = TcpStream::connect(bootstrap)?;
        stream.set_read_timeout(Some(Duration::from_secs(1)))?;
        stream.write_all(b"\0\0\0\x0a\0\x12\0\0\0\0\0\x01\xff\xff")?;
        stream.read_exact(&mut [0; 8])
    };
    ask().is_ok()
}

/// The same of one that is there: a busy machine may let it wait for longer than a second.
fn answers_soon(bootstrap: &str) -> bool {
    (0..60).any(|_| answers(bootstrap))
}

#[test]
fn a_broker_is_killed_frozen_and_comes_back_on_its_port() {
    let mut broker = Broker::start(&Options::default()).unwrap();
    let bootstrap = broker.bootstrap();
    assert!(answers_soon(&bootstrap));
    let port: u16 = bootstrap.rsplit_once(':').unwrap().1.parse().unwrap();
    assert!(port < 32768);
    broker.kill9();
    assert!(!answers(&bootstrap));
    assert_eq!(broker.pid(), None);
    broker.restart().unwrap();
    assert_eq!(broker.bootstrap(), bootstrap);
    assert!(answers_soon(&bootstrap));
    broker.stop();
    assert!(!answers(&bootstrap));
    broker.cont();
    assert!(answers_soon(&bootstrap));
    let (folder, pid) = (broker.folder().to_owned(), broker.pid().unwrap());
    drop(broker);
    assert!(!folder.exists());
    assert!(!std::path::Path::new(&format!("/proc/{pid}")).exists());
}

#[test]
fn every_property_can_be_set_and_a_wrong_one_is_shown() {
    let refused = Broker::start(&Options::default().property("num.io.threads", "many"));
    let text = refused.unwrap_err().to_string();
    assert!(text.contains("num.io.threads"), "{text}");
}

#[test]
fn three_brokers_know_each_other_and_one_comes_back() {
    let mut cluster = Cluster::start(&Options::default()).unwrap();
    assert_eq!(cluster.bootstrap().split(',').count(), 3);
    cluster.brokers[1].kill9();
    assert!(answers_soon(&cluster.brokers[0].bootstrap()));
    cluster.brokers[1].restart().unwrap();
    assert!(answers_soon(&cluster.brokers[1].bootstrap()));
}

#[test]
fn users_get_listeners_of_their_own() {
    let broker = Broker::start(&Options::default().user("edge", "secret")).unwrap();
    assert!(answers_soon(&broker.bootstrap_of(Listener::Sasl).unwrap()));
    assert_eq!(broker.bootstrap_of(Listener::Tls), None);
}
