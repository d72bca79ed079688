//! An event of our own: through the door of the edge, and by the same way as all others into the table.

use super::clock;
use crate::check::Findings;
use crate::clickhouse::Access;
use crate::http::Client;
use crate::problem::told;
use crate::target::{Reply, Target, now_ms};
use crate::terminal::seconds;
use anyhow::{Context as _, Result};
use footfall_processor::enrich::ENRICH_VERSION;
use footfall_schemas::reserved::SELF_SITE;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use serde_json::json;
use std::time::{Duration, Instant};
use url::Url;
use uuid::Uuid;

/// How often ClickHouse is asked.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// What became of it, one line: its fate, when the edge received it (ms since 1970), and by which rules it was enriched.
const FATE: &str = "\
SELECT 'row', toUnixTimestamp64Milli(received_at), enrich_version FROM events \
WHERE site = {site:String} AND event_id = {id:UUID} \
UNION ALL SELECT reason, 0, 0 FROM ledger WHERE event_id = {id:UUID}";

/// An event that is not yet sent.
pub(super) struct Event {
    id: Uuid,
    target: Target,
}

struct Row {
    fate: String,
    received_at: i64,
    enrich_version: u16,
}

impl Event {
    /// One for the edge of that address.
    pub(super) fn new(url: &Url, path: &str, key: String) -> Self {
        Self {
            id: Uuid::now_v7(),
            target: Target {
                url: url.clone(),
                path: path.to_owned(),
                site: SELF_SITE.to_owned(),
                key: Some(key),
                run: None,
            },
        }
    }

    /// Sends it and waits until it is in the table; says at which step it fails.
    pub(super) async fn look(self, store: Option<&Access>, wait: Duration, findings: &mut Findings) {
        let (began, start) = (now_ms(), Instant::now());
        let asked = tokio::time::timeout(wait, self.send()).await;
        let reply = match asked.unwrap_or_else(|_| Err(anyhow::anyhow!("no answer within {}", seconds(wait))))
        {
            Ok(reply) => reply,
            Err(error) => {
                return findings.problem(
                    format!(
                        "the edge at {} cannot be asked: {}",
                        self.target.url,
                        told(&error)
                    ),
                    "look whether it runs (`/ready` says what it waits for), or correct --url",
                );
            }
        };
        let answered = now_ms();
        if let Some(reason) = reply.reason_for(0) {
            let what = format!(
                "the edge at {} refuses the event, {reason}: {}",
                self.target.url, reply.text
            );
            return findings.problem(what, remedy(reason));
        }
        findings.good(format!(
            "edge: acknowledged at {} after {}",
            self.target.url,
            seconds(start.elapsed())
        ));
        if let Some(access) = store {
            self.arrives(access, (began, answered), (start, wait), findings)
                .await;
        }
    }

    async fn send(&self) -> Result<Reply> {
        let now = now_ms();
        let body = json!({
            "site": SELF_SITE, "sent_at": now, "id": self.id, "type": "custom", "name": "self_check", "ts": now,
            "visitor": self.id, "attempt": 1,
        });
        let mut headers = self.target.headers()?;
        headers.push((CONTENT_TYPE, HeaderValue::from_static("application/json")));
        let mut client = Client::new(&self.target.url)?;
        self.target
            .post(&mut client, &headers, body.to_string().into())
            .await
    }

    async fn arrives(
        &self,
        access: &Access,
        sent: (i64, i64),
        (start, wait): (Instant, Duration),
        findings: &mut Findings,
    ) {
        let mut last = "it is in neither table".to_owned();
        while start.elapsed() < wait {
            match self.row(access).await {
                Ok(Some(row)) => return row.say(sent, start.elapsed(), findings),
                Ok(None) => {}
                Err(error) => last = told(&error),
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        findings.problem(
            format!(
                "the event {} was acknowledged, and cannot be seen in the table after {}: {last}",
                self.id,
                seconds(wait)
            ),
            "it is safe in the log of the edge. Look whether the processor is ready and what its log says; one that is behind \
             needs longer (--wait)",
        );
    }

    async fn row(&self, access: &Access) -> Result<Option<Row>> {
        let id = self.id.to_string();
        let text = access.text(FATE, &[("site", SELF_SITE), ("id", &id)]).await?;
        let Some(line) = text.lines().next() else {
            return Ok(None);
        };
        let mut fields = line.split('\t');
        let mut field = || fields.next().context("ClickHouse answers by less than was asked");
        Ok(Some(Row {
            fate: field()?.to_owned(),
            received_at: field()?.parse()?,
            enrich_version: field()?.parse()?,
        }))
    }
}

impl Row {
    fn say(&self, sent: (i64, i64), took: Duration, findings: &mut Findings) {
        if self.fate != "row" {
            return findings.problem(
                format!("the event did not become a row: {}", self.fate),
                "`footfall ledger` says why",
            );
        }
        findings.good(format!(
            "table: the event can be asked for after {}",
            seconds(took)
        ));
        clock::say("the edge", self.received_at, sent, findings);
        if self.enrich_version != ENRICH_VERSION {
            findings.problem(
                format!(
                    "the processor that wrote it is of another release: it enriches by the rules {}, this release has {ENRICH_VERSION}",
                    self.enrich_version
                ),
                "start all processors again with the release that is installed",
            );
        }
    }
}

fn remedy(reason: &str) -> &'static str {
    match reason {
        "unknown_site" => {
            "it is of a release before this command, or was not started again after the upgrade: start it again"
        }
        "server_key" => {
            "it has another identity key than this configuration, or was not started again after that changed: all edges of a \
             cluster need the same one"
        }
        "log_full" | "log_unavailable" | "busy" | "site_share" => {
            "its log takes nothing: `/ready` and its log say why (Kafka or ClickHouse away, disk full)"
        }
        _ => "what its answer says; `footfall check` looks at the set-up",
    }
}
