//! What user agents, client hints and bots cost per event: each step cold, all of it from the cache, and along a stream of
//! real user agents; allocations, memory, and the slowest input that a search finds.
//! `cargo bench -p footfall-processor --bench agents`. Times are CPU time of this process, so that other work disturbs little.

#![expect(
    clippy::print_stdout,
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a benchmark prints its figures and stops where it cannot go on"
)]

mod counted;
#[path = "../../tests/agents/crates.rs"]
mod crates;
mod slowest;

use counted::{Cost, cost, resident};
use crates::of_crate;
use footfall_processor::enrich::agent::Agents;
use footfall_processor::enrich::agent::uap::{BUILTIN, Uap};
use footfall_processor::enrich::bot::{Crawlers, Networks, Spammers, agent_signs, crawlers, networks, spam};
use footfall_schemas::event::ClientHints;
use std::hint::black_box;
use std::sync::Arc;

fn main() {
    let lines =
        std::fs::read_to_string(of_crate("regex-filtered", "samples/useragents.txt")).expect("user agents");
    let stream: Vec<&str> = lines.lines().collect();
    let mut unique = stream.clone();
    unique.sort_unstable();
    unique.dedup();
    println!("{} user agents, {} of them different", stream.len(), unique.len());
    let agents = built();
    steps(&agents, &unique);
    cached(&stream);
    println!("memory after all of them: {} MiB", resident());
    slowest::search(&agents, &unique);
}

/// Memory and time of building what is built in.
fn built() -> Agents {
    let before = resident();
    let (uap, rules) = cost(1, || Arc::new(Uap::from_json(BUILTIN).expect("rules")));
    let (crawlers, list) = cost(1, || {
        Arc::new(Crawlers::from_text(&[crawlers::BUILTIN]).expect("crawlers"))
    });
    let (_, networks) = cost(1, || Networks::from_text(&[networks::BUILTIN]).expect("networks"));
    let (_, spammers) = cost(1, || Spammers::from_text(&[spam::BUILTIN]).expect("spammers"));
    println!(
        "build: rules {:.0} ms, crawlers {:.0} ms, networks {:.1} ms, spammers {:.1} ms; memory + {} MiB",
        rules.ns / 1e6,
        list.ns / 1e6,
        networks.ns / 1e6,
        spammers.ns / 1e6,
        resident() - before
    );
    Agents::new(uap, crawlers)
}

/// Each step on each user agent, the second time: what lazily grows has grown.
fn steps(agents: &Agents, unique: &[&str]) {
    let (uap, crawlers) = (Uap::from_json(BUILTIN).expect("rules"), Crawlers::builtin());
    let (networks, spammers, none) = (Networks::builtin(), Spammers::builtin(), ClientHints::default());
    let hints = hinted();
    let all = |name: &str, step: &dyn Fn(&str)| {
        let pass = || unique.iter().for_each(|user_agent| step(user_agent));
        pass();
        say(name, &cost(unique.len(), pass).1);
    };
    println!("cold, per user agent:");
    all("rules of uap-core, three parts", &|user_agent| {
        black_box(uap.read(user_agent));
    });
    all("crawlers and words", &|user_agent| {
        black_box(agent_signs(&crawlers, user_agent, &none));
    });
    all("  of that the list alone", &|user_agent| {
        black_box(crawlers.has(user_agent));
    });
    all("everything, without hints", &|user_agent| {
        black_box(agents.read_anew(user_agent, &none));
    });
    all("everything, with all hints", &|user_agent| {
        black_box(agents.read_anew(user_agent, &hints));
    });
    println!("per event, never cached:");
    let address = "203.0.113.7"
        .parse::<std::net::Ipv4Addr>()
        .expect("an address")
        .to_ipv6_mapped();
    all("a network among the data centres", &|_| {
        black_box(networks.has(black_box(address), 64_496));
    });
    all("a referrer among the spammers", &|_| {
        black_box(spammers.has(black_box("news.some-site.example")));
    });
}

/// From the cache alone; and the stream in its order, whose repetitions are those of a real log.
fn cached(stream: &[&str]) {
    let (none, hints) = (ClientHints::default(), hinted());
    for (name, hints) in [
        ("cached, with all hints", &hints),
        ("cached, without hints", &none),
    ] {
        let agents = Agents::builtin();
        read(&agents, &stream[..100], hints);
        let (_, cost) = cost(100_000, || {
            for _ in 0..1_000 {
                read(&agents, &stream[..100], hints);
            }
        });
        say(name, &cost);
    }
    let (agents, mut seen) = (Agents::builtin(), std::collections::HashSet::new());
    let repeated = stream
        .iter()
        .filter(|user_agent| !seen.insert(**user_agent))
        .count();
    let share = 100.0 * repeated as f64 / stream.len() as f64;
    let (_, first) = cost(stream.len(), || read(&agents, stream, &none));
    say(&format!("a stream, {share:.1} % of it seen before"), &first);
    let (_, again) = cost(stream.len(), || read(&agents, stream, &none));
    say("the same stream once more", &again);
}

fn read(agents: &Agents, stream: &[&str], hints: &ClientHints<'_>) {
    for user_agent in stream {
        black_box(agents.read(user_agent, hints));
    }
}

fn say(name: &str, cost: &Cost) {
    println!(
        "  {name:<48} {:>9.3} us {:>7.1} allocations {:>9.0} bytes",
        cost.ns / 1e3,
        cost.allocations,
        cost.bytes
    );
}

/// What Chromium sends if it is asked for everything.
fn hinted() -> ClientHints<'static> {
    ClientHints {
        ua: r#""Chromium";v="142", "Google Chrome";v="142", "Not_A Brand";v="99""#.into(),
        full:
            r#""Chromium";v="142.0.7444.59", "Google Chrome";v="142.0.7444.59", "Not_A Brand";v="99.0.0.0""#
                .into(),
        mobile: "?1".into(),
        platform: r#""Android""#.into(),
        platform_version: r#""16.0.0""#.into(),
        model: r#""Pixel 9""#.into(),
    }
}
