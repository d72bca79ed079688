//! `footfall install <url>`: looks at a page in its owner's place, and says what keeps events from arriving. A plain fetch:
//! nothing of the page is run.
//!
//! In order: the page (`fetch`), its tag (`markup`), its policies (`policy`), the script and the endpoint that the script
//! would send to (`edge`). Everything is looked at that can be; one finding does not hide the next.

mod edge;
mod fetch;
mod markup;
mod policy;

use crate::check::Findings;
use crate::cli::InstallArgs;
use crate::config::Config;
use anyhow::{Context as _, Result};
use edge::Edge;
use fetch::Fetched;
use markup::{Markup, Tag};
use policy::{Policy, Script};
use url::Url;

/// Looks, and prints what it sees. Gives whether there is no problem.
///
/// # Errors
/// When the address is none. What fails on the way is a finding.
pub async fn run(config: &Config, args: &InstallArgs) -> Result<bool> {
    let url = Url::parse(&args.page)
        .with_context(|| format!("`{}` is not an address such as https://shop.example/", args.page))?;
    let mut findings = Findings::default();
    look(config, &url, args.site.as_deref(), &mut findings).await;
    findings.print();
    Ok(findings.problems.is_empty())
}

/// Looks at a page. `site` is the one that it should be; without: whatever the tag says.
pub async fn look(config: &Config, url: &Url, site: Option<&str>, findings: &mut Findings) {
    let Some(page) = page(url, findings).await else {
        return;
    };
    let markup = markup::read(&page.answer.text(), &config.ingest.beacon_path);
    let Some(tag) = tag(&markup, findings) else {
        return;
    };
    on_the_tag(tag, site, &page.url, findings);
    let base = markup.base(&page.url);
    let Some(script) = tag.src.as_deref().and_then(|src| base.join(src).ok()) else {
        findings.problem(
            "the tag has no `src`, or one that is no address",
            "write it as src=\"https://<host of ingest>/beacon.js\"",
        );
        return;
    };
    let host = tag.host.as_deref().filter(|host| !host.is_empty());
    let edge = Edge::look(&script, host, &page.url, findings).await;
    if let Some(edge) = &edge {
        if let Some(site) = tag.site.as_deref().filter(|site| !site.is_empty()) {
            edge.take(&page.url, site, findings).await;
        }
        edge.is_ready(findings).await;
    }
    let asked = Asked {
        script: Script {
            url: &script,
            nonce: tag.nonce.as_deref(),
            integrity: tag.integrity.as_deref(),
        },
        endpoint: edge.as_ref().map(|edge| &edge.endpoint),
    };
    on_the_policies(&page, &markup, &asked, findings);
}

/// The page, if it can be read and is one.
async fn page(url: &Url, findings: &mut Findings) -> Option<Fetched> {
    let page = match fetch::get(url).await {
        Ok(page) => page,
        Err(error) => {
            findings.problem(
                format!("the page cannot be reached: {error:#}"),
                "check the address, and that this machine can reach it",
            );
            return None;
        }
    };
    let (status, media_type) = (page.answer.status, page.media_type());
    if !page.is_ok() {
        findings.problem(
            format!("the page answers {status}"),
            "give the address of a page that everybody may see; a login page, or one that keeps robots out, cannot be looked at",
        );
        return None;
    }
    if !matches!(media_type.as_str(), "text/html" | "application/xhtml+xml" | "") {
        findings.problem(
            format!("the page is {media_type}, not HTML"),
            "give the address of a page",
        );
        return None;
    }
    let came = if page.url == *url {
        String::new()
    } else {
        format!(" ({url} leads there)")
    };
    findings.good(format!("the page is there: {}{came}", page.url));
    Some(page)
}

/// The tag that counts.
fn tag<'m>(markup: &'m Markup, findings: &mut Findings) -> Option<&'m Tag> {
    let run: Vec<_> = markup.tags.iter().filter(|tag| tag.inside.is_none()).collect();
    if let Some(hidden) = markup.tags.iter().find_map(|tag| tag.inside)
        && run.is_empty()
    {
        findings.problem(
            format!("the tag stands inside <{hidden}>, where browsers do not run it"),
            "move it into <head>",
        );
        return None;
    }
    let Some(first) = run.first() else {
        no_tag(markup, findings);
        return None;
    };
    if run.len() > 1 {
        findings.note(format!(
            "there are {} tags; the first that runs counts, the others do nothing",
            run.len()
        ));
    }
    findings.good(format!(
        "the tag is there: {}",
        first.src.as_deref().unwrap_or("without an address")
    ));
    Some(first)
}

fn no_tag(markup: &Markup, findings: &mut Findings) {
    let tag = "put <script defer src=\"https://<host of ingest>/beacon.js\" data-site=\"<site>\"></script> into <head>";
    if markup.is_commented_out {
        findings.problem("the tag is commented out", "take it out of <!-- -->");
        return;
    }
    findings.problem("the page's HTML has no tag of the beacon", tag);
    if !markup.managers.is_empty() {
        findings.note(format!(
            "the page loads {}, which may add the tag when it runs; that cannot be seen from here: open the page in a browser and look for /beacon.js in its network panel",
            markup.managers.join(" and ")
        ));
    }
    if markup.names_footfall {
        findings.note("a script of the page names `footfall`: it may load the beacon itself, which cannot be seen from here");
    }
}

fn on_the_tag(tag: &Tag, site: Option<&str>, page: &Url, findings: &mut Findings) {
    match (tag.site.as_deref().unwrap_or_default(), site) {
        ("", _) => findings.problem(
            "the tag has no `data-site`",
            "add data-site=\"<key of the site>\"",
        ),
        (found, Some(wanted)) if found != wanted => findings.problem(
            format!("the tag is of the site `{found}`, not of `{wanted}`"),
            format!("write data-site=\"{wanted}\""),
        ),
        _ => {}
    }
    let kind = tag.kind.trim().to_ascii_lowercase();
    match kind.as_str() {
        "" | "text/javascript" | "application/javascript" | "text/ecmascript" => {}
        "module" => findings.problem(
            "the tag has type=\"module\": such a script does not know its own tag, and so not its site",
            "remove `type`; `defer` loads it without keeping the page waiting",
        ),
        other => findings.note(format!(
            "the tag has type=\"{other}\": browsers do not run it. If a consent banner changes that, nothing arrives before the visitor agrees"
        )),
    }
    if !tag.waits_for_nothing && kind != "module" {
        findings.note("the tag has neither `defer` nor `async`: the page waits for it");
    }
    if let Some(domains) = &tag.domains {
        let host = page.host_str().unwrap_or_default();
        if !domains.split([' ', ',', '\n', '\t']).any(|domain| domain == host) {
            findings.problem(
                format!("`data-domains` does not have {host}: nothing is sent from this page"),
                format!("add {host} to data-domains=\"{domains}\", or remove the attribute"),
            );
        }
    }
    if tag.integrity.is_some() {
        findings.note("the tag has `integrity`: after the next release of Footfall the script has another hash, and browsers will not run it");
    }
}

/// What the page's policies must allow.
struct Asked<'a> {
    script: Script<'a>,
    /// None: not known, because the script is not there.
    endpoint: Option<&'a Url>,
}

/// Everything that the page's policies forbid.
fn on_the_policies(page: &Fetched, markup: &Markup, asked: &Asked<'_>, findings: &mut Findings) {
    let headers = page.answer.headers.get_all("content-security-policy").iter();
    let headers = headers
        .filter_map(|value| value.to_str().ok())
        .map(|text| ("header", text));
    let metas = markup.policies.iter().map(|text| ("meta element", text.as_str()));
    let before = findings.problems.len();
    let mut policies = 0;
    for (place, text) in headers.chain(metas) {
        for policy in Policy::list(text) {
            policies += 1;
            on_a_policy(&policy, place, &page.url, asked, findings);
        }
    }
    match (policies, findings.problems.len() - before) {
        (0, _) => findings.good("the page has no Content-Security-Policy"),
        (_, 0) => findings.good("the page's Content-Security-Policy allows script and sending"),
        _ => {}
    }
}

fn on_a_policy(policy: &Policy, place: &str, page: &Url, asked: &Asked<'_>, findings: &mut Findings) {
    let name = "the page's Content-Security-Policy";
    if let Some(directive) = policy.forbids_script(page, asked.script) {
        findings.problem(
            format!("{name} ({place}, {directive}) forbids the script"),
            format!("add {} to script-src", origin(asked.script.url)),
        );
    }
    if let Some(endpoint) = asked.endpoint
        && let Some(directive) = policy.forbids_connection(page, endpoint)
    {
        findings.problem(
            format!("{name} ({place}, {directive}) forbids to send events to {endpoint}"),
            format!("add {} to connect-src", origin(endpoint)),
        );
    }
}

/// As browsers write it in `Origin`.
fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}
