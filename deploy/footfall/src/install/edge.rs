//! The other end: whether the script is served, where it would send, and what ingest says to a page of that origin.

use super::fetch::{self, Fetched};
use super::origin;
use crate::check::Findings;
use serde_json::{Value, json};
use url::Url;

/// No event has this type, so the probe is answered like one, and never kept.
const NO_TYPE: &str = "install_check";

/// Where events go.
pub(super) struct Edge {
    pub(super) endpoint: Url,
}

impl Edge {
    /// Looks at the script, which knows where it sends to; `data-host` says another host. None: it is not there.
    pub(super) async fn look(
        script: &Url,
        host: Option<&str>,
        page: &Url,
        findings: &mut Findings,
    ) -> Option<Self> {
        if page.scheme() == "https" && script.scheme() == "http" {
            findings.problem(
                format!("the page is https and the script is http ({script}): browsers load no such script"),
                "serve ingest by https, behind a proxy with a certificate, and write https:// into the tag",
            );
        }
        let path = path_of_events(script, findings).await?;
        let base = host.and_then(|host| page.join(host).ok());
        let endpoint = base.as_ref().unwrap_or(script).join(&path).ok()?;
        Some(Self { endpoint })
    }

    /// Sends what no event is, as the page of that origin: which site, whether it may, whether it can read the answer.
    pub(super) async fn take(&self, page: &Url, site: &str, findings: &mut Findings) {
        let origin = origin(page);
        let probe = json!({"site": site, "events": [{"type": NO_TYPE}]}).to_string();
        let answer = match fetch::post(&self.endpoint, &origin, probe).await {
            Ok(answer) => answer,
            Err(error) => {
                return findings.problem(
                    format!("ingest cannot be reached at {}: {error:#}", self.endpoint),
                    "start it, or correct the address in the tag; its public address must be reachable for visitors",
                );
            }
        };
        let said: Value = serde_json::from_slice(&answer.answer.body).unwrap_or_default();
        let first = &said["rejected"][0]["reason"];
        match said["error"].as_str().or(first.as_str()) {
            Some("unknown_type") => {
                findings.good(format!("ingest knows the site `{site}` and takes events of {origin}"));
            }
            Some("unknown_site") => findings.problem(
                format!("ingest knows no site `{site}`"),
                format!("footfall site add {site} --origin {origin}, on the machine of ingest; or correct data-site"),
            ),
            Some("origin_not_allowed") => findings.problem(
                format!("ingest takes no events of {origin} for the site `{site}`"),
                format!("add \"{origin}\" to `origins` of the site in sites.toml, on the machine of ingest"),
            ),
            Some(reason) => findings.problem(
                format!("ingest refuses: {reason}: {}", said["detail"].as_str().unwrap_or_default()),
                "see the reason; it may pass by itself",
            ),
            None => {
                return findings.problem(
                    format!("{} answers {}, but not as ingest does", self.endpoint, answer.answer.status),
                    "correct the address in the tag or `data-host`; a proxy in front must pass POST on to ingest",
                );
            }
        }
        is_readable(&answer, &origin, page, findings);
    }

    /// Whether it can keep events now.
    pub(super) async fn is_ready(&self, findings: &mut Findings) {
        let Ok(ready) = self.endpoint.join("/ready") else {
            return;
        };
        match fetch::get(&ready).await {
            Ok(answer) if answer.is_ok() => findings.good("ingest is ready"),
            Ok(answer) if answer.answer.status.as_u16() == 404 => {
                findings.note(format!(
                    "{ready} is not there: a proxy may keep it from the public, which is fine"
                ));
            }
            Ok(answer) => findings.problem(
                format!(
                    "ingest is not ready: {} {}",
                    answer.answer.status,
                    answer.answer.text()
                ),
                "see the log of ingest; pages keep their events and send them later",
            ),
            // Has been said.
            Err(_) => {}
        }
    }
}

/// The path that the script sends to, if it is served and ours: ingest writes its own into it.
async fn path_of_events(script: &Url, findings: &mut Findings) -> Option<String> {
    let remedy = "correct `src`: ingest serves it at /beacon.js, or where `ingest.beacon_path` says";
    let served = match fetch::get(script).await {
        Ok(served) => served,
        Err(error) => {
            findings.problem(format!("the script cannot be loaded: {error:#}"), remedy);
            return None;
        }
    };
    let (status, media_type) = (served.answer.status, served.media_type());
    if !served.is_ok() {
        findings.problem(format!("the script {script} answers {status}"), remedy);
        return None;
    }
    if !media_type.ends_with("javascript") && !media_type.ends_with("ecmascript") {
        findings.problem(
            format!("the script {script} is served as `{media_type}`, which browsers may not run"),
            remedy,
        );
    }
    let text = served.answer.text();
    let Some(path) = events_path(&text) else {
        findings.problem(format!("{script} is not the beacon"), remedy);
        return None;
    };
    findings.good(format!("the script is served: {}", served.url));
    Some(path.to_owned())
}

/// Where the built script sends to: it makes three addresses from texts, this one, that of its debug texts, and the one at which
/// a visitor is forgotten, which alone has a query.
fn events_path(script: &str) -> Option<&str> {
    let mut paths = script.split("new URL(").skip(1).filter_map(|rest| {
        let quote = rest.chars().next().filter(|quote| "'\"`".contains(*quote))?;
        rest[1..].split(quote).next()
    });
    let path = paths.find(|path| !path.ends_with("-debug.js") && !path.contains('?'))?;
    script.contains("-debug.js").then_some(path)
}

/// Browsers show an answer to a page only if it names the page's origin and allows credentials.
fn is_readable(answer: &Fetched, origin: &str, page: &Url, findings: &mut Findings) {
    if super::origin(&answer.url) == super::origin(page) {
        return;
    }
    let allowed = answer.header("access-control-allow-origin");
    let credentials = answer.header("access-control-allow-credentials");
    if allowed == origin && credentials == "true" {
        return findings.good("the page may read the answer (CORS)");
    }
    findings.problem(
        format!(
            "the answer lacks what the page needs to read it (CORS): access-control-allow-origin is `{allowed}`, access-control-allow-credentials `{credentials}`"
        ),
        "ingest sends both; a proxy in front removes or replaces them: let it pass ingest's headers on",
    );
}

#[cfg(test)]
mod tests {
    use super::events_path;

    #[test]
    fn the_built_script_says_where_it_sends() {
        let built = include_str!("../../../../ingest/beacon/dist/beacon.js");
        assert_eq!(events_path(built), Some("v1/events"));
        assert_eq!(events_path(&built.replace("v1/events", "/e")), Some("/e"));
        assert_eq!(events_path("console.log(new URL('x', y))"), None);
    }
}
