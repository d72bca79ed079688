//! No input makes a step fail or grow without bound: any text as user agent, hint or data file.

use footfall_processor::enrich::agent::Agents;
use footfall_processor::enrich::agent::uap::{BUILTIN, Uap};
use footfall_processor::enrich::bot::{Crawlers, Networks, Spammers, crawlers, networks, spam};
use footfall_schemas::event::ClientHints;
use proptest::prelude::*;
use std::net::Ipv6Addr;
use std::sync::OnceLock;

fn agents() -> &'static Agents {
    static AGENTS: OnceLock<Agents> = OnceLock::new();
    AGENTS.get_or_init(Agents::builtin)
}

/// Texts like those that the rules look for, and any others.
fn text() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        Just("Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36".to_owned()),
        Just("(iPhone; CPU iPhone OS 18_6 like Mac OS X)".to_owned()),
        Just("Windows NT 10.0".to_owned()),
        Just("http://www.qtweb.net".to_owned()),
        Just("CuBot a@b.c".to_owned()),
        Just("\"Chromium\";v=\"142.0.1\", ".to_owned()),
        "[ -~]{0,40}",
        "\\PC{0,20}",
        any::<String>(),
    ];
    prop::collection::vec(word, 0..8).prop_map(|words| words.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_user_agent_and_any_hints_give_an_answer_no_longer_than_they_are(
        user_agent in text(), ua in text(), full in text(), mobile in text(), platform in text(), version in text(), model in text()
    ) {
        let hints = ClientHints {
            ua: ua.into(),
            full: full.into(),
            mobile: mobile.into(),
            platform: platform.into(),
            platform_version: version.into(),
            model: model.into(),
        };
        let agent = agents().read_anew(&user_agent, &hints);
        let said = user_agent.len().min(512) + hints.ua.len() + hints.full.len() + hints.platform.len() + hints.platform_version.len() + hints.model.len();
        let fields = [&agent.browser, &agent.browser_version, &agent.os, &agent.os_version, &agent.device_brand, &agent.device_model];
        for field in fields {
            // A name may be put together of what was said and the rule's own words.
            prop_assert!(field.len() <= said + 100, "{field}");
        }
        prop_assert!(agent.signs.score() <= 100);
        prop_assert_eq!(&*agents().read(&user_agent, &hints), &agent);
        prop_assert_eq!(&*agents().read(&user_agent, &hints), &agent);
    }

    #[test]
    fn any_bytes_as_a_data_file_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200), lines in text()) {
        for bytes in [&bytes[..], lines.as_bytes()] {
            let _ = Uap::from_json(bytes);
            let _ = Crawlers::from_text(&[bytes]);
            let _ = Spammers::from_text(&[bytes]);
            if let Ok(networks) = Networks::from_text(&[bytes]) {
                let _ = networks.has(Ipv6Addr::UNSPECIFIED, 1);
            }
        }
    }

    #[test]
    fn a_file_that_is_cut_anywhere_but_behind_a_line_is_refused(cut in 1_usize..30_000) {
        prop_assert!(Uap::from_json(&BUILTIN[..BUILTIN.len() - 2 - cut]).is_err());
        for text in [networks::BUILTIN, spam::BUILTIN, crawlers::BUILTIN] {
            let part = &text[..text.len() - 1 - cut % (text.len() - 1)];
            if !part.is_empty() && !part.ends_with(b"\n") {
                prop_assert!(Networks::from_text(&[part]).is_err());
                prop_assert!(Spammers::from_text(&[part]).is_err());
                prop_assert!(Crawlers::from_text(&[part]).is_err());
            }
        }
    }

    #[test]
    fn an_address_is_in_the_networks_that_name_it_and_in_no_other(address: u128, bits in 1_u8..=128, other: u128) {
        let network = ipnet::Ipv6Net::new(Ipv6Addr::from(address), bits).unwrap();
        let networks = Networks::from_text(&[format!("{network}\n").as_bytes()]).unwrap();
        prop_assert!(networks.has(Ipv6Addr::from(address), 0));
        prop_assert_eq!(networks.has(Ipv6Addr::from(other), 0), network.contains(&Ipv6Addr::from(other)));
    }
}
