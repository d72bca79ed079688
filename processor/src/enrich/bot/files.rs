//! The operator's own lists, each beside the built-in one: `crawlers.txt` (patterns of user agents), `data-centres.txt`
//! (networks) and `spam-referrers.txt` (hosts).

use super::{Crawlers, Networks, Spammers, crawlers, networks, spam};
use crate::enrich::broken::Broken;
use crate::enrich::enricher::{Enricher, fingerprint};
use crate::enrich::folder::{DataError, Part, read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

const CRAWLERS: &str = "crawlers.txt";
const NETWORKS: &str = "data-centres.txt";
const SPAMMERS: &str = "spam-referrers.txt";

/// Reads the files.
pub(in crate::enrich) const PART: Part = Part {
    name: "bots",
    takes: |name| [CRAWLERS, NETWORKS, SPAMMERS].contains(&name),
    load,
};

fn load(enricher: &mut Enricher, files: &[PathBuf]) -> Result<(), DataError> {
    let mut version = super::VERSION.to_owned();
    let mut list = |name: &str| {
        let Some(path) = files.iter().find(|path| path.ends_with(name)) else {
            return Ok(None);
        };
        let bytes = read(path)?;
        version = format!("{version}+{}", fingerprint(&bytes));
        Ok(Some((path.as_path(), bytes)))
    };
    let crawlers = both(crawlers::BUILTIN, list(CRAWLERS)?, Crawlers::from_text)?
        .map_or_else(Crawlers::builtin, Arc::new);
    let networks = both(networks::BUILTIN, list(NETWORKS)?, Networks::from_text)?
        .map_or_else(Networks::builtin, Arc::new);
    let spammers =
        both(spam::BUILTIN, list(SPAMMERS)?, Spammers::from_text)?.map_or_else(Spammers::builtin, Arc::new);
    enricher.agents = Arc::new(enricher.agents.with_crawlers(crawlers));
    enricher.surroundings.networks = networks;
    enricher.surroundings.spammers = spammers;
    enricher.set_version(PART.name, version);
    Ok(())
}

/// Both lists as one, if the operator has one.
fn both<T>(
    builtin: &'static [u8],
    own: Option<(&Path, Vec<u8>)>,
    compile: impl Fn(&[&[u8]]) -> Result<T, Broken>,
) -> Result<Option<T>, DataError> {
    let Some((path, own)) = own else {
        return Ok(None);
    };
    // The operator's first: the lines that errors name are his.
    let both = compile(&[&own, builtin]);
    both.map(Some)
        .map_err(|why| DataError::Broken(path.to_owned(), why.to_string()))
}
