//! Traces, received as a collector receives them: OTLP over HTTP.

use crate::harness::{Up, eventually};
use axum::Router;
use axum::body::Bytes;
use axum::routing::post;
use footfall::http::Client;
use hyper::Method;
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use std::sync::{Arc, Mutex};
use tokio::task::JoinSet;
use url::Url;

/// A collector on a free port; the spans that it has got.
async fn collector() -> (String, Arc<Mutex<Vec<Span>>>, JoinSet<()>) {
    let spans = Arc::new(Mutex::new(Vec::new()));
    let got = Arc::clone(&spans);
    let take = move |body: Bytes| {
        let request = ExportTraceServiceRequest::decode(body).unwrap();
        let scopes = request.resource_spans.into_iter().flat_map(|one| one.scope_spans);
        got.lock().unwrap().extend(scopes.flat_map(|scope| scope.spans));
        async {}
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let routes = Router::new().route("/v1/traces", post(take));
    let mut task = JoinSet::new();
    task.spawn(async move { axum::serve(listener, routes).await.unwrap() });
    (url, spans, task)
}

async fn send(up: &Up, event: &str, headers: &[(&'static str, &str)]) {
    let mut client = Client::new(&Url::parse(&up.run.public).unwrap()).unwrap();
    let mut all = vec![(CONTENT_TYPE, HeaderValue::from_static("application/json"))];
    for (name, value) in headers {
        all.push((
            HeaderName::from_static(name),
            HeaderValue::from_str(value).unwrap(),
        ));
    }
    let answer = client
        .call(Method::POST, "/v1/events", &all, event.to_owned().into(), 1 << 20)
        .await
        .unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_trace_of_a_server_goes_on_to_the_insert_and_a_pages_does_not() {
    let (url, spans, _task) = collector().await;
    let folder = tempfile::tempdir().unwrap();
    let up = Up::start_with(&folder.path().join("data"), |command| {
        command.env("OTEL_EXPORTER_OTLP_ENDPOINT", &url);
        command.env("OTEL_BSP_SCHEDULE_DELAY", "100");
    });
    let key = footfall::credentials::read(&up.data).unwrap().server_keys["demo"].clone();
    let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    send(
        &up,
        r#"{"site":"demo","type":"login","user_id":"ada"}"#,
        &[("traceparent", parent), ("x-footfall-key", &key)],
    )
    .await;
    for _ in 0..20 {
        // Of a hundred requests one is chosen: the trace that the page names does not make it so.
        send(
            &up,
            r#"{"site":"demo","type":"page_view"}"#,
            &[("traceparent", parent)],
        )
        .await;
    }
    let ours = || -> Vec<Span> {
        let spans = spans.lock().unwrap();
        let of = |span: &&Span| hex(&span.trace_id) == "0af7651916cd43dd8448eb211c80319c";
        spans.iter().filter(of).cloned().collect()
    };
    let found = eventually("the spans of the trace", || {
        Some(ours()).filter(|spans| spans.len() >= 3)
    });
    assert_eq!(found.len(), 3, "{found:?}");
    let by_name = |name: &str| found.iter().find(|span| span.name == name).unwrap();
    let (request, fate) = (by_name("POST events"), by_name("edge to fate"));
    assert_eq!(hex(&request.parent_span_id), "b7ad6b7169203331");
    assert_eq!(fate.parent_span_id, request.span_id);
    assert!(fate.end_time_unix_nano > fate.start_time_unix_nano);
    let insert = by_name("insert");
    assert_eq!(insert.parent_span_id, request.span_id);
    assert!(insert.links.iter().any(|link| link.span_id == request.span_id));
}
