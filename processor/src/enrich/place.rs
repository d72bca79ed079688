//! Where the visitor is: country, region, city, network and who runs it, by the address as the log has it. Under `truncate`
//! that is the network's first address: of /24s 1.4 % lie in another city than their first address and 0.06 % in another
//! country. Sites with `hash` or `none` have no place.
//!
//! [`database`] is one file in MaxMind's format, [`record`] what the two schemas in use say, [`part`] the operator's files.
//! Without a file there are no places.

pub mod database;
pub mod part;
pub mod record;

pub use database::Database;

use quick_cache::sync::Cache;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, LazyLock};

/// Addresses that are remembered: about 200 bytes each. Truncated ones are few.
const REMEMBERED: usize = 16_384;

/// A place; empty and 0 where it is not known.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Place {
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// State or province, in English.
    pub region: String,
    /// City, in English.
    pub city: String,
    /// Number of the network (autonomous system).
    pub asn: u32,
    /// Who runs it.
    pub asn_org: String,
}

/// All databases.
#[derive(Debug)]
pub struct Places {
    databases: Vec<Database>,
    remembered: Cache<Ipv6Addr, Arc<Place>>,
}

impl Default for Places {
    fn default() -> Self {
        Self::new(Vec::new())
    }
}

static NOWHERE: LazyLock<Arc<Place>> = LazyLock::new(Arc::default);

impl Places {
    /// Looks into all of these, those with cities first.
    #[must_use]
    pub fn new(mut databases: Vec<Database>) -> Self {
        databases.sort_by_key(|database| (!database.has_cities, database.name.clone()));
        let room = if databases.is_empty() { 0 } else { REMEMBERED };
        Self {
            databases,
            remembered: Cache::new(room),
        }
    }

    /// The databases.
    #[must_use]
    pub fn databases(&self) -> &[Database] {
        &self.databases
    }

    /// Where `address` is; IPv4 mapped into IPv6, as the column `ip` has it.
    #[must_use]
    pub fn of(&self, address: Ipv6Addr) -> Arc<Place> {
        if self.databases.is_empty() || address.is_unspecified() {
            return Arc::clone(&NOWHERE);
        }
        if let Some(place) = self.remembered.get(&address) {
            return place;
        }
        let place = Arc::new(self.look(address.to_canonical()));
        self.remembered.insert(address, Arc::clone(&place));
        place
    }

    /// Country, region and city of the first database that knows the country, so that they fit together; the network of
    /// the first that knows it.
    fn look(&self, address: IpAddr) -> Place {
        let mut place = Place::default();
        for database in &self.databases {
            let found = database.look(address);
            if place.country.is_empty() {
                (place.country, place.region, place.city) = (found.country, found.region, found.city);
            }
            if place.asn == 0 {
                (place.asn, place.asn_org) = (found.asn, found.asn_org);
            }
        }
        place
    }
}
