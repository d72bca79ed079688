//! What an advertiser's click id stands for, where no campaign parameter says it. Each is documented by its network.

/// Source, as `utm_source` would say it, and medium of a click id's parameter.
#[must_use]
pub fn stands_for(parameter: &str) -> Option<(&'static str, &'static str)> {
    Some(match parameter {
        // Google Ads; `gbraid` and `wbraid` are what iOS leaves of it.
        "gclid" | "gbraid" | "wbraid" => ("google", "cpc"),
        // Campaign Manager and Display & Video 360.
        "dclid" => ("google", "display"),
        // Facebook puts it on every outgoing link, paid or not.
        "fbclid" => ("facebook", "social"),
        "msclkid" => ("bing", "cpc"),
        "ttclid" => ("tiktok", "cpc"),
        "twclid" => ("x", "cpc"),
        "li_fat_id" => ("linkedin", "cpc"),
        "yclid" => ("yandex", "cpc"),
        "rdt_cid" => ("reddit", "cpc"),
        "sccid" => ("snapchat", "cpc"),
        "epik" => ("pinterest", "cpc"),
        "qclid" => ("quora", "cpc"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::stands_for;
    use crate::enrich::source::Known;
    use footfall_schemas::CLICK_IDS;

    #[test]
    fn every_click_id_stands_for_a_known_source() {
        for parameter in CLICK_IDS {
            let (source, medium) = stands_for(parameter).unwrap_or_else(|| panic!("{parameter}"));
            let known = Known::built_in();
            let found = known.named(source).unwrap_or_else(|| panic!("{source}"));
            assert_eq!(found.words[0], source);
            assert!(!medium.is_empty());
        }
        assert_eq!(stands_for("clid"), None);
    }
}
