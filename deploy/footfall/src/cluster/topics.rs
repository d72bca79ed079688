//! `footfall topics`: makes the topics unless they are there, and says in what they differ from their settings.

use super::kafka;
use crate::config::Config;
use crate::problem::Problems;
use crate::terminal::{Colour, paint, say};
use anyhow::{Context as _, Result};
use footfall_topics::{Connection, Created, Difference, TopicError, TopicSettings, Topics};
use std::time::{Duration, Instant};

/// How long brokers may take to answer.
const PATIENCE: Duration = Duration::from_secs(20);

/// Makes and checks. Gives whether nothing that loses events differs.
///
/// # Errors
/// The brokers cannot be reached, refuse, or the settings are wrong.
pub async fn run(config: &Config) -> Result<bool> {
    let connection = kafka::connection(config).map_err(|problem| Problems(vec![problem]))?;
    let mut good = true;
    for topic in [kafka::topic(config), kafka::salts_topic(config)] {
        good &= one(connection.clone(), topic).await?;
    }
    Ok(good)
}

async fn one(connection: Connection, topic: TopicSettings) -> Result<bool> {
    let name = topic.name.clone();
    let (created, differences) = tokio::task::spawn_blocking(move || {
        let topics = Topics::connect(&connection, PATIENCE)?;
        let created = topics.create(&topic)?;
        Ok::<_, TopicError>((created, check(&topics, &topic)?))
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

/// A broker may know of a topic only a moment after another one has made it.
fn check(topics: &Topics, topic: &TopicSettings) -> Result<Vec<Difference>, TopicError> {
    let began = Instant::now();
    loop {
        match topics.check(topic) {
            Err(TopicError::Missing(_)) if began.elapsed() < PATIENCE => {
                std::thread::sleep(Duration::from_millis(100));
            }
            checked => return checked,
        }
    }
}
