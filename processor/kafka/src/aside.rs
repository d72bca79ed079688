//! What takes long and must hold up neither the group nor the processor: questions of the auditor. Each is answered by a
//! thread and a client of its own, which is no member of the group.

use crate::again::{self, Missed, Sent};
use crate::position::passed_unless;
use crate::settings::Settings;
use footfall_delivery::Numbers;
use footfall_delivery::ranges::without;
use footfall_processor::source::Settled;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::oneshot;

/// How long positions may take to pass what was there; then the audit is put off.
const PASS: Duration = Duration::from_secs(60);
/// Missed ranges come one by one: so long is waited for more, before the topic is searched once for all.
const GATHER: Duration = Duration::from_secs(1);
/// Ranges that are told at most; `footfall audit` prints all.
const TOLD: usize = 5;
/// Ranges that wait at most; the next audit finds the rest.
const WAITING: usize = 1_024;

/// The threads of one source.
pub(crate) struct Aside {
    settings: Settings,
    stop: Arc<AtomicBool>,
    missed: Arc<Mutex<Missing>>,
}

#[derive(Default)]
struct Missing {
    waiting: Vec<Missed>,
    searching: bool,
}

impl Aside {
    pub(crate) fn new(settings: Settings) -> Self {
        Self {
            settings,
            stop: Arc::default(),
            missed: Arc::default(),
        }
    }

    /// Whether the group's committed positions pass what every partition has now.
    pub(crate) fn settled(&self) -> oneshot::Receiver<Settled> {
        let (answer, asked) = oneshot::channel();
        let (settings, stop) = (self.settings.clone(), Arc::clone(&self.stop));
        spawn("kafka-settled", move || {
            let settled = match passed_unless(&settings, PASS, &stop) {
                Ok(true) => Settled::Yes,
                Ok(false) => Settled::NotYet,
                Err(error) => {
                    tracing::warn!(%error, "cannot ask how far the group is; the audit is put off");
                    Settled::NotYet
                }
            };
            // Fails only when the auditor has gone.
            let _ = answer.send(settled);
        });
        asked
    }

    /// Has a range looked for and sent again.
    pub(crate) fn send_again(&self, missed: Missed) {
        let mut missing = self.missed.lock().unwrap_or_else(PoisonError::into_inner);
        if missing.waiting.len() < WAITING && !missing.waiting.contains(&missed) {
            missing.waiting.push(missed);
        }
        if std::mem::replace(&mut missing.searching, true) {
            return;
        }
        drop(missing);
        let (settings, stop, shared) = (
            self.settings.clone(),
            Arc::clone(&self.stop),
            Arc::clone(&self.missed),
        );
        spawn("kafka-again", move || search(&settings, &stop, &shared));
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

fn spawn(name: &str, body: impl FnOnce() + Send + 'static) {
    if let Err(error) = std::thread::Builder::new().name(name.to_owned()).spawn(body) {
        tracing::error!(%error, name, "no thread for the auditor");
    }
}

/// Until nothing is missed any more.
fn search(settings: &Settings, stop: &AtomicBool, shared: &Mutex<Missing>) {
    loop {
        std::thread::sleep(GATHER);
        let missed = {
            let mut missing = shared.lock().unwrap_or_else(PoisonError::into_inner);
            if missing.waiting.is_empty() || stop.load(Ordering::Relaxed) {
                missing.searching = false;
                return;
            }
            std::mem::take(&mut missing.waiting)
        };
        match again::search(settings, &missed, stop) {
            Ok(sent) => tell(&missed, &sent),
            Err(error) => {
                tracing::warn!(%error, "cannot search the topic for missing numbers; the next audit asks again");
            }
        }
    }
}

/// What was found is on its way; what was not, only a person can find or give up.
fn tell(missed: &[Missed], sent: &Sent) {
    let found: u64 = sent.found.iter().map(Numbers::count).sum();
    metrics::counter!(crate::measure::SENT_AGAIN).increment(found);
    let wanted: u64 = missed.iter().map(|one| one.numbers.count()).sum();
    tracing::warn!(
        sent = found,
        wanted,
        "missing numbers were found in the topic and sent to it again"
    );
    let left = missed.iter().flat_map(|one| without(one.numbers, &sent.found));
    for Numbers { log_id, first, last } in left.take(TOLD) {
        tracing::error!(
            "numbers are in no table and not in the topic any more. On the node that gave them: \
             footfall resend --log {log_id} --from {first} --to {last}. What no node has any more: \
             footfall lost --log {log_id} --from {first} --to {last}"
        );
    }
}
