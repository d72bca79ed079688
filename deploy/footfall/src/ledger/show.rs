//! `footfall ledger show`: one number's whole entry. JSON is laid out, anything else is shown byte by byte.

use super::{ask, stamp};
use crate::cli::ShowArgs;
use crate::terminal::{harmless, note, say};
use ::clickhouse::{Client, Row};
use anyhow::Result;
use serde::Deserialize;
use std::fmt::Write as _;
use uuid::Uuid;

/// Bytes of a line of a dump.
const LINE: usize = 16;

#[derive(Row, Deserialize)]
struct Entry {
    first_seq: u64,
    last_seq: u64,
    reason: String,
    detail: String,
    payload: String,
    #[serde(with = "clickhouse::serde::uuid")]
    event_id: Uuid,
    site: String,
    at: i64,
}

/// Prints every entry of the number. False if it has none.
///
/// # Errors
/// ClickHouse does not answer.
pub(super) async fn run(client: &Client, args: &ShowArgs) -> Result<bool> {
    let (log, seq) = (args.log, args.seq);
    // As hex: bytes that are no text cannot come as a string.
    let sql = format!(
        "SELECT first_seq, last_seq, toString(reason) AS reason, detail, hex(payload) AS payload, event_id, \
         toString(site) AS site, toUnixTimestamp64Milli(at) AS at FROM ledger \
         WHERE log_id = '{log}' AND first_seq <= {seq} AND last_seq >= {seq} ORDER BY ledger.at"
    );
    let entries = ask("read the ledger", client.query(&sql).fetch_all::<Entry>()).await?;
    for entry in &entries {
        if args.json {
            say(as_json(args, entry));
        } else {
            print(args, entry);
        }
    }
    if entries.is_empty() {
        note(without(client, args).await?);
    }
    Ok(!entries.is_empty())
}

/// Why there is no entry.
async fn without(client: &Client, args: &ShowArgs) -> Result<String> {
    let sql = format!(
        "SELECT count() FROM events WHERE log_id = '{}' AND log_seq = {}",
        args.log, args.seq
    );
    let rows = ask("look for the row", client.query(&sql).fetch_one::<u64>()).await?;
    Ok(if rows > 0 {
        format!(
            "number {} is not in the ledger: it is a row of `events`",
            args.seq
        )
    } else {
        format!("number {} of log {} is in no table", args.seq, args.log)
    })
}

fn print(args: &ShowArgs, entry: &Entry) {
    let fields = [
        ("log", args.log.to_string()),
        ("numbers", format!("{}..{}", entry.first_seq, entry.last_seq)),
        ("reason", entry.reason.clone()),
        ("detail", harmless(&entry.detail)),
        ("at (UTC)", stamp(entry.at)),
        ("site", harmless(&entry.site)),
        ("event id", entry.event_id.to_string()),
    ];
    for (name, value) in fields {
        say(format_args!(
            "{name:<10}{}",
            if value.is_empty() { "-" } else { &value }
        ));
    }
    let payload = bytes(&entry.payload);
    say(format_args!("{:<10}{} bytes", "payload", payload.len()));
    if !payload.is_empty() {
        say(laid_out(&payload));
    }
}

fn as_json(args: &ShowArgs, entry: &Entry) -> serde_json::Value {
    let payload = bytes(&entry.payload);
    serde_json::json!({
        "log_id": args.log,
        "first_seq": entry.first_seq,
        "last_seq": entry.last_seq,
        "reason": entry.reason,
        "detail": entry.detail,
        "at": stamp(entry.at),
        "at_ms": entry.at,
        "site": entry.site,
        "event_id": entry.event_id,
        // Text where it is text; hex always, so that no byte is guessed.
        "payload": std::str::from_utf8(&payload).ok(),
        "payload_hex": entry.payload,
    })
}

/// What ClickHouse's `hex` has written.
pub(crate) fn bytes(hex: &str) -> Vec<u8> {
    let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    hex.as_bytes().chunks(2).filter_map(pair).collect()
}

/// JSON with a field on each line; else offsets, bytes and what of them is text.
fn laid_out(payload: &[u8]) -> String {
    let json = serde_json::from_slice::<serde_json::Value>(payload);
    if let Some(pretty) = json
        .ok()
        .and_then(|json| serde_json::to_string_pretty(&json).ok())
    {
        return pretty.lines().map(harmless).collect::<Vec<_>>().join("\n");
    }
    dump(payload)
}

fn dump(payload: &[u8]) -> String {
    let mut text = String::new();
    for (line, bytes) in payload.chunks(LINE).enumerate() {
        let hex: Vec<_> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let shown: String = (bytes.iter())
            .map(|byte| {
                if byte.is_ascii_graphic() || *byte == b' ' {
                    char::from(*byte)
                } else {
                    '.'
                }
            })
            .collect();
        // Writing into a string cannot fail.
        _ = writeln!(text, "{:08x}  {:<47}  |{shown}|", line * LINE, hex.join(" "));
    }
    text.truncate(text.trim_end().len());
    text
}

#[cfg(test)]
mod tests {
    use super::{bytes, laid_out};

    #[test]
    fn json_is_laid_out_and_anything_else_is_dumped() {
        assert_eq!(laid_out(b"{\"v\":2}"), "{\n  \"v\": 2\n}");
        let hex = "FF006E6F74206A736F6E20616E64206D6F7265";
        assert_eq!(
            laid_out(&bytes(hex)),
            "00000000  ff 00 6e 6f 74 20 6a 73 6f 6e 20 61 6e 64 20 6d  |..not json and m|\n\
             00000010  6f 72 65                                         |ore|"
        );
    }
}
