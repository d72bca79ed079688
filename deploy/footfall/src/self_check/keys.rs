//! Keys: can they be read, and are they those that the others have? By the way: with which key an edge lets us send.

use crate::check::Findings;
use crate::clickhouse::Access;
use crate::config::Config;
use crate::credentials;
use crate::data::Run;
use crate::erase;
use crate::problem::{Problem, Problems, told};
use crate::up::edge;
use anyhow::{Context as _, Result};
use footfall_ingest::KeyRing;
use footfall_processor::suppressed::{self, Key, ListError};
use footfall_schemas::reserved::SELF_SITE;

/// The server key of the site of our own, from the ring that all edges of a cluster have; none without a ring.
///
/// # Errors
/// The ring is none.
pub(crate) fn of_cluster(config: &Config) -> Result<Option<String>, Problem> {
    Ok(edge::identity(config)?.map(|ring| ring.server_key(SELF_SITE)))
}

/// Says what is wrong with the keys; gives the one to send with.
pub(super) async fn look(
    config: &Config,
    running: Option<&Run>,
    store: Option<&Access>,
    findings: &mut Findings,
) -> Option<String> {
    erasure(config, store, findings).await;
    // On one machine; the data folder of an edge has no credentials.
    if running.is_some_and(|_| config.kafka.bootstrap_servers.is_empty()) {
        return of_machine(config, findings);
    }
    let key = of_cluster(config).and_then(|key| {
        key.ok_or_else(|| {
            Problem::new(
                "`ingest.identity_key` is not set here: no edge would let this event in",
                "give the key that the edges have (FOOTFALL_INGEST_IDENTITY_KEY_FILE)",
            )
        })
    });
    key.map_err(|problem| findings.problems.push(problem)).ok()
}

fn of_machine(config: &Config, findings: &mut Findings) -> Option<String> {
    match ring(config) {
        Ok(()) => findings.good("keys: the ring of cookies can be read"),
        Err(error) => findings.problem(
            format!("the ring that cookies are signed with: {}", told(&error)),
            "bring it back from a back-up; without it every visitor is a new one at the next start",
        ),
    }
    let found = credentials::read(&config.data.folder);
    match found.map(|mut found| found.server_keys.remove(SELF_SITE)) {
        Ok(Some(key)) => return Some(key),
        Ok(None) => findings.problem(
            "there is no key for events of our own yet: what is running is an earlier release",
            "start the service again, so that it runs the release that is installed",
        ),
        Err(error) => findings.problem(
            told(&error),
            "run the command as the user that Footfall runs as; what was lost is in a back-up",
        ),
    }
    None
}

fn ring(config: &Config) -> Result<()> {
    if edge::identity(config)
        .map_err(|problem| Problems(vec![problem]))?
        .is_some()
    {
        return Ok(());
    }
    let path = config.in_data("keys/identity.key".as_ref());
    let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    KeyRing::parse(&text).with_context(|| format!("{} is damaged", path.display()))?;
    Ok(())
}

/// Processors without the key under which somebody was erased insert nothing.
async fn erasure(config: &Config, store: Option<&Access>, findings: &mut Findings) {
    let (key, store) = match (erase_key(config), store) {
        (Err(error), _) => {
            return findings.problem(
                format!("the key for erasures: {}", told(&error)),
                "bring it back from a back-up: with another one processors insert nothing once somebody was erased",
            );
        }
        (Ok(key), Some(store)) => (key, store),
        (Ok(_), None) => return,
    };
    match suppressed::read(&store.server.client(), key.as_ref(), None).await {
        Ok(_) if key.is_some() => findings.good("keys: the one for erasures is that of the table"),
        Ok(_) => findings.note("there is no key for erasures; nobody was erased yet"),
        Err(error @ (ListError::NoKey | ListError::OtherKey { .. })) => findings.problem(
            error.to_string(),
            "give the key under which they were erased; it is in a back-up",
        ),
        // The server does not answer, or has no tables yet: others say so.
        Err(ListError::Unanswered | ListError::Refused(_)) => {}
    }
}

fn erase_key(config: &Config) -> Result<Option<Key>> {
    if let Some(key) = erase::key::given(config).map_err(|problem| Problems(vec![problem]))? {
        return Ok(Some(key));
    }
    erase::key::read(config)
}
