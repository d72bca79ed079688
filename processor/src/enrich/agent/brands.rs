//! Which browser the brands of client hints mean, in uap-core's names.

use super::hints::Hinted;
use super::tokens::leading;
use super::uap::Said;

/// Brand, browser, and the browser where the hint says mobile.
const BRANDS: &[(&str, &str, &str)] = &[
    ("Microsoft Edge", "Edge", "Edge Mobile"),
    ("Opera", "Opera", "Opera Mobile"),
    ("OperaMobile", "Opera Mobile", "Opera Mobile"),
    ("Opera Mini Android", "Opera Mini", "Opera Mini"),
    ("YaBrowser", "Yandex Browser", "Yandex Browser"),
    ("Yandex", "Yandex Browser", "Yandex Browser"),
    ("DuckDuckGo", "DuckDuckGo", "DuckDuckGo Mobile"),
    ("HuaweiBrowser", "Huawei Browser", "Huawei Browser"),
    ("CocCoc", "Coc Coc", "Coc Coc"),
    ("QQBrowser", "QQ Browser", "QQ Browser Mobile"),
    ("Meta Quest Browser", "Oculus Browser", "Oculus Browser"),
    ("Silk", "Amazon Silk", "Amazon Silk"),
    ("AVG Secure Browser", "AVG", "AVG"),
];

/// Brands that say on what a browser stands, and not which it is.
const ENGINES: &[&str] = &["Chromium", "Android WebView", "Microsoft Edge WebView2"];

/// The name of Chrome itself, which other browsers send too.
const CHROME: &str = "Google Chrome";

/// Lets the hints say which browser `said` is, and its version.
pub(super) fn apply(hinted: &Hinted, said: &mut Said) {
    let named = |name: &str| hinted.brands.iter().find(|(brand, _)| brand == name);
    let own = hinted
        .brands
        .iter()
        .find(|(brand, _)| brand != CHROME && !ENGINES.contains(&brand.as_str()));
    if let Some((brand, version)) = own {
        said.browser = browser(brand, hinted.mobile == Some(true));
        told(version).clone_into(&mut said.browser_version);
    } else if let Some((_, version)) = named(CHROME) {
        engine(
            if hinted.mobile == Some(true) {
                "Chrome Mobile"
            } else {
                "Chrome"
            },
            version,
            said,
        );
    } else if let Some((_, version)) = named("Android WebView") {
        engine("Chrome Mobile WebView", version, said);
    } else if let Some((_, version)) = named("Chromium") {
        engine("Chromium", version, said);
    }
}

/// The browser is `name`, unless the user agent names another one on the same engine: then that is the more exact word,
/// and the version that of the engine only where both have the same.
fn engine(name: &str, version: &str, said: &mut Said) {
    let chrome =
        ["", "Chrome", "Chrome Mobile", "Chrome Mobile WebView", "Chromium"].contains(&said.browser.as_str());
    let other_engine =
        ["Firefox", "Firefox Mobile", "Safari", "Mobile Safari", "IE"].contains(&said.browser.as_str());
    if chrome || other_engine {
        name.clone_into(&mut said.browser);
        told(version).clone_into(&mut said.browser_version);
    } else if leading(version).is_some_and(|major| said.browser_version == major.to_string()) {
        told(version).clone_into(&mut said.browser_version);
    }
}

/// The part of a version that means something: Brave tells `142.0.0.0` even where the full one is asked for.
fn told(version: &str) -> &str {
    version.strip_suffix(".0.0.0").unwrap_or(version)
}

fn browser(brand: &str, mobile: bool) -> String {
    let known = BRANDS.iter().find(|(name, _, _)| *name == brand);
    let name = known.map_or(brand, |(_, wide, small)| if mobile { small } else { wide });
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use super::apply;
    use crate::enrich::agent::hints::Hinted;
    use crate::enrich::agent::uap::Said;

    fn browser(said: (&str, &str), brands: &[(&str, &str)], mobile: bool) -> (String, String) {
        let mut said = Said {
            browser: said.0.to_owned(),
            browser_version: said.1.to_owned(),
            ..Said::default()
        };
        let hinted = Hinted {
            brands: brands
                .iter()
                .map(|(name, version)| ((*name).to_owned(), (*version).to_owned()))
                .collect(),
            mobile: Some(mobile),
            ..Hinted::default()
        };
        apply(&hinted, &mut said);
        (said.browser, said.browser_version)
    }

    fn is(name: &str, version: &str) -> (String, String) {
        (name.to_owned(), version.to_owned())
    }

    #[test]
    fn the_brand_of_its_own_is_the_browser() {
        let edge = [("Chromium", "142.0.7444.59"), ("Microsoft Edge", "142.0.3595.53")];
        assert_eq!(
            browser(("Edge", "142"), &edge, false),
            is("Edge", "142.0.3595.53")
        );
        assert_eq!(
            browser(("Edge Mobile", "142"), &edge, true),
            is("Edge Mobile", "142.0.3595.53")
        );
        let brave = [("Brave", "142.0.0.0"), ("Chromium", "142.0.0.0")];
        assert_eq!(browser(("Chrome", "142"), &brave, false), is("Brave", "142"));
        let new = [("Chromium", "160.1.2.3"), ("Nobody Knows It Yet", "3.1")];
        assert_eq!(
            browser(("Chrome", "160"), &new, false),
            is("Nobody Knows It Yet", "3.1")
        );
    }

    #[test]
    fn chrome_and_chromium_are_told_apart() {
        let chrome = [("Google Chrome", "142.0.7444.59"), ("Chromium", "142.0.7444.59")];
        assert_eq!(
            browser(("Chrome", "142"), &chrome, false),
            is("Chrome", "142.0.7444.59")
        );
        assert_eq!(
            browser(("Chrome", "142"), &chrome, true),
            is("Chrome Mobile", "142.0.7444.59")
        );
        assert_eq!(
            browser(("Firefox", "99.0"), &chrome, false),
            is("Chrome", "142.0.7444.59")
        );
        let chromium = [("Chromium", "142.0.7444.59")];
        assert_eq!(
            browser(("Chrome", "142"), &chromium, false),
            is("Chromium", "142.0.7444.59")
        );
    }

    #[test]
    fn an_application_on_the_engine_keeps_its_name() {
        let webview = [
            ("Android WebView", "142.0.7444.59"),
            ("Chromium", "142.0.7444.59"),
        ];
        assert_eq!(
            browser(("Facebook", "450.0.0"), &webview, true),
            is("Facebook", "450.0.0")
        );
        assert_eq!(
            browser(("Chrome Mobile WebView", "142"), &webview, true),
            is("Chrome Mobile WebView", "142.0.7444.59")
        );
        assert_eq!(
            browser(("Electron", "30.0.1"), &[("Chromium", "124.0.1.2")], false),
            is("Electron", "30.0.1")
        );
    }

    #[test]
    fn without_brands_the_user_agent_stands() {
        assert_eq!(browser(("Chrome", "142"), &[], false), is("Chrome", "142"));
    }
}
