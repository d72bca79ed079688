//! The barrier of `DELIVERY.md`: an insert is found by its tag, killed, gone, and has written nothing.

use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::server::{PASSWORD, Server, database, encoded, eventually};

const TAG: &str = "footfall/test/1/abc";

async fn tagged(server: &Server) -> String {
    let sql = format!("SELECT count() FROM system.processes WHERE Settings['log_comment'] = '{TAG}'");
    server.write("", sql).await.ok()
}

#[tokio::test]
async fn a_slow_insert_is_seen_by_its_tag_killed_and_writes_nothing() {
    let (_, _) = database().await;
    let server = Server::start().await;
    server
        .write("", "CREATE TABLE t (a UInt64) ENGINE = MergeTree ORDER BY a")
        .await
        .ok();
    let mut stream = TcpStream::connect(server.engine.address()).await.unwrap();
    let query = encoded("INSERT INTO t FORMAT RowBinary");
    let head = format!(
        "POST /?query={query}&log_comment={} HTTP/1.1\r\nhost: localhost\r\nx-clickhouse-user: default\r\n\
         x-clickhouse-key: {PASSWORD}\r\ncontent-length: 800000000\r\n\r\n",
        encoded(TAG)
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(&[7; 80_000]).await.unwrap();
    eventually("the insert is listed", || async {
        tagged(&server).await == "1\n"
    })
    .await;
    let kill = format!("KILL QUERY WHERE Settings['log_comment'] = '{TAG}'");
    server.write("", kill).await.ok();
    // The client goes on sending, as a zombie does.
    let mut sending = tokio::task::JoinSet::new();
    sending.spawn(async move {
        while stream.write_all(&[7; 80_000]).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    });
    eventually("the insert is gone", || async { tagged(&server).await == "0\n" }).await;
    assert_eq!(server.read("", "SELECT count() FROM t").await.ok(), "0\n");
}

#[tokio::test]
async fn a_running_insert_select_is_killed() {
    let (server, name) = database().await;
    server
        .write(
            "",
            format!("CREATE TABLE {name}.t (a UInt64) ENGINE = MergeTree ORDER BY a"),
        )
        .await
        .ok();
    let mut tasks = tokio::task::JoinSet::new();
    let sql = format!(
        "INSERT INTO {name}.t SELECT sipHash64(number) FROM numbers(1e13) WHERE sipHash64(number) = 1"
    );
    tasks.spawn(async move {
        server
            .write("log_comment=slow_select", sql)
            .await
            .code()
            .to_owned()
    });
    let count = "SELECT count() FROM system.processes WHERE Settings['log_comment'] = 'slow_select'";
    eventually("the insert is listed", || async {
        server.write("", count).await.ok() == "1\n"
    })
    .await;
    server
        .write("", "KILL QUERY WHERE Settings['log_comment'] = 'slow_select'")
        .await
        .ok();
    assert_eq!(tasks.join_next().await.unwrap().unwrap(), "394");
    eventually("the insert is gone", || async {
        server.write("", count).await.ok() == "0\n"
    })
    .await;
}
