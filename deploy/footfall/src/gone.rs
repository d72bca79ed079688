//! `footfall confirm-server-gone`: the operator's word that another ClickHouse server is gone for good.
//!
//! Beside each committed position stands who wrote last, and to which server (its `serverUUID()`). A processor that finds
//! another server there than the one that it is configured with does not read: an insert of the last owner may still be
//! running on the other one, where no barrier of ours reaches it, and may come into tables that both share (replicas, a
//! restored disk). Only a person can know that nothing runs there any more.
//!
//! The word goes into the table `gone_servers` of the configured server, and is about exactly these last owners: if the
//! old server is ever written to again, that is another owner, and the next change of servers is held again.

use crate::cli::ConfirmArgs;
use crate::clickhouse::{self, Role};
use crate::config::Config;
use crate::ledger::{ask, said_by};
use crate::problem::{Problem, Problems};
use crate::terminal::{note, say};
use anyhow::{Context as _, Result, anyhow, bail};
use footfall_delivery::{Meta, Tag};
use footfall_log::Folder;
use footfall_processor::server::Address;
use footfall_processor::{Server, words};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::net::TcpStream;
use uuid::Uuid;

/// How long the old server may take to answer. Longer than a busy server needs, and nobody waits for it in vain for long.
const PATIENCE: Duration = Duration::from_secs(10);

/// Whoever wrote last to a server that is not ours.
struct Owner {
    tag: Tag,
    server: Uuid,
    address: String,
    /// Where the metadata stands.
    places: Vec<String>,
}

/// Asks the old servers, and says it if none answers and the operator insists. False: nothing was said.
///
/// # Errors
/// The configured server, or the place of the metadata, cannot be read; or an old server still answers.
pub async fn run(config: &Config, args: &ConfirmArgs) -> Result<bool> {
    let access = clickhouse::configured(config, Role::Writer)?.ok_or_else(|| {
        Problems(vec![Problem::new(
            "`clickhouse.url` is not set: the built-in engine is a child of Footfall, and nothing ever waits for another",
            "set CLICKHOUSE_URL as for the Footfall that waits",
        )])
    })?;
    let server = access.server;
    let here = identity(&server).await.map_err(|why| {
        let address = server.authority();
        anyhow!("cannot ask {address}, which is to be gone on with, which server it is: {why}")
    })?;
    let owners = foreign(metadata(config).await?, here);
    if owners.is_empty() {
        say(format_args!(
            "nothing waits: no committed position names another server than {} ({here})",
            server.authority()
        ));
        return Ok(true);
    }
    for owner in &owners {
        look(config, &server, owner).await?;
    }
    if !args.gone_for_good {
        explain(&server);
        return Ok(false);
    }
    let client = server.client();
    for owner in &owners {
        let old = (owner.server, owner.address.as_str());
        ask("say it", words::server_gone(&client, &owner.tag, old, &said_by())).await?;
    }
    say(
        "said. Processors hear it within some seconds, wait for the lease (10 s), and go on; `footfall audit` shows the books",
    );
    Ok(true)
}

fn explain(server: &Server) {
    say(format_args!(
        "\nNothing was said. If the server above is gone for good, say so: footfall confirm-server-gone --gone-for-good\n\
         It means: nothing is running on it any more, and nothing will. If it only is away, start it, or set its address\n\
         again: then nothing is to be confirmed. What is only in its tables is not on {}: restore a\n\
         back-up there first, or its numbers will be missed in the books, and lost where no log has them any more.",
        server.authority()
    ));
}

/// Says what is known of the old server; refuses if it still answers.
async fn look(config: &Config, server: &Server, owner: &Owner) -> Result<()> {
    say(format_args!(
        "{} wrote last to the server {} at {}, as {}",
        owner.places.join(", "),
        owner.server,
        owner.address,
        owner.tag.as_str()
    ));
    // Who may write here could write there, and in the same way.
    let scheme = if server.address().https { "https" } else { "http" };
    let address = Address::parse(&format!("{scheme}://{}", owner.address))
        .with_context(|| format!("cannot ask the old server at {:?}", owner.address))?;
    let old = clickhouse::at(config, &address, Role::Writer)?.server;
    match identity(&old).await {
        Ok(found) if found == owner.server => bail!(
            "that server still answers at {}: it is not gone. Set its address again, or stop it first",
            owner.address
        ),
        Ok(found) => note(format_args!(
            "another server ({found}) answers at {} now",
            owner.address
        )),
        // Whoever takes a connection and does not say who it is may be the old one: frozen, or with other certificates.
        Err(why) if takes_connections(&address).await => bail!(
            "something answers at {} and does not say which server it is, so it may be the old one: {why}",
            owner.address
        ),
        Err(_) => note(format_args!("nobody answers at {}", owner.address)),
    }
    Ok(())
}

/// Which server it is, or why it does not say so.
async fn identity(server: &Server) -> Result<Uuid, String> {
    // The database may not be there: an old server's is not asked for.
    let client = server.client().with_database("default");
    let question = client
        .query("SELECT toString(serverUUID())")
        .fetch_one::<String>();
    let answer = tokio::time::timeout(PATIENCE, question).await;
    let text = answer.map_err(|_| format!("no answer within {} s", PATIENCE.as_secs()))?;
    let text = text.map_err(|error| error.to_string())?;
    Uuid::parse_str(&text).map_err(|error| error.to_string())
}

async fn takes_connections(address: &Address) -> bool {
    let connecting = TcpStream::connect((address.host.as_str(), address.port));
    matches!(tokio::time::timeout(PATIENCE, connecting).await, Ok(Ok(_)))
}

/// Last owners on other servers than `here`, each once.
fn foreign(metadata: Vec<(String, Meta)>, here: Uuid) -> Vec<Owner> {
    let mut owners: BTreeMap<Tag, Owner> = BTreeMap::new();
    for (place, meta) in metadata {
        if let Meta::Open {
            tag, server, address, ..
        } = meta
            && server != here
        {
            let owner = owners.entry(tag.clone()).or_insert(Owner {
                tag,
                server,
                address,
                places: Vec::new(),
            });
            owner.places.push(place);
        }
    }
    owners.into_values().collect()
}

/// What stands beside the committed positions: in Kafka, or in the cursor of the local log.
async fn metadata(config: &Config) -> Result<Vec<(String, Meta)>> {
    #[cfg(feature = "kafka")]
    if !config.kafka.bootstrap_servers.is_empty() {
        return crate::cluster::positions::metadata(config).await;
    }
    let folder = config.in_data(&config.local_log.folder);
    let opened = tokio::task::spawn_blocking(move || {
        let cursors = Folder::open(&folder).map(|log| log.cursors().to_vec());
        cursors.with_context(|| format!("cannot read the cursors in {}", folder.display()))
    });
    let cursors = opened.await.context("reading the cursors died")??;
    let metas = cursors.into_iter().filter_map(|(name, _, text)| {
        Some((
            format!("the cursor `{name}` of the local log"),
            Meta::parse(&text)?,
        ))
    });
    Ok(metas.collect())
}
