//! At shutdown: readiness off, no new connections, what is in flight is finished, then the end.

use crate::http::{Client, Request};
use crate::server::{eventually, setup, start};
use std::time::Duration;
use tokio::net::TcpStream;

const BODY: &str = r#"{"site":"demo","type":"click"}"#;

/// The head of a request, and its body to be sent later.
async fn half_a_request(client: &mut Client) -> Vec<u8> {
    let bytes = Request::post(BODY).bytes();
    let (head, body) = bytes.split_at(bytes.len() - BODY.len());
    client.write(head).await;
    body.to_vec()
}

#[tokio::test]
async fn a_request_in_flight_is_answered_and_kept() {
    let mut server = start().await;
    let mut client = server.client().await;
    let rest = half_a_request(&mut client).await;
    eventually("the request is in flight", async || {
        server.metric("footfall_ingest_connections_open").await >= 1.0
    })
    .await;
    server.shutdown.cancel();
    let public = server.public;
    eventually("no connection is accepted", async || {
        TcpStream::connect(public).await.is_err()
    })
    .await;
    let ready = Client::connect(server.admin)
        .await
        .send(&Request::get("/ready"))
        .await;
    assert_eq!(
        (ready.status, ready.json()["draining"].as_bool()),
        (503, Some(true))
    );
    client.write(&rest).await;
    assert_eq!(client.answer().await.unwrap().status, 200);
    assert!(client.is_closed().await);
    assert_eq!(server.events().len(), 1);
    server.stop().await;
}

#[tokio::test]
async fn idle_connections_do_not_hold_up_the_end() {
    let server = setup()
        .with(|config| config.timeouts.drain = Duration::from_secs(3600))
        .start()
        .await;
    let mut idle = server.client().await;
    assert_eq!(idle.send(&Request::post(BODY)).await.status, 200);
    let mut silent = server.client().await;
    eventually("both are there", async || {
        server.metric("footfall_ingest_connections_total").await >= 2.0
    })
    .await;
    server.stop().await;
    assert!(idle.is_closed().await && silent.is_closed().await);
}

#[tokio::test]
async fn what_takes_longer_than_the_drain_is_cut_off() {
    let server = setup()
        .with(|config| config.timeouts.drain = Duration::from_millis(100))
        .start()
        .await;
    let mut client = server.client().await;
    half_a_request(&mut client).await;
    eventually("the request is in flight", async || {
        server.metric("footfall_ingest_connections_open").await >= 1.0
    })
    .await;
    server.stop().await;
    assert!(client.answer().await.is_none());
}
