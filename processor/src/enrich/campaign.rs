//! Which campaign brought the visitor: the `utm_*` parameters and the advertisers' click ids in a page's query.

use super::percent;
use footfall_schemas::CLICK_IDS;
use std::borrow::Cow;

/// Campaign parameters, decoded; empty where there is none. Of a repeated parameter the first that says something counts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Campaign<'a> {
    /// `utm_source`.
    pub source: Cow<'a, str>,
    /// `utm_medium`.
    pub medium: Cow<'a, str>,
    /// `utm_campaign`.
    pub campaign: Cow<'a, str>,
    /// `utm_term`.
    pub term: Cow<'a, str>,
    /// `utm_content`.
    pub content: Cow<'a, str>,
    /// `utm_id`.
    pub id: Cow<'a, str>,
    /// Name of the first click id's parameter, one of [`CLICK_IDS`].
    pub click_id_name: &'static str,
    /// The first click id.
    pub click_id: Cow<'a, str>,
}

/// Reads a query, without its `?`. Names are taken in any case: people write links by hand.
#[must_use]
pub fn read(query: &str) -> Campaign<'_> {
    let mut campaign = Campaign::default();
    if query.is_empty() {
        return campaign;
    }
    for pair in query.split('&') {
        let Some((name, value)) = pair.split_once('=') else {
            continue;
        };
        if value.is_empty() {
            continue;
        }
        if let Some(parameter) = utm(name) {
            campaign.set(parameter, value);
        } else if campaign.click_id.is_empty()
            && let Some(name) = click_id(name)
        {
            campaign.click_id_name = name;
            campaign.click_id = percent::decode(value);
        }
    }
    campaign
}

impl<'a> Campaign<'a> {
    fn set(&mut self, parameter: &str, value: &'a str) {
        const NAMES: [&str; 6] = ["source", "medium", "campaign", "term", "content", "id"];
        let fields = [
            &mut self.source,
            &mut self.medium,
            &mut self.campaign,
            &mut self.term,
            &mut self.content,
            &mut self.id,
        ];
        for (name, field) in NAMES.into_iter().zip(fields) {
            if field.is_empty() && parameter.eq_ignore_ascii_case(name) {
                *field = percent::decode(value);
            }
        }
    }
}

/// What follows `utm_`.
fn utm(name: &str) -> Option<&str> {
    let (prefix, parameter) = name.split_at_checked(4)?;
    prefix.eq_ignore_ascii_case("utm_").then_some(parameter)
}

fn click_id(name: &str) -> Option<&'static str> {
    // All known names are this short; most parameters of a page are not compared at all.
    if !(4..=9).contains(&name.len()) {
        return None;
    }
    CLICK_IDS
        .into_iter()
        .find(|known| name.eq_ignore_ascii_case(known))
}

#[cfg(test)]
mod tests {
    use super::{Campaign, read};

    #[test]
    fn utm_parameters_are_decoded() {
        let cases = [
            ("utm_source=news", ["news", "", "", "", "", ""]),
            ("a=b&utm_medium=e-mail&c=d", ["", "e-mail", "", "", "", ""]),
            (
                "utm_campaign=spring+sale%21",
                ["", "", "spring sale!", "", "", ""],
            ),
            ("utm_term=%E2%82%AC", ["", "", "", "€", "", ""]),
            ("utm_content=a=b", ["", "", "", "", "a=b", ""]),
            ("utm_id=7", ["", "", "", "", "", "7"]),
            ("UTM_Source=News", ["News", "", "", "", "", ""]),
            ("utm_source=&utm_source=second", ["second", "", "", "", "", ""]),
            (
                "utm_source=first&utm_source=second",
                ["first", "", "", "", "", ""],
            ),
            (
                "xutm_source=no&utm_sources=no&utm_source",
                ["", "", "", "", "", ""],
            ),
            ("", ["", "", "", "", "", ""]),
        ];
        for (query, expected) in cases {
            let Campaign {
                source,
                medium,
                campaign,
                term,
                content,
                id,
                ..
            } = read(query);
            assert_eq!([source, medium, campaign, term, content, id], expected, "{query}");
        }
    }

    #[test]
    fn the_first_click_id_counts() {
        let cases = [
            ("gclid=abc", ("gclid", "abc")),
            ("fbclid=a%2Bb&gclid=c", ("fbclid", "a+b")),
            ("GCLID=x", ("gclid", "x")),
            ("ScCid=s", ("sccid", "s")),
            ("gclid=&wbraid=w", ("wbraid", "w")),
            ("clid=1&gclidx=2", ("", "")),
        ];
        for (query, expected) in cases {
            let campaign = read(query);
            assert_eq!(
                (campaign.click_id_name, campaign.click_id.as_ref()),
                expected,
                "{query}"
            );
        }
    }
}
