//! Who may do what, and from where: users, the reader's limits, foreign hosts and origins.

use hyper::{Method, StatusCode};

use super::server::{PASSWORD, Reply, Server, database, encoded};
use footfall_engine::{Config, Secret};

const CREATE: &str = "CREATE TABLE IF NOT EXISTS t (a UInt8) ENGINE = Memory";

async fn posted(server: &Server, url: &str, headers: &[(&str, &str)], sql: &str) -> Reply {
    server.send(Method::POST, url, headers, sql.to_owned()).await
}

#[tokio::test]
async fn the_writer_comes_by_headers_basic_authentication_or_parameters() {
    let (server, _) = database().await;
    // base64 of "default:a test's password"
    let basic = "Basic ZGVmYXVsdDphIHRlc3QncyBwYXNzd29yZA==";
    let url = format!("user=default&password={}", encoded(PASSWORD));
    for (url, headers) in [
        (
            "",
            vec![("x-clickhouse-user", "default"), ("x-clickhouse-key", PASSWORD)],
        ),
        ("", vec![("x-clickhouse-key", PASSWORD)]),
        ("", vec![("authorization", basic)]),
        (url.as_str(), vec![]),
    ] {
        posted(server, url, &headers, CREATE).await.ok();
    }
}

#[tokio::test]
async fn a_wrong_password_is_refused_and_not_taken_for_the_reader() {
    let (server, _) = database().await;
    for headers in [
        vec![("x-clickhouse-user", "default"), ("x-clickhouse-key", "wrong")],
        vec![("x-clickhouse-user", "somebody"), ("x-clickhouse-key", PASSWORD)],
        vec![("authorization", "Basic !")],
        vec![("authorization", "Bearer x")],
    ] {
        let reply = posted(server, "", &headers, "SELECT 1").await;
        assert_eq!(
            (reply.status, reply.code()),
            (StatusCode::FORBIDDEN, "516"),
            "{headers:?}"
        );
    }
}

#[tokio::test]
async fn nobody_in_particular_reads_and_writes_nothing() {
    let (server, name) = database().await;
    server
        .write("", format!("CREATE TABLE {name}.t (a UInt8) ENGINE = Memory"))
        .await
        .ok();
    for sql in [
        "SELECT 1",
        "WITH 1 AS a SELECT a",
        "SHOW TABLES",
        "DESCRIBE system.one",
        "EXPLAIN SELECT 1",
        "EXISTS t",
    ] {
        assert_eq!(posted(server, "", &[], sql).await.status, StatusCode::OK, "{sql}");
    }
    for sql in [
        "INSERT INTO {}.t VALUES (1)",
        "INSERT INTO {}.t SELECT 1",
        "WITH 1 AS a INSERT INTO {}.t SELECT a",
        "CREATE TABLE {}.u (a UInt8) ENGINE = Memory",
        "DROP TABLE {}.t",
        "TRUNCATE TABLE {}.t",
        "ALTER TABLE {}.t DELETE WHERE 1",
        "DELETE FROM {}.t WHERE 1",
        "OPTIMIZE TABLE {}.t",
        "KILL QUERY WHERE 1",
        "SYSTEM STOP MERGES",
        "SET max_threads = 1",
        "CREATE TEMPORARY TABLE x (a UInt8)",
    ] {
        let reply = posted(server, "", &[], &sql.replace("{}", &name)).await;
        assert_eq!(reply.code(), "164", "{sql}: {} {}", reply.status, reply.text());
    }
    assert_eq!(
        posted(server, "", &[], &format!("SELECT count() FROM {name}.t"))
            .await
            .ok(),
        "0\n"
    );
}

#[tokio::test]
async fn the_reader_cannot_lift_his_limits() {
    let (server, _) = database().await;
    let limits =
        "SELECT getSetting('max_execution_time'), getSetting('max_memory_usage'), getSetting('readonly')";
    let url = "max_execution_time=0&max_memory_usage=0&readonly=0";
    assert_eq!(posted(server, url, &[], limits).await.ok(), "60\t4294967296\t1\n");
    let lower = "max_execution_time=5&max_memory_usage=1000000000";
    assert_eq!(
        posted(server, lower, &[], limits).await.ok(),
        "5\t1000000000\t1\n"
    );
    let inside = posted(server, "", &[], "SELECT 1 SETTINGS max_execution_time = 0").await;
    assert_eq!(inside.code(), "164", "{}", inside.text());
}

#[tokio::test]
async fn get_only_reads_even_for_the_writer() {
    let (server, _) = database().await;
    let url = format!(
        "user=default&password={}&query={}",
        encoded(PASSWORD),
        encoded(CREATE)
    );
    assert_eq!(server.send(Method::GET, &url, &[], "").await.code(), "164");
}

#[tokio::test]
async fn a_reader_with_a_password_needs_it() {
    let reader = Some(Secret::new("books"));
    let server = Server::start_with(|config| Config {
        reader_password: reader,
        ..config
    })
    .await;
    let good = [("x-clickhouse-user", "readonly"), ("x-clickhouse-key", "books")];
    posted(&server, "", &good, "SELECT 1").await.ok();
    let bad = [("x-clickhouse-user", "readonly"), ("x-clickhouse-key", "")];
    assert_eq!(posted(&server, "", &bad, "SELECT 1").await.code(), "516");
}

#[tokio::test]
async fn a_foreign_host_or_origin_is_refused() {
    let server = Server::start_with(|c| Config {
        hosts: vec!["Books.example".to_owned()],
        ..c
    })
    .await;
    for host in [
        "127.0.0.1",
        "127.0.0.1:8123",
        "localhost:1",
        "LOCALHOST",
        "[::1]:8123",
        "books.example:80",
    ] {
        assert_eq!(
            posted(&server, "", &[("host", host)], "SELECT 1").await.status,
            StatusCode::OK,
            "{host}"
        );
        let origin = format!("http://{host}");
        let headers = [("host", "localhost"), ("origin", origin.as_str())];
        assert_eq!(
            posted(&server, "", &headers, "SELECT 1").await.status,
            StatusCode::OK,
            "{origin}"
        );
    }
    for host in [
        "evil.example",
        "127.0.0.1.evil.example",
        "localhost.evil.example:8123",
        "10.0.0.1",
        "[::2]",
    ] {
        let reply = posted(&server, "", &[("host", host)], "SELECT 1").await;
        assert_eq!(
            (reply.status, reply.code()),
            (StatusCode::FORBIDDEN, "497"),
            "{host}"
        );
        let origin = format!("https://{host}");
        let headers = [("host", "localhost"), ("origin", origin.as_str())];
        assert_eq!(
            posted(&server, "", &headers, "SELECT 1").await.status,
            StatusCode::FORBIDDEN,
            "{origin}"
        );
    }
    let headers = [("host", "localhost"), ("origin", "null")];
    assert_eq!(
        posted(&server, "", &headers, "SELECT 1").await.status,
        StatusCode::FORBIDDEN
    );
}
