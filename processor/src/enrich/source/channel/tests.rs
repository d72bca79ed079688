//! Each rule of the published definition, each of its alternatives, and what it must leave to the next.

use super::{Channel, Signs};
use crate::enrich::source::Kind;

/// Kind, source, medium, campaign.
type Case = (Option<Kind>, &'static str, &'static str, &'static str);

const SEARCH: Option<Kind> = Some(Kind::Search);
const SOCIAL: Option<Kind> = Some(Kind::Social);
const VIDEO: Option<Kind> = Some(Kind::Video);
const SHOP: Option<Kind> = Some(Kind::Shopping);
const AI: Option<Kind> = Some(Kind::Ai);

const CASES: &[(Channel, &[Case])] = &[
    (
        Channel::Direct,
        &[
            (None, "(direct)", "(none)", ""),
            (None, "(direct)", "(not set)", ""),
        ],
    ),
    (
        Channel::CrossNetwork,
        &[
            (SEARCH, "google", "cpc", "pmax cross-network de"),
            (None, "", "", "cross-network"),
        ],
    ),
    (
        Channel::PaidShopping,
        &[
            (SHOP, "amazon", "cpc", ""),
            (SEARCH, "google", "ppc", "spring shopping"),
            (SEARCH, "google", "paid", "shop_de"),
            (None, "x", "retargeting", "eshop"),
        ],
    ),
    (
        Channel::PaidSearch,
        &[
            (SEARCH, "google", "cpc", ""),
            (SEARCH, "bing", "ppc", ""),
            (SEARCH, "naver", "retargeting", ""),
            (SEARCH, "yandex", "paid-search", ""),
            (SEARCH, "google", "xcpx", "workshop"),
            // `cpm` has `cp`: of a search engine it is paid search before it is display.
            (SEARCH, "google", "cpm", ""),
        ],
    ),
    (
        Channel::PaidSocial,
        &[(SOCIAL, "facebook", "paid_social", ""), (SOCIAL, "x", "cpc", "")],
    ),
    (
        Channel::PaidVideo,
        &[(VIDEO, "youtube", "cpv cpc", ""), (VIDEO, "youtube", "paid", "")],
    ),
    (
        Channel::Display,
        &[
            (None, "a", "display", ""),
            (SEARCH, "google", "display", ""),
            (None, "a", "banner", ""),
            (None, "a", "expandable", ""),
            (None, "a", "interstitial", ""),
            (None, "a", "cpm", ""),
        ],
    ),
    (
        Channel::PaidOther,
        &[
            (None, "a", "cpc", ""),
            (AI, "chatgpt", "paid", ""),
            (None, "a", "ppc", ""),
        ],
    ),
    (
        Channel::OrganicShopping,
        &[
            (SHOP, "amazon", "shopping", ""),
            (SHOP, "etsy", "referral", ""),
            (None, "a", "email", "shop now"),
            (None, "a", "", "my-shop"),
            (None, "a", "", "e-shopping"),
        ],
    ),
    (
        Channel::OrganicSocial,
        &[
            (SOCIAL, "facebook", "referral", ""),
            (None, "a", "social", ""),
            (None, "a", "social-network", ""),
            (None, "a", "social-media", ""),
            (None, "a", "sm", ""),
            (None, "a", "social network", ""),
            (None, "a", "social media", ""),
            (SOCIAL, "facebook", "email", ""),
        ],
    ),
    (
        Channel::OrganicVideo,
        &[(VIDEO, "youtube", "", ""), (None, "a", "my video ad", "")],
    ),
    (
        Channel::OrganicSearch,
        &[
            (SEARCH, "google", "organic", ""),
            (SEARCH, "google", "", ""),
            (None, "a", "organic", ""),
        ],
    ),
    (
        Channel::Email,
        &[
            (None, "email", "", ""),
            (None, "e-mail", "x", ""),
            (None, "e_mail", "", ""),
            (None, "e mail", "", ""),
            (None, "a", "email", ""),
            (None, "a", "e-mail", ""),
            (None, "a", "e_mail", ""),
            (None, "a", "e mail", "workshop"),
        ],
    ),
    (Channel::Affiliates, &[(None, "a", "affiliate", "")]),
    (
        Channel::AiAssistants,
        &[
            (AI, "chatgpt", "ai", ""),
            (AI, "chatgpt", "referral", ""),
            (AI, "claude", "", ""),
        ],
    ),
    (
        Channel::Referral,
        &[
            (None, "a", "referral", ""),
            (None, "a", "app", ""),
            (None, "a", "link", ""),
        ],
    ),
    (Channel::Audio, &[(None, "a", "audio", "")]),
    (Channel::Sms, &[(None, "sms", "", ""), (None, "a", "sms", "")]),
    (
        Channel::MobilePush,
        &[
            (None, "a", "webpush", ""),
            (None, "a", "push", ""),
            (None, "a", "a mobile app", ""),
            (None, "a", "notifications", ""),
            (None, "firebase", "", ""),
        ],
    ),
    (
        Channel::Unassigned,
        &[
            (None, "a", "", ""),
            (None, "a", "offline", ""),
            (None, "(direct)", "", ""),
            (None, "", "", "bishop"),
            (None, "a", "pushed", ""),
        ],
    ),
];

#[test]
fn every_rule_of_the_published_definition_has_its_cases() {
    for (expected, cases) in CASES {
        for (kind, source, medium, campaign) in *cases {
            let signs = Signs {
                kind: *kind,
                source,
                medium,
                campaign,
            };
            assert_eq!(Channel::of(&signs), *expected, "{signs:?}");
        }
    }
    let covered: Vec<Channel> = CASES.iter().map(|(channel, _)| *channel).collect();
    assert_eq!(covered, Channel::ALL);
}
