//! What the topic should be, and in what it is not.

use std::fmt;
use std::time::Duration;

use crate::describe::Topic;
use crate::error::TopicError;

/// The least that a topic keeps: a weekend's outage of the processors, and a day to notice.
const LEAST_RETENTION: Duration = Duration::from_secs(72 * 3600);

/// What the topic should be. Default: `footfall-events`, 12 partitions, 3 copies of which 2 must have a record before
/// it is acknowledged, 72 h.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicSettings {
    /// Its name.
    pub name: String,
    /// The most processors that can share the work. Can be raised later, never lowered.
    pub partitions: u32,
    /// Copies of each partition; no more than there are brokers.
    pub replication: u32,
    /// Copies that must have a record before it is acknowledged.
    pub min_insync: u32,
    /// How long a record stays. At least 72 h.
    pub retention: Duration,
    /// How long records share a file at most; none: as the cluster has it. Kafka deletes whole files.
    pub segment: Option<Duration>,
}

impl Default for TopicSettings {
    fn default() -> Self {
        TopicSettings {
            name: crate::TOPIC.to_owned(),
            partitions: 12,
            replication: 3,
            min_insync: 2,
            retention: LEAST_RETENTION,
            segment: None,
        }
    }
}

/// One thing in which a topic differs from its settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// A property's name as Kafka has it, or `partitions`, `replication.factor`.
    pub what: &'static str,
    /// What the topic has.
    pub have: String,
    /// What it should have.
    pub want: String,
    /// Whether records can be lost by it.
    pub dangerous: bool,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Difference { what, have, want, .. } = self;
        write!(f, "{what} is {have}, it should be {want}")
    }
}

/// How a property is compared.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Rule {
    /// More is as good; -1 is for ever. Less loses records.
    AtLeast,
    /// Anything else loses records.
    Exactly,
    /// Anything else is worth a word.
    Preferably,
}

impl Rule {
    pub(crate) fn judge(self, what: &'static str, have: String, want: String) -> Option<Difference> {
        let fits = match self {
            Rule::AtLeast => match (have.parse::<i64>(), want.parse::<i64>()) {
                (Ok(have), Ok(want)) => have == -1 || have >= want,
                _ => false,
            },
            Rule::Exactly | Rule::Preferably => have == want,
        };
        let dangerous = !matches!(self, Rule::Preferably);
        (!fits).then_some(Difference {
            what,
            have,
            want,
            dangerous,
        })
    }
}

impl TopicSettings {
    pub(crate) fn check(&self) -> Result<(), TopicError> {
        let reason = if self.partitions == 0 {
            "it needs a partition".to_owned()
        } else if self.retention < LEAST_RETENTION {
            format!(
                "records must stay for {} h at least",
                LEAST_RETENTION.as_secs() / 3600
            )
        } else if self.min_insync == 0 || self.min_insync > self.replication {
            format!(
                "{} of {} copies cannot be in sync",
                self.min_insync, self.replication
            )
        } else {
            return Ok(());
        };
        let topic = self.name.clone();
        Err(TopicError::Settings { topic, reason })
    }

    /// Kafka's name, our value, and how another one is judged.
    pub(crate) fn properties(&self) -> Vec<(&'static str, String, Rule)> {
        let set = |name, value: &str, rule| (name, value.to_owned(), rule);
        let mut properties = vec![
            set(
                "retention.ms",
                &self.retention.as_millis().to_string(),
                Rule::AtLeast,
            ),
            set("min.insync.replicas", &self.min_insync.to_string(), Rule::AtLeast),
            set("cleanup.policy", "delete", Rule::Exactly),
            set("unclean.leader.election.enable", "false", Rule::Exactly),
            // Retention counts from the arrival; see `record`.
            set("message.timestamp.type", "LogAppendTime", Rule::Preferably),
        ];
        if let Some(segment) = self.segment {
            properties.push(set(
                "segment.ms",
                &segment.as_millis().to_string(),
                Rule::Preferably,
            ));
        }
        properties
    }

    /// What [`Topic`] shows.
    pub(crate) fn compare(&self, topic: &Topic) -> Vec<Difference> {
        let difference = |what, have: u32, want: u32, dangerous| {
            (have != want).then(|| Difference {
                what,
                have: have.to_string(),
                want: want.to_string(),
                dangerous,
            })
        };
        let fewer = topic.replicas < self.replication;
        let replication = difference("replication.factor", topic.replicas, self.replication, fewer);
        difference("partitions", topic.partitions, self.partitions, false)
            .into_iter()
            .chain(replication)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_lose_records_are_refused() {
        let good = TopicSettings::default();
        assert!(good.check().is_ok());
        let bad = [
            TopicSettings {
                partitions: 0,
                ..good.clone()
            },
            TopicSettings {
                retention: Duration::from_secs(3600),
                ..good.clone()
            },
            TopicSettings {
                min_insync: 4,
                ..good.clone()
            },
            TopicSettings {
                min_insync: 0,
                ..good
            },
        ];
        for settings in bad {
            assert!(settings.check().is_err(), "{settings:?}");
        }
    }

    #[test]
    fn longer_retention_is_as_good_and_shorter_is_dangerous() {
        let judge = |have: &str| Rule::AtLeast.judge("retention.ms", have.to_owned(), "100".to_owned());
        assert_eq!(judge("100"), None);
        assert_eq!(judge("-1"), None);
        assert_eq!(judge("5000"), None);
        assert!(judge("99").unwrap().dangerous);
        assert_eq!(
            judge("99").unwrap().to_string(),
            "retention.ms is 99, it should be 100"
        );
    }
}
