//! Being let in by a real broker, and every way of not being let in: named at once, in one sentence.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::{Path, PathBuf};
use std::time::Duration;

use footfall_broker::{Broker, Listener, Options};
use footfall_tls::{Authority, Signed};
use footfall_topics::{Connection, Mechanism, Sasl, Secret, Tls, TopicError, Topics};

const PATIENCE: Duration = Duration::from_secs(30);

fn file(folder: &Path, name: &str, text: &str) -> Option<PathBuf> {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    Some(path)
}

fn server(authority: &Authority, name: &str, clients: Option<&Authority>) -> footfall_broker::Tls {
    let Signed { chain, key } = authority.sign(name).unwrap();
    footfall_broker::Tls {
        chain,
        key,
        client_ca: clients.map(|ca| ca.pem.clone()),
    }
}

fn tls(bootstrap: String, tls: Tls) -> Connection {
    Connection {
        tls: Some(tls),
        ..Connection::plain(bootstrap)
    }
}

fn trust(ca: Option<PathBuf>) -> Tls {
    Tls { ca, ..Tls::default() }
}

fn user(mechanism: Mechanism, password: &str) -> Option<Sasl> {
    Some(Sasl {
        mechanism,
        user: "edge".to_owned(),
        password: Secret::new(password),
    })
}

fn welcome(connection: &Connection) {
    let topics = Topics::connect(connection, PATIENCE).map_err(|error| error.to_string());
    assert!(matches!(
        topics.unwrap().describe("none"),
        Err(TopicError::Missing(_))
    ));
}

/// What the refusal says. It comes at once, not when the patience is over.
fn refusal(connection: &Connection) -> String {
    let error = Topics::connect(connection, PATIENCE).err().unwrap();
    let text = error.to_string();
    assert!(
        matches!(error, TopicError::Unreachable { cause, .. } if cause.is_refusal()),
        "{text}"
    );
    assert!(text.contains(&connection.bootstrap), "{text}");
    assert!(!text.contains("secret"), "{text}");
    text
}

#[test]
fn a_broker_is_believed_by_its_certificate_only() {
    let (ours, other) = (Authority::new("ours").unwrap(), Authority::new("other").unwrap());
    let broker = Broker::start(&Options::default().tls(server(&ours, "127.0.0.1", None))).unwrap();
    let at = || broker.bootstrap_of(Listener::Tls).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let right = file(folder.path(), "ca.pem", &ours.pem);
    welcome(&tls(at(), trust(right)));
    let wrong = file(folder.path(), "other.pem", &other.pem);
    for ca in [wrong, None] {
        let text = refusal(&tls(at(), trust(ca)));
        assert!(
            text.contains("no TLS with the broker") && text.contains("certificate"),
            "{text}"
        );
    }
    let clear = Topics::connect(&Connection::plain(at()), Duration::from_secs(3))
        .err()
        .unwrap();
    assert!(clear.to_string().contains(&at()), "{clear}");
}

#[test]
fn a_certificate_for_another_name_is_refused() {
    let ours = Authority::new("ours").unwrap();
    let broker = Broker::start(&Options::default().tls(server(&ours, "kafka.example", None))).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let ca = file(folder.path(), "ca.pem", &ours.pem);
    let text = refusal(&tls(broker.bootstrap_of(Listener::Tls).unwrap(), trust(ca)));
    assert!(text.contains("no TLS with the broker"), "{text}");
}

#[test]
fn a_broker_that_asks_for_certificates_takes_ours_and_no_other() {
    let (ours, clients, other) = (
        Authority::new("ours").unwrap(),
        Authority::new("clients").unwrap(),
        Authority::new("other").unwrap(),
    );
    let options = Options::default().tls(server(&ours, "127.0.0.1", Some(&clients)));
    let broker = Broker::start(&options).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let with = |name: &str, authority: &Authority| {
        let Signed { chain, key } = authority.sign("edge").unwrap();
        let certificate = file(folder.path(), &format!("{name}.pem"), &chain);
        let key = file(folder.path(), &format!("{name}.key"), &key);
        let ca = file(folder.path(), "ca.pem", &ours.pem);
        let files = Tls {
            ca,
            certificate,
            key,
            key_password: None,
        };
        tls(broker.bootstrap_of(Listener::Tls).unwrap(), files)
    };
    welcome(&with("right", &clients));
    let text = refusal(&with("wrong", &other));
    assert!(text.contains("TLS"), "{text}");
    let mut none = with("none", &clients);
    none.tls = none.tls.map(|tls| trust(tls.ca));
    let text = refusal(&none);
    assert!(text.contains("TLS"), "{text}");
}

#[test]
fn users_come_in_by_plain_and_scram_and_wrong_passwords_do_not() {
    let ours = Authority::new("ours").unwrap();
    let options = Options::default()
        .tls(server(&ours, "127.0.0.1", None))
        .user("edge", "secret");
    let broker = Broker::start(&options).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let ca = file(folder.path(), "ca.pem", &ours.pem);
    for mechanism in [Mechanism::Plain, Mechanism::ScramSha256, Mechanism::ScramSha512] {
        let clear = Connection::plain(broker.bootstrap_of(Listener::Sasl).unwrap());
        let encrypted = tls(broker.bootstrap_of(Listener::SaslTls).unwrap(), trust(ca.clone()));
        for mut connection in [clear, encrypted] {
            connection.sasl = user(mechanism, "secret");
            welcome(&connection);
            connection.sasl = user(mechanism, "secret2");
            let text = refusal(&connection);
            assert!(text.contains("refuses our user or password"), "{text}");
        }
    }
}

#[test]
fn a_secret_file_loses_its_line_break_and_a_missing_certificate_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(folder.path(), "password", "secret\n").unwrap();
    assert_eq!(Secret::read(&path).unwrap(), Secret::new("secret"));
    let nowhere = folder.path().join("nowhere.pem");
    let connection = tls("127.0.0.1:9".to_owned(), trust(Some(nowhere)));
    let text = Topics::connect(&connection, PATIENCE).err().unwrap().to_string();
    assert!(text.contains("nowhere.pem"), "{text}");
}
