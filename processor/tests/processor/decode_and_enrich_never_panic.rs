//! Whatever is in the log: an answer, never a panic; and the fast way through a URL is the standard's way.

use crate::support::event::{full, json};
use footfall_processor::decode::decode;
use footfall_processor::enrich::{Enricher, campaign, location, percent, referrer};
use footfall_processor::row::event_row;
use footfall_tables::EventBlock;
use proptest::prelude::*;
use uuid::Uuid;

/// Texts that are nearly URLs: the alphabet of what goes wrong in them.
fn nearly_url() -> impl Strategy<Value = String> {
    let scheme = prop_oneof![
        Just("https://"),
        Just("http://"),
        Just("/"),
        Just("//"),
        Just(""),
        Just("HTTP://")
    ];
    let host =
        "[a-zA-Z0-9._:@%\\[\\]-]{0,14}|xn--[a-z0-9-]{1,6}|[a-z]{1,6}\\.[a-z]{2,3}|0x[0-9a-f]{1,3}\\.[0-9]";
    let rest = "[/?#a-zA-Z0-9._~!$&'()*+,;=:@%{}|^`<> \\\\\t\"é日\\-]{0,24}";
    (scheme, host, rest).prop_map(|(scheme, host, rest)| format!("{scheme}{host}{rest}"))
}

fn nearly_query() -> impl Strategy<Value = String> {
    "((utm_source|UTM_medium|utm_campaign|gclid|fbclid|a|)(=|)([%+a-zA-Z0-9é&=]{0,6})&?){0,5}"
}

proptest! {
    // The alphabet is small, and a difference hides in few of its words.
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn the_hand_cuts_a_url_as_the_url_crate_does(url in nearly_url()) {
        if let Some(parts) = location::by_hand(&url) {
            prop_assert_eq!(parts, location::by_crate(&url), "{}", url);
        }
    }

}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_text_can_be_enriched(url in "\\PC{0,40}", query in nearly_query(), text in "\\PC{0,20}") {
        let _ = location::split(&url);
        let _ = campaign::read(&query);
        let _ = referrer::read(&url, &text);
        let _ = percent::decode(&text);
    }

    #[test]
    fn whatever_an_event_says_its_row_is_not_much_longer(
        url in nearly_url(), path in "(/[a-z0-9@%.é-]{0,12}){0,40}", query in nearly_query(), from in nearly_url(), text in "\\PC{0,40}"
    ) {
        let mut event = full(1);
        event.url = format!("{url}{path}?{query}").into();
        event.referrer = from.into();
        event.language = text.clone().into();
        event.timezone = text.clone().into();
        event.accept_language = text.clone().into();
        event.ip = text.into();
        let page = location::split(&event.url);
        let enricher = Enricher::built_in();
        let enriched = enricher.enrich(&event, &page);
        let row = event_row(&event, &enriched, Uuid::nil(), 1);
        let (sent, made) = (json(&event).len(), row.show().iter().map(|(_, text)| text.len()).sum::<usize>());
        // Each part of an address stands in a few columns; percent-encoding triples it, a template makes seven letters of one.
        prop_assert!(made <= 20 * sent + 4_096, "{} bytes of {}", made, sent);
    }

    #[test]
    fn any_bytes_are_an_event_or_a_reason(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = decode(&bytes);
    }

    #[test]
    fn a_damaged_event_is_an_event_or_a_reason(at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<prop::sample::Index>()) {
        let mut bytes = json(&full(1));
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let whole = bytes.len();
        for bytes in [&bytes[..], &bytes[..cut.index(whole)]] {
            if let Ok(event) = decode(bytes) {
                let page = location::split(&event.url);
                let enricher = Enricher::built_in();
                let enriched = enricher.enrich(&event, &page);
                let mut block = EventBlock::default();
                block.push(&event_row(&event, &enriched, Uuid::nil(), 1));
                prop_assert_eq!(block.len(), 1);
            }
        }
    }
}

#[test]
fn deep_nesting_is_a_reason_and_no_overflow() {
    let deep = format!("{{\"v\":1,\"x\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(decode(deep.as_bytes()).is_err());
}
