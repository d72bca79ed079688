//! The whole product with everything locked: Kafka by TLS and SCRAM-SHA-512, ClickHouse by https with user and password,
//! every secret in a file. And what is said when something about it is wrong.

use crate::{send, settle, stop_all};
use anyhow::Result;
use footfall_broker::{Broker, Listener, Options};
use footfall_tests::cluster::Wiring;
use footfall_tests::footfall::eventually;
use footfall_tests::http::Client;
use footfall_tests::load::{Control, Plan};
use footfall_tests::seed::Seed;
use footfall_tests::server::Server;
use footfall_tests::service::Service;
use footfall_tls::{Authority, Proxy};
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;

/// Events of the run.
const EVENTS: u64 = 20_000;

/// A cluster whose every way is locked.
struct Locked {
    wiring: Wiring,
    broker: Broker,
    clickhouse: Server,
    proxy: Proxy,
    /// Dropped last: the others live in it.
    folder: TempDir,
}

impl Locked {
    fn start(partitions: u32) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let ours = Authority::new("ours")?;
        let (ca, own) = (ours.write(folder.path(), "ca.pem")?, ours.sign("127.0.0.1")?);
        let tls = footfall_broker::Tls {
            chain: own.chain.clone(),
            key: own.key.clone(),
            client_ca: None,
        };
        let broker = Broker::start(&Options::default().tls(tls).user("footfall", "right"))?;
        let clickhouse = Server::start(&folder.path().join("clickhouse"))?;
        let proxy = Proxy::start(clickhouse.address, &own, None)?;
        let bootstrap = broker.bootstrap_of(Listener::SaslTls).unwrap();
        let wiring = Wiring::new(folder.path(), &bootstrap, &clickhouse, partitions, 1)
            .without("CLICKHOUSE_PASSWORD")
            .with(&[
                ("CLICKHOUSE_URL", &format!("https://{}", proxy.address)),
                ("FOOTFALL_CLICKHOUSE_CA", &ca.display().to_string()),
                ("FOOTFALL_KAFKA_CA", &ca.display().to_string()),
                ("KAFKA_SASL_MECHANISM", "SCRAM-SHA-512"),
                ("KAFKA_SASL_USERNAME", "footfall"),
                (
                    "CLICKHOUSE_PASSWORD_FILE",
                    &secret(folder.path(), "clickhouse", &clickhouse.password),
                ),
                (
                    "KAFKA_SASL_PASSWORD_FILE",
                    &secret(folder.path(), "kafka", "right"),
                ),
            ]);
        Ok(Self {
            wiring,
            broker,
            clickhouse,
            proxy,
            folder,
        })
    }

    /// What `footfall check` says, problems or not.
    fn check(&self, changes: &[(&str, &str)]) -> String {
        match self.wiring.with(changes).run(&["check"]) {
            Ok(text) => text,
            Err(error) => error.to_string(),
        }
    }

    /// Check finds exactly these problems, each with its remedy.
    fn problems(&self, changes: &[(&str, &str)], wanted: &[(&str, &str)]) {
        let said = self.check(changes);
        println!("{said}");
        for (what, remedy) in wanted {
            assert!(
                said.contains(what) && said.contains(remedy),
                "{what}: {remedy}\n{said}"
            );
        }
        assert_eq!(said.matches("PROBLEM").count(), wanted.len(), "{said}");
        assert_eq!(said.matches("remedy:").count(), wanted.len(), "{said}");
    }

    fn secret(&self, name: &str, text: &str) -> String {
        secret(self.folder.path(), name, text)
    }
}

/// A secret's file, as an editor leaves it.
fn secret(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(format!("{name}.secret"));
    std::fs::write(&path, format!("{text}\n")).unwrap();
    path.display().to_string()
}

fn says(service: &Service, what: &str) {
    eventually(what, || {
        anyhow::ensure!(service.printed().contains(what), "{}", service.printed());
        Ok(())
    })
    .unwrap();
}

#[test]
fn every_event_arrives_with_every_way_locked() {
    let locked = Locked::start(6).unwrap();
    locked.wiring.prepare().unwrap();
    let mut ingests = ["edge-1", "edge-2"].map(|name| locked.wiring.ingest(name).unwrap());
    let mut processors = ["p-1", "p-2"].map(|name| locked.wiring.processor(name).unwrap());
    let homes = ingests.each_ref().map(|ingest| locked.wiring.home(ingest));
    let plan = Plan {
        clients: 4,
        events: EVENTS,
        batch: 50,
        pause: Duration::ZERO,
    };
    let witness = send(&homes, &plan, &mut Seed::from_env(), &Control::default());
    let all: Vec<_> = ingests.iter().chain(&processors).collect();
    settle("TLS, SCRAM and https", &homes[0], &witness, &all);
    let said = locked.check(&[]);
    for part in [
        ", to user `footfall`",
        "topic footfall-events is as its settings say",
        "Kafka lets our user write to the topic footfall-events, read the topic footfall-events, be in the group footfall",
        "answers at https://127.0.0.1:",
        "no problem",
    ] {
        assert!(said.contains(part), "{part}\n{said}");
    }
    stop_all(ingests.iter_mut().chain(&mut processors));
    let mut last = locked.wiring.processor("p-3").unwrap();
    settle("TLS, SCRAM and https, stopped", &homes[0], &witness, &[&last]);
    last.stop().unwrap();
    assert!(locked.proxy.shaken() > 2);
}

#[test]
fn wrong_passwords_are_said_and_the_services_come_up_once_they_are_mended() {
    let locked = Locked::start(2).unwrap();
    locked.wiring.prepare().unwrap();
    let (kafka, clickhouse) = (
        locked.secret("kafka", "guess"),
        locked.secret("clickhouse", "guess"),
    );
    // An edge takes events whatever Kafka says.
    let mut ingest = locked.wiring.ingest("edge-1").unwrap();
    let homes = [locked.wiring.home(&ingest)];
    let plan = Plan {
        clients: 2,
        events: 500,
        batch: 10,
        pause: Duration::ZERO,
    };
    let witness = send(&homes, &plan, &mut Seed::from_env(), &Control::default());
    says(&ingest, "refuses our user or password");
    let before = locked.proxy.accepted();
    let mut processor = locked.wiring.processor("p-1").unwrap();
    says(&processor, "does not let user `default` in: wrong password");
    std::thread::sleep(Duration::from_secs(6));
    let tried = locked.proxy.accepted() - before;
    assert!(tried <= 6, "{tried} connections in 6 s");
    assert!(probe(processor.admin).contains("ClickHouse has not answered"));
    std::fs::write(&clickhouse, &locked.clickhouse.password).unwrap();
    processor.kill9().unwrap();
    processor.again().unwrap();
    says(&processor, "refuses our user or password");
    assert!(probe(processor.admin).contains("no broker has shown it"));
    std::fs::write(&kafka, "right").unwrap();
    for service in [&mut ingest, &mut processor] {
        assert!(!service.printed().contains("guess"), "{}", service.printed());
        service.kill9().unwrap();
        service.again().unwrap();
    }
    processor.wait_ready().unwrap();
    settle("mended", &homes[0], &witness, &[&ingest, &processor]);
}

/// What `/ready` says.
fn probe(address: SocketAddr) -> String {
    let mut client = Client::new(address, Duration::from_secs(5));
    let answer = client.request("GET", "/ready", &[], b"");
    answer.map_or_else(|error| error.to_string(), |answer| answer.text())
}

#[test]
fn a_processor_without_partitions_stands_by_and_is_ready() {
    let mut locked = Locked::start(1).unwrap();
    locked.wiring.prepare().unwrap();
    let processors = ["p-1", "p-2"].map(|name| locked.wiring.processor(name).unwrap());
    let said = eventually("one reads, one stands by", || {
        let said = processors.each_ref().map(|processor| probe(processor.admin));
        let has = |what: &str| said.iter().any(|text| text.contains(what));
        anyhow::ensure!(
            has("\"doing\":\"reading, partitions: 1\"") && has("\"doing\":\"standing by"),
            "{said:?}"
        );
        Ok(said)
    })
    .unwrap();
    println!("{said:?}");
    assert!(
        said.iter().all(|text| text.starts_with("{\"ready\":true,")),
        "{said:?}"
    );
    locked.broker.kill9();
    eventually("neither is ready without a broker", || {
        let said = processors.each_ref().map(|processor| probe(processor.admin));
        anyhow::ensure!(
            said.iter().all(|text| text.contains("no broker answers")),
            "{said:?}"
        );
        Ok(())
    })
    .unwrap();
    locked.broker.restart().unwrap();
    for processor in &processors {
        processor.wait_ready().unwrap();
    }
}

#[test]
fn check_names_everything_that_is_wrong_with_kafka_and_clickhouse() {
    let locked = Locked::start(3).unwrap();
    let other = Authority::new("other")
        .unwrap()
        .write(locked.folder.path(), "other.pem")
        .unwrap();
    let other = other.display().to_string();
    let guess = locked.secret("guess", "guess");
    let missing = ("cannot find the topic footfall-events", "footfall topics");
    locked.problems(&[], &[missing]);
    locked.wiring.prepare().unwrap();
    let login = (
        "refuses our user or password",
        "correct `kafka.user`, `kafka.password`",
    );
    locked.problems(&[("KAFKA_SASL_PASSWORD_FILE", &guess)], &[login]);
    let tls = ("no TLS with the broker", "`kafka.ca`");
    locked.problems(&[("FOOTFALL_KAFKA_CA", &other)], &[tls]);
    let certificate = ("is not signed by the authority in", "`clickhouse.ca`");
    locked.problems(
        &[
            ("FOOTFALL_CLICKHOUSE_CA", &other),
            ("KAFKA_SASL_PASSWORD_FILE", &guess),
        ],
        &[login, certificate],
    );
    let clear = locked.broker.bootstrap();
    locked.problems(
        &[("KAFKA_BOOTSTRAP_SERVERS", &clear)],
        &[("127.0.0.1", "one without must not have them")],
    );
    let nobody = ("cannot reach the broker", "start the brokers");
    locked.problems(&[("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:9")], &[nobody]);
    let nowhere = ("nowhere.pem", "see `kafka.tls`, `kafka.ca`");
    locked.problems(&[("FOOTFALL_KAFKA_CA", "nowhere.pem")], &[nowhere]);
    let kept = (
        "retention.ms is 259200000, it should be 604800000",
        "kafka.retention",
    );
    locked.problems(&[("FOOTFALL_KAFKA_RETENTION", "7d")], &[kept]);
    let more = locked.check(&[("FOOTFALL_KAFKA_PARTITIONS", "6")]);
    assert!(
        more.contains("note    topic footfall-events: partitions is 3, it should be 6"),
        "{more}"
    );
    let keyless = locked.wiring.without("FOOTFALL_INGEST_IDENTITY_KEY");
    let vague = keyless.run(&["check"]).unwrap();
    assert!(
        vague.contains("note    `ingest.identity_key` is not set"),
        "{vague}"
    );
    let edge = keyless.run(&["check", "ingest"]).unwrap_err().to_string();
    assert!(
        edge.contains("PROBLEM `ingest.identity_key` is not set"),
        "{edge}"
    );
    assert!(!edge.contains("ClickHouse"), "{edge}");
    assert!(keyless.run(&["check", "processor"]).is_ok());
}
