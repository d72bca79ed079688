//! Client hints as headers have them (User-Agent Client Hints, structured fields of RFC 9651), read.
//!
//! A hint that cannot be read, or was cut on its way, is as if it had not been sent. Next: [`super::brands`] and
//! [`super::platform`], what they mean.

use footfall_schemas::event::ClientHints;
use sfv::{BareItem, Item, List, ListEntry, Parser};

/// What the hints say; empty or `None`: not said.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Hinted {
    /// Names and versions, the most exact list that was sent, without made-up names.
    pub(super) brands: Vec<(String, String)>,
    /// Whether the browser wants pages for small screens.
    pub(super) mobile: Option<bool>,
    /// `Windows`, `macOS`, `Android`, `Linux`, `Chrome OS`, …
    pub(super) platform: String,
    /// Its version in the platform's own numbers.
    pub(super) platform_version: String,
    /// Model of a mobile device.
    pub(super) model: String,
}

/// Reads all hints of a request.
pub(super) fn read(hints: &ClientHints<'_>) -> Hinted {
    if hints.is_empty() {
        return Hinted::default();
    }
    let full = brands(&hints.full);
    Hinted {
        brands: if full.is_empty() { brands(&hints.ua) } else { full },
        mobile: boolean(&hints.mobile),
        platform: string(&hints.platform),
        platform_version: string(&hints.platform_version),
        model: string(&hints.model),
    }
}

/// A list of strings with their versions: `"Chromium";v="142", "Not_A Brand";v="99"`.
fn brands(header: &str) -> Vec<(String, String)> {
    let Ok(list) = Parser::new(header).parse::<List>() else {
        return Vec::new();
    };
    list.iter()
        .filter_map(|entry| match entry {
            ListEntry::Item(item) => Some(item),
            ListEntry::InnerList(_) => None,
        })
        .filter_map(brand)
        .filter(|(name, _)| !made_up(name))
        .collect()
}

fn brand(item: &Item) -> Option<(String, String)> {
    let name = item.bare_item.as_string()?.as_str().to_owned();
    let version = item.params.get("v").and_then(BareItem::as_string);
    Some((
        name,
        version.map_or_else(String::new, |version| version.as_str().to_owned()),
    ))
}

/// GREASE: a name that browsers add so that nobody counts on the list. It is `Not A Brand` with other signs between.
fn made_up(name: &str) -> bool {
    let letters = name
        .bytes()
        .filter(u8::is_ascii_alphabetic)
        .map(|letter| letter.to_ascii_lowercase());
    letters.eq(*b"notabrand")
}

fn string(header: &str) -> String {
    let item = Parser::new(header).parse::<Item>();
    let text = item.ok().and_then(|item| {
        item.bare_item
            .as_string()
            .map(|text| text.as_str().trim().to_owned())
    });
    text.filter(|text| text != "Unknown").unwrap_or_default()
}

fn boolean(header: &str) -> Option<bool> {
    Parser::new(header).parse::<Item>().ok()?.bare_item.as_boolean()
}

#[cfg(test)]
mod tests {
    use super::{Hinted, read};
    use footfall_schemas::event::ClientHints;

    #[test]
    fn the_fuller_list_wins_and_made_up_names_are_dropped() {
        let hinted = read(&ClientHints {
            ua: r#""Chromium";v="142", "Google Chrome";v="142", "Not_A Brand";v="99""#.into(),
            full: r#"" Not;A Brand";v="8.0.0.0", "Google Chrome";v="142.0.7444.59""#.into(),
            mobile: "?0".into(),
            platform: r#""Windows""#.into(),
            platform_version: r#""19.0.0""#.into(),
            model: r#""""#.into(),
        });
        let expected = Hinted {
            brands: vec![("Google Chrome".into(), "142.0.7444.59".into())],
            mobile: Some(false),
            platform: "Windows".into(),
            platform_version: "19.0.0".into(),
            model: String::new(),
        };
        assert_eq!(hinted, expected);
    }

    #[test]
    fn every_made_up_name_of_real_browsers_is_known() {
        for name in [
            " Not A;Brand",
            "Not/A)Brand",
            "Not=A?Brand",
            "Not?A_Brand",
            "Not.A/Brand",
            "(Not(A:Brand",
            "Not:A-Brand",
        ] {
            let ua = format!(r#""{name}";v="99", "Chromium";v="100""#);
            let hinted = read(&ClientHints {
                ua: ua.into(),
                ..ClientHints::default()
            });
            assert_eq!(hinted.brands, [("Chromium".to_owned(), "100".to_owned())]);
        }
        let ua = r#""Not\"A\\Brand";v="99", "Notabene";v="1""#;
        let hinted = read(&ClientHints {
            ua: ua.into(),
            ..ClientHints::default()
        });
        assert_eq!(hinted.brands, [("Notabene".to_owned(), "1".to_owned())]);
    }

    #[test]
    fn what_cannot_be_read_was_not_said() {
        let hinted = read(&ClientHints {
            ua: r#""Chromium";v="142""#.into(),
            full: r#""Chromium";v="142.0.74"#.into(),
            mobile: "yes".into(),
            platform: "Windows".into(),
            platform_version: "5".into(),
            model: r#""Unknown""#.into(),
        });
        let expected = Hinted {
            brands: vec![("Chromium".into(), "142".into())],
            ..Hinted::default()
        };
        assert_eq!(hinted, expected);
    }
}
