//! HTTP/2 by TLS: requests side by side, with the promises that HTTP/1.1 has.

use crate::https::secure;
use crate::secure_client::{Shared, Trust, post, to};
use bytes::Bytes;
use http_body_util::Full;
use hyper::body::{Body, Frame};
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::Instant;

const BODY: &str = r#"{"site":"demo","type":"click"}"#;

#[tokio::test]
async fn requests_of_one_connection_go_side_by_side() {
    let (mut server, ours) = secure(|setup| setup).await;
    let stream = Trust::new(&ours, &["h2"])
        .connect(server.tls.unwrap())
        .await
        .unwrap();
    let client = Shared::new(stream).await;
    let all = (0..200).map(|_| client.ask(post(BODY)));
    for answer in futures(all).await {
        assert_eq!(answer.unwrap().status(), 200);
    }
    assert_eq!(server.events().len(), 200);
    assert_eq!(server.metric("footfall_ingest_connections_total").await, 1.0);
}

/// Polls all until each is done.
async fn futures<F: Future>(all: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut waiting: Vec<_> = all.map(|one| (Box::pin(one), None)).collect();
    std::future::poll_fn(|cx| {
        let mut pending = false;
        for (one, done) in &mut waiting {
            if done.is_none() {
                match one.as_mut().poll(cx) {
                    Poll::Ready(output) => *done = Some(output),
                    Poll::Pending => pending = true,
                }
            }
        }
        if pending { Poll::Pending } else { Poll::Ready(()) }
    })
    .await;
    waiting.into_iter().filter_map(|(_, done)| done).collect()
}

#[tokio::test]
async fn cookies_that_come_one_by_one_are_all_seen() {
    let (mut server, ours) = secure(|setup| setup).await;
    let stream = Trust::new(&ours, &["h2"])
        .connect(server.tls.unwrap())
        .await
        .unwrap();
    let client = Shared::new(stream).await;
    let first = client.ask(post(BODY)).await.unwrap();
    let cookie = first.headers()["set-cookie"]
        .to_str()
        .unwrap()
        .split(';')
        .next()
        .unwrap()
        .to_owned();
    // A page of a busy site has many cookies, and ours may be any of them.
    let mut again = to("POST", "/v1/events");
    for n in 0..20 {
        again = again.header("cookie", format!("other{n}=1"));
    }
    let again = again.header("cookie", cookie).body(Full::from(BODY)).unwrap();
    assert_eq!(client.ask(again).await.unwrap().status(), 200);
    let events = server.events();
    assert_eq!(events.len(), 2);
    assert_eq!(events[0].visitor, events[1].visitor);
    assert_eq!(events[0].session, events[1].session);
}

/// A body whose end never comes.
struct Endless(Option<Bytes>);

impl Body for Endless {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match self.0.take() {
            Some(piece) => Poll::Ready(Some(Ok(Frame::data(piece)))),
            None => Poll::Pending,
        }
    }
}

#[tokio::test]
async fn a_body_that_stalls_is_answered_408_and_the_connection_lives_on() {
    let (server, ours) = secure(|setup| {
        setup.with(|config| {
            config.timeouts.body_stall = Duration::from_secs(1);
            config.timeouts.idle = Duration::from_secs(4);
        })
    })
    .await;
    let stream = Trust::new(&ours, &["h2"])
        .connect(server.tls.unwrap())
        .await
        .unwrap();
    let client = Shared::new(stream).await;
    let ask = async || {
        let body = Endless(Some(Bytes::from_static(b"{")));
        let answer = client
            .ask(to("POST", "/v1/events").body(body).unwrap())
            .await
            .unwrap();
        assert_eq!(answer.status(), 408);
        assert!(String::from_utf8_lossy(answer.body()).contains("body_too_slow"));
    };
    ask().await;
    ask().await;
}

#[tokio::test]
async fn an_idle_connection_is_closed_and_one_in_use_is_not() {
    let (server, ours) =
        secure(|setup| setup.with(|config| config.timeouts.idle = Duration::from_secs(15))).await;
    let stream = Trust::new(&ours, &["h2"])
        .connect(server.tls.unwrap())
        .await
        .unwrap();
    let mut client = Shared::new(stream).await;
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(20) {
        assert_eq!(client.ask(post(BODY)).await.unwrap().status(), 200);
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    tokio::time::timeout(crate::http::PATIENCE, client.connection.join_next())
        .await
        .expect("an idle connection is closed");
    assert_eq!(
        server
            .metric("footfall_ingest_timeouts_total{kind=\"idle\"}")
            .await,
        1.0
    );
}

#[tokio::test]
async fn a_drain_answers_what_is_in_flight_and_says_goodbye() {
    let (inside, is_inside) = tokio::sync::watch::channel(false);
    let (server, ours) = secure(|setup| {
        setup.with(|config| {
            let slow = axum::routing::get(async move || {
                inside.send_replace(true);
                tokio::time::sleep(Duration::from_millis(500)).await;
                "done"
            });
            config.extra.public = axum::Router::new().route("/slow", slow);
        })
    })
    .await;
    let stream = Trust::new(&ours, &["h2"])
        .connect(server.tls.unwrap())
        .await
        .unwrap();
    let mut client = Shared::new(stream).await;
    assert_eq!(client.ask(post(BODY)).await.unwrap().status(), 200);
    let slow = client.ask(to("GET", "/slow").body(Full::<Bytes>::default()).unwrap());
    let mut is_inside = is_inside;
    let stop = async {
        is_inside.wait_for(|is_inside| *is_inside).await.unwrap();
        server.stop().await;
    };
    let (slow, ()) = tokio::join!(slow, stop);
    assert_eq!(slow.unwrap().body(), "done");
    client.connection.join_next().await.unwrap().unwrap().unwrap();
}
