//! Where something of a visitor could have been left.

use super::Findings;
use crate::harness::{Up, eventually, footfall, in_time, text};
use footfall::credentials;
use footfall::http::Client;
use footfall_search::Needles;
use hyper::Method;
use hyper::header::{HeaderName, HeaderValue};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use url::Url;

/// Most bytes of an answer.
const LIMIT: usize = 256 << 20;

fn note(place: &str, bytes: &[u8], needles: &Needles, findings: &mut Findings) {
    let found = needles.in_bytes(place, bytes);
    if !found.is_empty() {
        findings.entry(place.to_owned()).or_default().extend(found);
    }
}

/// What visitors are answered.
pub(super) fn answers(answers: &[u8], needles: &Needles, findings: &mut Findings) {
    note("answers", answers, needles, findings);
}

/// Somebody who looks at the live stream meanwhile.
pub(super) struct Watch {
    tails: Vec<(Child, PathBuf)>,
}

impl Watch {
    /// Returns when all see what comes.
    pub(super) async fn begin(up: &Up) -> Self {
        let tails = [&["tail", "--json"][..], &["tail"]].into_iter().enumerate();
        let tails = tails.map(|(at, args)| {
            let path = up.data.with_extension(format!("tail{at}"));
            let out = std::fs::File::create(&path).unwrap();
            let mut tail = footfall(&up.data);
            tail.args(args)
                .stdout(out.try_clone().unwrap())
                .stderr(out)
                .stdin(Stdio::null());
            (tail.spawn().unwrap(), path)
        });
        let watch = Self {
            tails: tails.collect(),
        };
        in_time("all see a refusal", async || {
            up.post(r#"{"site":"none","type":"click"}"#).await;
            let all = watch
                .tails
                .iter()
                .all(|(_, path)| seen(path).contains("unknown_site"));
            all.then_some(())
        })
        .await;
        watch
    }

    /// Waits for the last event, and looks at what they saw.
    pub(super) fn end(self, needles: &Needles, findings: &mut Findings) {
        for (mut tail, path) in self.tails {
            eventually("the last event is seen", || {
                seen(&path).contains("last").then_some(())
            });
            tail.kill().unwrap();
            tail.wait().unwrap();
            note("live stream", seen(&path).as_bytes(), needles, findings);
        }
    }
}

fn seen(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

/// Figures, what other commands print, and every table.
pub(super) async fn running(up: &Up, needles: &Needles, findings: &mut Findings) {
    for path in ["/metrics", "/version", "/ready"] {
        let figures = ask(&up.run.admin, Method::GET, path, &[], "").await;
        note("figures", &figures, needles, findings);
    }
    let event = up.query("SELECT any(event_id) FROM ledger WHERE reason = 'duplicate'");
    for args in [
        &["ledger"][..],
        &["tail", "--event", &event],
        &["audit"],
        &["config"],
        &["check"],
        &["replay", "--dry-run"],
    ] {
        let said = text(&up.cli(args));
        assert!(!said.is_empty(), "{args:?}");
        note("commands", said.as_bytes(), needles, findings);
    }
    tables(up, needles, findings).await;
}

/// Reads all tables that there are (but one whose reader asks another process and waits for it for long) with all columns, as text, and Footfall's own as raw bytes too.
async fn tables(up: &Up, needles: &Needles, findings: &mut Findings) {
    let list = sql(
        up,
        "SELECT database, name FROM system.tables WHERE engine NOT LIKE '%View' AND name != 'models' FORMAT TSV",
    )
    .await;
    let list = String::from_utf8(list.unwrap()).unwrap();
    let (mut read, mut refused) = (0, Vec::new());
    for line in list.lines() {
        let (database, name) = line.split_once('\t').unwrap();
        let own = database == up.run.database;
        let formats: &[&str] = if own { &["TSV", "RowBinary"] } else { &["TSV"] };
        for format in formats {
            // Some of the engine's own have no end.
            let ask = format!("SELECT * FROM `{database}`.`{name}` LIMIT 10000 FORMAT {format}");
            match sql(up, &ask).await {
                Ok(rows) if own => note("tables", &rows, needles, findings),
                Ok(rows) => note("tables of the engine", &rows, needles, findings),
                Err(why) => {
                    assert!(!own, "{name}: {why}");
                    refused.push(name);
                    continue;
                }
            }
            read += 1;
        }
    }
    println!("{read} tables read, not these: {refused:?}");
    assert!(read > 80, "{read}");
}

async fn sql(up: &Up, sql: &str) -> Result<Vec<u8>, String> {
    let password = credentials::read(&up.data).unwrap().writer_password;
    let headers = [("x-clickhouse-user", "default"), ("x-clickhouse-key", &password)];
    let headers = headers.map(|(name, value)| {
        (
            HeaderName::from_static(name),
            HeaderValue::from_str(value).unwrap(),
        )
    });
    let url = Url::parse(up.run.clickhouse.as_ref().unwrap()).unwrap();
    let mut client = Client::new(&url).unwrap();
    let answer = client
        .call(Method::POST, "/", &headers, sql.to_owned().into(), LIMIT)
        .await
        .map_err(|error| format!("{error:#}"))?;
    if answer.status == 200 {
        Ok(answer.body.to_vec())
    } else {
        Err(answer.text())
    }
}

async fn ask(
    base: &str,
    method: Method,
    path: &str,
    headers: &[(HeaderName, HeaderValue)],
    body: &str,
) -> Vec<u8> {
    let mut client = Client::new(&Url::parse(base).unwrap()).unwrap();
    let answer = client
        .call(method, path, headers, body.to_owned().into(), LIMIT)
        .await
        .unwrap();
    format!("{:?}\n{}", answer.headers, answer.text()).into_bytes()
}

/// All files of the data folder, named by the part of it.
pub(super) fn files(data: &Path, needles: &Needles, findings: &mut Findings) {
    let searched = needles.in_folder(data).unwrap();
    println!("{searched}");
    assert!(searched.files > 50 && searched.unpacked > 1000, "{searched}");
    for found in searched.found {
        let part = found.place.split('/').next().unwrap();
        let inside = if found.place.ends_with("unpacked") {
            ", unpacked"
        } else {
            ""
        };
        findings
            .entry(format!("folder {part}{inside}"))
            .or_default()
            .push(found);
    }
}

/// What it printed: the log of logins, and everything else.
pub(super) fn printed(path: &Path, needles: &Needles, findings: &mut Findings) {
    let printed = seen(path);
    assert!(printed.contains(r#""level":"TRACE""#), "{printed}");
    for line in printed.lines() {
        let is_login = line.contains(r#""target":"auth""#);
        let place = if is_login { "printed logins" } else { "printed" };
        note(place, line.as_bytes(), needles, findings);
    }
}
