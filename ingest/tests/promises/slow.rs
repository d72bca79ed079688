//! Who dribbles, stalls or says nothing is answered or hung up on, and costs the others nothing but a socket.

use crate::http::{Client, Request};
use crate::server::{Server, eventually, setup};
use std::process::Command;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::OwnedWriteHalf;

const BODY: &str = r#"{"site":"demo","type":"click"}"#;

/// As short as a machine allows that is busy with other tests: between two steps of one it may stand still for some 100 ms.
async fn impatient() -> Server {
    setup()
        .with(|config| {
            config.timeouts.header_read = Duration::from_secs(2);
            config.timeouts.idle = Duration::from_secs(8);
            config.timeouts.body = Duration::from_secs(4);
            config.timeouts.body_stall = Duration::from_secs(2);
            config.timeouts.write = Duration::from_secs(1);
        })
        .start()
        .await
}

#[tokio::test]
async fn a_body_that_stalls_is_answered_408() {
    let server = impatient().await;
    let mut client = server.client().await;
    client
        .write(b"POST /v1/events HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{")
        .await;
    let answer = client.answer().await.unwrap();
    assert_eq!((answer.status, answer.error().as_str()), (408, "body_too_slow"));
    assert!(!answer.header("retry-after").is_empty());
    assert!(client.is_closed().await);
}

#[tokio::test]
async fn a_body_that_dribbles_is_answered_408_however_steadily() {
    let server = impatient().await;
    let mut client = server.client().await;
    client
        .write(b"POST /v1/events HTTP/1.1\r\nhost: x\r\ncontent-length: 100000\r\n\r\n")
        .await;
    let (mut read, mut write) = client.stream.into_split();
    let mut answer = [0; 12];
    let (read, ()) = tokio::join!(read.read_exact(&mut answer), dribble(&mut write, b" "));
    read.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 408");
}

#[tokio::test]
async fn a_head_that_does_not_end_is_hung_up_on() {
    let server = impatient().await;
    for start in [
        &b""[..],
        b"POST /v1/ev",
        b"POST /v1/events HTTP/1.1\r\nhost: x\r\n",
    ] {
        let mut client = server.client().await;
        client.write(start).await;
        assert!(client.is_closed().await);
    }
    assert_eq!(
        server
            .metric("footfall_ingest_timeouts_total{kind=\"header\"}")
            .await,
        3.0
    );
}

#[tokio::test]
async fn a_head_that_dribbles_after_a_good_request_is_hung_up_on() {
    let server = impatient().await;
    let mut client = server.client().await;
    assert_eq!(client.send(&Request::post(BODY)).await.status, 200);
    let (mut read, mut write) = client.stream.into_split();
    let mut nothing = [0; 64];
    tokio::select! {
        read = read.read(&mut nothing) => assert_eq!(read.unwrap_or(0), 0),
        () = dribble(&mut write, b"X") => {}
    }
    assert_eq!(
        server
            .metric("footfall_ingest_timeouts_total{kind=\"header\"}")
            .await,
        1.0
    );
}

#[tokio::test]
async fn an_idle_connection_is_closed_and_not_sooner_than_a_head_would_be() {
    let server = impatient().await;
    let mut client = server.client().await;
    assert_eq!(client.send(&Request::post(BODY)).await.status, 200);
    // Longer than a head may take, shorter than a connection may be idle.
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(client.send(&Request::post(BODY)).await.status, 200);
    assert!(client.is_closed().await);
    assert_eq!(
        server
            .metric("footfall_ingest_timeouts_total{kind=\"idle\"}")
            .await,
        1.0
    );
}

#[tokio::test]
async fn a_connection_in_use_is_kept_for_longer_than_it_may_be_idle() {
    let server = impatient().await;
    let mut client = server.client().await;
    for _ in 0..12 {
        assert_eq!(client.send(&Request::post(BODY)).await.status, 200);
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    assert!(client.is_closed().await);
}

#[tokio::test]
async fn who_does_not_read_the_answers_is_hung_up_on() {
    let server = impatient().await;
    let client = server.client().await;
    let (_read, mut write) = client.stream.into_split();
    let request = Request::get("/ready").bytes().repeat(50);
    let flood = async { while write.write_all(&request).await.is_ok() {} };
    flood.await;
    eventually("the write timed out", async || {
        server
            .metric("footfall_ingest_timeouts_total{kind=\"write\"}")
            .await
            >= 1.0
    })
    .await;
}

/// In a process of its own: it measures memory, and the other tests' would count.
#[test]
fn two_thousand_slow_sockets_leave_room_for_an_honest_client() {
    let mut alone = Command::new(std::env::current_exe().unwrap());
    alone.args([
        "slow::two_thousand_slow_sockets",
        "--exact",
        "--ignored",
        "--nocapture",
    ]);
    let output = alone.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && said.contains("1 passed"),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[tokio::test]
#[ignore = "run by the test above"]
async fn two_thousand_slow_sockets() {
    let mut server = setup()
        .with(|config| {
            config.timeouts.header_read = Duration::from_secs(600);
            config.timeouts.body = Duration::from_secs(600);
            config.timeouts.body_stall = Duration::from_secs(600);
        })
        .start()
        .await;
    let before = resident_kib();
    let mut slow = Vec::new();
    for n in 0..2000_u32 {
        let from = [
            127,
            1,
            u8::try_from(n / 200).unwrap(),
            u8::try_from(n % 200 + 1).unwrap(),
        ];
        let mut client = Client::connect_from(from, server.public).await.unwrap();
        let piece: &[u8] = match n % 3 {
            0 => b"POST /v1/events HTTP/1.1\r\nhost: x\r\ncontent-le",
            1 => b"POST /v1/events HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\n{\"site\":",
            _ => b"",
        };
        client.write(piece).await;
        slow.push(client);
    }
    eventually("all are there", async || {
        server.metric("footfall_ingest_connections_open").await >= 2000.0
    })
    .await;
    let mut honest = server.client().await;
    for _ in 0..200 {
        assert_eq!(honest.send(&Request::post(BODY)).await.status, 200);
    }
    assert_eq!(server.events().len(), 200);
    // Both ends are in this process; the client's 2,000 sockets cost the test under 8 MiB.
    let grown = resident_kib().saturating_sub(before) / 1024;
    assert!(grown < 64 + 8, "{grown} MiB for 2,000 slow sockets");
}

/// Sends one byte at a time until the server hangs up.
async fn dribble(write: &mut OwnedWriteHalf, byte: &[u8]) {
    while write.write_all(byte).await.is_ok() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Resident memory of this process.
fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
