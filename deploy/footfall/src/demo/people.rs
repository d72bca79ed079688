//! The demo's visitors. Somebody follows from the seed, the day of the first visit and a number, so that the same person
//! comes back as the same: no list of people is kept.

use super::month::mixed;
use super::places::{HOMES, Home};
use crate::loadgen::people::random_id;
use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt as _, SeedableRng as _};
use uuid::Uuid;

/// What people browse with: weight, user agent, screen and viewport.
const DEVICES: [(u32, &str, [u32; 4]); 9] = [
    (
        24,
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
        [1920, 1080, 1903, 947],
    ),
    (
        6,
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0",
        [1536, 864, 1521, 730],
    ),
    (
        5,
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0",
        [1920, 1080, 1903, 955],
    ),
    (
        11,
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Safari/605.1.15",
        [1440, 900, 1440, 789],
    ),
    (
        3,
        "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
        [2560, 1440, 2545, 1315],
    ),
    (
        25,
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1",
        [390, 844, 390, 664],
    ),
    (
        19,
        "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36",
        [412, 915, 412, 785],
    ),
    (
        3,
        "Mozilla/5.0 (Linux; Android 14; SM-S921B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36",
        [360, 780, 360, 647],
    ),
    (
        4,
        "Mozilla/5.0 (iPad; CPU OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1",
        [820, 1180, 820, 1106],
    ),
];

/// Somebody who visits the shop.
#[derive(Debug, Clone)]
pub(super) struct Person {
    pub(super) id: Uuid,
    pub(super) home: Home,
    pub(super) address: String,
    pub(super) agent: &'static str,
    /// Screen and viewport, CSS pixels.
    pub(super) screen: [u32; 4],
    /// Of an account; empty: has none.
    pub(super) account: String,
    /// The category that is looked at more than others.
    pub(super) taste: usize,
    /// How many pages a visit has, about.
    pub(super) patience: u32,
}

impl Person {
    /// The person of that number whose first visit was on that day (days since 1970).
    pub(super) fn new(seed: u64, day: i64, number: u32) -> Self {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(
            (u64::from(mixed(seed, day)) << 32) | u64::from(number) ^ 0x5EED_0000,
        );
        let home = HOMES[weighted(&mut random, HOMES.iter().map(|home| home.weight))];
        let (_, agent, screen) = DEVICES[weighted(&mut random, DEVICES.iter().map(|device| device.0))];
        let [a, b] = home.network;
        let account = random.random_bool(0.22);
        Self {
            id: random_id(&mut random),
            home,
            address: format!(
                "{a}.{b}.{}.{}",
                random.random_range(0..=255),
                random.random_range(1..255)
            ),
            agent,
            screen,
            account: if account {
                format!("customer-{:05}", random.random_range(0..60_000))
            } else {
                String::new()
            },
            taste: random.random_range(0..4),
            // Mostly few: the least of two.
            patience: 1 + random.random_range(0..12).min(random.random_range(0..12)),
        }
    }
}

/// Which of several, by their weights.
pub(super) fn weighted(random: &mut Xoshiro256PlusPlus, weights: impl Iterator<Item = u32> + Clone) -> usize {
    let mut point = random.random_range(0..weights.clone().sum::<u32>());
    for (at, weight) in weights.enumerate() {
        if point < weight {
            return at;
        }
        point -= weight;
    }
    0
}
