//! The two schemas of records: MaxMind's nested one (GeoIP2, GeoLite2, DB-IP's own files) and the flat one of ip-location-db.
//! Networks are named alike in both.

use super::Place;
use footfall_schemas::limits;
use maxminddb::{LookupResult, MaxMindDbError};
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::collections::BTreeMap;

/// Longest name that is taken over, bytes.
const NAME_BYTES: usize = 256;

/// How records are built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Schema {
    /// `country.iso_code`, `city.names.en`, …
    Nested,
    /// `country_code`, `city`, `state1`, …
    Flat,
}

/// Names of the fields of some records.
#[derive(Debug, Default)]
pub struct Keys {
    seen: BTreeMap<String, ()>,
}

impl Keys {
    /// Notes the fields of a record.
    pub(super) fn note(&mut self, record: BTreeMap<String, IgnoredAny>) {
        self.seen.extend(record.into_keys().map(|key| (key, ())));
    }

    /// The schema that these fields are of; none if they say nothing about places.
    #[must_use]
    pub fn schema(&self) -> Option<Schema> {
        let has = |key: &str| self.seen.contains_key(key);
        if has("country_code") || has("state1") {
            return Some(Schema::Flat);
        }
        let nested = has("country") || has("city") || has("autonomous_system_number");
        nested.then_some(Schema::Nested)
    }

    /// Whether records name cities.
    #[must_use]
    pub fn has_cities(&self) -> bool {
        self.seen.contains_key("city")
    }
}

#[derive(Deserialize)]
struct Nested<'a> {
    #[serde(borrow, default)]
    country: Option<Named<'a>>,
    #[serde(borrow, default)]
    subdivisions: Option<Vec<Named<'a>>>,
    #[serde(borrow, default)]
    city: Option<Named<'a>>,
    autonomous_system_number: Option<u32>,
    autonomous_system_organization: Option<&'a str>,
}

#[derive(Deserialize)]
struct Named<'a> {
    iso_code: Option<&'a str>,
    #[serde(borrow, default)]
    names: Names<'a>,
}

/// Names in other languages are not decoded.
#[derive(Deserialize, Default)]
struct Names<'a> {
    en: Option<&'a str>,
}

#[derive(Deserialize)]
struct Flat<'a> {
    country_code: Option<&'a str>,
    state1: Option<&'a str>,
    city: Option<&'a str>,
    autonomous_system_number: Option<u32>,
    autonomous_system_organization: Option<&'a str>,
}

impl Schema {
    /// Decodes what an address has; none if it has nothing.
    ///
    /// # Errors
    /// A record that is built otherwise.
    pub fn read(self, found: &LookupResult<'_, Vec<u8>>) -> Result<Option<Place>, MaxMindDbError> {
        Ok(match self {
            Self::Nested => found.decode::<Nested<'_>>()?.map(|record| record.place()),
            Self::Flat => found.decode::<Flat<'_>>()?.map(|record| record.place()),
        })
    }
}

impl Nested<'_> {
    fn place(&self) -> Place {
        let named = |of: Option<&Named<'_>>| name(of.and_then(|of| of.names.en.or(of.iso_code)));
        let region = self.subdivisions.as_ref().and_then(|list| list.first());
        Place {
            country: country(self.country.as_ref().and_then(|country| country.iso_code)),
            region: named(region),
            city: named(self.city.as_ref()),
            asn: self.autonomous_system_number.unwrap_or_default(),
            asn_org: name(self.autonomous_system_organization),
        }
    }
}

impl Flat<'_> {
    fn place(&self) -> Place {
        Place {
            country: country(self.country_code),
            region: name(self.state1),
            city: name(self.city),
            asn: self.autonomous_system_number.unwrap_or_default(),
            asn_org: name(self.autonomous_system_organization),
        }
    }
}

fn name(text: Option<&str>) -> String {
    limits::cut(text.unwrap_or_default().trim(), NAME_BYTES)
        .0
        .to_owned()
}

/// Two letters, but `ZZ`, which stands for none.
fn country(code: Option<&str>) -> String {
    let letters = |code: &&str| code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_alphabetic());
    let code = code.filter(letters).unwrap_or_default().to_ascii_uppercase();
    if code == "ZZ" { String::new() } else { code }
}
