//! Crawlers that are known, and browsers that must not be taken for one.

use crate::crates::of_crate;
use crate::sets::{cases, judge};
use footfall_processor::enrich::bot::{Crawlers, LIKELY, agent_signs};
use footfall_schemas::event::ClientHints;
use serde::Deserialize;

/// Browsers of uap-core's tests; what else is in them is programs, applications and crawlers.
const BROWSERS: &str = "Chrome|Chrome Mobile|Chrome Mobile WebView|Chrome Mobile iOS|Chromium|Firefox|Firefox Mobile|\
    Firefox iOS|Firefox Beta|Firefox Alpha|Safari|Mobile Safari|Mobile Safari UI/WKWebView|IE|IE Mobile|\
    Edge|Edge Mobile|Opera|Opera Mini|Opera Mobile|Opera Neon|Opera Coast|Samsung Internet|UC Browser|\
    Yandex Browser|Vivaldi|Brave|Android|QQ Browser|QQ Browser Mobile|QQ Browser Mini|MiuiBrowser|\
    Huawei Browser|Whale|DuckDuckGo|DuckDuckGo Mobile|Amazon Silk|Coc Coc|Konqueror|Epiphany|Maxthon|\
    Pale Moon|SeaMonkey|Iron|Sogou Explorer|Baidu Browser|Oculus Browser|Puffin|Avast Secure Browser|AVG|\
    Ecosia iOS|Ecosia Android|Aloha Browser|BlackBerry|BlackBerry WebKit|Nokia Browser|Nokia OSS Browser|\
    Sailfish Browser|Tizen Browser|webOS Browser|Mint Browser|Basilisk|Waterfox|Netscape|Camino|Dolphin|\
    Midori";
/// Applications with a browser in them. What they ask for themselves, without `Mozilla/`, is no page view.
const APPLICATIONS: &[&str] = &[
    "Facebook",
    "Instagram",
    "Pinterest",
    "Snapchat",
    "LINE",
    "Twitter",
];

/// What uap-core calls a browser because it says so, and is none.
const NO_BROWSERS: &[&str] = &[
    "Google Web Preview",
    "Link Validator",
    "UrlMonitor",
    "Link Checker",
    "<a href=http",
    "CERN-HTTPD",
];

#[derive(Deserialize)]
struct Case {
    user_agent_string: String,
    family: String,
}

/// The user agents among `list` whose verdict is not `expected`, with their signs.
fn wrong<'a>(list: impl Iterator<Item = &'a str>, expected: bool) -> (usize, Vec<String>) {
    let (crawlers, hints) = (Crawlers::builtin(), ClientHints::default());
    let (mut all, mut wrong) = (0, Vec::new());
    for user_agent in list {
        all += 1;
        let signs = agent_signs(&crawlers, user_agent, &hints);
        if (signs.score() >= LIKELY) != expected {
            wrong.push(format!("{:?} {user_agent}", signs.labels().as_slice()));
        }
    }
    (all, wrong)
}

#[test]
fn crawlers_of_the_list_are_flagged() {
    let (all, wrong) = wrong(include_str!("data/crawler-user-agents.txt").lines(), true);
    judge("crawler-user-agents, flagged", all, &wrong, 999);
}

#[test]
fn browsers_of_uap_core_are_not_flagged() {
    let mut cases = cases::<Case>("tests/test_ua.yaml");
    cases.extend(self::cases::<Case>(
        "test_resources/firefox_user_agent_strings.yaml",
    ));
    cases.extend(self::cases::<Case>(
        "test_resources/opera_mini_user_agent_strings.yaml",
    ));
    cases.extend(self::cases::<Case>("test_resources/pgts_browser_list.yaml"));
    let browsers = cases.iter().filter(|case| {
        let (family, user_agent) = (case.family.as_str(), case.user_agent_string.as_str());
        let application = APPLICATIONS.contains(&family) && user_agent.starts_with("Mozilla/");
        let none = NO_BROWSERS.iter().any(|word| user_agent.contains(word));
        !none && (application || BROWSERS.split('|').any(|browser| browser == family))
    });
    let (all, wrong) = wrong(browsers.map(|case| case.user_agent_string.as_str()), false);
    judge("browsers of uap-core, not flagged", all, &wrong, 999);
}

/// iscrawl's lists were made for another heuristic, and by others: of the crawlers many call themselves browsers.
#[test]
fn the_lists_of_iscrawl_agree() {
    for (file, bots, least) in [
        ("browser_user_agents.txt", false, 999),
        // Three are browsers of people (Instagram, Facebook, Snapchat), see people.txt beside our copy of the list.
        ("crawler_user_agents.txt", true, 998),
        ("crawler_user_agents_pgts.txt", true, 950),
        ("loadkpi_crawlers.txt", true, 970),
    ] {
        let text = std::fs::read_to_string(of_crate("iscrawl", &format!("tests/fixtures/{file}"))).unwrap();
        let (all, wrong) = wrong(text.lines().filter(|line| !line.trim().is_empty()), bots);
        judge(&format!("iscrawl, {file}"), all, &wrong, least);
    }
}
