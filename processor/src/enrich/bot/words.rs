//! What machines say of themselves and browsers do not, and what does not fit together.
//!
//! The idea is that of iscrawl (Apache-2.0): a few words that only machines have, and no browser without the name of an
//! engine. The words were measured against user agents of browsers, see `tests/agents`.

use super::signs::{Sign, Signs};
use footfall_schemas::event::ClientHints;
use std::borrow::Cow;

/// Words of machines, lower case.
const BOTS: &[&str] = &[
    "bot",
    "crawl",
    "spider",
    "checker",
    "fetch",
    "monitor",
    "ptst",
    "preview",
    "scrap",
    "libwww",
    "wkhtmlto",
    "screenshot",
    "webthumb",
    "websnapr",
    "mshots",
    "web-capture",
    "favicon",
    "page speed",
    "google-",
    "search console",
    "gomezagent",
    "daumoa",
    "validator",
    "python",
];
/// Words that only look like one: makers, browsers, toolbars, a country. They are taken out before anything is looked for.
const FALSE_FRIENDS: &[&str] = &[
    "cubot",
    "botswana",
    "robotics",
    "teomabar",
    "libwww-fm",
    "google-tr",
    "preview browser",
    "preview window",
    "7.60 preview",
    "http://www.qtweb.net",
    "trojanchecker",
    "medchecker",
    "botw)",
];
/// Browsers without a window.
const HEADLESS: &[&str] = &[
    "headless",
    "phantomjs",
    "slimerjs",
    "htmlunit",
    "jsdom",
    "splash",
    "prerender",
];
/// What steers browsers, or measures pages with them.
const AUTOMATION: &[&str] = &[
    "selenium",
    "webdriver",
    "puppeteer",
    "playwright",
    "cypress",
    "casperjs",
    "nightmare",
    "lighthouse",
    "gtmetrix",
    "browserstack",
    "applitools",
];
/// Engines, and browsers that name none: every browser says one.
const ENGINES: &[&str] = &[
    "gecko",
    "webkit",
    "msie",
    "trident",
    "opera",
    "konqueror",
    "links",
    "icab",
    "netfront",
    "lynx",
    "mosaic",
    "netsurf",
    "w3m",
    "blackberry",
    "nokia",
    "midp",
    "ucweb",
    "obigo",
    "up.browser",
    "dillo",
    "mozilla/4.0 (",
    "teleca",
    "dolfin",
    "goanna",
    "firefox/",
    "safari/",
    "chrome/",
    "qqbrowser",
    "dolphin",
    "omniweb",
    "netscape",
    "polaris",
    "maui",
    "iemobile",
    "nintendo",
    "playstation",
    "hbbtv",
    "docomo",
];

/// What an [`honest`] user agent and its hints say.
pub(super) fn read(user_agent: &str, hints: &ClientHints<'_>) -> Signs {
    let mut signs = Signs::default();
    if user_agent.trim().is_empty() {
        signs.add(Sign::NoUserAgent);
        return signs;
    }
    let text = user_agent.to_ascii_lowercase();
    let any = |words: &[&str]| words.iter().any(|word| text.contains(word));
    signs.add_if(Sign::BotWord, bot_word(&text));
    signs.add_if(Sign::NoBrowser, !any(ENGINES));
    signs.add_if(
        Sign::Headless,
        any(HEADLESS) || hints.ua.contains("Headless") || hints.full.contains("Headless"),
    );
    signs.add_if(Sign::Automation, any(AUTOMATION));
    signs.add_if(Sign::HintsContradict, contradict(user_agent, hints));
    signs
}

/// Addresses to ask at count too; but old toolbars wrote theirs into Internet Explorer's user agent, without a plus.
fn bot_word(text: &str) -> bool {
    if BOTS.iter().any(|word| text.contains(word)) || text.contains("+http") {
        return true;
    }
    !text.contains("; msie ")
        && (text.contains("http:") || text.contains("https:") || gives_mail_address(text))
}

/// The user agent without its [`FALSE_FRIENDS`].
pub(super) fn honest(user_agent: &str) -> Cow<'_, str> {
    let text = user_agent.to_ascii_lowercase();
    let mut honest = Cow::Borrowed(user_agent);
    for friend in FALSE_FRIENDS.iter().filter(|friend| text.contains(**friend)) {
        // Lower case by ASCII alone keeps every place, as long as nothing is taken out.
        while let Some(at) = honest.to_ascii_lowercase().find(friend) {
            honest.to_mut().replace_range(at..at + friend.len(), "");
        }
    }
    honest
}

/// `someone@host.example`; browsers have numbers and calendars behind an `@`.
fn gives_mail_address(text: &str) -> bool {
    text.match_indices('@').any(|(at, _)| {
        let host = &text.as_bytes()[at + 1..];
        let name = host
            .iter()
            .take_while(|sign| sign.is_ascii_alphanumeric() || **sign == b'-')
            .count();
        name > 0 && host.get(name) == Some(&b'.') && host.get(name + 1).is_some_and(u8::is_ascii_alphabetic)
    })
}

/// Whether the hints are those of another browser than the user agent's. Only what a browser never does by itself counts:
/// Android says that it is Linux when its user asks for desktop pages.
fn contradict(user_agent: &str, hints: &ClientHints<'_>) -> bool {
    let chromium =
        user_agent.contains("Chrome/") || user_agent.contains("Chromium/") || user_agent.contains("CriOS/");
    let platform = hints.platform.trim_matches('"');
    let has = |word: &str| user_agent.contains(word);
    let other_system = match platform {
        "Windows" => !has("Windows"),
        "macOS" => !has("Mac"),
        "Linux" => has("Windows NT") || has("Macintosh"),
        _ => false,
    };
    (!hints.ua.is_empty() && !chromium) || other_system
}

#[cfg(test)]
mod tests {
    use super::{honest, read};
    use crate::enrich::bot::Sign;
    use footfall_schemas::event::ClientHints;

    const CHROME: &str = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36";

    fn signs(user_agent: &str) -> Vec<Sign> {
        read(&honest(user_agent), &ClientHints::default())
            .iter()
            .collect()
    }

    #[test]
    fn machines_say_so_in_one_way_or_another() {
        assert_eq!(signs(CHROME), []);
        assert_eq!(signs("  "), [Sign::NoUserAgent]);
        assert_eq!(signs("curl/8.5.0"), [Sign::NoBrowser]);
        assert_eq!(signs(&format!("{CHROME} NewsBot/1.0")), [Sign::BotWord]);
        assert_eq!(
            signs(&CHROME.replace("Chrome/", "HeadlessChrome/")),
            [Sign::Headless]
        );
        assert_eq!(signs(&format!("{CHROME} Cypress/13.0")), [Sign::Automation]);
        let cubot = CHROME.replace("X11; Linux x86_64", "Linux; Android 9; CUBOT_X19");
        assert_eq!(signs(&cubot), []);
        assert_eq!(signs(&format!("{cubot} (+http://x.example)")), [Sign::BotWord]);
        assert_eq!(signs(&format!("{CHROME} (me@my-host.example)")), [Sign::BotWord]);
        assert_eq!(
            signs(&format!(
                "{CHROME} (Ecosia ios@8.1.3.72; th-TH@calendar=gregorian; @)"
            )),
            []
        );
        assert_eq!(signs(&format!("{CHROME} FBCR/OrangeBotswana")), []);
    }

    #[test]
    fn hints_of_another_browser_are_seen() {
        let with = |user_agent: &str, ua: &'static str, platform: &'static str| {
            let hints = ClientHints {
                ua: ua.into(),
                platform: platform.into(),
                ..ClientHints::default()
            };
            read(user_agent, &hints).iter().collect::<Vec<_>>()
        };
        let ua = r#""Chromium";v="142""#;
        assert_eq!(with(CHROME, ua, r#""Linux""#), []);
        assert_eq!(with(CHROME, ua, r#""Windows""#), [Sign::HintsContradict]);
        let firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0";
        assert_eq!(with(firefox, ua, ""), [Sign::HintsContradict]);
        assert_eq!(with(firefox, "", ""), []);
        assert_eq!(
            with(CHROME, r#""HeadlessChrome";v="142""#, r#""Linux""#),
            [Sign::Headless]
        );
    }
}
