//! Bodies and answers in every compression that the clients use, and broken ones.

use std::io::{Read, Write};

use bytes::Bytes;
use hyper::Method;

use super::server::{PASSWORD, Server, database, encoded};

const ROWS: &str = "SELECT number, repeat('abc', number % 100) FROM numbers(30000) FORMAT TSV";

fn gunzip(data: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    flate2::read::MultiGzDecoder::new(data)
        .read_to_end(&mut out)
        .unwrap();
    out
}

fn unlz4(data: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    lz4_flex::frame::FrameDecoder::new(data)
        .read_to_end(&mut out)
        .unwrap();
    out
}

fn unzstd(data: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    zstd::stream::read::Decoder::new(data)
        .unwrap()
        .read_to_end(&mut out)
        .unwrap();
    out
}

#[tokio::test]
async fn answers_are_compressed_only_when_asked_and_hold_the_same_rows() {
    let (server, _) = database().await;
    let plain = server.read("max_block_size=5000", ROWS).await;
    for (encoding, unpack) in [
        ("gzip", gunzip as fn(&[u8]) -> Vec<u8>),
        ("lz4", unlz4),
        ("zstd", unzstd),
    ] {
        let headers = [("accept-encoding", encoding)];
        for url in ["max_block_size=5000", "wait_end_of_query=1"] {
            let off = server.send(Method::POST, url, &headers, ROWS).await;
            assert_eq!(off.header("content-encoding"), "");
            let url = format!("{url}&enable_http_compression=1");
            let reply = server.send(Method::POST, &url, &headers, ROWS).await;
            assert_eq!(reply.header("content-encoding"), encoding);
            assert!(
                reply.body.len() * 5 < plain.body.len(),
                "{encoding}: {} bytes",
                reply.body.len()
            );
            assert!(unpack(&reply.body) == plain.body, "{encoding}");
        }
    }
}

async fn counted(
    server: &Server,
    name: &str,
    headers: &[(&str, &str)],
    url: &str,
    body: impl Into<Bytes>,
) -> String {
    server
        .write(
            "",
            format!("CREATE OR REPLACE TABLE {name}.t (a UInt64, b String) ENGINE = Memory"),
        )
        .await
        .ok();
    let query = encoded(&format!("INSERT INTO {name}.t FORMAT TSV"));
    let user = [("x-clickhouse-user", "default"), ("x-clickhouse-key", PASSWORD)];
    let headers = [headers, &user].concat();
    let reply = server
        .send(Method::POST, &format!("query={query}&{url}"), &headers, body)
        .await;
    let written = if reply.status.is_success() {
        reply.summary("written_rows").to_string()
    } else {
        reply.code().to_owned()
    };
    let there = server
        .read("", format!("SELECT count() FROM {name}.t"))
        .await
        .ok();
    format!("{written}/{}", there.trim())
}

#[tokio::test]
async fn inserts_come_compressed() {
    let (server, name) = database().await;
    let rows = server.read("", ROWS).await.body;
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&rows).unwrap();
    let mut lz4 = lz4_flex::frame::FrameEncoder::new(Vec::new());
    lz4.write_all(&rows).unwrap();
    for (encoding, body) in [
        ("gzip", gzip.finish().unwrap()),
        ("lz4", lz4.finish().unwrap()),
        ("zstd", zstd::bulk::compress(&rows, 1).unwrap()),
    ] {
        let headers = [("content-encoding", encoding)];
        assert_eq!(
            counted(server, &name, &headers, "", body.clone()).await,
            "30000/30000",
            "{encoding}"
        );
        let cut = body[..body.len() - 20].to_vec();
        let result = counted(server, &name, &headers, "", cut).await;
        assert!(result.ends_with("/0"), "{encoding}, cut: {result}");
    }
    assert_eq!(
        counted(server, &name, &[("content-encoding", "br")], "", "x").await,
        "415/0"
    );
}

#[tokio::test]
async fn clickhouse_blocks_go_both_ways_and_a_flipped_bit_is_found() {
    let (server, name) = database().await;
    let blocks = server.read("compress=1&max_block_size=5000", ROWS).await.body;
    assert_eq!(
        counted(server, &name, &[], "decompress=1", blocks.clone()).await,
        "30000/30000"
    );
    for at in [0, 20, 30, blocks.len() / 2, blocks.len() - 1] {
        let mut flipped = blocks.to_vec();
        flipped[at] ^= 4;
        let result = counted(server, &name, &[], "decompress=1", flipped).await;
        assert!(result.starts_with("271/"), "bit at {at}: {result}");
    }
    let result = counted(
        server,
        &name,
        &[],
        "decompress=1",
        blocks.slice(..blocks.len() - 1),
    )
    .await;
    assert!(result.starts_with("271/"), "{result}");
}
