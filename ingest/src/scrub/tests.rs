//! What is taken out, and above all what is not.

use super::{Scrub, Scrubber};
use footfall_schemas::{Flag, Flags};
use std::borrow::Cow;

fn scrub(rules: &Scrub, url: &str) -> String {
    let mut flags = Flags::default();
    let scrubbed = Scrubber::of(rules).url(Cow::Borrowed(url), &mut flags);
    assert_eq!(flags.has(Flag::UrlScrubbed), scrubbed != url, "{url}");
    scrubbed.into_owned()
}

#[test]
fn secrets_addresses_and_tokens_are_taken_out() {
    let cases = [
        (
            "https://a.example/?token=abc",
            "https://a.example/?token=redacted",
        ),
        (
            "https://a.example/x?a=1&Access-Token=t&b=2#top",
            "https://a.example/x?a=1&Access-Token=redacted&b=2#top",
        ),
        (
            "https://a.example/?password=p&PASSWORD=q",
            "https://a.example/?password=redacted&PASSWORD=redacted",
        ),
        (
            "https://a.example/cb#access_token=t&token_type=bearer",
            "https://a.example/cb#access_token=redacted&token_type=bearer",
        ),
        (
            "https://a.example/cb?code=c&state=s",
            "https://a.example/cb?code=redacted&state=s",
        ),
        (
            "https://a.example/#/reset?reset_token=t",
            "https://a.example/#/reset?reset_token=redacted",
        ),
        (
            "https://a.example/?x=ada@mail.example",
            "https://a.example/?x=redacted",
        ),
        (
            "https://a.example/?utm_term=ada%40mail.example",
            "https://a.example/?utm_term=redacted",
        ),
        (
            "https://a.example/?ada@mail.example",
            "https://a.example/?redacted",
        ),
        (
            "https://a.example/#ada@mail.example",
            "https://a.example/#redacted",
        ),
        (
            "https://a.example/u/ada@mail.example/edit?a=1",
            "https://a.example/u/redacted/edit?a=1",
        ),
        (
            "https://a.example/u/ada%40mail.example",
            "https://a.example/u/redacted",
        ),
        ("https://ada:secret@a.example/x", "https://redacted@a.example/x"),
        ("https://ada:secret@a.example", "https://redacted@a.example"),
        ("/relative?email=x", "/relative?email=redacted"),
        (
            "https://a.example/?q=eyJhbGciOi.eyJzdWIiOi.c2ln",
            "https://a.example/?q=redacted",
        ),
        (
            "https://a.example/?q=sk_live_0123456789abcdef",
            "https://a.example/?q=redacted",
        ),
        (
            "https://a.example/?X-Amz-Signature=a&X-Amz-Date=b",
            "https://a.example/?X-Amz-Signature=redacted&X-Amz-Date=b",
        ),
        (
            "https://a.example/?mail=%C3%A9&x=ü@ü.example",
            "https://a.example/?mail=redacted&x=redacted",
        ),
    ];
    for (url, expected) in cases {
        assert_eq!(scrub(&Scrub::default(), url), expected);
    }
}

#[test]
fn everything_else_stays_as_it_is() {
    for url in [
        "",
        "https://a.example",
        "https://a.example/item/1?utm_source=news&utm_medium=email&gclid=Cj0KCQjw_token-like&fbclid=x",
        "https://a.example/?code=SPRING",
        "https://a.example/?tokens=3&passage=x&emails=1&key=v&id=7&user=ada",
        "https://a.example/?token=&password",
        "https://a.example/@ada/post",
        "https://a.example/npm/@scope/name@1.2.3",
        "https://a.example/?handle=@ada&ratio=3%25&at=%40home&x=a%20b",
        "https://a.example/?date=2026-11-22&q=red+shoes&page=2#top",
        "https://a.example/?q=eyJ.no&r=sk_live_",
        "https://a.example/?=&&=x&?#",
        "https://maps.example/@48.2,16.3,12z",
        "not a url at all",
    ] {
        assert_eq!(scrub(&Scrub::default(), url), url);
    }
}

#[test]
fn a_site_has_its_own_list() {
    let rules: Scrub = toml::from_str("names = [\"Order-Ref\", \"\"]\nkeep = [\"SID\", \"code\"]").unwrap();
    assert_eq!(
        scrub(
            &rules,
            "https://a.example/?order_ref=1&sid=2&token=3&code=4&state=5"
        ),
        "https://a.example/?order_ref=redacted&sid=2&token=redacted&code=4&state=5"
    );
    let off: Scrub = toml::from_str("off = true").unwrap();
    assert_eq!(
        scrub(&off, "https://a.example/?token=t"),
        "https://a.example/?token=t"
    );
    assert!(toml::from_str::<Scrub>("name = []").is_err());
}

proptest::proptest! {
    #[test]
    fn any_text_is_scrubbed_once(url in "[a-z/?&#=@%.:\\-_é40]{0,60}|\\PC{0,40}") {
        let once = scrub(&Scrub::default(), &url);
        assert_eq!(scrub_again(&once), once, "{url}");
    }
}

/// What is left has nothing to take out but what says `redacted` already.
fn scrub_again(url: &str) -> String {
    let mut flags = Flags::default();
    Scrubber::of(&Scrub::default())
        .url(Cow::Borrowed(url), &mut flags)
        .into_owned()
}

#[test]
#[ignore = "a measurement, for a release build: cargo test --release -p footfall-ingest --lib -- --ignored --nocapture scrub"]
fn what_an_address_costs() {
    let scrubber = Scrubber::of(&Scrub::default());
    for url in [
        "https://shop.example/shoes/red",
        "https://shop.example/shoes?color=red&size=42&page=2",
        "https://shop.example/?utm_source=news&utm_medium=email&utm_campaign=spring%20sale&gclid=Cj0KCQjwabcdefghijkl",
        "https://shop.example/?token=abc&color=red",
        "https://shop.example/u/ada@mail.example/edit?a=b",
    ] {
        const TURNS: u32 = 1_000_000;
        let start = std::time::Instant::now();
        for _ in 0..TURNS {
            std::hint::black_box(scrubber.scrubbed(std::hint::black_box(url)));
        }
        println!(
            "{:>6.1} ns {url}",
            start.elapsed().as_secs_f64() * 1e9 / f64::from(TURNS)
        );
    }
}
