//! One visit: every event from the first page to the last.

use super::people::Person;
use super::shop::{CATEGORIES, ORIGIN, PRODUCTS, Page, SEARCHES};
use super::source::Source;
use crate::loadgen::journey::{Sent, id_at};
use crate::loadgen::people::random_id;
use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt as _, SeedableRng as _};
use uuid::Uuid;

/// Nobody looks longer than this without a pause, in ms.
const LONGEST: f64 = 600_000.0;

/// Frame of a visit.
#[derive(Debug, Clone, Copy)]
pub(super) struct Visit {
    /// When it begins, ms since 1970.
    pub(super) at: i64,
    /// No other visit of this seed has it.
    pub(super) id: u64,
    /// The visitor's first.
    pub(super) is_new: bool,
}

/// Somebody on the way through the shop.
struct Walk<'p> {
    person: &'p Person,
    session: Uuid,
    random: Xoshiro256PlusPlus,
    now: i64,
    url: String,
    title: String,
    referrer: String,
    page_id: Uuid,
    seq: u32,
    /// Logged in.
    user: String,
    cart: Vec<usize>,
    events: Vec<Sent>,
}

/// The events of a visit, in their order.
pub(super) fn walk(
    person: &Person,
    visit: &Visit,
    source: Source,
    random: &mut Xoshiro256PlusPlus,
) -> Vec<Sent> {
    let mut own = Xoshiro256PlusPlus::seed_from_u64(visit.id ^ random.random::<u64>());
    let mut page = source.entry(person, &mut own);
    let pages = 1 + own.random_range(0..=person.patience * 2);
    let mut walk = Walk {
        person,
        session: random_id(&mut own),
        random: own,
        now: visit.at,
        url: String::new(),
        title: String::new(),
        referrer: source.referrer.to_owned(),
        page_id: Uuid::nil(),
        seq: 0,
        user: String::new(),
        cart: Vec::new(),
        events: Vec::new(),
    };
    for number in 0..pages {
        walk.open(page, if number == 0 { source.query } else { "" });
        if number == 0 && visit.is_new {
            walk.consent();
        }
        walk.look(page);
        page = page.next(person.taste, !person.account.is_empty(), &mut walk.random);
        if page == Page::Away {
            break;
        }
    }
    if !walk.user.is_empty() && walk.random.random_bool(0.3) {
        walk.push("logout", "", &[]);
    }
    walk.events
}

impl Walk<'_> {
    fn open(&mut self, page: Page, query: &str) {
        let (path, title) = page.address();
        if !self.url.is_empty() {
            self.referrer = std::mem::take(&mut self.url);
        }
        let joint = if path.contains('?') { '&' } else { '?' };
        self.url = match query {
            "" => format!("{ORIGIN}{path}"),
            query => format!("{ORIGIN}{path}{joint}{query}"),
        };
        self.title = title;
        self.page_id = random_id(&mut self.random);
        self.seq = 0;
        if page == Page::Gone {
            self.push("page_view", "", &[("status", 404.into())]);
        } else {
            self.push("page_view", "", &[]);
        }
    }

    fn consent(&mut self) {
        let said = match self.random.random_range(0..100) {
            0..62 => "granted",
            62..76 => "refused",
            _ => return,
        };
        self.pass(2.5);
        self.push("consent", "", &[]);
        if let Some(last) = self.events.last_mut() {
            last.consent = said;
        }
    }

    /// What is done on a page, until it is left.
    fn look(&mut self, page: Page) {
        let began = self.now;
        self.pass(page.dwell() * 0.6);
        match page {
            Page::Product(at) => self.product(at),
            Page::Search(at) => {
                let results = self.random.random_range(0..40);
                self.push(
                    "custom",
                    "search",
                    &[("query", SEARCHES[at].into()), ("results", results.into())],
                );
            }
            Page::Post(_) if self.random.random_bool(0.12) => {
                self.click("outbound", "https://trails.example/map", "Map of trails");
            }
            Page::Help(2) if self.random.random_bool(0.4) => {
                self.click("download", "https://shop.example/files/sizes.pdf", "Sizes (PDF)");
            }
            Page::Login => self.log_in(),
            Page::Thanks(order) => self.purchase(order),
            _ => {}
        }
        self.pass(page.dwell() * 0.4);
        // Some browsers end without a word.
        if self.random.random_bool(0.94) {
            let scroll = self.random.random_range(15..=100);
            self.push("page_leave", "", &[]);
            if let Some(last) = self.events.last_mut() {
                last.engagement_ms = u32::try_from(self.now - began).unwrap_or(u32::MAX);
                last.scroll = scroll;
            }
        }
        self.pass(0.4);
    }

    fn product(&mut self, at: usize) {
        let (category, slug, _, price) = PRODUCTS[at];
        let name = match self.random.random_range(0..100) {
            0..21 => "add_to_cart",
            21..27 => "wishlist_add",
            27..33 => "video_play",
            _ => return,
        };
        if name == "add_to_cart" {
            self.cart.push(at);
        }
        let props = [
            ("sku", slug.into()),
            ("category", CATEGORIES[category].0.into()),
            ("price", (f64::from(price) / 100.0).into()),
        ];
        self.push("custom", name, &props);
    }

    fn click(&mut self, name: &'static str, href: &str, text: &str) {
        self.push("click", name, &[("href", href.into()), ("text", text.into())]);
    }

    fn log_in(&mut self) {
        if self.random.random_bool(0.15) {
            self.push("login_failed", "", &[("reason", "password".into())]);
            if let Some(last) = self.events.last_mut() {
                last.user_id.clone_from(&self.person.account);
            }
            self.pass(6.0);
        }
        self.user.clone_from(&self.person.account);
        self.push("login", "", &[("method", "password".into())]);
        let plan = ["none", "none", "club"][self.random.random_range(0..3)];
        self.push("identify", "", &[("plan", plan.into())]);
    }

    fn purchase(&mut self, order: u32) {
        if self.cart.is_empty() {
            self.cart.push(self.random.random_range(0..PRODUCTS.len()));
        }
        let cents: u32 = self.cart.iter().map(|at| PRODUCTS[*at].3).sum();
        let props = [
            ("order", order.into()),
            ("revenue", (f64::from(cents) / 100.0).into()),
            ("currency", "EUR".into()),
            ("items", self.cart.len().into()),
        ];
        self.push("custom", "purchase", &props);
        self.cart.clear();
    }

    /// Time passes: about so many seconds, sometimes much longer.
    fn pass(&mut self, seconds: f64) {
        let spread = (self.random.random::<f64>() + self.random.random::<f64>()).powi(2);
        #[expect(clippy::cast_possible_truncation, reason = "below LONGEST")]
        let millis = (seconds * 1_000.0 * spread).clamp(120.0, LONGEST) as i64;
        self.now += millis;
    }

    fn push(&mut self, kind: &'static str, name: &'static str, props: &[(&'static str, serde_json::Value)]) {
        self.seq += 1;
        let person = self.person;
        let [screen_w, screen_h, viewport_w, viewport_h] = person.screen;
        self.events.push(Sent {
            id: id_at(self.now, &mut self.random),
            kind,
            name,
            ts: self.now,
            url: self.url.clone(),
            title: self.title.clone(),
            referrer: self.referrer.clone(),
            seq: self.seq,
            page_id: self.page_id,
            attempt: 1,
            user_id: self.user.clone(),
            screen_w,
            screen_h,
            viewport_w,
            viewport_h,
            language: person.home.language,
            timezone: person.home.zone,
            props: props.iter().cloned().collect(),
            visitor: Some(person.id),
            session: Some(self.session),
            ip: person.address.clone(),
            user_agent: person.agent,
            ..Sent::default()
        });
    }
}
