//! Whether a visitor may be recognised again, and how: decided here, at the server, from the site's policy, what the page
//! says of consent, and the browser's signals. Pure.

use crate::sites::{CookieMode, CookiePolicy, Without};

/// What the visitor has said to the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Consent {
    Granted,
    Refused,
    /// Nothing, or something that is neither.
    Unsaid,
}

impl Consent {
    /// Reads the event's field.
    pub(crate) fn read(text: &str) -> Self {
        if text.eq_ignore_ascii_case("granted") {
            Self::Granted
        } else if text.eq_ignore_ascii_case("refused") || text.eq_ignore_ascii_case("denied") {
            Self::Refused
        } else {
            Self::Unsaid
        }
    }
}

/// The browser's signals of one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Signals {
    /// `Sec-GPC: 1`.
    pub(crate) gpc: bool,
    /// `DNT: 1`.
    pub(crate) dnt: bool,
}

/// What follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Recognition {
    /// By the cookie; one is set where there is none.
    Cookie,
    /// Without it; a cookie that is there is taken away.
    Never(Without),
    /// Without it, and nothing is set; one that is there stays unread until the visitor says something.
    NotYet(Without),
}

/// Decides. The visitor's own word to this site counts more than what the browser says to all sites.
pub(crate) fn decide(policy: &CookiePolicy, consent: Consent, signals: Signals) -> Recognition {
    let signalled = (policy.gpc && signals.gpc) || (policy.dnt && signals.dnt);
    match (policy.mode, consent) {
        (CookieMode::Never, _) | (_, Consent::Refused) => Recognition::Never(policy.without),
        (_, Consent::Granted) => Recognition::Cookie,
        (_, Consent::Unsaid) if signalled => Recognition::Never(policy.without),
        (CookieMode::Always, Consent::Unsaid) => Recognition::Cookie,
        (CookieMode::Consent, Consent::Unsaid) => Recognition::NotYet(policy.without),
    }
}

#[cfg(test)]
mod tests {
    use super::Recognition::{Cookie, Never, NotYet};
    use super::{Consent, Signals, decide};
    use crate::sites::CookieMode::{self, Always, Consent as After};
    use crate::sites::{CookiePolicy, Without};

    #[test]
    fn the_table_of_decisions() {
        let daily = Without::Daily;
        let (plain, gpc, dnt) = ((false, false), (true, false), (false, true));
        for (mode, said, signals, expected) in [
            (Always, "", plain, Cookie),
            (Always, "granted", plain, Cookie),
            (Always, "Granted", gpc, Cookie),
            (Always, "perhaps", plain, Cookie),
            (Always, "", gpc, Never(daily)),
            (Always, "", dnt, Never(daily)),
            (Always, "perhaps", gpc, Never(daily)),
            (Always, "refused", plain, Never(daily)),
            (Always, "denied", plain, Never(daily)),
            (After, "", plain, NotYet(daily)),
            (After, "", gpc, Never(daily)),
            (After, "granted", plain, Cookie),
            (After, "granted", dnt, Cookie),
            (After, "refused", plain, Never(daily)),
            (CookieMode::Never, "granted", plain, Never(daily)),
            (CookieMode::Never, "", plain, Never(daily)),
        ] {
            let policy = CookiePolicy {
                mode,
                ..CookiePolicy::default()
            };
            let (gpc, dnt) = signals;
            assert_eq!(
                decide(&policy, Consent::read(said), Signals { gpc, dnt }),
                expected,
                "{mode:?} {said:?} {signals:?}"
            );
        }
    }

    #[test]
    fn a_site_may_pass_over_a_signal_and_may_refuse_the_daily_hash() {
        let policy = CookiePolicy {
            dnt: false,
            without: Without::Page,
            ..CookiePolicy::default()
        };
        let (gpc, dnt) = (true, true);
        assert_eq!(
            decide(&policy, Consent::Unsaid, Signals { gpc: false, dnt }),
            Cookie
        );
        assert_eq!(
            decide(&policy, Consent::Unsaid, Signals { gpc, dnt }),
            Never(Without::Page)
        );
    }
}
