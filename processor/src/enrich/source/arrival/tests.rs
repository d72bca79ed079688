//! What an event says about how the visit began.

use super::{Basis, Known, read};
use crate::enrich::{campaign, location, referrer};

/// Source, medium, channel, kind of the referrer, what it rests on.
type Said = (String, String, &'static str, &'static str, Basis);

fn said(url: &str, from: &str) -> Said {
    let page = location::split(url);
    let campaign = campaign::read(&page.query);
    let referrer = referrer::read(from, &page.host);
    let known = Known::built_in();
    let arrival = read(&known, &campaign, &referrer, !url.is_empty());
    (
        arrival.source.into_owned(),
        arrival.medium.into_owned(),
        arrival.channel.map_or("", |channel| channel.label()),
        arrival.referrer_medium,
        arrival.basis,
    )
}

#[test]
fn campaign_comes_before_click_id_and_that_before_the_referrer() {
    let google = "https://www.google.com/";
    let cases = [
        (
            "",
            google,
            ("google", "organic", "organic_search", "search", Basis::Referrer),
        ),
        (
            "gclid=1",
            google,
            ("google", "cpc", "paid_search", "search", Basis::ClickId),
        ),
        (
            "gclid=1&utm_source=news&utm_medium=email",
            google,
            ("news", "email", "email", "search", Basis::Campaign),
        ),
        // A click id stands in for what is missing.
        (
            "gclid=1&utm_campaign=a",
            "",
            ("google", "cpc", "paid_search", "", Basis::Campaign),
        ),
        (
            "gclid=1&utm_source=Google",
            "",
            ("google", "cpc", "paid_search", "", Basis::Campaign),
        ),
        (
            "msclkid=1",
            "",
            ("bing", "cpc", "paid_search", "", Basis::ClickId),
        ),
        (
            "fbclid=1",
            "https://l.facebook.com/",
            ("facebook", "social", "organic_social", "social", Basis::ClickId),
        ),
        (
            "fbclid=1&utm_source=ig&utm_medium=paid",
            "",
            ("instagram", "paid", "paid_social", "", Basis::Campaign),
        ),
        (
            "dclid=1",
            "",
            ("google", "display", "display", "", Basis::ClickId),
        ),
        (
            "twclid=1",
            "https://t.co/x",
            ("x", "cpc", "paid_social", "social", Basis::ClickId),
        ),
        // An engine's advertisement without a click id.
        (
            "",
            "https://www.googleadservices.com/pagead/aclk?sa=L",
            ("google", "cpc", "paid_search", "search", Basis::Referrer),
        ),
        (
            "utm_source=chatgpt.com",
            "https://chatgpt.com/",
            ("chatgpt", "", "ai_assistants", "ai", Basis::Campaign),
        ),
        (
            "utm_source=%20M.Facebook.com%20&utm_medium=Referral",
            "",
            ("facebook", "referral", "organic_social", "", Basis::Campaign),
        ),
        (
            "utm_medium=email",
            "",
            ("", "email", "email", "", Basis::Campaign),
        ),
        (
            "utm_source=Our+Letter",
            "",
            ("our letter", "", "unassigned", "", Basis::Campaign),
        ),
        (
            "utm_source=%C3%9Cber&utm_medium=cpc",
            "",
            ("über", "cpc", "paid_other", "", Basis::Campaign),
        ),
        (
            "utm_term=x&utm_content=y",
            "",
            ("(direct)", "(none)", "direct", "", Basis::Nothing),
        ),
        (
            "utm_source=+",
            "",
            ("(direct)", "(none)", "direct", "", Basis::Nothing),
        ),
    ];
    for (query, from, (source, medium, channel, kind, basis)) in cases {
        let url = format!("https://shop.example/a?{query}");
        let expected = (source.to_owned(), medium.to_owned(), channel, kind, basis);
        assert_eq!(said(&url, from), expected, "{query} from {from}");
    }
}

#[test]
fn what_goes_on_says_nothing_about_how_it_began() {
    for (from, kind, basis) in [
        ("https://shop.example/b", "internal", Basis::Own),
        ("https://pay.shop.example/", "internal", Basis::Own),
        ("https://www.paypal.com/checkoutnow", "payment", Basis::Payment),
        ("https://checkout.stripe.com/c/pay", "payment", Basis::Payment),
        ("https://shop.app/pay/1", "payment", Basis::Payment),
        ("https://stdpay.inicis.com/", "payment", Basis::Payment),
    ] {
        let nothing = (String::new(), String::new(), "", kind, basis);
        assert_eq!(said("https://shop.example/thanks", from), nothing, "{from}");
    }
    assert_eq!(
        said("https://shop.example/", "https://shop.app/").2,
        "organic_shopping"
    );
    assert_eq!(said("", "").4, Basis::NoPage);
}

#[test]
fn a_host_that_nobody_knows_is_a_referral_under_its_own_name() {
    for (from, source) in [
        ("https://www.blog.example.org/post/1?x=y", "blog.example.org"),
        ("http://xn--p1ai.xn--p1ai/", "xn--p1ai.xn--p1ai"),
        ("android-app://org.nobody.app/", "org.nobody.app"),
    ] {
        let expected = (
            source.to_owned(),
            "referral".to_owned(),
            "referral",
            "unknown",
            Basis::Referrer,
        );
        assert_eq!(said("https://shop.example/", from), expected, "{from}");
    }
    // What is no URL has no host.
    assert_eq!(said("https://shop.example/", "about:blank").2, "direct");
}

#[test]
fn search_words_are_told_where_the_engine_still_tells_them() {
    let term = |from: &str| {
        let referrer = referrer::read(from, "shop.example");
        let known = Known::built_in();
        read(&known, &campaign::Campaign::default(), &referrer, true)
            .search_term
            .into_owned()
    };
    for (from, expected) in [
        ("https://www.baidu.com/s?wd=%E9%9E%8B", "鞋"),
        (
            "https://search.naver.com/search.naver?where=nexearch&query=%EC%8B%A0%EB%B0%9C",
            "신발",
        ),
        (
            "https://yandex.ru/search/?text=%D0%BE%D0%B1%D1%83%D0%B2%D1%8C&lr=2",
            "обувь",
        ),
        ("https://www.bing.com/search?q=red+shoes", "red shoes"),
        ("https://www.google.com/", ""),
        ("https://www.google.com/url?q=&sa=t", ""),
        // EUC-KR, which is no UTF-8: not guessed.
        ("https://search.naver.com/search.naver?query=%BD%C5%B9%DF", ""),
        ("https://blog.example.org/?q=secret", ""),
    ] {
        assert_eq!(term(from), expected, "{from}");
    }
}
