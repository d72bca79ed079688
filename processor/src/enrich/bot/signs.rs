//! The signs of a machine, what each is worth, and how they add up.

/// From this score on reports take an event for a machine's.
pub const LIKELY: u8 = 50;

/// One reason to think of a machine. The table has their codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Sign {
    /// The user agent is on the list of crawlers.
    Crawler = 0,
    /// It calls itself a bot, crawler, spider, monitor, or gives an address to ask at.
    BotWord,
    /// It names no browser's engine: a program, a library.
    NoBrowser,
    /// There is none.
    NoUserAgent,
    /// A browser without a window.
    Headless,
    /// A browser that a program steers.
    Automation,
    /// User agent and client hints name different browsers or systems.
    HintsContradict,
    /// The address belongs to a data centre. People come from there too: VPNs, companies' proxies.
    DataCentre,
    /// The page before is one that only wants to be seen in reports.
    SpamReferrer,
    /// A browser without a language: every real one sends `Accept-Language`.
    NoLanguage,
    /// A window as large as the screen and as small as headless browsers have it.
    HeadlessScreen,
}

impl Sign {
    /// Every sign, in the order of its bit.
    pub const ALL: [Self; 11] = [
        Self::Crawler,
        Self::BotWord,
        Self::NoBrowser,
        Self::NoUserAgent,
        Self::Headless,
        Self::Automation,
        Self::HintsContradict,
        Self::DataCentre,
        Self::SpamReferrer,
        Self::NoLanguage,
        Self::HeadlessScreen,
    ];

    /// The code in `bot_reasons`.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Crawler => "crawler",
            Self::BotWord => "bot_word",
            Self::NoBrowser => "no_browser",
            Self::NoUserAgent => "no_user_agent",
            Self::Headless => "headless",
            Self::Automation => "automation",
            Self::HintsContradict => "hints_contradict",
            Self::DataCentre => "data_centre",
            Self::SpamReferrer => "spam_referrer",
            Self::NoLanguage => "no_language",
            Self::HeadlessScreen => "headless_screen",
        }
    }

    /// What it says, for people.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Crawler => "its user agent is on the list of crawlers",
            Self::BotWord => "it calls itself a bot or the like, or gives an address to ask at",
            Self::NoBrowser => "it names no browser's engine",
            Self::NoUserAgent => "it sent no user agent",
            Self::Headless => "a browser without a window",
            Self::Automation => "a browser that a program steers",
            Self::HintsContradict => "client hints and user agent name different browsers or systems",
            Self::DataCentre => "its address belongs to a data centre",
            Self::SpamReferrer => "the page before is on the list of referrer spam",
            Self::NoLanguage => "a browser without Accept-Language",
            Self::HeadlessScreen => "screen and window are as browsers without a window have them",
        }
    }

    /// How sure this sign alone makes, per cent. Two weak ones reach [`LIKELY`], no single one that people show does.
    #[must_use]
    pub const fn weight(self) -> u32 {
        match self {
            Self::Crawler => 100,
            Self::Headless | Self::Automation => 95,
            Self::BotWord | Self::NoBrowser | Self::SpamReferrer => 90,
            Self::NoUserAgent => 80,
            Self::DataCentre | Self::HintsContradict => 40,
            Self::NoLanguage | Self::HeadlessScreen => 30,
        }
    }
}

/// A set of signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Signs(u16);

impl Signs {
    /// Adds one.
    pub const fn add(&mut self, sign: Sign) {
        self.0 |= 1 << sign as u16;
    }

    /// Adds one where `is`.
    pub const fn add_if(&mut self, sign: Sign, is: bool) {
        if is {
            self.add(sign);
        }
    }

    /// Both sets.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether it has one.
    #[must_use]
    pub const fn has(self, sign: Sign) -> bool {
        self.0 & (1 << sign as u16) != 0
    }

    /// Each sign, in order.
    pub fn iter(self) -> impl Iterator<Item = Sign> {
        Sign::ALL.into_iter().filter(move |sign| self.has(*sign))
    }

    /// How likely it is a machine, 0 to 100: signs count as independent, so what each leaves open is multiplied.
    #[must_use]
    pub fn score(self) -> u8 {
        if self.0 == 0 {
            return 0;
        }
        let open = self
            .iter()
            .fold(100, |open, sign| open * (100 - sign.weight()) / 100);
        u8::try_from(100 - open).unwrap_or(100)
    }

    /// The codes for the table.
    #[must_use]
    pub fn labels(self) -> Labels {
        let mut labels = Labels::default();
        if self.0 != 0 {
            for sign in self.iter() {
                labels.codes[labels.count] = sign.label();
                labels.count += 1;
            }
        }
        labels
    }
}

/// The codes of a set, without an allocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Labels {
    codes: [&'static str; Sign::ALL.len()],
    count: usize,
}

impl Labels {
    /// The codes.
    #[must_use]
    pub fn as_slice(&self) -> &[&'static str] {
        &self.codes[..self.count]
    }
}

#[cfg(test)]
mod tests {
    use super::{LIKELY, Sign, Signs};

    fn of(signs: &[Sign]) -> Signs {
        let mut set = Signs::default();
        for sign in signs {
            set.add(*sign);
        }
        set
    }

    #[test]
    fn signs_add_up_and_never_beyond_a_hundred() {
        assert_eq!(Signs::default().score(), 0);
        assert_eq!(of(&[Sign::DataCentre]).score(), 40);
        assert_eq!(of(&[Sign::DataCentre, Sign::NoLanguage]).score(), 58);
        assert_eq!(of(&Sign::ALL).score(), 100);
    }

    #[test]
    fn what_people_show_too_is_not_enough_alone_and_two_such_signs_are() {
        let weak = [
            Sign::DataCentre,
            Sign::HintsContradict,
            Sign::NoLanguage,
            Sign::HeadlessScreen,
        ];
        for (at, sign) in weak.iter().enumerate() {
            assert!(of(&[*sign]).score() < LIKELY, "{sign:?}");
            for other in &weak[..at] {
                assert!(of(&[*sign, *other]).score() >= LIKELY, "{sign:?} {other:?}");
            }
        }
        for sign in Sign::ALL.iter().filter(|sign| !weak.contains(sign)) {
            assert!(of(&[*sign]).score() >= LIKELY, "{sign:?}");
        }
    }

    #[test]
    fn the_codes_are_those_of_the_signs() {
        let signs = of(&[Sign::Headless, Sign::Crawler]);
        assert_eq!(signs.labels().as_slice(), ["crawler", "headless"]);
        assert!(Signs::default().labels().as_slice().is_empty());
        for (bit, sign) in Sign::ALL.into_iter().enumerate() {
            assert_eq!(sign as usize, bit);
        }
    }
}
