//! `others.tsv`: what other packages say of referrers. Where we say something else the reason stands here.

use crate::arrive;
use footfall_processor::enrich::source::{Arrival, Basis};

struct Case<'a> {
    package: &'a str,
    page: &'a str,
    from: &'a str,
    kind: &'a str,
    name: &'a str,
    words: &'a str,
}

fn cases() -> impl Iterator<Item = Case<'static>> {
    let lines = include_str!("others.tsv").lines();
    lines.filter(|line| !line.starts_with('#')).map(|line| {
        let mut columns = line.split('\t');
        let mut next = || columns.next().unwrap_or_default();
        Case {
            package: next(),
            page: next(),
            from: next(),
            kind: next(),
            name: next(),
            words: next(),
        }
    })
}

/// What we say in their words, and whether that is what they say.
fn agrees(case: &Case<'_>, ours: &Arrival<'_>) -> bool {
    let kind = match case.kind {
        "search" | "organic" => ours.referrer_medium == "search",
        "social" => ours.referrer_medium == "social",
        "email" => ours.referrer_medium == "email",
        "ad" => ours.medium == "cpc",
        "internal" => ours.basis == Basis::Own,
        // They look at the referrer alone.
        "direct" | "invalid" | "unknown" => ours.referrer_medium.is_empty(),
        "link" | "indirect" | "referral" => matches!(ours.referrer_medium, "unknown" | "referral"),
        "local" => ours.referrer_medium == "local",
        other => panic!("a kind that nobody knows: {other}"),
    };
    let name = case.name.is_empty()
        || ours.referrer_source.is_empty()
        || alike(&squeeze(ours.referrer_source), &squeeze(case.name));
    kind && name && ours.search_term == case.words
}

/// Names differ in their endings.
fn alike(ours: &str, theirs: &str) -> bool {
    ours.contains(theirs) || theirs.contains(ours)
}

fn squeeze(name: &str) -> String {
    let plain = |letter: char| letter.is_alphanumeric().then(|| letter.to_ascii_lowercase());
    name.chars().filter_map(plain).collect()
}

/// Referrers (how they begin) of which we say something else on purpose.
const EXPLAINED: &[(&str, &str)] = &[
    ("http://twitter.com/", RENAMED),
    ("https://twitter.com/", RENAMED),
    ("https://t.co/", RENAMED),
    ("https://plus.url.google.com/", FINER),
    ("https://www.google.com/", ONE_SITE),
    ("http://blog.enoughtobedanger.us/", ONE_SITE),
    ("https://stripe.com/blog", ONE_SITE),
    ("https://mail.google.com/_/mail-static", ONE_SITE),
    (
        "http://sn143w.snt143.mail.live.com/",
        "Hotmail is Outlook since 2012",
    ),
    ("http://www.bing.com/local", NO_LOCAL),
    ("http://www.yelp.com/", NO_LOCAL),
    ("http://local.yahoo.com/", NO_LOCAL),
    ("http://local.search.yahoo.com/", NO_LOCAL),
    ("http://www.yellowpages.com/", NO_LOCAL),
    ("http://www.groupon.com/", NO_LOCAL),
    ("http://www.livingsocial.com/", NO_LOCAL),
    ("http://redirect.foursquare.com/", NO_LOCAL),
    ("http://www.mapquest.com/", NO_LOCAL),
    ("http://www.opentable.com/", NO_LOCAL),
    (
        "https://pinterest.bs",
        "a network's address in any country's domain is the network's",
    ),
    ("http://about.com/", "has had no search since 2017"),
    (
        "http://globososo.com/",
        "is known for unwanted search settings, and in no list of engines",
    ),
];
const RENAMED: &str = "Twitter is X since 2023";
const FINER: &str = "a network is a kind of its own with us";
const ONE_SITE: &str = "the page before lies under the same registered domain";
const NO_LOCAL: &str = "guides to places are no kind of their own with us: GA4 has no channel for them";

#[test]
fn what_others_say_is_what_we_say_or_is_explained() {
    let (mut all, mut agreed, mut unexplained) = (0, 0, Vec::new());
    let mut used = vec![false; EXPLAINED.len()];
    for case in cases() {
        all += 1;
        let page = if case.page.is_empty() {
            "https://shop.test/"
        } else {
            case.page
        };
        let (agrees, said) = arrive(page, case.from, |ours| {
            let said = format!(
                "{} {} {:?} {}",
                ours.referrer_medium, ours.referrer_source, ours.basis, ours.search_term
            );
            (agrees(&case, ours), said)
        });
        let reason = EXPLAINED
            .iter()
            .position(|(from, _)| !from.is_empty() && case.from.starts_with(from));
        if agrees {
            agreed += 1;
        } else if let Some(reason) = reason {
            used[reason] = true;
            println!(
                "{} says {} of {}; we: {said}. {}",
                case.package, case.kind, case.from, EXPLAINED[reason].1
            );
        } else {
            unexplained.push(format!(
                "{}: {} {} {} of {}; we: {said}",
                case.package, case.kind, case.name, case.words, case.from
            ));
        }
    }
    println!(
        "other packages' referrers: {agreed} of {all} alike, {} explained",
        all - agreed - unexplained.len()
    );
    assert!(all >= 100);
    assert!(unexplained.is_empty(), "{unexplained:#?}");
    assert!(
        used.iter().all(|used| *used),
        "a reason that nothing needs: {used:?}"
    );
}
