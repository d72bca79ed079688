//! The async half: the processor's [`Source`], which puts down what is wanted and picks up what has arrived.

use crate::again::Missed;
use crate::aside::Aside;
use crate::client::member;
use crate::context::Context;
use crate::exchange::{Command, Exchange};
use crate::offsets;
use crate::poll::Poll;
use crate::settings::Settings;
use crate::topic_id::{TopicIdError, topic_id};
use footfall_delivery::{CommitOutcome, Entry, Numbers};
use footfall_processor::source::{Again, Arrival, Settled, Source, SourceError};
use rdkafka::consumer::BaseConsumer;
use rdkafka::error::KafkaError;
use std::future::Future;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;
use tokio::sync::oneshot;

/// How long a question at the start may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a source that is dropped waits for its thread to have left the group. A coordinator that is away could keep it
/// for longer; then the process ends without: the group finds out by the session time-out.
const LEAVE: Duration = Duration::from_secs(3);

/// Whoever owns this partition audits: one at a time.
const AUDITED_BY: u32 = 0;

/// Why a source could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The settings make no client.
    #[error("make a Kafka client: {0}")]
    Client(KafkaError),
    /// The topic is not there, or no broker has answered yet. It may help to try again later.
    #[error(transparent)]
    Topic(#[from] TopicIdError),
    /// No broker has said yet how many partitions there are. It may help to try again later.
    #[error("ask for the partitions of topic {0}: {1}")]
    Partitions(String, KafkaError),
    /// The system gives no thread.
    #[error("start the thread that polls Kafka: {0}")]
    Thread(std::io::Error),
}

impl OpenError {
    /// Whether time may heal it.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        matches!(self, Self::Topic(_) | Self::Partitions(..))
    }
}

/// Reads a topic for the processor, as a member of a group.
pub struct KafkaSource {
    exchange: Arc<Exchange>,
    aside: Aside,
    topic_id: String,
    ended: Receiver<()>,
}

impl KafkaSource {
    /// Asks the brokers about the topic, and starts the thread that joins the group. Blocks for up to ten seconds.
    ///
    /// # Errors
    /// [`OpenError`]; [`OpenError::is_temporary`] says whether to try again.
    pub fn open(settings: Settings) -> Result<Self, OpenError> {
        let (id, partitions) = ask(&settings)?;
        let exchange = Arc::new(Exchange::default());
        let consumer = member(&settings, partitions, &exchange).map_err(OpenError::Client)?;
        let aside = Aside::new(settings.clone());
        let poll = Poll::new(settings, consumer, partitions, Arc::clone(&exchange), id.clone());
        let (end, ended) = sync_channel(1);
        let watched = Arc::clone(&exchange);
        std::thread::Builder::new()
            .name("kafka-poll".to_owned())
            .spawn(move || {
                let _watch = Watch(watched);
                poll.run();
                drop(end);
            })
            .map_err(OpenError::Thread)?;
        Ok(Self {
            exchange,
            aside,
            topic_id: id,
            ended,
        })
    }

    /// The topic's id: what [`footfall_processor::Config::new`] wants as `topic`.
    #[must_use]
    pub fn topic_id(&self) -> &str {
        &self.topic_id
    }
}

/// A thread that dies by a bug takes the processor with it, instead of leaving it waiting for ever.
struct Watch(Arc<Exchange>);

impl Drop for Watch {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0
                .fail(SourceError("the thread that polls Kafka has died".into()));
        }
    }
}

/// Id of the topic, and how many partitions it has, by a client that ends here.
fn ask(settings: &Settings) -> Result<(String, usize), OpenError> {
    let reader: BaseConsumer<Context> = settings
        .reader(1)
        .create_with_context(settings.context())
        .map_err(OpenError::Client)?;
    let reader = Arc::new(reader);
    let id = topic_id(&reader, &settings.topic, PATIENCE)?;
    let partitions = offsets::partitions(&*reader, &settings.topic, PATIENCE)
        .map_err(|error| OpenError::Partitions(settings.topic.clone(), error))?
        .len();
    Ok((id, partitions))
}

impl Source for KafkaSource {
    async fn next(&mut self, bytes: usize) -> Result<Arrival, SourceError> {
        self.exchange.next(bytes).await
    }

    async fn commit(&mut self, entries: &[Entry]) -> CommitOutcome {
        let (answer, outcome) = oneshot::channel();
        self.exchange.command(Command::Commit(entries.to_vec(), answer));
        // The thread is gone: what it was doing is not known.
        outcome.await.unwrap_or(CommitOutcome::Unknown)
    }

    fn start(&mut self, partition: u32, position: u64) {
        self.exchange.start(partition, position);
    }

    fn pause(&mut self, partition: u32) {
        self.exchange.pause(partition);
    }

    fn released(&mut self, partitions: &[u32]) {
        self.exchange.command(Command::Released(partitions.to_vec()));
    }

    fn rejoin(&mut self) {
        self.exchange.rejoin();
    }

    /// Found records are sent to the topic again: their partition need not be ours. Nothing is ever said to be gone,
    /// because an edge may still have it.
    fn read_again(
        &mut self,
        numbers: Numbers,
        since: Option<i64>,
    ) -> impl Future<Output = Result<Again, SourceError>> + Send {
        self.aside.send_again(Missed { numbers, since });
        std::future::ready(Ok(Again::default()))
    }

    fn settled(&mut self) -> Option<oneshot::Receiver<Settled>> {
        if self.exchange.is_ours(AUDITED_BY) {
            return Some(self.aside.settled());
        }
        let (answer, asked) = oneshot::channel();
        // The receiver is right here.
        let _ = answer.send(Settled::NotOurs);
        Some(asked)
    }

    fn is_connected(&self) -> bool {
        !self.exchange.is_away()
    }

    fn behind(&self) -> Option<u64> {
        Some(self.exchange.behind())
    }
}

impl Drop for KafkaSource {
    fn drop(&mut self) {
        self.exchange.command(Command::Stop);
        // An answer means that the thread has ended, as does its going without one.
        let _ = self.ended.recv_timeout(LEAVE);
    }
}
