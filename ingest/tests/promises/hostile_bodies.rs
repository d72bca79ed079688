//! Bodies that are broken, deep, large or explode: a clear 4xx, the service lives, good events are kept.

use crate::http::Request;
use crate::server::{Server, start};
use std::io::Write;

/// The JSON parsing corpus, see `tests/corpus/README.md`.
fn corpus() -> Vec<(String, Vec<u8>)> {
    let lines = include_str!("../corpus/json_parsing.jsonl").lines();
    let mut cases: Vec<_> = lines
        .map(|line| {
            let case: serde_json::Value = serde_json::from_str(line).unwrap();
            let text = |name: &str| case[name].as_str().unwrap().to_owned();
            (text("name"), text("input").into_bytes())
        })
        .collect();
    let deep = |open: &str| open.repeat(100_000).into_bytes();
    cases.push(("n_structure_100000_opening_arrays".to_owned(), deep("[")));
    cases.push(("n_structure_open_array_object".to_owned(), deep("[{\"\":")));
    for (name, bytes) in [
        ("n_lone_continuation", &b"[\"\x81\"]"[..]),
        ("n_overlong_2_bytes", b"[\"\xc0\xaf\"]"),
        ("n_overlong_6_bytes", b"[\"\xfc\x83\xbf\xbf\xbf\xbf\"]"),
        ("n_surrogate_in_utf8", b"[\"\xed\xa0\x80\"]"),
        ("n_beyond_unicode", b"[\"\xf4\xbf\xbf\xbf\"]"),
        ("n_truncated", b"[\"\xe0\xff\"]"),
        ("n_latin1", b"[\"\xe9\"]"),
        ("n_utf16le_bom", b"\xff\xfe[\x00\"\x00\xe9\x00\"\x00]\x00"),
        ("n_utf16be", b"\x00[\x00\"\x00\xe9\x00\"\x00]"),
        ("n_bad_byte_in_number", b"[1e\xe5]"),
        ("n_bad_byte_in_escape", b"[\"\\u\xe5\"]"),
        ("n_half_a_bom", b"\xef\xbb{}"),
    ] {
        cases.push((name.to_owned(), bytes.to_vec()));
    }
    cases
}

async fn is_well(server: &mut Server) {
    server.events();
    assert_eq!(server.post(r#"{"site":"demo","type":"click"}"#).await.status, 200);
    assert_eq!(server.events().len(), 1);
    assert_eq!(server.metric("footfall_ingest_panics_total").await, 0.0);
}

#[tokio::test]
async fn the_parsing_corpus_as_a_body_is_a_clear_4xx() {
    let mut server = start().await;
    let cases = corpus();
    assert!(cases.len() > 300);
    for (name, input) in cases {
        let answer = server.post(input).await;
        // Objects without a site are well formed, and of no site.
        assert!([400, 403].contains(&answer.status), "{name}: {}", answer.status);
        assert!(
            answer.json()["detail"].is_string() || answer.json()["rejected"].is_array(),
            "{name}"
        );
    }
    is_well(&mut server).await;
}

#[tokio::test]
async fn the_parsing_corpus_inside_an_event_is_taken_exactly_if_it_is_json() {
    let mut server = start().await;
    for (name, input) in corpus() {
        let body = [
            &br#"{"site":"demo","type":"click","props":{"v":"#[..],
            &input,
            b"}}",
        ]
        .concat();
        let status = server.post(body).await.status;
        let expected: &[u16] = match name.as_bytes()[0] {
            b'y' => &[200],
            b'n' => &[400],
            _ => &[200, 400],
        };
        assert!(expected.contains(&status), "{name}: {status}");
    }
    is_well(&mut server).await;
}

#[tokio::test]
async fn a_broken_event_between_good_ones_costs_only_itself() {
    let mut server = start().await;
    for broken in [
        r#"{"type":"click","title":"\ud800"}"#,
        r#"{"type":"click","title":"\udead\ud83d"}"#,
        "null",
        "17",
        "[]",
        r#""x""#,
        r#"{"type":5}"#,
        r#"{"type":"click","props":[[[]]]}"#,
    ] {
        let body = format!(r#"{{"site":"demo","events":[{{"type":"login"}},{broken},{{"type":"logout"}}]}}"#);
        let answer = server.post(body).await;
        assert_eq!(
            (answer.status, &answer.json()["accepted"]),
            (200, &2.into()),
            "{broken}"
        );
        assert_eq!(answer.json()["rejected"][0]["index"], 1, "{broken}");
        assert_eq!(server.events().len(), 2);
    }
    is_well(&mut server).await;
}

#[tokio::test]
async fn depth_costs_nothing_and_deep_props_are_left_out() {
    let mut server = start().await;
    let (open, close) = ("[".repeat(100_000), "]".repeat(100_000));
    let body = format!(
        r#"{{"site":"demo","type":"click","unknown":{open}{close},"id":{open}{close},"ts":{open}{close},"props":{{"deep":{open}{close},"flat":1}}}}"#
    );
    let answer = server.post(body).await;
    assert!([200, 400].contains(&answer.status), "{}", answer.json());
    let body = format!(
        r#"{{"site":"demo","type":"click","props":{{"deep":{}{},"flat":1}}}}"#,
        "[".repeat(17),
        "]".repeat(17)
    );
    server.events();
    assert_eq!(server.post(body).await.status, 200);
    let event = server.event();
    assert_eq!(event.props, [("flat".into(), "1".into())]);
    assert!(event.flags.has(footfall_schemas::Flag::PropsCut));
    is_well(&mut server).await;
}

#[tokio::test]
async fn nul_is_text_where_json_allows_it_and_an_error_where_not() {
    let mut server = start().await;
    assert_eq!(
        server
            .post(b"{\"site\":\"demo\",\"type\":\"click\",\"title\":\"a\0b\"}".to_vec())
            .await
            .status,
        400
    );
    assert_eq!(
        server
            .post(r#"{"site":"demo","type":"click","title":"a\u0000b"}"#)
            .await
            .status,
        200
    );
    assert_eq!(server.event().title, "a\0b");
    assert_eq!(
        server
            .post(r#"{"site":"de\u0000mo","type":"click"}"#)
            .await
            .status,
        403
    );
    is_well(&mut server).await;
}

#[tokio::test]
async fn a_body_of_ten_megabytes_is_413_whether_announced_or_not() {
    let mut server = start().await;
    let large = vec![b' '; 10 << 20];
    assert_eq!(server.post(large.clone()).await.error(), "body_too_large");
    let mut client = server.client().await;
    let mut chunked = b"POST /v1/events HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
    chunked.extend_from_slice(format!("{:x}\r\n", large.len()).as_bytes());
    chunked.extend_from_slice(&large);
    chunked.extend_from_slice(b"\r\n0\r\n\r\n");
    client.write(&chunked).await;
    assert_eq!(client.answer().await.unwrap().error(), "body_too_large");
    let mut client = server.client().await;
    client.write(b"POST /v1/events HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 10485760\r\n\r\n").await;
    assert_eq!(
        client.answer().await.unwrap().status,
        413,
        "refused before it is sent"
    );
    is_well(&mut server).await;
}

#[tokio::test]
async fn a_compression_bomb_is_413() {
    let mut server = start().await;
    let zeros = vec![b' '; 100 << 20];
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(&zeros).unwrap();
    let mut brotli = Vec::new();
    brotli::CompressorWriter::new(&mut brotli, 65_536, 5, 24)
        .write_all(&zeros)
        .unwrap();
    let zstd = zstd::bulk::compress(&zeros, 3).unwrap();
    for (encoding, bomb) in [("gzip", gzip.finish().unwrap()), ("br", brotli), ("zstd", zstd)] {
        assert!(bomb.len() < 1 << 20);
        let answer = server
            .send(&Request::post(bomb).with("content-encoding", encoding))
            .await;
        // One that wants a window beyond its allowance is not looked into at all.
        let reasons = ["body_too_large_decoded", "body_corrupt"];
        assert!(
            reasons.contains(&answer.error().as_str()),
            "{encoding}: {}",
            answer.json()
        );
    }
    is_well(&mut server).await;
}

#[tokio::test]
async fn compressed_bodies_are_read() {
    let mut server = start().await;
    let body = br#"{"site":"demo","type":"click"}"#;
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(body).unwrap();
    let mut brotli = Vec::new();
    brotli::CompressorWriter::new(&mut brotli, 4096, 5, 20)
        .write_all(body)
        .unwrap();
    for (encoding, wire) in [
        ("gzip", gzip.finish().unwrap()),
        ("BR", brotli),
        ("zstd", zstd::bulk::compress(body, 3).unwrap()),
        ("identity", body.to_vec()),
    ] {
        assert_eq!(
            server
                .send(&Request::post(wire).with("content-encoding", encoding))
                .await
                .status,
            200,
            "{encoding}"
        );
    }
    assert_eq!(server.events().len(), 4);
}
