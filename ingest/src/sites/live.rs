//! The table of sites that requests look into: the file's sites with what the process remembers of each.

use super::origin::Origin;
use super::{Site, Sites};
use crate::identity::header::Jar;
use crate::identity::session::Cuts;
use crate::names::Names;
use crate::rate::{Bucket, Buckets};
use crate::scrub::Scrubber;
use crate::share::Share;
use footfall_schemas::reserved::SELF_SITE;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// One site and its memory.
pub(crate) struct Live {
    pub(crate) site: Site,
    pub(crate) jar: Jar,
    pub(crate) cuts: Cuts,
    pub(crate) scrub: Scrubber,
    pub(crate) memory: Arc<Memory>,
}

/// What outlives a reload of the file.
pub(crate) struct Memory {
    pub(crate) site: String,
    pub(crate) names: Names,
    pub(crate) bucket: Bucket,
    pub(crate) addresses: Buckets,
    pub(crate) share: Share,
}

/// All sites at one moment; replaced as a whole.
pub(crate) struct Table {
    by_key: HashMap<String, Live>,
    is_shared: bool,
    exact: HashSet<String>,
    patterns: Vec<Origin>,
}

impl Table {
    /// The table of `sites`; sites that `before` knew keep their memory.
    pub(crate) fn new(sites: &Sites, before: Option<&Self>) -> Self {
        let remembered = |key: &str| {
            before
                .and_then(|table| table.get(key))
                .map(|live| Arc::clone(&live.memory))
        };
        let live = |site: &Site| Live {
            site: site.clone(),
            jar: Jar::of(site),
            cuts: Cuts::of(site),
            scrub: Scrubber::of(&site.scrub),
            memory: remembered(&site.key).unwrap_or_else(|| {
                Arc::new(Memory {
                    site: site.key.clone(),
                    names: Names::default(),
                    bucket: Bucket::new(),
                    addresses: Buckets::default(),
                    share: Share::default(),
                })
            }),
        };
        let (mut exact, mut patterns) = (HashSet::new(), Vec::new());
        for origin in sites.iter().flat_map(|site| &site.origins) {
            match origin {
                Origin::Exact(text) => drop(exact.insert(text.clone())),
                Origin::Any | Origin::Subdomains(..) => patterns.push(origin.clone()),
            }
        }
        Self {
            by_key: sites.iter().map(|site| (site.key.clone(), live(site))).collect(),
            is_shared: sites.iter().filter(|site| site.key != SELF_SITE).nth(1).is_some(),
            exact,
            patterns,
        }
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Live> {
        self.by_key.get(key)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Live> {
        self.by_key.values()
    }

    /// Whether several sites share this edge; that of `footfall self-check` takes nobody's part.
    pub(crate) const fn is_shared(&self) -> bool {
        self.is_shared
    }

    /// Whether any site allows `origin`: all that a preflight, whose site is not known yet, can be asked for.
    pub(crate) fn any_allows(&self, origin: &str) -> bool {
        self.exact.contains(origin) || self.patterns.iter().any(|pattern| pattern.allows(origin))
    }
}
