//! `public.txt`: referrers of services that everybody knows.

use crate::arrive;
use std::collections::BTreeSet;

#[test]
fn every_public_referrer_has_its_source_and_channel() {
    let (mut expected, mut cases, mut wrong) = (("", ""), BTreeSet::new(), Vec::new());
    for line in include_str!("public.txt").lines() {
        if let Some(head) = line.strip_prefix("= ") {
            let (name, channel) = head.split_once('|').unwrap();
            expected = (name.trim(), channel.trim());
        } else if !line.is_empty() && !line.starts_with('#') {
            assert!(cases.insert(line), "twice: {line}");
            let found = arrive("https://shop.test/a", line, |arrival| {
                let channel = arrival.channel.map_or("", |channel| channel.label());
                (arrival.referrer_source.to_owned(), channel)
            });
            if (found.0.as_str(), found.1) != expected {
                wrong.push(format!("{line}: {found:?}, not {expected:?}"));
            }
        }
    }
    println!(
        "public referrers: {} of {} as expected",
        cases.len() - wrong.len(),
        cases.len()
    );
    assert!(cases.len() >= 300);
    assert!(wrong.is_empty(), "{wrong:#?}");
}
