//! Queries: parameters, settings, formats, streaming, errors before and in the middle of a result.

use bytes::Bytes;
use hyper::{Method, StatusCode};

use super::server::{database, encoded, eventually};

#[tokio::test]
async fn probes_answer_ok() {
    let (server, _) = database().await;
    for path in ["/ping", "/replicas_status", "/"] {
        let request = hyper::Request::builder().uri(path).header("host", "localhost");
        let reply = server
            .request(request.body(http_body_util::Empty::<Bytes>::new()).unwrap())
            .await;
        assert_eq!(
            (reply.status, reply.text().as_str()),
            (StatusCode::OK, "Ok.\n"),
            "{path}"
        );
    }
}

#[tokio::test]
async fn the_query_may_stand_in_the_url_the_body_or_both() {
    let (server, _) = database().await;
    let url = format!("query={}", encoded("SELECT 1 + 1"));
    assert_eq!(server.send(Method::GET, &url, &[], "").await.ok(), "2\n");
    assert_eq!(server.read("", "SELECT 1 + 1").await.ok(), "2\n");
    assert_eq!(server.read(&url, "+ 2").await.ok(), "4\n");
}

#[tokio::test]
async fn the_headers_that_clients_read_are_there() {
    let (server, _) = database().await;
    let reply = server
        .read(
            "query_id=mine&default_format=JSONEachRow",
            "SELECT number FROM numbers(7)",
        )
        .await;
    assert_eq!(reply.header("x-clickhouse-query-id"), "mine");
    assert_eq!(reply.header("x-clickhouse-format"), "JSONEachRow");
    assert!(!reply.header("x-clickhouse-timezone").is_empty());
    assert!(!reply.header("x-clickhouse-server-display-name").is_empty());
    assert_eq!(
        reply.header("content-type"),
        "application/x-ndjson; charset=UTF-8"
    );
    assert_eq!(reply.summary("read_rows"), 7);
    assert_eq!(reply.summary("written_rows"), 0);
}

#[tokio::test]
async fn parameters_come_by_url_and_by_form() {
    let (server, _) = database().await;
    let sql = "SELECT {a:String}, {b:UInt8} + 1";
    let reply = server
        .read(&format!("param_a={}&param_b=4", encoded("it's\\\\x")), sql)
        .await;
    assert_eq!(reply.ok(), "it\\'s\\\\x\t5\n");
    let part = |name: &str, value: &str| {
        format!("--xyz\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let form = part("query", sql) + &part("param_a", "of a form") + &part("param_b", "7") + "--xyz--\r\n";
    let headers = [("content-type", "multipart/form-data; boundary=xyz")];
    assert_eq!(
        server.send(Method::POST, "", &headers, form).await.ok(),
        "of a form\t8\n"
    );
}

#[tokio::test]
async fn settings_and_database_hold_for_their_request_only() {
    let (server, name) = database().await;
    server
        .write(
            "",
            format!("CREATE TABLE {name}.only_there (a UInt8) ENGINE = Memory"),
        )
        .await
        .ok();
    assert_eq!(
        server
            .read(&format!("database={name}"), "SELECT count() FROM only_there")
            .await
            .ok(),
        "0\n"
    );
    let headers = [("x-clickhouse-database", name.as_str())];
    assert_eq!(
        server
            .send(Method::POST, "", &headers, "SELECT count() FROM only_there")
            .await
            .ok(),
        "0\n"
    );
    assert_eq!(
        server.read("", "SELECT count() FROM only_there").await.code(),
        "60"
    );
    let setting = "SELECT getSetting('max_threads')";
    assert_eq!(server.read("max_threads=3", setting).await.ok(), "3\n");
    assert_ne!(server.read("", setting).await.ok(), "3\n");
}

#[tokio::test]
async fn errors_have_clickhouse_codes_and_statuses() {
    let (server, _) = database().await;
    for (url, sql, status, code) in [
        ("", "SELECT * FROM nothing", 404, "60"),
        ("", "SELECT a FROM system.one", 404, "47"),
        ("", "SELECT no_such_function()", 404, "46"),
        ("database=nothing", "SELECT 1", 404, "81"),
        ("no_such_setting=1", "SELECT 1", 404, "115"),
        ("", "SELECT 1 FORMAT Nothing", 404, "73"),
        ("", "SELEC 1", 400, "62"),
        ("", "SELECT (1", 400, "62"),
        ("", "SELECT 1; SELECT 2", 400, "62"),
        ("", "", 400, "62"),
        (
            "max_execution_time=0.2",
            "SELECT count() FROM numbers(1e13)",
            408,
            "159",
        ),
        (
            "max_memory_usage=1000000",
            "SELECT groupArray(number) FROM numbers(1e7)",
            500,
            "241",
        ),
    ] {
        let reply = server.read(url, sql).await;
        assert_eq!(
            (reply.status.as_u16(), reply.code()),
            (status, code),
            "{sql}: {}",
            reply.text()
        );
        assert!(
            reply.text().starts_with(&format!("Code: {code}. DB::")),
            "{sql}: {}",
            reply.text()
        );
    }
}

#[tokio::test]
async fn an_error_leaves_nothing_for_the_next_request() {
    let (server, _) = database().await;
    for _ in 0..20 {
        let failed = server
            .read(
                "",
                "SELECT throwIf(number = 3) FROM numbers(10) SETTINGS max_block_size = 1",
            )
            .await;
        assert_eq!(
            failed.status,
            StatusCode::INTERNAL_SERVER_ERROR,
            "{}",
            failed.text()
        );
        assert_eq!(server.read("", "SELECT 42").await.ok(), "42\n");
    }
}

#[tokio::test]
async fn streamed_formats_have_one_header_and_every_row() {
    let (server, _) = database().await;
    let rows = 300_000;
    for (format, header) in [
        ("TSV", ""),
        ("TSVWithNames", "a\\nb\n"),
        ("TSVWithNamesAndTypes", "a\\nb\nUInt64\n"),
        ("CSVWithNames", "\"a\nb\"\n"),
        ("CSVWithNamesAndTypes", "\"a\nb\"\n\"UInt64\"\n"),
        ("JSONCompactEachRowWithNames", "[\"a\\nb\"]\n"),
    ] {
        let sql = format!("SELECT number AS `a\\nb` FROM numbers({rows}) FORMAT {format}");
        let text = server.read("max_block_size=10000", sql).await.ok();
        let lines: Vec<String> = text
            .strip_prefix(header)
            .unwrap()
            .lines()
            .map(str::to_owned)
            .collect();
        let wanted: Vec<String> = if format.starts_with("JSON") {
            (0..rows).map(|n| format!("[{n}]")).collect()
        } else {
            (0..rows).map(|n| n.to_string()).collect()
        };
        assert!(lines == wanted, "{format}: {} lines", lines.len());
    }
}

#[tokio::test]
async fn binary_streams_are_what_the_whole_result_is() {
    let (server, _) = database().await;
    for format in ["RowBinary", "RowBinaryWithNames", "RowBinaryWithNamesAndTypes"] {
        let sql = format!("SELECT number, toString(number) AS s FROM numbers(200000) FORMAT {format}");
        let streamed = server.read("max_block_size=10000", sql.clone()).await;
        let whole = server.read("max_block_size=10000&wait_end_of_query=1", sql).await;
        assert!(
            streamed.header("transfer-encoding") == "chunked" && whole.header("transfer-encoding").is_empty()
        );
        assert!(
            streamed.body == whole.body,
            "{format}: {} and {}",
            streamed.body.len(),
            whole.body.len()
        );
    }
}

#[tokio::test]
async fn no_rows_still_have_their_header() {
    let (server, _) = database().await;
    assert_eq!(
        server
            .read("", "SELECT 1 AS a WHERE 0 FORMAT TSVWithNames")
            .await
            .ok(),
        "a\n"
    );
    let binary = server
        .read("", "SELECT 1 AS a WHERE 0 FORMAT RowBinaryWithNamesAndTypes")
        .await;
    assert_eq!(&binary.body[..], b"\x01\x01a\x05UInt8");
}

#[tokio::test]
async fn an_error_in_mid_stream_is_told_and_breaks_the_connection() {
    let (server, _) = database().await;
    let sql = "SELECT throwIf(number = 900000, 'too far') FROM numbers(1000000)";
    let reply = server.read("max_block_size=10000&max_threads=1", sql).await;
    assert_eq!(reply.status, StatusCode::OK);
    assert!(reply.broken, "the connection must not end in good order");
    let (text, tag) = (
        reply.text(),
        reply.header("x-clickhouse-exception-tag").to_owned(),
    );
    let block = text.split_once("\r\n__exception__\r\n").unwrap().1;
    let message = block.strip_prefix(&format!("{tag}\r\n")).unwrap();
    let (message, end) = message
        .split_once(&format!(" {tag}\r\n__exception__\r\n"))
        .unwrap();
    assert_eq!(end, "");
    let (message, length) = message.rsplit_once('\n').unwrap();
    assert!(
        message.starts_with("Code: 395.") && message.contains("too far"),
        "{message}"
    );
    assert_eq!(length.parse::<usize>().unwrap(), message.len() + 1);
}

#[tokio::test]
async fn a_result_that_cannot_be_streamed_is_capped() {
    let server = super::server::Server::start_with(|c| footfall_engine::Config {
        max_result_bytes: 1 << 20,
        ..c
    })
    .await;
    let sql = "SELECT number, repeat('x', 100) FROM numbers(100000) FORMAT ";
    assert_eq!(server.read("", format!("{sql}JSON")).await.code(), "396");
    assert_eq!(
        server
            .read("", format!("{sql}JSONEachRow"))
            .await
            .ok()
            .lines()
            .count(),
        100_000
    );
}

#[tokio::test]
async fn a_client_that_goes_away_takes_its_query_along() {
    let (server, _) = database().await;
    let sql = "SELECT count() FROM numbers(1e13) WHERE sipHash64(number) = 1 SETTINGS max_threads = 1";
    let url = "log_comment=left_alone";
    let running = || async {
        let sql = "SELECT count() FROM system.processes WHERE Settings['log_comment'] = 'left_alone'";
        server.write("", sql).await.ok() == "1\n"
    };
    let mut tasks = tokio::task::JoinSet::new();
    tasks.spawn(server.write(url, sql.replace(" SETTINGS max_threads = 1", "")));
    eventually("the query runs", running).await;
    tasks.abort_all();
    eventually("the query is gone", || async { !running().await }).await;
}

#[tokio::test]
async fn the_server_has_a_uuid_of_its_folder() {
    let (server, _) = database().await;
    let uuid = server.read("", "SELECT serverUUID()").await.ok();
    assert_ne!(uuid.trim(), "00000000-0000-0000-0000-000000000000");
    let named = server
        .read("", "SELECT serverUUID() AS id, 1 FORMAT JSONEachRow")
        .await
        .ok();
    assert!(named.contains(&format!("\"id\":\"{}\"", uuid.trim())), "{named}");
}
