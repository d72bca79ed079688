//! Databases made for a test.

use maxminddb_writer::Database;
use maxminddb_writer::metadata::IpVersion;
use maxminddb_writer::paths::IpAddrWithMask;
use serde::Serialize;
use std::collections::BTreeMap;

/// A database of these networks; IPv4 ones in an IPv6 tree are written `::a.b.c.d`.
pub(crate) fn database<T: Serialize>(version: u8, kind: &str, networks: &[(&str, &T)]) -> Vec<u8>
where
    for<'a> &'a T: Serialize,
{
    database_of(1_781_725_910, version, kind, networks)
}

/// The same, built at that second since 1970, which is its version.
pub(crate) fn database_of<T: Serialize>(
    built: u64,
    version: u8,
    kind: &str,
    networks: &[(&str, &T)],
) -> Vec<u8>
where
    for<'a> &'a T: Serialize,
{
    let mut database = Database::default();
    database.metadata.ip_version = if version == 4 {
        IpVersion::V4
    } else {
        IpVersion::V6
    };
    database.metadata.database_type = kind.to_owned();
    database.metadata.binary_format_major_version = 2;
    database.metadata.build_epoch = built;
    for (network, record) in networks {
        let value = database.insert_value(record).unwrap();
        database.insert_node(network.parse::<IpAddrWithMask>().unwrap(), value);
    }
    database.write_to(Vec::new()).unwrap()
}

/// ip-location-db's schema.
#[derive(Serialize)]
pub(crate) struct Flat {
    country_code: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    state1: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    city: Option<String>,
}

impl Flat {
    pub(crate) fn country(code: &str) -> Self {
        Self {
            country_code: code.to_owned(),
            state1: None,
            city: None,
        }
    }

    pub(crate) fn city(code: &str, region: &str, city: &str) -> Self {
        Self {
            country_code: code.to_owned(),
            state1: Some(region.to_owned()),
            city: Some(city.to_owned()),
        }
    }
}

/// MaxMind's schema.
#[derive(Serialize)]
pub(crate) struct Nested {
    country: Named,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    subdivisions: Vec<Named>,
    #[serde(skip_serializing_if = "Option::is_none")]
    city: Option<Named>,
}

#[derive(Serialize, Default)]
struct Named {
    #[serde(skip_serializing_if = "Option::is_none")]
    iso_code: Option<String>,
    names: BTreeMap<String, String>,
}

impl Named {
    fn new(name: &str) -> Self {
        let names = [
            ("de".to_owned(), "Andererort".to_owned()),
            ("en".to_owned(), name.to_owned()),
        ];
        Self {
            iso_code: None,
            names: names.into(),
        }
    }
}

impl Nested {
    pub(crate) fn country(code: &str) -> Self {
        Self {
            country: Named {
                iso_code: Some(code.to_owned()),
                ..Named::default()
            },
            subdivisions: Vec::new(),
            city: None,
        }
    }

    pub(crate) fn city(code: &str, region: &str, city: &str) -> Self {
        let subdivisions = if region.is_empty() {
            Vec::new()
        } else {
            vec![Named::new(region)]
        };
        Self {
            subdivisions,
            city: Some(Named::new(city)),
            ..Self::country(code)
        }
    }
}

/// A record about a network, the same in both schemas.
#[derive(Serialize)]
pub(crate) struct Network {
    autonomous_system_number: u32,
    autonomous_system_organization: String,
}

impl Network {
    pub(crate) fn new(number: u32, organisation: &str) -> Self {
        Self {
            autonomous_system_number: number,
            autonomous_system_organization: organisation.to_owned(),
        }
    }
}
