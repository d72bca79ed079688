//! A password that is wrong is named, tried seldom, and costs nothing but time.

use footfall_broker::{Broker, Listener, Options};
use footfall_forward::{Config, ForwardError, Progress, run};
use footfall_topics::{Connection, Mechanism, Sasl, Secret, Tls};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

use crate::support::{Forwarding, append, eventually, forwarded, open, settings, topics};

fn connection(broker: &Broker, password: &str) -> Connection {
    Connection {
        sasl: Some(Sasl {
            mechanism: Mechanism::ScramSha256,
            user: "edge".to_owned(),
            password: Secret::new(password),
        }),
        ..Connection::plain(broker.bootstrap_of(Listener::Sasl).unwrap())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_password_is_named_and_the_right_one_forwards_what_has_waited() {
    let broker = Broker::start(&Options::default().user("edge", "secret")).unwrap();
    topics(&broker).create(&settings(2)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path());
    let wrong = Forwarding::start(Config::new(connection(&broker, "guess")), &log);
    append(&log, 500).await;
    let trouble = || wrong.progress.snapshot().trouble.unwrap_or_default();
    eventually("it is named", || {
        trouble().contains("refuses our user or password")
    })
    .await;
    let named = Instant::now();
    tokio::time::sleep(Duration::from_secs(3)).await;
    // One producer, one attempt, then a wait of ten seconds.
    let restarts = wrong.progress.snapshot().restarts;
    let most = 1 + named.elapsed().as_secs() / 10;
    assert!((1..=most).contains(&restarts), "{restarts} of at most {most}");
    assert!(!trouble().contains("guess"));
    wrong.stop().await;
    let right = Forwarding::start(Config::new(connection(&broker, "secret")), &log);
    forwarded(&log).await;
    right.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_that_is_not_there_refuses_to_start() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path());
    let mut connection = Connection::plain("127.0.0.1:9");
    connection.tls = Some(Tls {
        ca: Some(PathBuf::from("nowhere.pem")),
        ..Tls::default()
    });
    let progress = Arc::new(Progress::default());
    let refused = run(Config::new(connection), log, progress, CancellationToken::new()).await;
    let error = refused.unwrap_err();
    assert!(matches!(error, ForwardError::Connection(_)), "{error}");
    assert!(error.to_string().contains("nowhere.pem"), "{error}");
}
