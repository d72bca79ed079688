//! `footfall tail`: the live stream of a running Footfall, one line per event or refusal. With `--event` the fate of one
//! event, from the tables: [`crate::fate`].

use crate::cli::TailArgs;
use crate::config::Config;
use crate::data;
use crate::http::Client;
use crate::live::{Fate, REFUSED};
use crate::terminal::{Colour, harmless, note, paint, write};
use anyhow::{Context as _, Result, bail};
use bytes::{Buf as _, Bytes, BytesMut};
use http_body_util::BodyExt as _;
use hyper::Method;
use std::time::Duration;
use time::OffsetDateTime;
use time::macros::format_description;
use url::Url;
use url::form_urlencoded::Serializer;

/// Between two attempts to find a stream again.
const PAUSE: Duration = Duration::from_millis(500);

/// Why one stream is over.
enum Over {
    /// `--count` is reached, or nobody reads any more.
    Enough,
    /// Footfall has stopped, or was killed.
    Ended,
}

/// Follows the stream until `--count` is reached or somebody interrupts; a Footfall that stops is waited for.
///
/// # Errors
/// When there is no Footfall to begin with.
pub async fn run(config: &Config, args: &TailArgs) -> Result<()> {
    let mut shown = 0;
    let mut over = follow(config, args, &mut shown).await?;
    let mut said = false;
    while let Over::Ended = over {
        if !said {
            note("the stream has ended; waiting for Footfall to come back");
        }
        tokio::time::sleep(PAUSE).await;
        let again = follow(config, args, &mut shown).await;
        said = again.is_err();
        over = again.unwrap_or(Over::Ended);
    }
    Ok(())
}

async fn follow(config: &Config, args: &TailArgs, shown: &mut u64) -> Result<Over> {
    let url = match &args.url {
        Some(url) => url.clone(),
        None => data::find_running(&config.data.folder)?.admin,
    };
    let url = Url::parse(&url)
        .with_context(|| format!("`{url}` is not an address such as http://127.0.0.1:8001"))?;
    let mut client = Client::new(&url)?;
    let answer = client.send(Method::GET, &target(args), &[], Bytes::new()).await?;
    if !answer.status().is_success() {
        bail!(
            "{url} answered {}: is it the admin address (ingest.admin_listen) of a Footfall?",
            answer.status()
        );
    }
    if !args.json {
        note("following; Ctrl-C ends");
    }
    let mut body = answer.into_body();
    let mut lines = Lines::default();
    while let Some(Ok(frame)) = body.frame().await {
        lines.push(frame.data_ref());
        while let Some(json) = lines.next() {
            *shown += 1;
            if show(&json, args.json).is_err() || args.count.is_some_and(|count| *shown >= count) {
                return Ok(Over::Enough);
            }
        }
    }
    Ok(Over::Ended)
}

fn target(args: &TailArgs) -> String {
    let mut target = Serializer::new(String::from("/live?"));
    if let Some(site) = &args.site {
        target.append_pair("site", site);
    }
    if !args.kinds.is_empty() {
        target.append_pair("type", &args.kinds.join(","));
    }
    target.finish()
}

/// Prints one fate; an error means that nobody reads any more.
fn show(json: &str, raw: bool) -> std::io::Result<()> {
    if raw {
        return write(format!("{json}\n").as_bytes());
    }
    match serde_json::from_str::<Fate>(json) {
        Ok(fate) => write(line(&fate).as_bytes()),
        Err(_) => Ok(()),
    }
}

fn line(fate: &Fate) -> String {
    if fate.fate == REFUSED {
        return refusal(fate);
    }
    let what = if fate.name.is_empty() {
        &fate.path
    } else {
        &fate.name
    };
    let colour = if fate.fate == "row" {
        Colour::Green
    } else {
        Colour::Yellow
    };
    format!(
        "{}  {}  {:>6} ms  {:<12} {:<12} {}  {}\n",
        clock(fate.at),
        paint(colour, format_args!("{:<10}", fate.fate)),
        fate.latency_ms,
        harmless(&fate.site),
        fate.kind,
        harmless(what),
        paint(Colour::Dim, format_args!("#{}", fate.seq)),
    )
}

fn refusal(fate: &Fate) -> String {
    format!(
        "{}  {}  {:<12} {}: {}\n",
        clock(fate.at),
        paint(Colour::Red, format_args!("{REFUSED:<10}")),
        harmless(&fate.site),
        fate.reason,
        harmless(&fate.detail),
    )
}

/// `15:04:05.123`, UTC: the same as in the table.
fn clock(ms: i64) -> String {
    let at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(ms) * 1_000_000)
        .unwrap_or(OffsetDateTime::UNIX_EPOCH);
    at.format(format_description!(
        "[hour]:[minute]:[second].[subsecond digits:3]"
    ))
    .unwrap_or_default()
}

/// Takes a stream apart into the data of its events.
#[derive(Debug, Default)]
struct Lines(BytesMut);

impl Lines {
    fn push(&mut self, bytes: Option<&Bytes>) {
        self.0.extend_from_slice(bytes.map_or(&[][..], |bytes| bytes));
    }

    /// The data of the next complete event; comments are passed over.
    fn next(&mut self) -> Option<String> {
        loop {
            let end = self.0.iter().position(|byte| *byte == b'\n')?;
            let line = self.0.split_to(end);
            self.0.advance(1);
            if let Some(data) = line.strip_prefix(b"data: ") {
                return Some(String::from_utf8_lossy(data).into_owned());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Lines, clock};
    use bytes::Bytes;

    #[test]
    fn a_stream_comes_apart_wherever_it_was_cut() {
        let mut lines = Lines::default();
        let mut found = Vec::new();
        for piece in [": hello\n\nda", "ta: {\"a\":1}\n", "\n:\n\ndata: {}\n\n"] {
            lines.push(Some(&Bytes::from(piece)));
            while let Some(data) = lines.next() {
                found.push(data);
            }
        }
        assert_eq!(found, ["{\"a\":1}", "{}"]);
    }

    #[test]
    fn times_are_utc_to_the_millisecond() {
        assert_eq!(clock(1_795_273_445_123), "15:04:05.123");
    }
}
