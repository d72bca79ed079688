//! The pixel is always an image; what happened stands in status and header.

use crate::http::Request;
use crate::server::start;
use footfall_schemas::{Flag, Kind};

#[tokio::test]
async fn a_pixel_is_a_page_view() {
    let mut server = start().await;
    let path = "/v1/pixel.gif?site=demo&url=https%3A%2F%2Fshop.example%2Fa%3Fb%3D1&title=Hello+W%C3%B6rld&referrer=https%3A%2F%2Fsearch.example%2F";
    let answer = server.send(&Request::get(path)).await;
    assert_eq!(
        (
            answer.status,
            answer.header("content-type"),
            answer.header("cache-control")
        ),
        (200, "image/gif", "no-store")
    );
    assert_eq!((answer.body.len(), &answer.body[..6]), (43, &b"GIF89a"[..]));
    let event = server.event();
    assert_eq!(
        (event.kind, event.url.as_ref()),
        (Kind::PageView, "https://shop.example/a?b=1")
    );
    assert_eq!(
        (event.title.as_ref(), event.referrer.as_ref()),
        ("Hello Wörld", "https://search.example/")
    );
    assert!(event.flags.has(Flag::Pixel) && event.flags.has(Flag::IdMade));
}

#[tokio::test]
async fn the_page_is_the_referer_when_the_pixel_does_not_say() {
    let mut server = start().await;
    let answer = server
        .send(&Request::get("/v1/pixel.gif?site=demo").with("referer", "https://shop.example/page"))
        .await;
    assert_eq!(answer.status, 200);
    let event = server.event();
    assert_eq!(
        (event.url.as_ref(), event.origin.as_ref()),
        ("https://shop.example/page", "https://shop.example")
    );
}

#[tokio::test]
async fn a_refused_pixel_is_still_an_image_and_says_why() {
    let mut server = start().await;
    for (request, status, reason) in [
        (Request::get("/v1/pixel.gif"), 403, "unknown_site"),
        (Request::get("/v1/pixel.gif?site=%00%ff"), 403, "unknown_site"),
        (
            Request::get("/v1/pixel.gif?site=demo").with("referer", "https://evil.example/"),
            403,
            "origin_not_allowed",
        ),
    ] {
        let answer = server.send(&request).await;
        assert_eq!(
            (answer.status, answer.header("x-footfall-reason")),
            (status, reason)
        );
        assert_eq!(
            (answer.body.len(), answer.header("content-type")),
            (43, "image/gif")
        );
    }
    assert!(server.events().is_empty());
}
