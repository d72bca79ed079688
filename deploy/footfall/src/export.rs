//! `footfall export`: events out of the table, as a stream or as files.
//!
//! 1. `range` reads the moments, and cuts them into days: no query is larger than one, and progress can be told;
//! 2. each day is one SELECT in the table's own order, which needs no sorting and no memory, whatever its size;
//! 3. an answer that breaks off is an error; a file has its name only when it is whole.
//!
//! Parquet has its index at the end of a file, so it comes as a file for each day.

mod range;

use crate::cli::{ExportArgs, ExportFormat};
use crate::clickhouse::{self, Access, Role};
use crate::config::Config;
use crate::terminal::{Progress, bytes, count, note};
use anyhow::{Context as _, Result, anyhow, bail};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use range::{Range, Span};
use std::fs::{File, OpenOptions};
use std::io::{BufWriter, IsTerminal as _, Write};
use std::path::{Path, PathBuf};

/// What a statement is made of; days differ in their parameters only.
///
/// The range of `received_at` follows from that of `time` (clients' clocks are corrected to at most 5 minutes ahead and 30
/// days behind), and leaves whole partitions unread.
const FROM: &str = "FROM events WHERE time >= fromUnixTimestamp64Milli({since:Int64}, 'UTC') \
     AND time < fromUnixTimestamp64Milli({until:Int64}, 'UTC') \
     AND received_at >= fromUnixTimestamp64Milli({since:Int64}, 'UTC') - INTERVAL 6 MINUTE \
     AND received_at <= fromUnixTimestamp64Milli({until:Int64}, 'UTC') + INTERVAL 31 DAY \
     AND ({site:String} = '' OR site = {site:String})";
const ORDER: &str = "ORDER BY site, toDate(time), type, time SETTINGS optimize_read_in_order = 1";

/// Writes the events of the range.
///
/// # Errors
/// When the arguments make no sense, no ClickHouse is found, it refuses, an answer breaks off, or the output cannot be
/// written. What is whole by then (days, in a folder) stays.
pub async fn run(config: &Config, args: &ExportArgs) -> Result<()> {
    let range = Range::of(args, jiff::Timestamp::now())?;
    let mut access = clickhouse::find(config, Role::Writer)?;
    // As the writer for as long as it takes (readers are cut off after a while), but held to reading.
    access.hold_back = true;
    let site = args.site.clone().unwrap_or_default();
    let mut export = Export {
        access,
        site,
        format: args.format,
        progress: Progress::new("export"),
        total: 0,
        done: 0,
        written: 0,
        lines: Lines {
            is_quoted: false,
            are_quotes_counted: args.format == ExportFormat::Csv,
        },
    };
    export.total = export.count(range.whole()).await?;
    match (args.format, &args.output) {
        (ExportFormat::Parquet, None) => {
            bail!("parquet comes as a file for each day: name a folder with --output")
        }
        (ExportFormat::Parquet, Some(folder)) => export.files(&range, folder).await?,
        (_, None) => {
            if std::io::stdout().is_terminal() && export.total > 1_000 {
                bail!(
                    "{} events for a terminal: add `--output FILE`, or `> FILE`",
                    count(export.total)
                );
            }
            export.stream(&range, &mut std::io::stdout().lock()).await?;
        }
        (_, Some(path)) => {
            let (file, part) = create(path)?;
            let mut file = BufWriter::new(file);
            export.stream(&range, &mut file).await?;
            keep(&file.into_inner()?, &part, path)?;
        }
    }
    let (done, written) = (count(export.done), bytes(export.written));
    export.progress.finish("done");
    note(format!("{done} events, {written}"));
    Ok(())
}

struct Export {
    access: Access,
    site: String,
    format: ExportFormat,
    progress: Progress,
    /// Events in the range when it began.
    total: u64,
    done: u64,
    /// Bytes.
    written: u64,
    lines: Lines,
}

/// Counts rows as they pass. A line break between quotes is part of a value, in CSV; JSON has none.
#[derive(Debug, Default)]
struct Lines {
    is_quoted: bool,
    are_quotes_counted: bool,
}

impl Lines {
    fn count(&mut self, bytes: &[u8]) -> u64 {
        let mut rows = 0;
        for byte in bytes {
            match byte {
                b'"' => self.is_quoted ^= self.are_quotes_counted,
                b'\n' => rows += u64::from(!self.is_quoted),
                _ => {}
            }
        }
        rows
    }
}

impl Export {
    /// One stream of all days.
    async fn stream(&mut self, range: &Range, out: &mut impl Write) -> Result<()> {
        for (number, day) in range.days().into_iter().enumerate() {
            let format = match self.format {
                ExportFormat::Csv if number == 0 => "CSVWithNames",
                ExportFormat::Csv => "CSV",
                _ => "JSONEachRow",
            };
            self.day(day, format, out).await?;
            // The header is a line too.
            self.done -= u64::from(format == "CSVWithNames");
        }
        out.flush().context("cannot write the last of it")
    }

    /// A file for each day that has events.
    async fn files(&mut self, range: &Range, folder: &Path) -> Result<()> {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
        for day in range.days() {
            let events = self.count(day).await?;
            if events == 0 {
                continue;
            }
            let path = folder.join(format!("events-{}.parquet", day.name()));
            let (file, part) = create(&path)?;
            let mut file = BufWriter::new(file);
            self.day(day, "Parquet", &mut file).await?;
            keep(&file.into_inner()?, &part, &path)?;
            self.done += events;
        }
        Ok(())
    }

    async fn day(&mut self, day: Span, format: &str, out: &mut impl Write) -> Result<()> {
        let columns = match self.format {
            ExportFormat::Csv => "* EXCEPT (insert_deadline) REPLACE (toJSONString(props) AS props)",
            _ => "* EXCEPT (insert_deadline)",
        };
        let sql = format!("SELECT {columns} {FROM} {ORDER}");
        let mut client = self.access.client();
        let answer = self
            .access
            .send(&mut client, sql, format, &self.params(day))
            .await?;
        let ok = answer.status().is_success();
        let body = answer.into_body();
        if !ok {
            let said = body.collect().await.map(http_body_util::Collected::to_bytes);
            let said = said.context("ClickHouse refused, and its reason broke off")?;
            return Err(self
                .access
                .refusal(String::from_utf8_lossy(&said).trim().to_owned()));
        }
        self.copy(body, out).await
    }

    async fn copy(&mut self, mut body: Incoming, out: &mut impl Write) -> Result<()> {
        while let Some(frame) = body.frame().await {
            let frame = frame.context("ClickHouse's answer broke off: what was written is not whole")?;
            if let Some(bytes) = frame.data_ref() {
                out.write_all(bytes).context("cannot write")?;
                self.written += bytes.len() as u64;
                if self.format != ExportFormat::Parquet {
                    self.done += self.lines.count(bytes);
                }
                let state = format!(
                    "{} of {} events, {}",
                    count(self.done),
                    count(self.total),
                    crate::terminal::bytes(self.written)
                );
                self.progress.show(&state);
            }
        }
        Ok(())
    }

    /// Events of a span.
    async fn count(&self, span: Span) -> Result<u64> {
        let params = self.params(span);
        let params: Vec<_> = params
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let text = self
            .access
            .text(&format!("SELECT count() {FROM}"), &params)
            .await?;
        text.parse().with_context(|| format!("read the count `{text}`"))
    }

    fn params(&self, span: Span) -> Vec<(String, String)> {
        vec![
            ("since".to_owned(), span.since.to_string()),
            ("until".to_owned(), span.until.to_string()),
            ("site".to_owned(), self.site.clone()),
        ]
    }
}

/// A new file beside the one that is wanted.
fn create(path: &Path) -> Result<(File, PathBuf)> {
    if path.exists() {
        bail!(
            "{} is there already: name another file, or remove it",
            path.display()
        );
    }
    let name = path
        .file_name()
        .ok_or_else(|| anyhow!("{} is not a file", path.display()))?;
    let mut hidden = std::ffi::OsString::from(".");
    hidden.push(name);
    hidden.push(".part");
    let part = path.with_file_name(hidden);
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .open(&part);
    let file = file.with_context(|| format!("cannot create {}", part.display()))?;
    Ok((file, part))
}

/// Gives a whole file its name.
fn keep(file: &File, part: &Path, path: &Path) -> Result<()> {
    file.sync_all()
        .with_context(|| format!("cannot write {}", part.display()))?;
    std::fs::rename(part, path).with_context(|| format!("cannot name {}", path.display()))
}
