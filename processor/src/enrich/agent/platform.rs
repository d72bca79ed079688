//! Which operating system the platform hints mean, in uap-core's names.

use super::hints::Hinted;
use super::tokens::leading;
use super::uap::Said;

/// Platform, operating system.
const SYSTEMS: &[(&str, &str)] = &[
    ("Windows", "Windows"),
    ("macOS", "Mac OS X"),
    ("Android", "Android"),
    ("Linux", "Linux"),
    ("Chrome OS", "Chrome OS"),
    ("Chromium OS", "Chrome OS"),
    ("ChromeOS", "Chrome OS"),
    ("iOS", "iOS"),
    ("Fuchsia", "Fuchsia"),
];

/// Lets the hints say which system `said` runs on, and its version.
pub(super) fn apply(hinted: &Hinted, said: &mut Said) {
    let platform = hinted.platform.as_str();
    if platform.is_empty() || more_exact(platform, &said.os) {
        return;
    }
    let known = SYSTEMS.iter().find(|(name, _)| *name == platform);
    let os = known.map_or(platform, |(_, os)| os);
    if said.os != os {
        os.clone_into(&mut said.os);
        said.os_version.clear();
    }
    if let Some(version) = version(platform, &hinted.platform_version) {
        said.os_version = version;
    }
}

/// Whether the user agent names a system that the platform is only the base of (`Ubuntu` on `Linux`).
fn more_exact(platform: &str, said: &str) -> bool {
    const PLAIN: &[&str] = &["", "Windows", "Mac OS X", "iOS", "Android", "Linux", "Chrome OS"];
    matches!(platform, "Linux" | "Android") && !PLAIN.contains(&said)
}

/// The version as people know it; nothing if the hint has none.
fn version(platform: &str, hint: &str) -> Option<String> {
    if hint.is_empty() || !hint.bytes().all(|sign| sign.is_ascii_digit() || sign == b'.') {
        return None;
    }
    if platform == "Windows" {
        return windows(hint).map(str::to_owned);
    }
    let mut short = hint;
    while let Some(rest) = short.strip_suffix(".0") {
        short = rest;
    }
    (short != "0").then(|| short.to_owned())
}

/// The hint is the version of a Windows interface, not of Windows (Microsoft, "Detect Windows 11 using User-Agent Client
/// Hints"): 13 and more is Windows 11, 1 to 10 Windows 10, 0.x older.
fn windows(hint: &str) -> Option<&'static str> {
    match leading(hint)? {
        0 => match hint.split('.').nth(1)? {
            "1" => Some("7"),
            "2" => Some("8"),
            "3" => Some("8.1"),
            _ => None,
        },
        1..=12 => Some("10"),
        _ => Some("11"),
    }
}

#[cfg(test)]
mod tests {
    use super::apply;
    use crate::enrich::agent::hints::Hinted;
    use crate::enrich::agent::uap::Said;

    fn system(said: (&str, &str), platform: &str, version: &str) -> (String, String) {
        let mut said = Said {
            os: said.0.to_owned(),
            os_version: said.1.to_owned(),
            ..Said::default()
        };
        let hinted = Hinted {
            platform: platform.to_owned(),
            platform_version: version.to_owned(),
            ..Hinted::default()
        };
        apply(&hinted, &mut said);
        (said.os, said.os_version)
    }

    fn is(os: &str, version: &str) -> (String, String) {
        (os.to_owned(), version.to_owned())
    }

    #[test]
    fn windows_11_is_told_from_10() {
        for (hint, version) in [
            ("19.0.0", "11"),
            ("13.0.0", "11"),
            ("10.0.0", "10"),
            ("1.0.0", "10"),
            ("0.3.0", "8.1"),
            ("0.2.0", "8"),
            ("0.1.0", "7"),
            ("0.0.0", ""),
            ("", ""),
        ] {
            assert_eq!(
                system(("Windows", ""), "Windows", hint),
                is("Windows", version),
                "{hint}"
            );
        }
    }

    #[test]
    fn versions_are_as_short_as_user_agents_write_them() {
        assert_eq!(system(("Android", ""), "Android", "14.0.0"), is("Android", "14"));
        assert_eq!(
            system(("Mac OS X", ""), "macOS", "15.1.0"),
            is("Mac OS X", "15.1")
        );
        assert_eq!(system(("Linux", ""), "Linux", ""), is("Linux", ""));
        assert_eq!(
            system(("Mac OS X", "10.14"), "macOS", "<script>"),
            is("Mac OS X", "10.14")
        );
    }

    #[test]
    fn the_more_exact_word_stays() {
        assert_eq!(
            system(("Ubuntu", "22.04"), "Linux", "6.5.0"),
            is("Ubuntu", "22.04")
        );
        assert_eq!(system(("Windows", "10"), "Linux", ""), is("Linux", ""));
        assert_eq!(
            system(("", ""), "Chromium OS", "16093.68.0"),
            is("Chrome OS", "16093.68")
        );
        assert_eq!(system(("iOS", "18.1"), "", ""), is("iOS", "18.1"));
    }
}
