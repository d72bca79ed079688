//! Client hints that the beacon sends as the property `$hints`, because browsers give the high ones to a script and not to
//! another origin (User-Agent Client Hints, `UADataValues`): written as the headers would have been, into the fields that
//! no header has filled.

use footfall_schemas::event::ClientHints;
use footfall_schemas::limits::{HEADER_BYTES, cut};
use serde::Deserialize;
use std::borrow::Cow;

const PROP: &str = "$hints";

/// Properties as events have them.
type Pairs<'a> = Vec<(Cow<'a, str>, Cow<'a, str>)>;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
struct Values {
    brands: Vec<Brand>,
    full_version_list: Vec<Brand>,
    mobile: Option<bool>,
    model: String,
    platform: String,
    platform_version: String,
}

#[derive(Deserialize)]
struct Brand {
    brand: String,
    version: String,
}

/// Moves the property into `hints`. One that is not what a browser gives stays where it is.
pub(crate) fn take(props: &mut Pairs<'_>, hints: &mut ClientHints<'_>) {
    let Some(at) = props.iter().position(|(key, _)| key == PROP) else {
        return;
    };
    let Ok(values) = serde_json::from_str::<Values>(&props[at].1) else {
        return;
    };
    props.remove(at);
    let mobile = values
        .mobile
        .map_or("", |mobile| if mobile { "?1" } else { "?0" });
    fill(&mut hints.ua, list(&values.brands));
    fill(&mut hints.full, list(&values.full_version_list));
    fill(&mut hints.mobile, mobile.to_owned());
    fill(&mut hints.platform, string(&values.platform));
    fill(&mut hints.platform_version, string(&values.platform_version));
    fill(&mut hints.model, string(&values.model));
}

fn fill(field: &mut Cow<'_, str>, text: String) {
    if field.is_empty() {
        *field = Cow::Owned(cut(&text, HEADER_BYTES).0.to_owned());
    }
}

/// `"Chromium";v="142.0.1"`, one after the other (RFC 9651, lists of strings with a parameter).
fn list(brands: &[Brand]) -> String {
    let one = |brand: &Brand| format!("{};v={}", string(&brand.brand), string(&brand.version));
    brands.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// A string as a structured field has it; empty stays empty.
fn string(text: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::take;
    use footfall_schemas::event::ClientHints;
    use std::borrow::Cow;

    fn props(text: &str) -> Vec<(Cow<'_, str>, Cow<'_, str>)> {
        vec![("a".into(), "1".into()), ("$hints".into(), text.into())]
    }

    #[test]
    fn what_a_script_was_told_stands_where_headers_would() {
        let mut props = props(
            r#"{"brands":[{"brand":"Chromium","version":"142"}],"fullVersionList":[{"brand":"Not\"A","version":"8.0"},
            {"brand":"Chromium","version":"142.0.1"}],"mobile":false,"model":"","platform":"Windows","platformVersion":"15.0.0"}"#,
        );
        let mut hints = ClientHints {
            platform: "\"Linux\"".into(),
            ..ClientHints::default()
        };
        take(&mut props, &mut hints);
        assert_eq!(props.len(), 1);
        assert_eq!(hints.ua, r#""Chromium";v="142""#);
        assert_eq!(hints.full, r#""Not\"A";v="8.0", "Chromium";v="142.0.1""#);
        assert_eq!((hints.mobile.as_ref(), hints.model.as_ref()), ("?0", ""));
        assert_eq!(hints.platform, "\"Linux\"", "the header's word");
        assert_eq!(hints.platform_version, "\"15.0.0\"");
    }

    #[test]
    fn what_no_browser_gives_stays_a_property() {
        for text in ["", "x", "5", r#"{"brands":5}"#] {
            let (mut props, mut hints) = (props(text), ClientHints::default());
            take(&mut props, &mut hints);
            assert_eq!(props.len(), 2, "{text}");
            assert!(hints.is_empty());
        }
    }
}
