//! ClickHouse over https: the same rows by the same code, and every way of not being let in named in one line.

use crate::support::engine::{DATABASE, TestEngine, server_at};
use crate::support::event::{now_ms, small};
use crate::support::eventually;
use crate::support::log::Log;
use crate::support::running::{Running, config};
use crate::support::tables::{assert_books, count, create};
use bytes::Bytes;
use footfall_delivery::Mode;
use footfall_processor::insert::{Inserted, Inserter, Statement};
use footfall_processor::server::Tls;
use footfall_processor::{Server, Wiring};
use footfall_tables::{EVENTS, insert_sql};
use footfall_tls::{Authority, Proxy};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;

/// The engine behind TLS, and the authority to believe.
struct Locked {
    engine: TestEngine,
    ours: Authority,
    folder: TempDir,
}

impl Locked {
    async fn start() -> Self {
        Self {
            engine: TestEngine::start().await,
            ours: Authority::new("ours").unwrap(),
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn ca(&self) -> Tls {
        trust(self.ours.write(self.path(), "ca.pem").unwrap())
    }

    fn proxy(&self, name: &str) -> Proxy {
        let own = self.ours.sign(name).unwrap();
        Proxy::start(self.engine.address(), &own, None).unwrap()
    }
}

fn trust(ca: PathBuf) -> Tls {
    Tls {
        ca: Some(ca),
        ..Tls::default()
    }
}

fn inserter(server: &Server) -> Inserter {
    let statement = Statement {
        tag: "footfall/footfall/test/1".to_owned(),
        max_execution: Duration::from_secs(8),
        timeout: Duration::from_secs(7),
    };
    Inserter::new(server.clone(), statement)
}

/// What a question and an insert say, each one line with cause and remedy.
async fn said(server: &Server) -> [String; 2] {
    let error = server.client().query("SELECT 1").execute().await.unwrap_err();
    let question = server.diagnose(&error).await.unwrap().to_string();
    let insert = inserter(server)
        .send(&insert_sql(DATABASE, EVENTS), Bytes::new())
        .await;
    let insert = match insert {
        Inserted::InDoubt(why) => why,
        Inserted::Refused { text, .. } => text,
        other => panic!("{other:?}"),
    };
    for line in [&question, &insert] {
        assert!(!line.contains('\n') && !line.contains("secret"), "{line}");
    }
    [question, insert]
}

/// Both name the cause, and the question the remedy too.
async fn names(server: &Server, cause: &str, remedy: &str) {
    let [question, insert] = said(server).await;
    tracing::info!(question, insert);
    assert!(
        question.contains(cause) && question.contains(remedy),
        "{question}"
    );
    assert!(insert.contains(cause), "{insert}");
    assert!(question.contains(&server.authority()), "{question}");
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_questions_and_migrations_go_over_https() {
    let locked = Locked::start().await;
    let proxy = locked.proxy("127.0.0.1");
    let server = server_at("https", proxy.address, &locked.ca());
    // Again, and this time encrypted.
    create(&server).await;
    let (log, client) = (Log::new(), server.client());
    for number in 0..20_000 {
        log.append(small(number), now_ms());
    }
    log.mark(now_ms());
    let running = Running::fenced(&server, &log);
    eventually("all have a fate", async || {
        count(&client, "events").await + count(&client, "ledger").await >= log.last()
    })
    .await;
    running.stop().await;
    assert_books(&client, log.id, log.last()).await;
    assert!(proxy.shaken() > 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn inserts_keep_one_connection() {
    let locked = Locked::start().await;
    let proxy = locked.proxy("127.0.0.1");
    let server = server_at("https", proxy.address, &locked.ca());
    let mut inserter = inserter(&server);
    for _ in 0..20 {
        // No block at all: nothing to write, and an answer that says so.
        let inserted = inserter.send(&insert_sql(DATABASE, EVENTS), Bytes::new()).await;
        assert_eq!(inserted, Inserted::Written(0));
    }
    assert_eq!(proxy.accepted(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_is_not_right_is_named() {
    let locked = Locked::start().await;
    let (at, right) = (locked.engine.address(), locked.ca());
    let proxy = locked.proxy("127.0.0.1");
    let other = Authority::new("other").unwrap();
    let wrong = trust(other.write(locked.path(), "other.pem").unwrap());
    let server = server_at("https", proxy.address, &wrong);
    names(&server, "is not signed by the authority in", "clickhouse.ca").await;
    let server = server_at("https", proxy.address, &Tls::default());
    names(&server, "that this system trusts", "clickhouse.ca").await;
    let elsewhere = locked.proxy("clickhouse.example");
    let server = server_at("https", elsewhere.address, &right);
    names(&server, "clickhouse.example", "write the name that stands").await;
    let expired = locked.ours.expired("127.0.0.1").unwrap();
    let expired = Proxy::start(at, &expired, None).unwrap();
    let server = server_at("https", expired.address, &right);
    names(&server, "has expired", "renew").await;
    assert_eq!(proxy.shaken() + elsewhere.shaken() + expired.shaken(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_port_or_scheme_is_named() {
    let locked = Locked::start().await;
    let (plain, right) = (locked.engine.address(), locked.ca());
    let proxy = locked.proxy("127.0.0.1");
    let server = server_at("http", proxy.address, &right);
    names(&server, "plain HTTP", "write https://").await;
    let server = server_at("https", plain, &right);
    names(&server, "no TLS with", "write http://").await;
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for scheme in ["http", "https"] {
        let server = server_at(scheme, nobody, &right);
        names(&server, "cannot connect to", "correct host and port").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_that_hangs_up_on_plain_http_is_tried_with_tls() {
    // As ClickHouse's own https port does: no alert, no word.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = listener.local_addr().unwrap();
    let locked = Locked::start().await;
    let behind = locked.proxy("127.0.0.1");
    let proxy = behind.address;
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut first = [0];
            if stream.peek(&mut first).is_ok_and(|_| first[0] == 0x16) {
                // TLS's first byte: a handshake.
                let up = std::net::TcpStream::connect(proxy).unwrap();
                let (mut from, mut to) = (up.try_clone().unwrap(), stream.try_clone().unwrap());
                std::thread::spawn(move || std::io::copy(&mut from, &mut to));
                let (mut from, mut to) = (stream, up);
                std::thread::spawn(move || std::io::copy(&mut from, &mut to));
            }
        }
    });
    let server = server_at("http", at, &Tls::default());
    let error = server.client().query("SELECT 1").execute().await.unwrap_err();
    let said = server.diagnose(&error).await.unwrap().to_string();
    assert!(
        said.contains("speaks TLS") && said.contains("write https://"),
        "{said}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_named() {
    let locked = Locked::start().await;
    let proxy = locked.proxy("127.0.0.1");
    let mut server = server_at("https", proxy.address, &locked.ca());
    server.password = "secret too".to_owned();
    let [question, insert] = said(&server).await;
    assert!(question.contains("does not let user `default` in"), "{question}");
    assert!(question.contains("CLICKHOUSE_PASSWORD_FILE"), "{question}");
    assert!(insert.contains("516"), "{insert}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_asks_for_certificates_takes_ours_and_no_other() {
    let locked = Locked::start().await;
    let (clients, other) = (
        Authority::new("clients").unwrap(),
        Authority::new("other").unwrap(),
    );
    let own = locked.ours.sign("127.0.0.1").unwrap();
    let proxy = Proxy::start(locked.engine.address(), &own, Some(&clients)).unwrap();
    let with = |name: &str, authority: &Authority| {
        let (certificate, key) = authority
            .sign("writer")
            .unwrap()
            .write(locked.path(), name)
            .unwrap();
        Tls {
            certificate: Some(certificate),
            key: Some(key),
            ..locked.ca()
        }
    };
    let right = server_at("https", proxy.address, &with("right", &clients));
    assert!(right.client().query("SELECT 1").execute().await.is_ok());
    let wrong = server_at("https", proxy.address, &with("wrong", &other));
    names(&wrong, "it refuses our certificate", "clickhouse.certificate").await;
    let none = server_at("https", proxy.address, &locked.ca());
    names(&none, "asks for a certificate of ours", "clickhouse.certificate").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_processor_that_is_not_let_in_tries_seldom() {
    let locked = Locked::start().await;
    let expired = locked.ours.expired("127.0.0.1").unwrap();
    let proxy = Proxy::start(locked.engine.address(), &expired, None).unwrap();
    let server = server_at("https", proxy.address, &locked.ca());
    let log = Log::new();
    log.append(small(1), now_ms());
    let running = Running::start(config(Mode::Fenced, &server), Wiring::new(server), &log);
    tokio::time::sleep(Duration::from_secs(8)).await;
    let tried = proxy.accepted();
    // 100 ms and twice as long after each failure: 7 attempts, one question each.
    assert!((2..=20).contains(&tried), "{tried} connections in 8 s");
    assert!(!running.control.condition().borrow().ready);
    running.drop_dead().await;
}
