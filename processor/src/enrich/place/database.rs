//! One database in MaxMind's format, in memory as a whole: a file that is cut while it is mapped would end the process.

use super::Place;
use super::record::{self, Schema};
use crate::enrich::folder::DataError;
use jiff::Timestamp;
use maxminddb::{MaxMindDbError, Reader, WithinOptions};
use std::fmt;
use std::net::IpAddr;
use std::path::Path;

/// Largest file that is read into memory.
const MAX_BYTES: u64 = 1024 * 1024 * 1024;
/// Of the records one in so many is decoded when a file is read; the whole tree is walked (10 ms a million networks).
const SAMPLE: usize = 4_096;

/// One file.
pub struct Database {
    /// The file's name without its ending.
    pub name: String,
    /// Whether its records name cities.
    pub has_cities: bool,
    schema: Schema,
    reader: Reader<Vec<u8>>,
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Database").field(&self.version()).finish()
    }
}

impl Database {
    /// Reads a file.
    ///
    /// # Errors
    /// What cannot be read, is no such database, is damaged, or has nothing that says where an address is.
    pub fn open(path: &Path) -> Result<Self, DataError> {
        let failed = |error| DataError::Read(path.to_owned(), error);
        let broken = |why: String| DataError::Broken(path.to_owned(), why);
        if std::fs::metadata(path).map_err(failed)?.len() > MAX_BYTES {
            return Err(broken(format!("it is larger than {MAX_BYTES} bytes")));
        }
        let bytes = std::fs::read(path).map_err(failed)?;
        let name = path
            .file_stem()
            .map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        Self::from_bytes(name, bytes).map_err(broken)
    }

    /// The same, of bytes.
    ///
    /// # Errors
    /// As [`Database::open`], without the file's name.
    pub fn from_bytes(name: String, bytes: Vec<u8>) -> Result<Self, String> {
        let reader = Reader::from_source(bytes)
            .map_err(|error| format!("it is no database of places, or a part of it is missing: {error}"))?;
        let mut sampled = record::Keys::default();
        walk(&reader, &mut sampled).map_err(|error| format!("it is damaged: {error}"))?;
        let schema = sampled.schema().ok_or_else(|| {
            format!(
                "its records (type `{}`) say neither country nor city nor network",
                reader.metadata().database_type
            )
        })?;
        Ok(Self {
            name,
            has_cities: sampled.has_cities(),
            schema,
            reader,
        })
    }

    /// Name and day of the data: `dbip-city-ipv4@20260605`.
    #[must_use]
    pub fn version(&self) -> String {
        let day = day(self.reader.metadata().build_epoch);
        format!("{}@{day}", self.name.replace([' ', '='], "-"))
    }

    /// What has to be shown where people see its data, if the file is one that we know.
    #[must_use]
    pub fn credit(&self) -> Option<&'static str> {
        let begins = |name: &str| self.name.to_ascii_lowercase().starts_with(name);
        if begins("dbip") {
            return Some("IP Geolocation by DB-IP (https://db-ip.com)");
        }
        if begins("geo-whois") {
            return Some("country data: Number Resource Organization (https://www.nro.net), CC BY 4.0");
        }
        begins("geolite2")
            .then_some("this product includes GeoLite data created by MaxMind (https://www.maxmind.com)")
    }

    /// What it says about an address; nothing if it does not know it or cannot be read there.
    #[must_use]
    pub fn look(&self, address: IpAddr) -> Place {
        if address.is_ipv6() && self.reader.metadata().ip_version == 4 {
            return Place::default();
        }
        let found = self.reader.lookup(address).ok();
        let place = found.and_then(|found| self.schema.read(&found).ok().flatten());
        place.unwrap_or_default()
    }
}

/// Walks all networks and decodes some records.
fn walk(reader: &Reader<Vec<u8>>, keys: &mut record::Keys) -> Result<(), MaxMindDbError> {
    for (at, network) in reader.networks(WithinOptions::default())?.enumerate() {
        let network = network?;
        if at % SAMPLE == 0 {
            keys.note(network.decode()?.unwrap_or_default());
        }
    }
    Ok(())
}

/// `20260605`, UTC; empty past the year 9999.
fn day(epoch: u64) -> String {
    let moment = i64::try_from(epoch)
        .ok()
        .and_then(|epoch| Timestamp::from_second(epoch).ok());
    moment.map_or_else(String::new, |moment| moment.strftime("%Y%m%d").to_string())
}

#[cfg(test)]
mod tests {
    use super::day;

    #[test]
    fn the_day_of_a_database_is_its_date() {
        for (epoch, expected) in [
            (0, "19700101"),
            (951_782_400, "20000229"),
            (1_781_725_910, "20260617"),
            (1_798_761_599, "20261231"),
        ] {
            assert_eq!(day(epoch), expected);
        }
        assert_eq!(day(u64::MAX), "");
    }
}
