//! The sites (tenants): who may send what from where, and what is kept of it.
//!
//! [`site`] has the fields of one site as its file says them, [`origin`] and [`host`] the patterns of what is allowed, [`mod@file`]
//! reads the TOML file, `live` holds the table that requests look into, and `watch` replaces it when the file changes.

pub mod file;
pub mod host;
pub mod origin;
pub mod site;

pub(crate) mod live;
pub(crate) mod watch;

pub use crate::scrub::Scrub;
pub use file::SitesError;
pub use site::{
    CookieMode, CookiePolicy, IpPolicy, Keep, RateLimit, SameSite, Secure, SessionCuts, Site, Without,
};

use origin::Origin;
use std::collections::BTreeMap;

/// Sites by key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sites {
    by_key: BTreeMap<String, Site>,
}

impl Sites {
    /// One site `demo` with everything at its default, for these origins (such as `http://127.0.0.1:8000`).
    ///
    /// # Errors
    /// If an origin is not one.
    pub fn demo<'o>(origins: impl IntoIterator<Item = &'o str>) -> Result<Self, SitesError> {
        let origins = origins
            .into_iter()
            .map(str::parse::<Origin>)
            .collect::<Result<_, _>>()?;
        let site = Site {
            name: "Demo".to_owned(),
            origins,
            ..Site::new("demo")?
        };
        Ok([site].into_iter().collect())
    }

    /// Reads a sites file's text; see [`mod@file`] for its shape.
    ///
    /// # Errors
    /// The first mistake, with its line.
    pub fn from_toml(text: &str) -> Result<Self, SitesError> {
        file::read(text)
    }

    /// These sites, and `others` where these have no site of that key.
    #[must_use]
    pub fn or(mut self, others: Self) -> Self {
        for (key, site) in others.by_key {
            self.by_key.entry(key).or_insert(site);
        }
        self
    }

    /// The site of that key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Site> {
        self.by_key.get(key)
    }

    /// All sites in the order of their keys.
    pub fn iter(&self) -> impl Iterator<Item = &Site> {
        self.by_key.values()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_key.is_empty()
    }
}

impl FromIterator<Site> for Sites {
    fn from_iter<I: IntoIterator<Item = Site>>(sites: I) -> Self {
        let by_key = sites.into_iter().map(|site| (site.key.clone(), site)).collect();
        Self { by_key }
    }
}
