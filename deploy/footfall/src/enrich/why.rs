//! The reasons behind what was found out, each under the part of the dictionary that it is about.

use crate::cli::EnrichArgs;
use crate::dictionary::{BOT, BROUGHT, DEVICE, PAGE, PLACE, PROVENANCE, STAMPED};
use footfall_ingest::Site;
use footfall_processor::enrich::bot::Sign;
use footfall_processor::enrich::source::{Basis, Channel};
use footfall_processor::enrich::{Enriched, Enricher};
use footfall_schemas::Event;

/// What was asked and what came of it.
pub(super) struct Asked<'a> {
    pub(super) args: &'a EnrichArgs,
    pub(super) site: &'a Site,
    pub(super) event: &'a Event<'a>,
    pub(super) enriched: &'a Enriched<'a>,
    pub(super) enricher: &'a Enricher,
}

/// Part of the dictionary, and one reason.
pub(super) type Reason = (&'static str, String);

/// All reasons, in the order in which they apply.
pub(super) fn reasons(asked: &Asked<'_>) -> Vec<Reason> {
    let mut reasons = Vec::new();
    stamped(asked, &mut reasons);
    page(asked, &mut reasons);
    brought(asked, &mut reasons);
    place(asked, &mut reasons);
    machine(asked, &mut reasons);
    reasons.push((
        PROVENANCE,
        format!("data in force: {}", asked.enricher.versions()),
    ));
    reasons
}

fn stamped(asked: &Asked<'_>, reasons: &mut Vec<Reason>) {
    if let Some(ip) = asked.args.ip {
        let policy = format!("{:?}", asked.site.ip).to_lowercase();
        reasons.push((
            STAMPED,
            format!("the site `{}` keeps of {ip}: policy `{policy}`", asked.site.key),
        ));
    }
    if asked.event.url != asked.args.url || asked.event.referrer != asked.args.referrer {
        reasons.push((
            STAMPED,
            "taken out before the log: secrets, tokens or e-mail addresses (docs/privacy.md)".to_owned(),
        ));
    }
}

fn page(asked: &Asked<'_>, reasons: &mut Vec<Reason>) {
    let page = asked.enriched.page;
    if page.path.is_empty() {
        return;
    }
    let pages = asked.enricher.pages.of(&asked.event.site);
    for learned in pages.learned(&page.path) {
        reasons.push((PAGE, format!("learned: `{learned}` in pages.learned.toml")));
    }
    let why = match pages.pattern(&page.path) {
        Some(pattern) => format!("template by the pattern `{pattern}` in pages.toml"),
        None if asked.enriched.content.template == page.path => {
            "template: no part of the path is variable by the rules".to_owned()
        }
        None => "template by the rules: numbers, dates, UUIDs, hashes, slugs with ids".to_owned(),
    };
    reasons.push((PAGE, why));
    if !asked.event.timezone.is_empty() && asked.enriched.content.time_zone.is_empty() {
        reasons.push((PAGE, format!("there is no time zone `{}`", asked.event.timezone)));
    }
}

fn brought(asked: &Asked<'_>, reasons: &mut Vec<Reason>) {
    let arrival = &asked.enriched.arrival;
    let click_id = asked.enriched.campaign.click_id_name;
    let why = match arrival.basis {
        Basis::NoPage => "the event has no page, so nothing is known about how it was reached".to_owned(),
        Basis::Campaign if click_id.is_empty() => "by the campaign parameters (utm_*)".to_owned(),
        Basis::Campaign => {
            format!("by the campaign parameters (utm_*), what they leave open by `{click_id}`")
        }
        Basis::ClickId => format!("by the click id `{click_id}`"),
        Basis::Referrer if arrival.referrer_source.is_empty() => {
            "by the referrer, whose host is on no list".to_owned()
        }
        Basis::Referrer => {
            format!(
                "by the referrer: {}, on the list of kind `{}`",
                arrival.referrer_source, arrival.referrer_medium
            )
        }
        Basis::Own => {
            "the page before is of the site itself: it says nothing about how the visit began".to_owned()
        }
        Basis::Payment => {
            format!(
                "back from paying ({}): it says nothing about how the visit began",
                arrival.referrer_source
            )
        }
        Basis::Nothing => "neither campaign nor referrer".to_owned(),
    };
    reasons.push((BROUGHT, why));
    if let Some(channel) = arrival.channel {
        let rule = Channel::ALL
            .iter()
            .position(|of| *of == channel)
            .unwrap_or_default()
            + 1;
        let why = match channel {
            Channel::Unassigned => "channel: no rule of the default channel groups matches".to_owned(),
            Channel::AiAssistants => {
                "channel: our own rule, before `referral` (GA4 has none for assistants)".to_owned()
            }
            _ => format!(
                "channel: rule {rule} of {}, the first that matches",
                Channel::ALL.len() - 1
            ),
        };
        reasons.push((BROUGHT, why));
    }
}

fn place(asked: &Asked<'_>, reasons: &mut Vec<Reason>) {
    let databases = asked.enricher.places.databases();
    let address = asked.enriched.address;
    let why = match (databases, address.is_unspecified()) {
        (_, true) if asked.args.ip.is_none() => return,
        (_, true) => "the site keeps no address that could be looked up".to_owned(),
        ([], false) => "there is no database of places: `footfall geo fetch`, or put a .mmdb file into the folder `enrich.folder`".to_owned(),
        (databases, false) => {
            let names: Vec<String> = databases.iter().map(|database| database.version()).collect();
            format!("looked up {} in {}", address.to_canonical(), names.join(", "))
        }
    };
    reasons.push((PLACE, why));
    let credits = databases.iter().filter_map(|database| database.credit());
    for credit in credits.collect::<std::collections::BTreeSet<_>>() {
        reasons.push((PLACE, credit.to_owned()));
    }
}

fn machine(asked: &Asked<'_>, reasons: &mut Vec<Reason>) {
    if !asked.args.ua.is_empty() || !asked.args.hints.is_empty() {
        let hints = if asked.event.hints.is_empty() {
            "no client hints were given"
        } else {
            "client hints win where they say something"
        };
        reasons.push((DEVICE, format!("by the rules of uap-core; {hints}")));
    }
    let threshold = footfall_processor::enrich::bot::LIKELY;
    let judged = if asked.enriched.bot_score >= threshold {
        "taken for a machine"
    } else {
        "taken for a person"
    };
    reasons.push((
        BOT,
        format!(
            "score {} of 100, {judged} (from {threshold} on reports leave it out)",
            asked.enriched.bot_score
        ),
    ));
    let codes = asked.enriched.bot_reasons.as_slice();
    for sign in Sign::ALL.into_iter().filter(|sign| codes.contains(&sign.label())) {
        let why = format!("`{}` ({}): {}", sign.label(), sign.weight(), sign.meaning());
        reasons.push((BOT, why));
    }
}
