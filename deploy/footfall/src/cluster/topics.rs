//! `footfall topics`: makes the topic unless it is there, and says in what it differs from its settings.

use super::kafka;
use crate::config::Config;
use crate::problem::Problems;
use crate::terminal::{Colour, paint, say};
use anyhow::{Context as _, Result};
use footfall_topics::{Created, Topics};
use std::time::Duration;

/// How long brokers may take to answer.
const PATIENCE: Duration = Duration::from_secs(20);

/// Makes and checks. Gives whether nothing that loses events differs.
///
/// # Errors
/// The brokers cannot be reached, refuse, or the settings are wrong.
pub async fn run(config: &Config) -> Result<bool> {
    let connection = kafka::connection(config).map_err(|problem| Problems(vec![problem]))?;
    let topic = kafka::topic(config);
    let name = topic.name.clone();
    let (created, differences) = tokio::task::spawn_blocking(move || {
        let topics = Topics::connect(&connection, PATIENCE)?;
        let created = topics.create(&topic)?;
        Ok::<_, footfall_topics::TopicError>((created, topics.check(&topic)?))
    })
    .await
    .context("the topic's maker died")??;
    match created {
        Created::New => say(format_args!("made topic {name}")),
        Created::Existing => say(format_args!("topic {name} is there")),
    }
    for difference in &differences {
        let word = if difference.dangerous {
            paint(Colour::Red, "PROBLEM")
        } else {
            paint(Colour::Yellow, "note   ")
        };
        say(format_args!("{word} {difference}"));
    }
    Ok(!differences.iter().any(|difference| difference.dangerous))
}
