//! Source, medium and channel of one event, and on what they rest.
//!
//! Campaign parameters come first, then click ids, then the referrer. What a page on the site itself, a return from paying or
//! another host of the owner's says about how the visit began is nothing. A text of `utm_*` is taken in lower case, without
//! spaces around it, and the many spellings of a known source as one (`fb`, `m.facebook.com`: `facebook`); the texts as they
//! were written are in the `utm_*` columns.

use super::channel::{Channel, DIRECT, NONE, Signs};
use super::click_id;
use super::known::Known;
use super::list::{Kind, Source};
use crate::enrich::campaign::Campaign;
use crate::enrich::percent;
use crate::enrich::referrer::Referrer;
use std::borrow::Cow;

/// What the answer rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Basis {
    /// The event has no page, so nothing brought anybody there.
    #[default]
    NoPage,
    /// `utm_*`.
    Campaign,
    /// An advertiser's click id.
    ClickId,
    /// The page before, on another site.
    Referrer,
    /// The page before was on the site itself, or on another host of its owner.
    Own,
    /// Back from paying.
    Payment,
    /// Neither a campaign nor a page before.
    Nothing,
}

/// How the visitor came, as this event says. Empty where it says nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Arrival<'a> {
    /// What brought the visitor.
    pub source: Cow<'a, str>,
    /// In which way.
    pub medium: Cow<'a, str>,
    /// The channel; none if the event says nothing about how the visit began.
    pub channel: Option<Channel>,
    /// Name of the known source behind the referrer.
    pub referrer_source: &'a str,
    /// Kind of that; `unknown` for any other host.
    pub referrer_medium: &'static str,
    /// Words that were searched for there.
    pub search_term: Cow<'a, str>,
    /// What it rests on.
    pub basis: Basis,
}

/// `referrer_medium` of a host that nobody knows.
const UNKNOWN: &str = "unknown";

/// Reads an event. `has_page`: whether it has the address of a page at all.
#[must_use]
pub fn read<'a>(
    known: &'a Known,
    campaign: &Campaign<'a>,
    referrer: &Referrer<'a>,
    has_page: bool,
) -> Arrival<'a> {
    let from = behind(known, referrer);
    let mut arrival = Arrival {
        referrer_source: from.map_or("", |from| &from.name),
        referrer_medium: kind_of(referrer, from),
        search_term: from.map_or(Cow::Borrowed(""), |from| search_term(from, referrer)),
        ..Arrival::default()
    };
    if !by_campaign(&mut arrival, campaign, known) && has_page {
        by_referrer(&mut arrival, referrer, from);
    }
    let kind = known.named(&arrival.source).map(|source| source.kind);
    let kind = match arrival.basis {
        Basis::Referrer => from.map(|from| from.kind),
        _ => kind,
    };
    let name = lower(&campaign.campaign);
    arrival.channel = match arrival.basis {
        Basis::NoPage | Basis::Own | Basis::Payment => None,
        Basis::Campaign | Basis::ClickId | Basis::Referrer | Basis::Nothing => Some(Channel::of(&Signs {
            kind,
            source: &arrival.source,
            medium: &arrival.medium,
            campaign: &name,
        })),
    };
    arrival
}

/// The known source behind a referrer that is not the site's own.
fn behind<'a>(known: &'a Known, referrer: &Referrer<'_>) -> Option<&'a Source> {
    if referrer.own {
        return None;
    }
    known.at(&referrer.location.host, &referrer.location.path)
}

fn kind_of(referrer: &Referrer<'_>, from: Option<&Source>) -> &'static str {
    match from {
        _ if referrer.own => Kind::Own.label(),
        Some(from) => from.kind.label(),
        None if referrer.location.host.is_empty() => "",
        None => UNKNOWN,
    }
}

/// Whether campaign parameters or a click id say how the visitor came.
fn by_campaign<'a>(arrival: &mut Arrival<'a>, campaign: &Campaign<'a>, known: &'a Known) -> bool {
    let click = click_id::stands_for(campaign.click_id_name);
    let tagged = [
        &campaign.source,
        &campaign.medium,
        &campaign.campaign,
        &campaign.id,
    ]
    .iter()
    .any(|text| !text.trim().is_empty());
    if !tagged && click.is_none() {
        return false;
    }
    arrival.basis = if tagged { Basis::Campaign } else { Basis::ClickId };
    arrival.source = lower(&campaign.source);
    arrival.medium = lower(&campaign.medium);
    if let Some((source, medium)) = click {
        fill(&mut arrival.source, source);
        fill(&mut arrival.medium, medium);
    }
    let named = known.named(&arrival.source).map(own_word);
    if let Some(word) = named {
        arrival.source = word;
    }
    true
}

fn by_referrer<'a>(arrival: &mut Arrival<'a>, referrer: &Referrer<'a>, from: Option<&'a Source>) {
    let host = &referrer.location.host;
    (arrival.basis, arrival.source, arrival.medium) = match from {
        _ if referrer.own => (Basis::Own, "".into(), "".into()),
        Some(from) if from.kind == Kind::Own => (Basis::Own, "".into(), "".into()),
        Some(from) if from.kind == Kind::Payment => (Basis::Payment, "".into(), "".into()),
        Some(from) if from.medium.is_empty() => (Basis::Referrer, own_word(from), from.kind.medium().into()),
        Some(from) => (Basis::Referrer, own_word(from), from.medium.as_str().into()),
        None if host.is_empty() => (Basis::Nothing, DIRECT.into(), NONE.into()),
        None => (Basis::Referrer, without_www(host), Kind::Referral.medium().into()),
    };
}

/// The word by which a known source stands in the column: its first, else its name in lower case.
fn own_word(source: &Source) -> Cow<'_, str> {
    let name = || lower(&Cow::Borrowed(source.name.as_str()));
    source.words.first().map_or_else(name, |word| word.into())
}

/// Part of a text: borrowed if the text is.
fn part<'a>(text: &Cow<'a, str>, take: impl for<'t> Fn(&'t str) -> Cow<'t, str>) -> Cow<'a, str> {
    match text {
        Cow::Borrowed(text) => take(text),
        Cow::Owned(text) => Cow::Owned(take(text).into_owned()),
    }
}

fn without_www<'a>(host: &Cow<'a, str>) -> Cow<'a, str> {
    part(host, |host| host.strip_prefix("www.").unwrap_or(host).into())
}

fn fill(field: &mut Cow<'_, str>, text: &'static str) {
    if field.is_empty() {
        *field = text.into();
    }
}

/// Lower case, without spaces around it; borrowed where it is so already.
fn lower<'a>(text: &Cow<'a, str>) -> Cow<'a, str> {
    part(text, |text| {
        let text = text.trim();
        if text
            .bytes()
            .any(|byte| byte.is_ascii_uppercase() || !byte.is_ascii())
        {
            return text.to_lowercase().into();
        }
        text.into()
    })
}

/// What was searched for, as far as the engine still tells; nothing if it is no UTF-8.
fn search_term<'a>(from: &Source, referrer: &Referrer<'a>) -> Cow<'a, str> {
    if from.terms.is_empty() {
        return Cow::Borrowed("");
    }
    let words = |text| part(text, |query| percent::decode(percent::value(query, &from.terms)));
    let mut decoded = words(&referrer.location.query);
    if decoded.is_empty() {
        // Pages that search without loading have their query there.
        decoded = words(&referrer.location.hash);
    }
    if decoded.contains(char::REPLACEMENT_CHARACTER) {
        return Cow::Borrowed("");
    }
    decoded
}

#[cfg(test)]
mod tests;
