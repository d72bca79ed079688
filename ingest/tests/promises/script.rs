//! The beacon script: what pages load, under which names, and how a browser may keep it.

use crate::http::Request;
use crate::server::{setup, start};
use std::io::Read as _;

#[tokio::test]
async fn the_script_comes_as_it_is_checked_in_plain_or_zipped_and_once() {
    let server = start().await;
    let plain = server.send(&Request::get("/beacon.js")).await;
    assert_eq!(plain.body, include_bytes!("../../beacon/dist/beacon.js"));
    assert_eq!(plain.header("content-type"), "text/javascript; charset=utf-8");
    assert_eq!(plain.header("cross-origin-resource-policy"), "cross-origin");
    assert_eq!(plain.header("vary"), "accept-encoding");
    let zipped = server
        .send(&Request::get("/beacon.js").with("accept-encoding", "br;q=1.0, gzip;q=0.8, *;q=0.1"))
        .await;
    assert_eq!(zipped.header("content-encoding"), "gzip");
    let mut text = Vec::new();
    flate2::read::GzDecoder::new(&zipped.body[..])
        .read_to_end(&mut text)
        .unwrap();
    assert_eq!(text, plain.body);
    let none = Request::get("/beacon.js").with("accept-encoding", "gzip;q=0");
    assert_eq!(server.send(&none).await.header("content-encoding"), "");
    let tag = plain.header("etag");
    let again = Request::get("/beacon.js").with("if-none-match", &format!("W/{tag}"));
    let again = server.send(&again).await;
    assert_eq!((again.status, again.body.len()), (304, 0));
    let debug = server.send(&Request::get("/beacon-debug.js")).await;
    assert_eq!(debug.body, include_bytes!("../../beacon/dist/beacon-debug.js"));
    assert_ne!(debug.header("etag"), tag);
}

#[tokio::test]
async fn a_renamed_script_knows_where_events_go() {
    let server = setup()
        .with(|config| {
            config.paths.events = "/e".to_owned();
            config.paths.beacon = "/b.js".to_owned();
        })
        .start()
        .await;
    let script = server.send(&Request::get("/b.js")).await;
    let text = String::from_utf8(script.body).unwrap();
    assert!(
        text.contains("new URL('e',") && !text.contains("v1/events"),
        "{text}"
    );
    assert_eq!(server.send(&Request::get("/b-debug.js")).await.status, 200);
    assert_eq!(
        server.send(&Request::get("/beacon.js")).await.status,
        404,
        "the usual name is gone"
    );
}
