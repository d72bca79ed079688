//! A client that keeps its own books: which events it has sent, and which of them were acknowledged.

use crate::harness::in_time;
use footfall::http::Client;
use hyper::Method;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use url::Url;
use uuid::Uuid;

/// Events of a request.
const BATCH: usize = 5;
const SENDERS: usize = 3;

pub(super) type Ids = BTreeSet<Uuid>;

#[derive(Clone, Default)]
struct Books {
    sent: Arc<Mutex<Ids>>,
    acknowledged: Arc<Mutex<Ids>>,
}

/// Sends until it is stopped, or nobody answers any more.
pub(super) struct Load {
    books: Books,
    senders: JoinSet<()>,
    stop: CancellationToken,
}

impl Load {
    /// `filler`: characters that each event carries, so that segments of the log fill up.
    pub(super) fn start(url: &str, filler: usize) -> Self {
        let (books, stop) = (Books::default(), CancellationToken::new());
        let mut senders = JoinSet::new();
        for _ in 0..SENDERS {
            let url = Url::parse(url).unwrap();
            senders.spawn(send(url, "x".repeat(filler), books.clone(), stop.clone()));
        }
        Self { books, senders, stop }
    }

    /// Events that were acknowledged until now.
    pub(super) fn acknowledged(&self) -> Ids {
        self.books.acknowledged.lock().unwrap().clone()
    }

    /// Waits until so many more have been acknowledged.
    pub(super) async fn goes_on(&self, more: usize) {
        let wanted = self.acknowledged().len() + more;
        in_time("the load goes on", async || {
            (self.acknowledged().len() >= wanted).then_some(())
        })
        .await;
    }

    /// Ends it; gives what was acknowledged, and what was sent.
    pub(super) async fn end(mut self) -> (Ids, Ids) {
        self.stop.cancel();
        while let Some(ended) = self.senders.join_next().await {
            ended.unwrap();
        }
        let sent = self.books.sent.lock().unwrap().clone();
        (self.acknowledged(), sent)
    }
}

async fn send(url: Url, filler: String, books: Books, stop: CancellationToken) {
    let headers = [(CONTENT_TYPE, HeaderValue::from_static("application/json"))];
    let mut client = Client::new(&url).unwrap();
    while !stop.is_cancelled() {
        let ids: Vec<Uuid> = (0..BATCH).map(|_| Uuid::new_v4()).collect();
        let events: Vec<_> = ids
            .iter()
            .map(|id| json!({"id": id, "type": "custom", "name": "load", "props": {"filler": filler}}))
            .collect();
        let body = json!({"site": "demo", "events": events}).to_string();
        books.sent.lock().unwrap().extend(&ids);
        let answer = client
            .call(Method::POST, "/v1/events", &headers, body.into(), 1 << 20)
            .await;
        // Killed: what was not answered may be kept or not.
        let Ok(answer) = answer else { return };
        assert_eq!(answer.text(), format!(r#"{{"accepted":{BATCH},"rejected":[]}}"#));
        books.acknowledged.lock().unwrap().extend(&ids);
    }
}
