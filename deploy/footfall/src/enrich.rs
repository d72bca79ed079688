//! `footfall enrich`: what an event would become, and why. Takes the way of a real one: what the site's settings leave of the
//! addresses, the enrichment with the data that is in the folder now, the row.

mod why;

use crate::cli::EnrichArgs;
use crate::config::Config;
use crate::dictionary::groups;
use crate::sites;
use crate::terminal::{Colour, note, paint, say};
use anyhow::{Result, bail};
use footfall_ingest::Site;
use footfall_ingest::preview::{kept_ip, kept_url};
use footfall_processor::enrich::{Enrichment, location};
use footfall_processor::row::event_row;
use footfall_schemas::event::{ClientHints, Decision, Event, IpSource, SessionReason, VERSION};
use footfall_schemas::{Flags, Kind};
use std::borrow::Cow;
use uuid::Uuid;

/// Runs the command.
///
/// # Errors
/// A site or a hint of a name that there is not; sites that cannot be read.
pub fn run(config: &Config, args: &EnrichArgs) -> Result<()> {
    let site = site(config, &args.site)?;
    let event = event(args, &site)?;
    let (enrichment, errors) = Enrichment::open(config.in_data(&config.enrich.folder));
    for error in &errors {
        note(paint(Colour::Red, error));
    }
    let enricher = enrichment.now();
    let page = location::split(&event.url);
    let enriched = enricher.enrich(&event, &page);
    let row = event_row(&event, &enriched, Uuid::nil(), 0);
    let values = row.show();
    let reasons = why::reasons(&why::Asked {
        args,
        site: &site,
        event: &event,
        enriched: &enriched,
        enricher: &enricher,
    });
    for (title, columns) in groups() {
        let said: Vec<_> = values
            .iter()
            .filter(|(name, text)| columns.contains(name) && !text.is_empty())
            .collect();
        let reasons: Vec<_> = reasons.iter().filter(|(group, _)| *group == title).collect();
        if said.is_empty() && reasons.is_empty() {
            continue;
        }
        say(paint(Colour::Bold, format_args!("\n{title}")));
        for (name, text) in said {
            say(format_args!("  {name:<22}{text}"));
        }
        for (_, why) in reasons {
            say(paint(Colour::Dim, format_args!("  {why}")));
        }
    }
    Ok(())
}

fn site(config: &Config, key: &str) -> Result<Site> {
    let path = sites::path(config);
    let known = if path.exists() {
        Some(sites::read(&path)?)
    } else {
        None
    };
    match known.as_ref().and_then(|sites| sites.get(key)) {
        Some(site) => Ok(site.clone()),
        None if key == "demo" => Ok(Site::new(key)?),
        None => bail!("there is no site `{key}`: `footfall site list` shows those there are"),
    }
}

/// The event as the log would have it. Its ids and times say nothing here.
fn event<'a>(args: &'a EnrichArgs, site: &'a Site) -> Result<Event<'a>> {
    Ok(Event {
        v: VERSION,
        id: Uuid::nil(),
        site: Cow::Borrowed(&site.key),
        kind: Kind::PageView,
        name: Cow::Borrowed(""),
        visitor: Uuid::nil(),
        session: Uuid::nil(),
        session_start: 0,
        session_reason: SessionReason::New,
        decision: Decision::Page,
        user_id: Cow::Borrowed(""),
        page_id: Uuid::nil(),
        seq: 0,
        attempt: 0,
        time: 0,
        ts: None,
        sent_at: None,
        received_at: 0,
        url: kept_url(site, &args.url),
        title: Cow::Borrowed(""),
        referrer: kept_url(site, &args.referrer),
        engagement_ms: 0,
        scroll: 0,
        screen_w: 0,
        screen_h: 0,
        viewport_w: 0,
        viewport_h: 0,
        language: Cow::Borrowed(&args.language),
        timezone: Cow::Borrowed(&args.timezone),
        ip: args.ip.map_or_else(String::new, |ip| kept_ip(site, ip)).into(),
        ip_source: IpSource::Peer,
        origin: Cow::Borrowed(""),
        user_agent: Cow::Borrowed(&args.ua),
        accept_language: Cow::Borrowed(&args.accept_language),
        hints: hints(&args.hints)?,
        gpc: false,
        dnt: false,
        consent: Cow::Borrowed(""),
        token: Cow::Borrowed(""),
        flags: Flags::default(),
        props: Vec::new(),
        traceparent: Cow::Borrowed(""),
    })
}

fn hints(given: &[(String, String)]) -> Result<ClientHints<'_>> {
    let mut hints = ClientHints::default();
    for (name, value) in given {
        let field = match name.to_ascii_lowercase().as_str() {
            "sec-ch-ua" => &mut hints.ua,
            "sec-ch-ua-full-version-list" => &mut hints.full,
            "sec-ch-ua-mobile" => &mut hints.mobile,
            "sec-ch-ua-platform" => &mut hints.platform,
            "sec-ch-ua-platform-version" => &mut hints.platform_version,
            "sec-ch-ua-model" => &mut hints.model,
            _ => bail!(
                "`{name}` is no client hint that is kept: write sec-ch-ua, -full-version-list, -mobile, -platform, -platform-version or -model"
            ),
        };
        *field = Cow::Borrowed(value);
    }
    Ok(hints)
}
