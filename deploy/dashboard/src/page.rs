//! The page: built by `page/build.mjs`, checked in, embedded here. Compressed once.

use axum::Router;
use axum::body::Body;
use axum::http::header::{self, HeaderMap};
use axum::http::{HeaderValue, Response, StatusCode};
use axum::routing::get;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::Arc;

/// A file of the page.
struct Asset {
    path: &'static str,
    kind: &'static str,
    bytes: &'static [u8],
}

const ASSETS: [Asset; 5] = [
    Asset {
        path: "/",
        kind: "text/html; charset=utf-8",
        bytes: include_bytes!("../page/dist/index.html"),
    },
    Asset {
        path: "/app.js",
        kind: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../page/dist/app.js"),
    },
    Asset {
        path: "/app.css",
        kind: "text/css; charset=utf-8",
        bytes: include_bytes!("../page/dist/app.css"),
    },
    Asset {
        path: "/icon.svg",
        kind: "image/svg+xml",
        bytes: include_bytes!("../page/dist/icon.svg"),
    },
    Asset {
        path: "/world.json",
        kind: "application/json",
        bytes: include_bytes!("../page/dist/world.json"),
    },
];

struct Ready {
    kind: HeaderValue,
    tag: HeaderValue,
    plain: Bytes,
    gzip: Bytes,
}

/// The page's routes. Anybody may have them: data needs more.
pub(crate) fn router() -> Router {
    ASSETS.iter().fold(Router::new(), |router, asset| {
        let ready = Arc::new(ready(asset));
        router.route(
            asset.path,
            get(move |headers: HeaderMap| std::future::ready(answer(&ready, &headers))),
        )
    })
}

fn ready(asset: &Asset) -> Ready {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    // Writing to memory does not fail; without the compressed bytes the plain ones are sent.
    let gzip = encoder
        .write_all(asset.bytes)
        .and_then(|()| encoder.finish())
        .unwrap_or_default();
    let digest = Sha256::digest(asset.bytes);
    let tag = digest.iter().take(8).fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    });
    Ready {
        kind: HeaderValue::from_static(asset.kind),
        tag: HeaderValue::from_str(&format!("\"{tag}\"")).unwrap_or(HeaderValue::from_static("\"\"")),
        plain: Bytes::from_static(asset.bytes),
        gzip: Bytes::from(gzip),
    }
}

fn answer(ready: &Ready, headers: &HeaderMap) -> Response<Body> {
    let mut answer = Response::new(Body::empty());
    let known = headers
        .get(header::IF_NONE_MATCH)
        .is_some_and(|tag| *tag == ready.tag);
    let compressed = headers
        .get(header::ACCEPT_ENCODING)
        .and_then(|codings| codings.to_str().ok())
        .is_some_and(|codings| codings.contains("gzip"));
    if known {
        *answer.status_mut() = StatusCode::NOT_MODIFIED;
    } else if compressed && !ready.gzip.is_empty() {
        *answer.body_mut() = Body::from(ready.gzip.clone());
        answer
            .headers_mut()
            .insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    } else {
        *answer.body_mut() = Body::from(ready.plain.clone());
    }
    let into = answer.headers_mut();
    into.insert(header::CONTENT_TYPE, ready.kind.clone());
    into.insert(header::ETAG, ready.tag.clone());
    into.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    into.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    answer
}
