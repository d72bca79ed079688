//! What user agents say and no longer mean: browsers froze these words, so what they name is unknown and becomes empty.
//! Client hints bring some of it back ([`super::hints`]).
//!
//! - Chromium from 101 on tells its major version only, `142.0.0.0`; on Android `Android 10; K` whatever the device, on
//!   Chrome OS one version for ever (Chromium, "User-Agent Reduction").
//! - `Windows NT 10.0` is Windows 10 or 11, from Chromium 95 and Firefox 93 on (October 2021, when 11 came).
//! - macOS is 10.15.7 in Chromium from 90, 10.15 in Firefox from 87, 10.15.7 in Safari from 14.1 on.
//! - iOS stands still at 18 in Safari 26 and later.

use super::tokens::{leading, major};
use super::uap::Said;

/// Takes out of `said` what `user_agent` cannot have meant.
pub(super) fn thaw(user_agent: &str, said: &mut Said) {
    let chromium = major(user_agent, "Chrome/").unwrap_or(0);
    if chromium >= 101 {
        if let Some((major, _)) = said.browser_version.split_once(".0.0") {
            said.browser_version = major.to_owned();
        }
        if user_agent.contains("Android 10; K)") {
            said.model.clear();
            said.brand.clear();
        }
    }
    if os_is_frozen(user_agent, chromium, said) {
        said.os_version.clear();
    }
}

fn os_is_frozen(user_agent: &str, chromium: u32, said: &Said) -> bool {
    let firefox = major(user_agent, "Firefox/").unwrap_or(0);
    match said.os.as_str() {
        // EdgeHTML never ran on Windows 11.
        "Windows" => {
            said.os_version == "10" && (chromium >= 95 || firefox >= 93) && !user_agent.contains(" Edge/")
        }
        "Mac OS X" => {
            said.os_version.starts_with("10.15")
                && (chromium >= 90 || firefox >= 87 || safari_of_its_own(user_agent, 14))
        }
        "Chrome OS" => chromium >= 101,
        "Android" => chromium >= 101 && user_agent.contains("Android 10; K)"),
        "iOS" => leading(&said.os_version) == Some(18) && safari_of_its_own(user_agent, 26),
        _ => false,
    }
}

/// Safari, or something on its engine, of at least this version.
fn safari_of_its_own(user_agent: &str, version: u32) -> bool {
    major(user_agent, "Version/").unwrap_or(0) >= version && user_agent.contains("Safari/")
}

#[cfg(test)]
mod tests {
    use super::thaw;
    use crate::enrich::agent::uap::Said;

    fn thawed(user_agent: &str, os: &str, os_version: &str, browser_version: &str) -> (String, String) {
        let mut said = Said {
            os: os.to_owned(),
            os_version: os_version.to_owned(),
            browser_version: browser_version.to_owned(),
            ..Said::default()
        };
        thaw(user_agent, &mut said);
        (said.os_version, said.browser_version)
    }

    #[test]
    fn chromium_tells_its_major_version_only() {
        let ua = |version: &str| {
            format!(
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{version} Safari/537.36"
            )
        };
        let of = |version: &str| thawed(&ua(version), "Windows", "10", version);
        assert_eq!(of("142.0.0.0"), (String::new(), "142".into()));
        assert_eq!(of("94.0.4606.61"), ("10".into(), "94.0.4606.61".into()));
        let edge = format!("{} Edg/142.0.3595.53", ua("142.0.0.0"));
        assert_eq!(thawed(&edge, "Windows", "10", "142.0.3595.53").1, "142.0.3595.53");
    }

    #[test]
    fn systems_that_stand_still_have_no_version() {
        let firefox = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:145.0) Gecko/20100101 Firefox/145.0";
        assert_eq!(thawed(firefox, "Mac OS X", "10.15", "145.0").0, "");
        let safari = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/13.1.2 Safari/605.1.15";
        assert_eq!(thawed(safari, "Mac OS X", "10.15.7", "13.1.2").0, "10.15.7");
        let phone = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Mobile/15E148 Safari/604.1";
        assert_eq!(thawed(phone, "iOS", "18.6", "26.0").0, "");
        assert_eq!(
            thawed(
                "… Windows NT 10.0 … Chrome/64.0 Safari/537.36 Edge/17.17134",
                "Windows",
                "10",
                "17.17134"
            )
            .0,
            "10"
        );
    }
}
