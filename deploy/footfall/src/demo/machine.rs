//! What visits without being anybody: crawlers, scripts, and one that watches whether the shop is up.

use super::people::weighted;
use super::shop::{CATEGORIES, ORIGIN, product};
use super::visit::Visit;
use crate::loadgen::journey::{Sent, id_at};
use crate::loadgen::people::random_id;
use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt as _, SeedableRng as _};

/// Weight, user agent, pages.
const MACHINES: [(u32, &str, u32); 6] = [
    (
        40,
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        9,
    ),
    (
        20,
        "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
        7,
    ),
    (
        15,
        "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)",
        12,
    ),
    (
        10,
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/142.0.0.0 Safari/537.36",
        25,
    ),
    (10, "python-requests/2.32.3", 18),
    (5, "UptimeRobot/2.0; http://www.uptimerobot.com/", 1),
];

/// The page views of a machine: quick, and nothing else.
pub(super) fn visit(visit: &Visit, random: &mut Xoshiro256PlusPlus) -> Vec<Sent> {
    let mut own = Xoshiro256PlusPlus::seed_from_u64(visit.id ^ random.random::<u64>());
    let (_, agent, most) = MACHINES[weighted(&mut own, MACHINES.iter().map(|machine| machine.0))];
    let (visitor, session) = (random_id(&mut own), random_id(&mut own));
    let ip = format!("66.249.{}.{}", own.random_range(64..96), own.random_range(1..255));
    let mut now = visit.at;
    let views = (0..own.random_range(1..=most)).map(|_| {
        let (path, title) = product(own.random_range(0..CATEGORIES.len()), &mut own).address();
        now += own.random_range(300..4_000);
        Sent {
            id: id_at(now, &mut own),
            kind: "page_view",
            ts: now,
            url: format!("{ORIGIN}{path}"),
            title,
            seq: 1,
            page_id: random_id(&mut own),
            attempt: 1,
            language: "en",
            timezone: "UTC",
            visitor: Some(visitor),
            session: Some(session),
            ip: ip.clone(),
            user_agent: agent,
            ..Sent::default()
        }
    });
    views.collect()
}
