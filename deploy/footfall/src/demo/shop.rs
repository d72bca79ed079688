//! The shop of the demo: its pages, and where people go from each.

use super::people::weighted;
use rand::RngExt as _;
use rand::rngs::Xoshiro256PlusPlus;

/// Where the shop is (RFC 2606: nowhere).
pub(super) const ORIGIN: &str = "https://shop.example";

/// A page of the shop, and what is on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Page {
    Home,
    /// Of [`CATEGORIES`].
    Category(usize),
    /// Of [`PRODUCTS`].
    Product(usize),
    /// Of [`SEARCHES`].
    Search(usize),
    /// Of [`POSTS`].
    Post(usize),
    Sale,
    Cart,
    Address,
    Payment,
    /// The order has that number.
    Thanks(u32),
    Login,
    /// Orders of somebody who is logged in.
    Order(u32),
    Help(usize),
    /// A page that is gone.
    Gone,
    /// The visit is over.
    Away,
}

pub(super) const CATEGORIES: [(&str, &str); 4] = [
    ("shoes", "Shoes"),
    ("bags", "Bags"),
    ("jackets", "Jackets"),
    ("accessories", "Accessories"),
];
/// Category, slug, title, price in cents.
pub(super) const PRODUCTS: [(usize, &str, &str, u32); 16] = [
    (0, "red-runner", "Red Runner", 8_990),
    (0, "trail-fox", "Trail Fox", 12_900),
    (0, "city-loafer", "City Loafer", 10_450),
    (0, "winter-boot", "Winter Boot", 15_990),
    (0, "canvas-low", "Canvas Low", 4_990),
    (1, "rucksack-30", "Rucksack 30 l", 7_900),
    (1, "weekender", "Weekender", 13_900),
    (1, "tote", "Tote", 3_490),
    (1, "messenger", "Messenger", 8_450),
    (2, "rain-shell", "Rain Shell", 17_900),
    (2, "down-light", "Down Light", 21_900),
    (2, "fleece", "Fleece", 6_990),
    (3, "wool-cap", "Wool Cap", 2_490),
    (3, "belt", "Belt", 3_290),
    (3, "socks-3", "Socks, three pairs", 1_490),
    (3, "gift-card", "Gift card", 5_000),
];
pub(super) const SEARCHES: [&str; 7] = [
    "red shoes",
    "rucksack 30l",
    "winter boots",
    "gift card",
    "regenjacke",
    "socks",
    "waterproof",
];
pub(super) const POSTS: [(&str, &str); 5] = [
    ("how-to-lace", "How to lace"),
    ("care-for-leather", "Care for leather"),
    ("packing-light", "Packing light"),
    ("ten-rainy-walks", "Ten rainy walks"),
    ("repair-not-replace", "Repair, not replace"),
];
pub(super) const HELP: [(&str, &str); 3] = [
    ("shipping", "Shipping"),
    ("returns", "Returns"),
    ("size-guide", "Size guide"),
];

impl Page {
    /// Path with query, and title.
    pub(super) fn address(self) -> (String, String) {
        let named = |path: &str, title: &str| (path.to_owned(), title.to_owned());
        match self {
            Self::Home | Self::Away => named("/", "Shop: shoes, bags & more"),
            Self::Category(at) => {
                let (slug, title) = CATEGORIES[at];
                (format!("/{slug}"), title.to_owned())
            }
            Self::Product(at) => {
                let (category, slug, title, _) = PRODUCTS[at];
                (format!("/{}/{slug}", CATEGORIES[category].0), title.to_owned())
            }
            Self::Search(at) => {
                let words = SEARCHES[at];
                (
                    format!("/search?q={}", words.replace(' ', "+")),
                    format!("Search: {words}"),
                )
            }
            Self::Post(at) => (
                format!("/blog/{}", POSTS[at].0),
                format!("{} – the blog", POSTS[at].1),
            ),
            Self::Sale => named("/sale", "Sale: up to 40 %"),
            Self::Cart => named("/cart", "Your cart"),
            Self::Address => named("/checkout/address", "Checkout: address"),
            Self::Payment => named("/checkout/payment", "Checkout: payment"),
            Self::Thanks(_) => named("/checkout/thanks", "Thank you"),
            Self::Login => named("/login", "Log in"),
            Self::Order(order) => (format!("/account/orders/{order}"), format!("Order {order}")),
            Self::Help(at) => (format!("/help/{}", HELP[at].0), HELP[at].1.to_owned()),
            Self::Gone => named("/catalogue-2019", "Not found"),
        }
    }

    /// How long people look at it, in seconds, about.
    pub(super) const fn dwell(self) -> f64 {
        match self {
            Self::Post(_) => 95.0,
            Self::Product(_) | Self::Address => 42.0,
            Self::Payment => 55.0,
            Self::Help(_) => 38.0,
            Self::Category(_) | Self::Search(_) | Self::Sale => 26.0,
            Self::Gone => 5.0,
            _ => 16.0,
        }
    }

    /// Where people go from here; `taste` is the category that they like, `has_account` whether they may log in.
    pub(super) fn next(self, taste: usize, has_account: bool, random: &mut Xoshiro256PlusPlus) -> Self {
        let liked = if random.random_bool(0.6) {
            taste
        } else {
            random.random_range(0..CATEGORIES.len())
        };
        let product = product(liked, random);
        let login = u32::from(has_account) * 28;
        let choices: &[(u32, Self)] = match self {
            Self::Home => &[
                (46, Self::Category(liked)),
                (12, Self::Search(random.random_range(0..SEARCHES.len()))),
                (10, Self::Sale),
                (10, product),
                (7, Self::Post(random.random_range(0..POSTS.len()))),
                (login, Self::Login),
                (15, Self::Away),
            ],
            Self::Category(_) | Self::Search(_) | Self::Sale => &[
                (62, product),
                (14, Self::Category(liked)),
                (5, Self::Search(random.random_range(0..SEARCHES.len()))),
                (19, Self::Away),
            ],
            Self::Product(_) => &[
                (17, Self::Cart),
                (30, product),
                (16, Self::Category(liked)),
                (6, Self::Help(random.random_range(0..HELP.len()))),
                (31, Self::Away),
            ],
            Self::Cart => &[
                (54, Self::Address),
                (login, Self::Login),
                (16, product),
                (6, Self::Help(0)),
                (24, Self::Away),
            ],
            Self::Address => &[(71, Self::Payment), (6, Self::Cart), (23, Self::Away)],
            Self::Payment => &[
                (78, Self::Thanks(random.random_range(10_000..99_999))),
                (22, Self::Away),
            ],
            Self::Thanks(order) => &[
                (u32::from(has_account) * 12, Self::Order(order)),
                (9, Self::Home),
                (80, Self::Away),
            ],
            Self::Post(_) => &[
                (18, Self::Post(random.random_range(0..POSTS.len()))),
                (17, product),
                (9, Self::Home),
                (56, Self::Away),
            ],
            Self::Login => &[
                (45, Self::Order(random.random_range(10_000..99_999))),
                (30, Self::Category(liked)),
                (25, Self::Away),
            ],
            Self::Order(_) => &[(30, Self::Help(1)), (25, product), (45, Self::Away)],
            Self::Help(_) => &[(35, product), (12, Self::Home), (53, Self::Away)],
            Self::Gone => &[(40, Self::Home), (60, Self::Away)],
            Self::Away => &[(1, Self::Away)],
        };
        choices[weighted(random, choices.iter().map(|choice| choice.0))].1
    }
}

/// A product of a category; the first ones are liked more.
pub(super) fn product(category: usize, random: &mut Xoshiro256PlusPlus) -> Page {
    let liked = [20, 10, 6, 5, 4];
    let mut rank = 0;
    let weights = PRODUCTS.map(|product| {
        let weight = if product.0 == category {
            liked[rank % liked.len()]
        } else {
            0
        };
        rank += usize::from(weight > 0);
        weight
    });
    Page::Product(weighted(random, weights.into_iter()))
}
