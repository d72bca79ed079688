//! The topic is made, described, and compared with what it should be. All calls block; none longer than its patience.

use std::future::Future;
use std::time::{Duration, Instant};

use rdkafka::admin::{
    AdminClient, AdminOptions, ConfigResource, NewPartitions, NewTopic, ResourceSpecifier, TopicReplication,
};
use rdkafka::error::KafkaError;
use rdkafka::producer::{BaseProducer, NoCustomPartitioner, Producer, ProducerContext};
use rdkafka::types::RDKafkaErrorCode;

use crate::block_on::block_on;
use crate::complaint::{Complaints, Listening};
use crate::connection::Connection;
use crate::describe::{Topic, describe};
use crate::error::{TopicError, refused};
use crate::rights::{Rights, rights};
use crate::settings::{Difference, TopicSettings};

/// Until all brokers have heard of a topic: milliseconds where all is well.
const HEARSAY: Duration = Duration::from_secs(2);

/// What [`Topics::create`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Created {
    /// The topic is new.
    New,
    /// It was there, and was left as it is: see [`Topics::check`].
    Existing,
}

/// The way to the cluster's topics.
pub struct Topics {
    bootstrap: String,
    /// Asks for metadata, and is polled for complaints; the admin client's are never heard.
    probe: BaseProducer<Probe>,
    admin: AdminClient<Listening>,
    complaints: Complaints,
    patience: Duration,
}

/// [`Listening`] for a producer that sends nothing.
struct Probe(Listening);

impl rdkafka::ClientContext for Probe {
    fn log(&self, level: rdkafka::config::RDKafkaLogLevel, fac: &str, message: &str) {
        self.0.log(level, fac, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.0.error(error, reason);
    }
}

impl ProducerContext<NoCustomPartitioner> for Probe {
    type DeliveryOpaque = ();

    fn delivery(&self, _: &rdkafka::message::DeliveryResult<'_>, (): ()) {}
}

/// Asks again for a moment: a broker may not have heard yet of a topic that another one has just made. It says then that
/// there is none, or what cannot be told from a refusal ([`Topics::configuration`]).
fn when_heard_of<T>(ask: impl Fn() -> Result<T, TopicError>) -> Result<T, TopicError> {
    let until = Instant::now() + HEARSAY;
    loop {
        let answer = ask();
        let again = match &answer {
            Err(TopicError::Missing(_)) => true,
            Err(TopicError::Refused { code, .. }) => *code == RDKafkaErrorCode::TopicAuthorizationFailed,
            _ => false,
        };
        if !again || Instant::now() >= until {
            return answer;
        }
        std::thread::sleep(HEARSAY / 20);
    }
}

impl Topics {
    /// Connects, and waits at most `patience` for a broker to let us in; the later calls have as long each.
    ///
    /// # Errors
    /// [`TopicError::Client`], [`TopicError::Unreachable`]; a wrong password or certificate is said at once.
    pub fn connect(connection: &Connection, patience: Duration) -> Result<Topics, TopicError> {
        connection.check()?;
        let complaints = Complaints::quiet();
        let client = |source| TopicError::Client {
            bootstrap: connection.bootstrap.clone(),
            source,
        };
        let config = connection.client();
        let topics = Topics {
            bootstrap: connection.bootstrap.clone(),
            probe: config
                .create_with_context(Probe(Listening(complaints.clone())))
                .map_err(client)?,
            admin: config.create_with_context(Listening::default()).map_err(client)?,
            complaints,
            patience,
        };
        topics.reach()?;
        Ok(topics)
    }

    fn reach(&self) -> Result<(), TopicError> {
        let started = Instant::now();
        while started.elapsed() < self.patience {
            // Of a topic that is not there: the answer is short.
            let answer = self
                .probe
                .client()
                .fetch_metadata(Some("footfall-reach"), Duration::from_millis(250));
            if answer.is_ok() {
                self.complaints.clear();
                return Ok(());
            }
            self.probe.poll(Duration::ZERO);
            if self.complaints.refused() {
                break;
            }
        }
        let silent = || format!("no broker has answered in {:?}", self.patience);
        Err(TopicError::Unreachable {
            bootstrap: self.bootstrap.clone(),
            complaint: self.complaints.worst().unwrap_or_else(silent),
            cause: self.complaints.cause(),
        })
    }

    /// Makes the topic unless it is there. Repeating it is harmless.
    ///
    /// # Errors
    /// Settings out of range, more copies than brokers, no permission, no answer.
    pub fn create(&self, settings: &TopicSettings) -> Result<Created, TopicError> {
        settings.check()?;
        let texts = settings.properties();
        let mut topic = NewTopic::new(
            &settings.name,
            i32::try_from(settings.partitions).unwrap_or(i32::MAX),
            TopicReplication::Fixed(i32::try_from(settings.replication).unwrap_or(i32::MAX)),
        );
        for (name, value, _) in &texts {
            topic = topic.set(name, value);
        }
        let topic = [topic];
        match self.one("make", &settings.name, |options| {
            self.admin.create_topics(&topic, options)
        }) {
            Ok(()) => Ok(Created::New),
            Err(TopicError::Refused {
                code: RDKafkaErrorCode::TopicAlreadyExists,
                ..
            }) => Ok(Created::Existing),
            Err(e) => Err(e),
        }
    }

    /// What the cluster says about a topic.
    ///
    /// # Errors
    /// [`TopicError::Missing`], no permission, no answer.
    pub fn describe(&self, topic: &str) -> Result<Topic, TopicError> {
        describe(self.probe.client(), topic, self.patience)
    }

    /// What our user may do with a topic and a group.
    #[must_use]
    pub fn rights(&self, topic: &str, group: &str) -> Rights {
        rights(self.probe.client(), topic, group, self.patience)
    }

    /// In what the topic differs from its settings; empty: in nothing.
    ///
    /// # Errors
    /// As [`Topics::describe`].
    pub fn check(&self, settings: &TopicSettings) -> Result<Vec<Difference>, TopicError> {
        let name = settings.name.as_str();
        let topic = when_heard_of(|| self.describe(name))?;
        let config = when_heard_of(|| self.configuration(name))?;
        let mut differences = settings.compare(&topic);
        for (property, want, differs) in settings.properties() {
            let have = config.get(property).and_then(|entry| entry.value.clone());
            let have = have.unwrap_or_else(|| "not set".to_owned());
            differences.extend(differs.judge(property, have, want));
        }
        Ok(differences)
    }

    fn configuration(&self, name: &str) -> Result<ConfigResource, TopicError> {
        let action = "read the configuration of";
        let resource = [ResourceSpecifier::Topic(name)];
        let described = block_on(self.admin.describe_configs(&resource, &self.options()));
        let mut answers = described.map_err(|source| TopicError::Failed {
            action,
            topic: name.to_owned(),
            source,
        })?;
        let answer = answers.pop().unwrap_or(Err(RDKafkaErrorCode::Unknown));
        let config = answer.map_err(|code| refused(action, name, code))?;
        if config.entries.is_empty() {
            // rdkafka drops the broker's no to a single resource: what is left of it is a topic without settings.
            return Err(refused(action, name, RDKafkaErrorCode::TopicAuthorizationFailed));
        }
        Ok(config)
    }

    /// Raises the number of partitions. What is sent later may go to another partition than before; nothing is moved.
    ///
    /// # Errors
    /// Fewer than there are, no permission, no answer.
    pub fn grow(&self, topic: &str, partitions: u32) -> Result<(), TopicError> {
        let wanted = [NewPartitions::new(
            topic,
            usize::try_from(partitions).unwrap_or(usize::MAX),
        )];
        self.one("add partitions to", topic, |options| {
            self.admin.create_partitions(&wanted, options)
        })
    }

    /// Deletes the topic with everything in it.
    ///
    /// # Errors
    /// As [`Topics::describe`].
    pub fn delete(&self, topic: &str) -> Result<(), TopicError> {
        self.one("delete", topic, |options| {
            self.admin.delete_topics(&[topic], options)
        })
    }

    /// What librdkafka complains about.
    #[must_use]
    pub fn complaints(&self) -> &Complaints {
        &self.complaints
    }

    fn options(&self) -> AdminOptions {
        AdminOptions::new()
            .request_timeout(Some(self.patience))
            .operation_timeout(Some(self.patience))
    }

    /// Carries out an order on one topic.
    fn one<F, O>(&self, action: &'static str, topic: &str, order: O) -> Result<(), TopicError>
    where
        F: Future<Output = Result<Vec<rdkafka::admin::TopicResult>, KafkaError>>,
        O: FnOnce(&AdminOptions) -> F,
    {
        let options = self.options();
        let answers = block_on(order(&options)).map_err(|source| TopicError::Failed {
            action,
            topic: topic.to_owned(),
            source,
        })?;
        for answer in answers {
            answer.map_err(|(_, code)| refused(action, topic, code))?;
        }
        Ok(())
    }
}
