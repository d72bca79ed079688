//! What uap-core has no rule for and people use: applications with a browser in them, and a few browsers and systems.
//! Found by holding our answers against other projects' tests (`tests/agents/foreign.rs`).

use super::uap::Said;

/// Token in the user agent, browser. What follows the token's end up to the next space is the version, if it is a number.
const BROWSERS: &[(&str, &str)] = &[
    ("MicroMessenger/", "WeChat"),
    ("musical_ly_", "TikTok"),
    ("trill_", "TikTok"),
    ("LinkedInApp", "LinkedIn"),
    ("baiduboxapp/", "Baidu App"),
    ("Weibo (", "Weibo"),
    (" QQ/", "QQ"),
    ("QihooBrowser/", "360 Browser"),
    ("OPT/", "Opera Touch"),
    ("OculusBrowser/", "Oculus Browser"),
    ("Focus/", "Firefox Focus"),
    ("2345Explorer/", "2345Explorer"),
    ("BIDUBrowser/", "Baidu Browser"),
    ("LBBROWSER", "LieBao"),
    ("Falkon/", "Falkon"),
    ("Iridium/", "Iridium"),
    ("ArkWeb/", "ArkWeb"),
    (" Tesla/", "Tesla"),
];

/// The words of uap-core for a browser that something else is built on.
const BASES: &[&str] = &[
    "",
    "Chrome",
    "Chrome Mobile",
    "Chrome Mobile WebView",
    "Chromium",
    "Mobile Safari",
    "Mobile Safari UI/WKWebView",
    "QQ Browser",
    "QQ Browser Mobile",
    "Samsung Internet",
];

/// Token in the user agent, operating system.
const SYSTEMS: &[(&str, &str)] = &[
    ("OpenHarmony", "HarmonyOS"),
    ("Fuchsia", "Fuchsia"),
    ("Haiku", "Haiku"),
    ("QNX", "QNX"),
    ("PlayStation", "PlayStation"),
    ("Nintendo", "Nintendo"),
];

/// Names what uap-core has left unnamed.
pub(super) fn name(user_agent: &str, said: &mut Said) {
    if BASES.contains(&said.browser.as_str())
        && let Some((token, browser)) = BROWSERS.iter().find(|(token, _)| user_agent.contains(token))
    {
        (*browser).clone_into(&mut said.browser);
        said.browser_version = version(user_agent, token);
    }
    if said.os.is_empty()
        && let Some((_, os)) = SYSTEMS.iter().find(|(token, _)| user_agent.contains(token))
    {
        (*os).clone_into(&mut said.os);
    }
}

/// Numbers and dots behind `token`.
fn version(user_agent: &str, token: &str) -> String {
    let Some((_, rest)) = user_agent.split_once(token) else {
        return String::new();
    };
    let number = |sign: &u8| sign.is_ascii_digit() || *sign == b'.';
    rest[..rest.bytes().take_while(number).count()]
        .trim_end_matches('.')
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::name;
    use crate::enrich::agent::uap::Said;

    #[test]
    fn an_application_is_named_where_uap_core_knows_its_base_only() {
        let named = |user_agent: &str, browser: &str| {
            let mut said = Said {
                browser: browser.to_owned(),
                ..Said::default()
            };
            name(user_agent, &mut said);
            (said.browser, said.browser_version, said.os)
        };
        let is =
            |browser: &str, version: &str, os: &str| (browser.to_owned(), version.to_owned(), os.to_owned());
        let weixin = "… Mobile/12H321 MicroMessenger/6.3.6 NetType/WIFI";
        assert_eq!(
            named(weixin, "Mobile Safari UI/WKWebView"),
            is("WeChat", "6.3.6", "")
        );
        assert_eq!(named(weixin, "Facebook"), is("Facebook", "", ""));
        assert_eq!(
            named("… [LinkedInApp]", "Chrome Mobile WebView"),
            is("LinkedIn", "", "")
        );
        assert_eq!(
            named("… (Phone; OpenHarmony 5.0) …", "Chrome"),
            is("Chrome", "", "HarmonyOS")
        );
    }
}
