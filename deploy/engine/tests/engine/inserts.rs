//! Inserts: every way that data arrives, exact counts, refusals, what a cut body leaves behind.

use std::convert::Infallible;

use bytes::Bytes;
use http_body_util::StreamBody;
use hyper::Request;
use hyper::body::Frame;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::server::{PASSWORD, Server, database, encoded, eventually};

/// A table of one number and one string.
async fn table() -> (&'static Server, String) {
    let (server, name) = database().await;
    let sql = format!("CREATE TABLE {name}.t (a UInt64, b String) ENGINE = MergeTree ORDER BY a");
    server.write("", sql).await.ok();
    (server, format!("{name}.t"))
}

#[tokio::test]
async fn rows_come_behind_the_query_or_within_it() {
    let (server, table) = table().await;
    let url = format!("query={}", encoded(&format!("INSERT INTO {table} FORMAT TSV")));
    assert_eq!(
        server
            .write(&url, "1\tone\n2\ttwo; -- two\n")
            .await
            .summary("written_rows"),
        2
    );
    let inline = format!(
        "INSERT INTO {table} (a, b) FORMAT JSONEachRow\n{{\"a\":3,\"b\":\"\\n\\n;\"}}\n\n{{\"a\":4}}"
    );
    assert_eq!(server.write("", inline).await.summary("written_rows"), 2);
    let values = format!("INSERT INTO {table} VALUES (5, 'five;'), (6, 'it''s')");
    assert_eq!(server.write("", values).await.summary("written_rows"), 2);
    let url = format!("query={}", encoded(&format!("INSERT INTO {table} VALUES")));
    assert_eq!(
        server.write(&url, "(7, 'seven')").await.summary("written_rows"),
        1
    );
    let select = format!("INSERT INTO {table} SELECT number + 8, 'many' FROM numbers(1000)");
    assert_eq!(server.write("", select).await.summary("written_rows"), 1000);
    let sum = server
        .read(
            "",
            format!("SELECT count(), sum(a), countIf(b = '\\n\\n;') FROM {table}"),
        )
        .await
        .ok();
    assert_eq!(sum, format!("1007\t{}\t1\n", (1..=1007).sum::<u64>()));
}

#[tokio::test]
async fn native_blocks_go_in_as_they_came_out() {
    let (server, table) = table().await;
    let block = server
        .read(
            "",
            "SELECT number AS a, toString(number) AS b FROM numbers(100000) FORMAT Native",
        )
        .await;
    let url = format!(
        "query={}",
        encoded(&format!("INSERT INTO {table} (a, b) FORMAT Native"))
    );
    assert_eq!(
        server.write(&url, block.body).await.summary("written_rows"),
        100_000
    );
    let back = server
        .read(
            "",
            format!("SELECT count(), sum(a), sum(toUInt64(b)) FROM {table}"),
        )
        .await
        .ok();
    assert_eq!(back, "100000\t4999950000\t4999950000\n");
}

#[tokio::test]
async fn an_empty_insert_writes_nothing() {
    let (server, table) = table().await;
    let url = format!("query={}", encoded(&format!("INSERT INTO {table} FORMAT Native")));
    assert_eq!(server.write(&url, "").await.summary("written_rows"), 0);
}

#[tokio::test]
async fn a_bad_row_is_refused_with_its_code_and_nothing_is_written() {
    let (server, table) = table().await;
    let url = format!("query={}", encoded(&format!("INSERT INTO {table} FORMAT TSV")));
    let reply = server.write(&url, "1\tone\nx\ttwo\n").await;
    assert_eq!(
        (reply.status.as_u16(), reply.code()),
        (400, "27"),
        "{}",
        reply.text()
    );
    assert_eq!(
        server.read("", format!("SELECT count() FROM {table}")).await.ok(),
        "0\n"
    );
    let missing = format!("query={}", encoded("INSERT INTO nothing.t FORMAT TSV"));
    assert_eq!(server.write(&missing, "1\tone\n").await.code(), "81");
}

#[tokio::test]
async fn a_late_insert_violates_its_constraint_with_code_469() {
    let (server, name) = database().await;
    let sql = format!(
        "CREATE TABLE {name}.t (a UInt8, insert_deadline DateTime64(3), \
         CONSTRAINT fresh CHECK now64(3) < insert_deadline) ENGINE = MergeTree ORDER BY a"
    );
    server.write("", sql).await.ok();
    let url = format!("query={}", encoded(&format!("INSERT INTO {name}.t FORMAT TSV")));
    assert_eq!(server.write(&url, "1\t2999-01-01 00:00:00\n").await.code(), "");
    let late = server.write(&url, "2\t2020-01-01 00:00:00\n").await;
    assert_eq!(late.code(), "469", "{}", late.text());
    assert_eq!(
        server
            .read("", format!("SELECT groupArray(a) FROM {name}.t"))
            .await
            .ok(),
        "[1]\n"
    );
}

#[tokio::test]
async fn a_body_cut_in_the_middle_of_a_block_is_not_committed() {
    let (server, table) = table().await;
    let rows = server
        .read(
            "",
            "SELECT number AS a, '' AS b FROM numbers(50000) FORMAT RowBinary",
        )
        .await
        .body;
    let mut stream = TcpStream::connect(server.engine.address()).await.unwrap();
    let query = encoded(&format!("INSERT INTO {table} FORMAT RowBinary"));
    let head = format!(
        "POST /?query={query} HTTP/1.1\r\nhost: localhost\r\nx-clickhouse-user: default\r\n\
         x-clickhouse-key: {PASSWORD}\r\ncontent-length: {}\r\n\r\n",
        rows.len() * 2
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(&rows).await.unwrap();
    let sql = format!("SELECT count() FROM system.processes WHERE query LIKE 'INSERT INTO {table}%'");
    let inserts = || async { server.write("", sql.clone()).await.ok() };
    eventually("the insert runs", || async { inserts().await == "1\n" }).await;
    drop(stream);
    eventually("the insert is gone", || async { inserts().await == "0\n" }).await;
    assert_eq!(
        server.read("", format!("SELECT count() FROM {table}")).await.ok(),
        "0\n"
    );
}

#[tokio::test]
async fn a_large_insert_streams_in_bounded_memory() {
    let server = Server::start().await;
    server
        .write("", "CREATE TABLE t (a String) ENGINE = Null")
        .await
        .ok();
    let before = peak_memory(&server);
    // 1 GiB in rows of 64 KiB.
    let line = Bytes::from([vec![b'x'; (64 << 10) - 1], vec![b'\n']].concat());
    let frames = (0..16_384).map(move |_| Ok::<_, Infallible>(Frame::data(line.clone())));
    let body = StreamBody::new(Frames(frames));
    // The engine collects 256 MiB before it writes, unless told otherwise; here it is what lies before that.
    let blocks = "max_insert_block_size_bytes=16777216&min_insert_block_size_bytes=16777216";
    let request = Request::post(format!(
        "/?{blocks}&query={}",
        encoded("INSERT INTO t FORMAT TSV")
    ))
    .header("host", "localhost")
    .header("x-clickhouse-user", "default")
    .header("x-clickhouse-key", PASSWORD);
    let reply = server.request(request.body(body).unwrap()).await;
    assert_eq!(reply.summary("written_rows"), 16_384, "{}", reply.text());
    let grown = peak_memory(&server) - before;
    assert!(grown < 400 << 10, "{grown} KiB more");
}

/// `VmHWM` of the engine in KiB.
fn peak_memory(server: &Server) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.engine.pid())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// An iterator as a stream, without a crate for it.
struct Frames<I>(I);

impl<I: Iterator<Item = Result<Frame<Bytes>, Infallible>> + Unpin> futures_core::Stream for Frames<I> {
    type Item = Result<Frame<Bytes>, Infallible>;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        std::task::Poll::Ready(self.0.next())
    }
}

#[tokio::test]
async fn many_inserts_at_once_all_count() {
    let (server, table) = table().await;
    let url = format!("query={}", encoded(&format!("INSERT INTO {table} FORMAT TSV")));
    let mut tasks = tokio::task::JoinSet::new();
    for writer in 0..50 {
        let url = url.clone();
        tasks.spawn(async move {
            server
                .write(&url, format!("{writer}\tw\n"))
                .await
                .summary("written_rows")
        });
    }
    assert_eq!(tasks.join_all().await.iter().sum::<u64>(), 50);
    assert_eq!(
        server
            .read("", format!("SELECT count(), uniqExact(a) FROM {table}"))
            .await
            .ok(),
        "50\t50\n"
    );
}

#[tokio::test]
async fn an_error_is_answered_although_the_client_still_sends() {
    let (server, _) = database().await;
    let mut stream = TcpStream::connect(server.engine.address()).await.unwrap();
    let query = encoded("INSERT INTO nothing.t FORMAT TSV");
    let length = 8 << 20;
    let head = format!(
        "POST /?query={query} HTTP/1.1\r\nhost: localhost\r\nx-clickhouse-user: default\r\n\
         x-clickhouse-key: {PASSWORD}\r\ncontent-length: {length}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(&vec![b'x'; length]).await.unwrap();
    let mut start = [0; 12];
    stream.read_exact(&mut start).await.unwrap();
    assert_eq!(&start, b"HTTP/1.1 404");
}
