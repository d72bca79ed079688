//! The loop: serve reports, send what is there, save the position, look at the topic, wait.
//!
//! Everything here runs on a thread of its own: reading, fsyncs and asking the cluster block it.

use std::sync::Arc;
use std::time::Duration;

use footfall_log::{Log, Position};
use footfall_topics::{Cause, Complaints, Reminder, Topic, TopicError, describe};
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::error::ForwardError;
use crate::feed::{Feed, FeedError};
use crate::progress::Progress;
use crate::sender::{Sender, Sent};

/// How long the cluster may take to describe the topic.
const PATIENCE: Duration = Duration::from_secs(1);

/// Waits after a failure: doubled up to the last, or the last at once when the broker refuses us.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(10));

/// Longest time without a word of records that are under way before the cluster is asked.
const SILENCE: Duration = Duration::from_secs(10);

/// Least time between two reads of a log that is caught up: many small reads cost more than they bring.
const PACE: Duration = Duration::from_millis(5);

/// Most records that are sent before reports are served again.
const STRETCH: usize = 2000;

/// When to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Goal {
    /// When told to: then everything that is there, within the deadline for the flush.
    Follow,
    /// When everything that is there is acknowledged. Told to stop: at once.
    Dry,
}

/// How the life of one producer ended.
#[derive(Debug)]
enum Ended {
    /// Everything is acknowledged.
    Dry,
    /// It was told to stop before that.
    Stopped,
    Failed(String),
    /// Trying again would not help.
    Hopeless(String),
}

/// Why nothing is being sent.
#[derive(Debug, PartialEq, Eq)]
enum Pause {
    /// There is more: only the reports are due.
    None,
    Full,
    Barrier,
    Dry,
}

/// The forwarder.
pub(crate) struct Pump {
    pub(crate) config: Config,
    pub(crate) feed: Feed,
    pub(crate) progress: Arc<Progress>,
    pub(crate) goal: Goal,
    /// Told the number of partitions, for the segments to come.
    log: Option<Log>,
    /// Of all producers: what one was refused is not told again with the next.
    complaints: Complaints,
    topic: Option<Topic>,
    /// Everything before it is acknowledged.
    acknowledged: Position,
    saved: Position,
    save_at: Instant,
    look_at: Instant,
    /// Something was acknowledged, the cluster was asked, or nothing was under way of which anything could be heard.
    heard_at: Instant,
    /// Of all producers, for as long as the cluster does not answer.
    reminder: Reminder,
    read_at: Instant,
}

impl Pump {
    pub(crate) fn new(
        config: Config,
        feed: Feed,
        progress: Arc<Progress>,
        goal: Goal,
        log: Option<Log>,
    ) -> Pump {
        let (now, position) = (Instant::now(), feed.position());
        Pump {
            complaints: Complaints::of_writer(&config.topic),
            reminder: Reminder::new(&config.connection.bootstrap),
            config,
            feed,
            progress,
            goal,
            log,
            topic: None,
            acknowledged: position,
            saved: position,
            save_at: now,
            look_at: now,
            heard_at: now,
            read_at: now,
        }
    }

    /// Forwards until its goal; producers come and go meanwhile. `Ok(true)`: everything is acknowledged.
    pub(crate) async fn run(&mut self, stop: &CancellationToken) -> Result<bool, ForwardError> {
        let mut wait = BACKOFF.0;
        loop {
            self.complaints.clear();
            let mut sender = Sender::new(&self.config, self.complaints.clone())?;
            let ended = match self.connect(&mut sender, stop).await {
                Ok(()) => {
                    let before = self.acknowledged;
                    let ended = self.live(&mut sender, stop).await;
                    if self.acknowledged != before {
                        wait = BACKOFF.0;
                    }
                    ended
                }
                Err(ended) => ended,
            };
            self.save();
            let why = match ended {
                Ended::Dry => return Ok(true),
                Ended::Stopped => return Ok(false),
                Ended::Hopeless(why) => return Err(ForwardError::Stopped(why)),
                Ended::Failed(why) => why,
            };
            // A producer that has failed for good says why behind our back.
            self.serve(&mut sender);
            let refusal = self.complaints.worst().filter(|_| self.complaints.refused());
            let refused = refusal.is_some();
            drop(sender);
            self.give_up(why, refusal);
            wait = if refused { BACKOFF.1 } else { wait };
            tokio::select! {
                () = stop.cancelled() => return Ok(false),
                () = sleep(wait) => wait = (wait * 2).min(BACKOFF.1),
            }
        }
    }

    /// A producer has failed: whatever it had under way may be there or not, and goes again. A refusal has been told.
    fn give_up(&mut self, why: String, refusal: Option<String>) {
        let position = self.acknowledged;
        if refusal.is_some() {
            tracing::debug!(?position, "forwarding again: {why}");
        } else {
            tracing::warn!(
                ?position,
                "forwarding again from the last acknowledged record: {why}"
            );
        }
        self.progress.restarted();
        self.progress.in_flight(0);
        self.progress.disconnected(refusal.unwrap_or(why));
        self.feed.rewind(self.acknowledged);
    }

    /// Until the cluster has described the topic. A broker that is away is waited for; one that refuses us is not. Told to
    /// stop, it still tries once: what a node has that was stopped as soon as it was up is not left behind for that.
    async fn connect(&mut self, sender: &mut Sender, stop: &CancellationToken) -> Result<(), Ended> {
        let mut wait = BACKOFF.0;
        loop {
            let answer = describe(sender.client(), &self.config.topic, PATIENCE);
            sender.serve();
            if answer.is_err() {
                self.reminder.unanswered(sender.client());
            }
            let complaints = &sender.reports().complaints;
            let error = match answer {
                Ok(topic) => {
                    // Who may look at the topic may perhaps not write to it, and has been told so already.
                    if complaints.cause() != Cause::Permission {
                        complaints.clear();
                    }
                    self.found(topic);
                    return Ok(());
                }
                Err(missing @ TopicError::Missing(_)) => missing.to_string(),
                Err(error) => complaints.worst().unwrap_or_else(|| error.to_string()),
            };
            if complaints.refused() {
                return Err(Ended::Failed(error));
            }
            if stop.is_cancelled() {
                return Err(Ended::Stopped);
            }
            if self.progress.snapshot().trouble.as_ref() != Some(&error) {
                tracing::warn!("the log waits for Kafka: {error}");
                self.progress.disconnected(error);
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = sleep(wait) => wait = (wait * 2).min(Duration::from_secs(2)),
            }
        }
    }

    /// The topic as it is now; whether it is still the one that the saved text names.
    fn found(&mut self, topic: Topic) {
        let known = self.feed.saved_text();
        let known = known.strip_prefix("topic ").and_then(|id| id.parse().ok());
        if known.is_some_and(|id: uuid::Uuid| id != topic.id) {
            self.progress.recreated();
            tracing::error!(
                topic = self.config.topic,
                "the topic was deleted and made anew: what it had is gone, `footfall resend` sends what the logs still have"
            );
        }
        if let Some(log) = &self.log {
            log.set_partitions(topic.partitions);
        }
        self.progress.connected(topic.partitions);
        self.look_at = Instant::now() + self.config.look_every;
        let text = format!("topic {}", topic.id);
        self.topic = Some(topic);
        if let Err(error) = self.feed.save(self.acknowledged, &text) {
            self.progress.trouble(error.to_string());
        }
    }

    async fn live(&mut self, sender: &mut Sender, stop: &CancellationToken) -> Ended {
        let mut deadline = None;
        loop {
            if stop.is_cancelled() && deadline.is_none() {
                let patience = if self.goal == Goal::Follow {
                    self.config.flush
                } else {
                    Duration::ZERO
                };
                deadline = Some(Instant::now() + patience);
            }
            self.serve(sender);
            let pause = match self.fill(sender) {
                Ok(pause) => pause,
                Err(ended) => return ended,
            };
            if let Some(why) = sender.failure() {
                return Ended::Failed(why);
            }
            if let Err(why) = self.look(sender) {
                return Ended::Failed(why);
            }
            if Instant::now() >= self.save_at {
                self.save();
            }
            let last = self.goal == Goal::Dry || deadline.is_some();
            if last && pause == Pause::Dry && sender.in_flight() == 0 {
                return Ended::Dry;
            }
            if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                return Ended::Stopped;
            }
            let hurry = pause == Pause::Barrier || (last && pause == Pause::Dry);
            if hurry {
                sender.hurry();
            }
            let told = deadline.is_some();
            self.wait(sender, &pause, hurry, (stop, told)).await;
        }
    }

    /// Takes the reports and moves the position.
    fn serve(&mut self, sender: &mut Sender) {
        if let Some(passed) = sender.serve() {
            self.acknowledged = passed.position;
            self.heard_at = Instant::now();
            self.progress.acknowledged(passed.records, passed.bytes);
            sender.reports().complaints.clear();
            self.progress.well();
        } else if let Some(worst) = sender.reports().complaints.worst() {
            self.progress.trouble(worst);
        }
        if sender.in_flight() == 0 {
            self.heard_at = Instant::now();
        }
        self.progress.in_flight(sender.in_flight());
    }

    /// Sends until there is no more, no room, or a mark that has to wait.
    fn fill(&mut self, sender: &mut Sender) -> Result<Pause, Ended> {
        let most = self.topic.as_ref().map_or(0, |topic| topic.partitions);
        for _ in 0..STRETCH {
            let next = self.feed.next(most).map_err(|error| match error {
                FeedError::NotForwarded(..) => Ended::Hopeless(error.to_string()),
                FeedError::Read(_) | FeedError::Fix(_) => Ended::Failed(error.to_string()),
            })?;
            let Some((item, partitions)) = next else {
                return Ok(Pause::Dry);
            };
            match sender.send(item, partitions) {
                Sent::Taken => {
                    self.feed.pop();
                    self.progress.sent();
                    self.read_at = Instant::now() + PACE;
                }
                Sent::Full => return Ok(Pause::Full),
                Sent::Barrier => return Ok(Pause::Barrier),
                Sent::Failed(why) => return Err(Ended::Failed(why)),
            }
        }
        Ok(Pause::None)
    }

    /// Asks the cluster now and then: more partitions count from the next segment on, another topic is another life. Also
    /// when records are under way and nothing is heard of them.
    fn look(&mut self, sender: &Sender) -> Result<(), String> {
        let now = Instant::now();
        let silent = sender.in_flight() > 0 && now >= self.heard_at + SILENCE;
        if now < self.look_at && !silent {
            return Ok(());
        }
        (self.look_at, self.heard_at) = (now + self.config.look_every, now);
        let Ok(topic) = describe(sender.client(), &self.config.topic, PATIENCE) else {
            // That brokers are away is told elsewhere; that the client has forgotten them, by nobody.
            self.reminder.unanswered(sender.client());
            return Ok(());
        };
        let known = self.topic.as_ref();
        if known.is_some_and(|known| known.id != topic.id) {
            return Err("the topic was deleted and made anew".to_owned());
        }
        if known != Some(&topic) {
            sender.learn(&self.config.topic, PATIENCE);
            self.found(topic);
        }
        Ok(())
    }

    fn save(&mut self) {
        self.save_at = Instant::now() + self.config.save_every;
        if self.acknowledged == self.saved {
            return;
        }
        let text = self
            .topic
            .as_ref()
            .map_or_else(String::new, |topic| format!("topic {}", topic.id));
        match self.feed.save(self.acknowledged, &text) {
            Ok(()) => self.saved = self.acknowledged,
            Err(error) => {
                tracing::warn!("cannot save the forwarder's position: {error}");
                self.progress.trouble(error.to_string());
            }
        }
    }

    async fn wait(&mut self, sender: &Sender, pause: &Pause, hurry: bool, stop: (&CancellationToken, bool)) {
        if *pause == Pause::None {
            return;
        }
        let tick = if hurry {
            Instant::now() + Duration::from_millis(20)
        } else {
            self.save_at.max(Instant::now() + Duration::from_millis(100))
        };
        let (read_at, dry, feed) = (self.read_at, *pause == Pause::Dry, &mut self.feed);
        let more = async {
            sleep_until(read_at).await;
            if !feed.wait().await {
                // Closed: nothing will come, but reports may.
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            () = sender.reported() => {}
            () = more, if dry => {}
            () = sleep_until(tick) => {}
            () = stop.0.cancelled(), if !stop.1 => {}
        }
    }
}
