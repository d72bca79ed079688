//! What brings people to the shop, and where they arrive.

use super::people::{Person, weighted};
use super::shop::{POSTS, Page, product};
use jiff::civil::{Date, Weekday};
use rand::RngExt as _;
use rand::rngs::Xoshiro256PlusPlus;

/// What brings people: the page before, and what the link says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Source {
    pub(super) referrer: &'static str,
    pub(super) query: &'static str,
}

/// Weight for new ones and for those who come back.
const SOURCES: [(u32, u32, Source); 17] = [
    (
        18,
        40,
        Source {
            referrer: "",
            query: "",
        },
    ),
    (
        30,
        22,
        Source {
            referrer: "https://www.google.com/",
            query: "",
        },
    ),
    (
        4,
        3,
        Source {
            referrer: "https://www.bing.com/",
            query: "",
        },
    ),
    (
        3,
        2,
        Source {
            referrer: "https://duckduckgo.com/",
            query: "",
        },
    ),
    (
        1,
        1,
        Source {
            referrer: "https://search.naver.com/search.naver",
            query: "",
        },
    ),
    (
        9,
        3,
        Source {
            referrer: "https://www.google.com/",
            query: "gclid=Cj0KCQjw&utm_source=google&utm_medium=cpc&utm_campaign=brand",
        },
    ),
    (
        5,
        2,
        Source {
            referrer: "https://www.google.com/",
            query: "gclid=EAIaIQob&utm_source=google&utm_medium=cpc&utm_campaign=winter-boots&utm_term=winter+boots",
        },
    ),
    (
        6,
        3,
        Source {
            referrer: "https://l.instagram.com/",
            query: "utm_source=instagram&utm_medium=paid_social&utm_campaign=lookbook&fbclid=IwAR0",
        },
    ),
    (
        4,
        3,
        Source {
            referrer: "https://l.facebook.com/",
            query: "fbclid=IwAR1",
        },
    ),
    (
        3,
        2,
        Source {
            referrer: "https://www.youtube.com/",
            query: "",
        },
    ),
    (
        2,
        2,
        Source {
            referrer: "https://www.pinterest.com/",
            query: "",
        },
    ),
    (
        2,
        2,
        Source {
            referrer: "https://mastodon.social/",
            query: "",
        },
    ),
    (
        4,
        3,
        Source {
            referrer: "https://chatgpt.com/",
            query: "",
        },
    ),
    (
        2,
        1,
        Source {
            referrer: "https://www.perplexity.ai/",
            query: "",
        },
    ),
    (
        4,
        3,
        Source {
            referrer: "https://outdoor-blog.example/gear-of-the-year",
            query: "",
        },
    ),
    (
        2,
        1,
        Source {
            referrer: "https://news.ycombinator.com/",
            query: "",
        },
    ),
    (
        1,
        3,
        Source {
            referrer: "https://www.reddit.com/",
            query: "",
        },
    ),
];
const LETTER: Source = Source {
    referrer: "",
    query: "utm_source=newsletter&utm_medium=email&utm_campaign=tuesday-letter",
};

impl Source {
    /// On Tuesdays the letter goes out, to those who have been here before.
    pub(super) fn of(is_new: bool, day: Date, random: &mut Xoshiro256PlusPlus) -> Self {
        if !is_new && day.weekday() == Weekday::Tuesday && random.random_bool(0.45) {
            return LETTER;
        }
        let weights = SOURCES.iter().map(|of| if is_new { of.0 } else { of.1 });
        SOURCES[weighted(random, weights)].2
    }

    /// Where such visitors arrive.
    pub(super) fn entry(self, person: &Person, random: &mut Xoshiro256PlusPlus) -> Page {
        if self == LETTER {
            return Page::Sale;
        }
        if self.query.contains("winter-boots") {
            return Page::Product(3);
        }
        if random.random_range(0..100) == 0 {
            return Page::Gone;
        }
        let has_words = self.referrer.contains("blog") || self.referrer.contains("news.");
        let posts = if has_words { 60 } else { 12 };
        match weighted(random, [34, 26, 22, posts].into_iter()) {
            0 => Page::Home,
            1 => Page::Category(person.taste),
            2 => product(person.taste, random),
            _ => Page::Post(random.random_range(0..POSTS.len())),
        }
    }
}
