//! One visitor of the generated crowd, and the lists that journeys choose from. No name or address here is anyone's:
//! hosts are under `.example` (RFC 2606), addresses are documentation networks (RFC 5737, RFC 3849).

use super::journey::Sent;
use rand::rngs::Xoshiro256PlusPlus;
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, RngExt as _};
use uuid::Uuid;

/// Target and text of clicks.
pub(super) const CLICKS: [(&str, &str); 6] = [
    ("#add-to-cart", "Add to cart"),
    ("https://partner.example/offer", "See the offer"),
    ("/downloads/catalogue.pdf", "Catalogue (PDF)"),
    ("#menu", "Menu"),
    ("mailto:hello@shop.example", "Write to us"),
    ("#size-guide", "Größentabelle"),
];
/// Names of custom events.
pub(super) const CUSTOM: [&str; 5] = ["add_to_cart", "search", "video_play", "checkout", "wishlist_add"];
/// What people search for.
pub(super) const SEARCHES: [&str; 5] = [
    "red shoes",
    "Rucksack 30 l",
    "靴",
    "gift card",
    "\"quoted\" & <tagged>",
];

const PAGES: [(&str, &str); 9] = [
    ("/", "Shop: shoes & more"),
    ("/shoes", "Shoes"),
    ("/shoes/red-runner", "Red Runner"),
    ("/bags?sort=price&page=2", "Bags"),
    ("/cart", "Your cart"),
    ("/checkout/address", "Checkout: address"),
    ("/login", "Log in"),
    ("/blog/how-to-lace", "How to lace – the blog"),
    ("/über-uns", "Über uns"),
];
const REFERRERS: [&str; 6] = [
    "https://www.google.com/",
    "https://duckduckgo.com/",
    "https://news.ycombinator.com/item?id=1",
    "https://mastodon.social/@someone",
    "https://blog.partner.example/best-shoes",
    "https://chatgpt.com/",
];
const CAMPAIGNS: [&str; 4] = [
    "utm_source=newsletter&utm_medium=email&utm_campaign=autumn",
    "utm_source=google&utm_medium=cpc&utm_campaign=shoes&utm_term=red+shoes&gclid=Cj0KCQjw",
    "utm_source=mastodon&utm_medium=social&utm_content=post-17",
    "fbclid=IwAR0",
];
const AGENTS: [&str; 5] = [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Safari/605.1.15",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
];
const LOCALES: [(&str, &str); 5] = [
    ("en-US", "America/New_York"),
    ("de-DE", "Europe/Berlin"),
    ("ja-JP", "Asia/Tokyo"),
    ("pt-BR", "America/Sao_Paulo"),
    ("en-GB", "Europe/London"),
];
const SCREENS: [(u32, u32, u32, u32); 4] = [
    (1920, 1080, 1903, 947),
    (1440, 900, 1440, 789),
    (390, 844, 390, 664),
    (412, 915, 412, 785),
];

/// Somebody on the site.
#[derive(Debug, Clone)]
pub(super) struct Person {
    visitor: Uuid,
    session: Uuid,
    ip: String,
    agent: &'static str,
    locale: (&'static str, &'static str),
    screen: (u32, u32, u32, u32),
    page: (String, &'static str),
    page_id: Uuid,
    referrer: String,
    /// Events on this page so far; 0: it has not been opened yet.
    pub(super) seq: u32,
    /// Who is logged in; empty: nobody.
    pub(super) user: String,
    /// 0: the visit is over.
    pub(super) pages_left: u32,
    /// The page was left with the event that is being made.
    pub(super) leaving: bool,
}

fn pick<T: Copy>(list: &[T], random: &mut Xoshiro256PlusPlus) -> T {
    list.choose(random).copied().unwrap_or(list[0])
}

/// A random id (UUIDv4's form).
pub(crate) fn random_id(random: &mut Xoshiro256PlusPlus) -> Uuid {
    let mut bytes = [0; 16];
    random.fill_bytes(&mut bytes);
    uuid::Builder::from_random_bytes(bytes).into_uuid()
}

fn address(random: &mut Xoshiro256PlusPlus) -> String {
    match random.random_range(0..10) {
        0..2 => format!(
            "2001:db8:{:x}:{:x}::1",
            random.random_range(1..0xffff),
            random.random_range(1..0xffff)
        ),
        2..6 => format!("198.51.100.{}", random.random_range(1..255)),
        _ => format!("203.0.113.{}", random.random_range(1..255)),
    }
}

impl Person {
    /// A new visitor, with or without a campaign or a referrer.
    pub(super) fn arrive(random: &mut Xoshiro256PlusPlus) -> Self {
        let (path, title) = pick(&PAGES, random);
        let (mut url, mut referrer) = (format!("https://shop.example{path}"), String::new());
        match random.random_range(0..10) {
            0..3 => {
                url = format!(
                    "{url}{}{}",
                    if path.contains('?') { '&' } else { '?' },
                    pick(&CAMPAIGNS, random)
                );
            }
            3..7 => referrer = pick(&REFERRERS, random).to_owned(),
            _ => {}
        }
        Self {
            visitor: random_id(random),
            session: random_id(random),
            ip: address(random),
            agent: pick(&AGENTS, random),
            locale: pick(&LOCALES, random),
            screen: pick(&SCREENS, random),
            page: (url, title),
            page_id: random_id(random),
            referrer,
            seq: 0,
            user: String::new(),
            pages_left: random.random_range(1..8),
            leaving: false,
        }
    }

    pub(super) fn fill(&self, event: &mut Sent) {
        event.url.clone_from(&self.page.0);
        event.title = self.page.1.to_owned();
        event.referrer.clone_from(&self.referrer);
        event.page_id = self.page_id;
        (event.screen_w, event.screen_h, event.viewport_w, event.viewport_h) = self.screen;
        (event.language, event.timezone) = self.locale;
    }

    pub(super) fn identify(&self, event: &mut Sent) {
        event.visitor = Some(self.visitor);
        event.session = Some(self.session);
        event.ip.clone_from(&self.ip);
        event.user_agent = self.agent;
    }

    /// To the next page, or away.
    pub(super) fn go_on(&mut self, random: &mut Xoshiro256PlusPlus) {
        let (path, title) = pick(&PAGES, random);
        self.referrer = std::mem::replace(&mut self.page.0, format!("https://shop.example{path}"));
        self.page.1 = title;
        self.page_id = random_id(random);
        self.seq = 0;
        self.leaving = false;
        self.pages_left -= 1;
    }
}
