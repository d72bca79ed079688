//! What is sent: requests with a realistic event of 600 bytes, or with batches of 50, no two alike. The cluster's
//! benchmark in `tests` sends the same.

use std::io::Write;

/// As a browser sends it.
const HEAD: &str = "POST /v1/events HTTP/1.1\r\nhost: in.shop.example\r\norigin: https://shop.example\r\nreferer: https://shop.example/\r\nuser-agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36\r\naccept: */*\r\naccept-language: de-DE,de;q=0.9,en;q=0.8\r\naccept-encoding: gzip, deflate, br, zstd\r\ncontent-type: text/plain;charset=UTF-8\r\n";

/// Events of a batch.
pub(crate) const BATCH: u32 = 50;
/// Different batches; the load goes through them in turn.
const BATCHES: u32 = 400;

/// The fields of event `n`, seen on page load `page`, from `"id"` on.
fn fields(n: u64, page: u64) -> String {
    let (page, item, height) = (page.wrapping_mul(0x9E37_79B9_7F4A_7C15), n % 9973, 500 + n % 700);
    format!(
        r#""id":"01932f4c-8d1e-7c3a-9b5f-{:012x}","type":"page_view","ts":1795273445{:03},"url":"https://shop.example/category/shoes/item-{item}?utm_source=newsletter&utm_medium=email&utm_campaign=autumn","title":"Running shoes, model {item} - The Shop","referrer":"https://www.search.example/results?q=running+shoes+{item}","seq":1,"page_id":"01932f4c-8d1e-7c3a-8001-{:012x}","attempt":1,"screen_w":1920,"screen_h":1080,"viewport_w":1536,"viewport_h":{height},"language":"de-DE","timezone":"Europe/Berlin","props":{{"category":"shoes","price":"89.{:02}"}}"#,
        n & 0xFFFF_FFFF_FFFF,
        n % 1000,
        page & 0xFFFF_FFFF_FFFF,
        n % 100,
    )
}

/// One event as a request of its own, filled up to 600 bytes with a query as shops have them.
pub(crate) fn single(n: u64) -> Vec<u8> {
    let body = format!(r#"{{"site":"demo","sent_at":1795273446000,{}}}"#, fields(n, n));
    let filter = "x".repeat(600_usize.saturating_sub(body.len() + "&filter=".len()));
    body.replacen("&utm_medium", &format!("&filter={filter}&utm_medium"), 1)
        .into_bytes()
}

/// All batches, compressed.
pub(crate) fn batches() -> Vec<Vec<u8>> {
    (0..BATCHES).map(batch).collect()
}

/// What one page has collected.
fn batch(number: u32) -> Vec<u8> {
    let first = 1_000_000_000 + u64::from(number * BATCH);
    let events: Vec<_> = (first..first + u64::from(BATCH))
        .map(|n| format!("{{{}}}", fields(n, first)))
        .collect();
    let body = format!(
        r#"{{"site":"demo","sent_at":1795273446000,"events":[{}]}}"#,
        events.join(",")
    );
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(body.as_bytes()).unwrap();
    gzip.finish().unwrap()
}

/// Appends request `n`: a single event, or one of `batches`; with a cookie, unless it is empty.
pub(crate) fn request(request: &mut Vec<u8>, n: u64, batches: Option<&[Vec<u8>]>, cookie: &[u8]) {
    let single;
    let (body, encoding) = match batches {
        Some(batches) => {
            let at = usize::try_from(n).unwrap() % batches.len();
            (&batches[at], "content-encoding: gzip\r\n")
        }
        None => {
            single = self::single(n);
            (&single, "")
        }
    };
    request.extend_from_slice(HEAD.as_bytes());
    if !cookie.is_empty() {
        request.extend_from_slice(b"cookie: ");
        request.extend_from_slice(cookie);
        request.extend_from_slice(b"\r\n");
    }
    request.extend_from_slice(format!("{encoding}content-length: {}\r\n\r\n", body.len()).as_bytes());
    request.extend_from_slice(body);
}

/// Takes the cookie's pair out of an answer; there must be one.
pub(crate) fn keep(cookie: &mut Vec<u8>, answer: &[u8]) {
    let name = b"set-cookie: ";
    let at = answer.windows(name.len()).position(|window| window == name);
    let pair = &answer[at.unwrap() + name.len()..];
    cookie.clear();
    cookie.extend_from_slice(pair.split(|byte| *byte == b';').next().unwrap());
}
