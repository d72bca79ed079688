//! Kafka: are we let in, is the topic as it should be, may our user do what a service does?

use super::{Findings, Plan};
use crate::cluster::kafka;
use crate::config::Config;
use crate::problem::Problem;
use footfall_topics::{Cause, Difference, Right, Rights, TopicError, TopicSettings, Topics};
use std::time::Duration;

/// How long brokers may take to let us in, and for each answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// What the brokers said of one topic, and of the group.
struct Said {
    differences: Result<Vec<Difference>, TopicError>,
    /// `None`: nothing is said about what is not there.
    rights: Option<Rights>,
}

/// Looks at everything that can be asked.
pub(super) async fn look(config: &Config, plan: Plan, findings: &mut Findings) {
    let connection = match kafka::connection(config) {
        Ok(connection) => connection,
        Err(problem) => return findings.problems.push(problem),
    };
    let (events, group) = (kafka::topic(config), config.kafka.group.clone());
    let salts = plan.takes_events().then(|| kafka::salts_topic(config));
    let asked = tokio::task::spawn_blocking(move || {
        let topics = Topics::connect(&connection, PATIENCE)?;
        Ok((
            ask(&topics, &events, &group),
            salts.map(|salts| ask(&topics, &salts, &group)),
        ))
    });
    match asked.await {
        Ok(Ok((events, salts))) => {
            findings.good(format!(
                "Kafka answers at {}{}",
                config.kafka.bootstrap_servers,
                as_whom(config)
            ));
            let risk = "acknowledged events can be lost by it";
            topic_is(&config.kafka.topic, risk, events.differences, findings);
            if let Some(rights) = events.rights {
                may(config, plan, rights, findings);
            }
            if let Some(salts) = salts {
                salts_are(config, plan, salts, findings);
            }
        }
        Ok(Err(error)) => findings.problems.push(not_let_in(&error)),
        Err(error) => findings.problem(format!("the look at Kafka died: {error}"), "report it"),
    }
}

/// Blocks.
fn ask(topics: &Topics, topic: &TopicSettings, group: &str) -> Said {
    let differences = topics.check(topic);
    let rights = match differences {
        Err(TopicError::Missing(_)) => None,
        _ => Some(topics.rights(&topic.name, group)),
    };
    Said { differences, rights }
}

fn as_whom(config: &Config) -> String {
    if config.kafka.user.is_empty() {
        return String::new();
    }
    format!(", to user `{}`", config.kafka.user)
}

fn not_let_in(error: &TopicError) -> Problem {
    let cause = match error {
        TopicError::Unreachable { cause, .. } => *cause,
        _ => Cause::Other,
    };
    let remedy = match cause {
        Cause::Login => {
            "correct `kafka.user`, `kafka.password` (KAFKA_SASL_PASSWORD, or the file of KAFKA_SASL_PASSWORD_FILE) and \
                `kafka.mechanism`, and start again: they are read at the start"
        }
        Cause::Tls => {
            "name the authority that signed the brokers' certificates (`kafka.ca`) and write the names that stand in them \
                (KAFKA_BOOTSTRAP_SERVERS); if brokers ask for a certificate, set `kafka.certificate` and `kafka.key`"
        }
        Cause::Permission => "permit it to our user (`kafka-acls.sh --add`)",
        Cause::Unreachable | Cause::Down | Cause::Other => {
            "start the brokers, or correct KAFKA_BOOTSTRAP_SERVERS; a listener with TLS or passwords needs `kafka.tls` and \
                `kafka.mechanism`, one without must not have them"
        }
    };
    Problem::new(error.to_string(), remedy)
}

fn topic_is(
    name: &str,
    risk: &str,
    differences: Result<Vec<Difference>, TopicError>,
    findings: &mut Findings,
) {
    let differences = match differences {
        Ok(differences) => differences,
        Err(error @ TopicError::Missing(_)) => {
            return findings.problem(error.to_string(), "run `footfall topics`");
        }
        Err(error) => {
            return findings.problem(
                error.to_string(),
                "permit our user to describe the topic and its configuration (`kafka-acls.sh --add --operation Describe \
                    --operation DescribeConfigs`)",
            );
        }
    };
    if differences.is_empty() {
        findings.good(format!("topic {name} is as its settings say"));
    }
    for difference in differences {
        let what = format!("topic {name}: {difference}");
        if difference.dangerous {
            findings.problem(
                format!("{what}: {risk}"),
                "change the topic (`kafka-configs.sh --alter --add-config`, `kafka-reassign-partitions.sh` for copies), or \
                    the setting (`kafka.retention`, `kafka.min_insync`, `kafka.replication`)",
            );
        } else {
            findings.note(what);
        }
    }
}

/// Without the topic of salts, and what ingests need of it, visitors without a cookie are page loads; and a salt that is not
/// deleted tells for longer than 48 h who they were.
fn salts_are(config: &Config, plan: Plan, said: Said, findings: &mut Findings) {
    let topic = &config.kafka.salts_topic;
    let risk = "visitors without a cookie can become others by it";
    let mut found = Findings::default();
    topic_is(topic, risk, said.differences, &mut found);
    findings.good.extend(found.good);
    findings.notes.extend(found.notes);
    for problem in found.problems {
        findings.need(plan, problem.what, problem.remedy);
    }
    let Some(rights) = said.rights else { return };
    let wanted = [
        (true, rights.read, Right::Read, topic),
        (true, rights.write, Right::Write, topic),
        (true, rights.delete, Right::Delete, topic),
    ];
    has(plan, wanted, findings);
}

/// What a cluster without an authorizer says: everything may be done.
fn may(config: &Config, plan: Plan, rights: Rights, findings: &mut Findings) {
    let (topic, group) = (&config.kafka.topic, &config.kafka.group);
    let wanted = [
        (plan.takes_events(), rights.write, Right::Write, topic),
        (plan.writes_rows(), rights.read, Right::Read, topic),
        (plan.writes_rows(), rights.group, Right::Group, group),
    ];
    has(plan, wanted, findings);
    if plan.writes_rows() && !plan.takes_events() && rights.write == Some(false) {
        findings.note(format!(
            "our user may not write to the topic {topic}: what the books miss is not sent to it again by itself"
        ));
    }
}

/// Whether each right is needed, whether we have it, and on what.
type Wanted<'a> = (bool, Option<bool>, Right, &'a String);

fn has<'a>(plan: Plan, wanted: impl IntoIterator<Item = Wanted<'a>>, findings: &mut Findings) {
    let mut permitted = Vec::new();
    for (needed, has, right, name) in wanted {
        let what = right.what();
        match has {
            Some(true) if needed => permitted.push(format!("{what} {name}")),
            Some(false) if needed => findings.need(
                plan,
                format!("our user may not {what} {name}"),
                format!("permit it: `{}`", right.remedy(name)),
            ),
            None if needed => findings.note(format!("Kafka does not say whether our user may {what} {name}")),
            _ => {}
        }
    }
    if !permitted.is_empty() {
        findings.good(format!("Kafka lets our user {}", permitted.join(", ")));
    }
}
