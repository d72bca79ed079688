//! How many connections there may be, and how large a head.

use crate::http::{Client, Request};
use crate::server::{eventually, setup};

const BODY: &str = r#"{"site":"demo","type":"click"}"#;

#[tokio::test]
async fn one_address_cannot_take_all_connections() {
    let server = setup()
        .with(|config| config.limits.connections_per_address = 3)
        .start()
        .await;
    let mut held = Vec::new();
    for _ in 0..3 {
        let mut client = server.client().await;
        assert_eq!(client.send(&Request::post(BODY)).await.status, 200);
        held.push(client);
    }
    let refused = server.client().await.answer().await.unwrap();
    assert_eq!((refused.status, refused.error().as_str()), (503, "busy"));
    let mut other = Client::connect_from([127, 0, 0, 2], server.public).await.unwrap();
    assert_eq!(other.send(&Request::post(BODY)).await.status, 200);
    assert_eq!(
        server
            .metric("footfall_ingest_connections_refused_total{limit=\"address\"}")
            .await,
        1.0
    );
    held.clear();
    eventually("the permits are back", async || {
        let mut client = server.client().await;
        client.write(&Request::post(BODY).bytes()).await;
        client.answer().await.is_some_and(|answer| answer.status == 200)
    })
    .await;
}

#[tokio::test]
async fn a_proxy_may_open_as_many_connections_as_there_are() {
    let server = setup()
        .with(|config| {
            config.limits.connections_per_address = 1;
            config.limits.connections = 5;
            config.proxies.trusted = vec!["127.0.0.1/32".parse().unwrap()];
        })
        .start()
        .await;
    let mut held = Vec::new();
    for _ in 0..5 {
        let mut client = server.client().await;
        assert_eq!(client.send(&Request::post(BODY)).await.status, 200);
        held.push(client);
    }
    assert_eq!(server.client().await.answer().await.unwrap().status, 503);
    assert_eq!(
        server
            .metric("footfall_ingest_connections_refused_total{limit=\"total\"}")
            .await,
        1.0
    );
}

#[tokio::test]
async fn a_huge_head_is_431_and_many_headers_too() {
    let server = setup().start().await;
    let long = server
        .send(&Request::post(BODY).with("x-long", &"x".repeat(64 * 1024)))
        .await;
    assert_eq!(long.status, 431);
    let many = (0..200).fold(Request::post(BODY), |request, n| {
        request.with(&format!("x-{n}"), "x")
    });
    assert_eq!(server.send(&many).await.status, 431);
    let fits = server
        .send(&Request::post(BODY).with("cookie", &"x".repeat(24 * 1024)))
        .await;
    assert_eq!(fits.status, 200);
}

#[tokio::test]
async fn pipelined_and_chunked_requests_are_answered_in_order() {
    let mut server = setup().start().await;
    let mut client = server.client().await;
    let mut bytes = Request::post(BODY).bytes();
    bytes.extend(Request::post("{").bytes());
    bytes.extend(Request::post(BODY).bytes());
    bytes.extend_from_slice(b"POST /v1/events HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n");
    for piece in BODY.as_bytes().chunks(7) {
        bytes.extend_from_slice(format!("{:x}\r\n", piece.len()).as_bytes());
        bytes.extend_from_slice(piece);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"0\r\nx-trailer: 1\r\n\r\n");
    client.write(&bytes).await;
    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(client.answer().await.unwrap().status);
    }
    assert_eq!(statuses, [200, 400, 200, 200]);
    assert_eq!(server.events().len(), 3);
}

#[tokio::test]
async fn a_client_that_has_closed_its_side_still_gets_its_answer() {
    let mut server = setup().start().await;
    let mut client = server.client().await;
    client.write(&Request::post(BODY).bytes()).await;
    tokio::io::AsyncWriteExt::shutdown(&mut client.stream)
        .await
        .unwrap();
    assert_eq!(client.answer().await.unwrap().status, 200);
    assert!(client.is_closed().await);
    assert_eq!(server.events().len(), 1);
}

#[tokio::test]
async fn what_is_not_http_is_refused() {
    let server = setup().start().await;
    for junk in [
        &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..],
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET\r\n\r\n",
        b"POST /v1/events HTTP/1.1\r\ncontent-length: -1\r\n\r\n",
        b"POST /v1/events HTTP/1.1\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\n",
        b"POST /v1/events HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
    ] {
        let mut client = server.client().await;
        client.write(junk).await;
        let answer = client.answer().await;
        assert!(
            answer.is_none_or(|answer| (400..500).contains(&answer.status)),
            "{junk:?}"
        );
    }
    assert_eq!(server.post(BODY).await.status, 200);
}
