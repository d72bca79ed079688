//! `footfall backup`: all of a data folder at one moment, while Footfall runs on it or while it does not.
//!
//! Why every event that was acknowledged before it began is in it, once, whatever goes on meanwhile:
//! 1. `held_log`: the segments of the log are opened, so that what is trimmed from now on can still be read. Then the cursors
//!    are read. What had been trimmed before is in the tables, and on the disk; so is what lies below a cursor;
//! 2. `frozen`: the tables are frozen, `events` first. Until then nothing of them can have gone without an entry in the
//!    ledger;
//! 3. the log is looked at again, and its segments are read to their end.
//!
//! So a number is below the oldest segment that was held, and in the copy of the tables; or it is in the copy of the log, for that
//! has no gap and is read last. Numbers that are in both are found by the look, as after a crash. And no mark in the copied
//! ledger speaks of a number that neither copy has: the log's is younger. The restored folder opens a log of its own, as
//! every start does, so that no number is given twice.
//!
//! `plan` says what else is copied, `copy` how, `manifest` what is known of it afterwards, `whole` why no half of one is
//! ever taken for a whole one. `cluster` has a ClickHouse server do it. Back: [`crate::restore`].

pub(crate) mod cluster;
pub(crate) mod copy;
mod frozen;
pub(crate) mod held_log;
mod list;
pub(crate) mod manifest;
mod plan;
pub(crate) mod whole;

use crate::cli::BackupArgs;
use crate::clickhouse::{self, Role};
use crate::config::{Config, Loaded};
use crate::data::{self, Held, Run};
use crate::erase;
use crate::erase::receipt::stamp;
use crate::problem::{Problem, Problems};
use crate::target::now_ms;
use crate::terminal::{bytes, count, note, say, seconds};
use anyhow::{Context as _, Result, bail};
use copy::Work;
use frozen::Frozen;
use held_log::HeldLog;
use manifest::{DATA, FORMAT, Manifest};
use plan::Plan;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;
use whole::Unfinished;

/// How often the tables are frozen anew because the log has moved on by more than it held meanwhile.
const ATTEMPTS: usize = 5;
/// How long the engine of a Footfall that was killed a moment ago may take to be gone.
const LEAVING: Duration = Duration::from_secs(10);

/// Makes one, or says what is in one.
///
/// # Errors
/// What keeps it from being made, with the remedy; nothing is left then. Or what is damaged.
pub async fn run(loaded: &Loaded, args: &BackupArgs, stop: CancellationToken) -> Result<()> {
    if args.cluster {
        return cluster::backup(&loaded.config, &args.target).await;
    }
    if args.list {
        return list::run(&args.target);
    }
    let target = args.target.clone();
    if args.verify {
        let checking = move || {
            let manifest = Manifest::read(&target)?;
            manifest.verify(&target, stop).map(|()| manifest)
        };
        let manifest = tokio::task::spawn_blocking(checking)
            .await
            .context("checking the back-up died")??;
        say(format_args!(
            "every byte is as it was written: {} files, {}",
            count(manifest.files.len() as u64),
            bytes(manifest.bytes())
        ));
        return Ok(());
    }
    make(loaded, target, stop).await
}

async fn make(loaded: &Loaded, target: PathBuf, stop: CancellationToken) -> Result<()> {
    let start = Instant::now();
    let source = Source::find(&loaded.config, &stop).await?;
    source.refuse_inside(&target)?;
    let unfinished = Unfinished::begin(&target)?;
    let began = now_ms();
    let _alone = alone(&source.folder)?;
    frozen::clean_up(&source.engine);
    let taken = source.take(&loaded.config).await?;
    let mut manifest = Manifest {
        footfall_backup: FORMAT,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        began: stamp(began),
        taken: stamp(taken.at),
        folder: source.folder.display().to_string(),
        instance: std::fs::read_to_string(source.folder.join("instance")).unwrap_or_default(),
        running: source.run.is_some(),
        tables: source.has_tables,
        log: source.log_path.clone(),
        outside: outside(loaded, &source.folder),
        folders: taken.plan.folders.iter().cloned().collect(),
        links: taken.plan.links.clone(),
        files: Vec::new(),
    };
    let Taken { plan, frozen, .. } = taken;
    let wanted = plan.bytes();
    unfinished.has_room(wanted, "name a folder on another disk")?;
    let label = format!("backing up to {}", target.display());
    let copying = tokio::task::spawn_blocking(move || {
        let mut work = Work::new(label, "copying", wanted, stop);
        let files = copy::all(plan, &unfinished.path().join(DATA), &mut work)?;
        work.finish();
        anyhow::Ok((files, unfinished))
    });
    let (files, unfinished) = copying.await.context("copying died")??;
    drop(frozen);
    manifest.files = files;
    manifest.write(unfinished.path())?;
    unfinished.finish()?;
    tell(&manifest, &target, start.elapsed());
    Ok(())
}

fn tell(manifest: &Manifest, target: &Path, took: Duration) {
    say(format_args!(
        "{}: {} files, {}, in {}. Every event acknowledged before {} is in it",
        target.display(),
        count(manifest.files.len() as u64),
        bytes(manifest.bytes()),
        seconds(took),
        manifest.began
    ));
    if !manifest.tables {
        note(
            "the tables are not in it: they are on a ClickHouse server (`footfall backup --cluster NAME` has it back them up)",
        );
    }
    for outside in &manifest.outside {
        note(format_args!("not in it, because it lies elsewhere: {outside}"));
    }
    note("it holds keys and passwords: keep it as private as the data folder");
}

/// The data folder, and who runs on it.
struct Source {
    folder: PathBuf,
    run: Option<Run>,
    /// Nobody starts on the folder meanwhile.
    _held: Option<(Held, Option<File>)>,
    has_tables: bool,
    /// The engine's folder and the log's, and what they are called in the data folder.
    engine: PathBuf,
    engine_path: PathBuf,
    log: PathBuf,
    log_path: PathBuf,
}

/// What is to be copied, as it was at one moment.
struct Taken {
    plan: Plan,
    /// The links that the plan names.
    frozen: Option<Frozen>,
    /// ms since 1970.
    at: i64,
}

impl Source {
    async fn find(config: &Config, stop: &CancellationToken) -> Result<Self> {
        let given = &config.data.folder;
        let folder = given.canonicalize().map_err(|error| {
            problem(
                format!("the data folder {} cannot be read: {error}", given.display()),
                REMEDY,
            )
        })?;
        let engine_path = inside(config, &folder, "engine.folder", &config.engine.folder)?;
        let log_path = inside(config, &folder, "local_log.folder", &config.local_log.folder)?;
        let run = data::running(&folder);
        let held = match &run {
            Some(run) if run.engine && run.clickhouse.is_none() => {
                bail!("the running Footfall is still starting its ClickHouse; try again in a moment")
            }
            Some(_) => None,
            None => Some(hold(&folder, &folder.join(&engine_path), stop).await?),
        };
        let (engine, log) = (folder.join(&engine_path), folder.join(&log_path));
        let has_engine = engine.join("clickhouse/metadata").is_dir();
        let has_tables = match &run {
            Some(run) => run.engine,
            None => config.clickhouse.url.is_none() && has_engine,
        };
        if (has_tables && !has_engine) || !log.join("logs").is_dir() {
            let what = format!("{} has no log, or no tables", folder.display());
            return Err(problem(what, REMEDY));
        }
        Ok(Self {
            folder,
            run,
            _held: held,
            has_tables,
            engine,
            engine_path,
            log,
            log_path,
        })
    }

    /// A copy of the folder that lies in it would copy itself, and go with it.
    fn refuse_inside(&self, target: &Path) -> Result<()> {
        let parent = match target.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let real = target.canonicalize().or_else(|_| parent.canonicalize());
        if real.is_ok_and(|real| real.starts_with(&self.folder)) {
            let what = format!(
                "{} lies in the data folder {}",
                target.display(),
                self.folder.display()
            );
            return Err(problem(what, "name a folder elsewhere, best on another disk"));
        }
        Ok(())
    }

    /// See the head of this file.
    async fn take(&self, config: &Config) -> Result<Taken> {
        // What an erasure does to several tables is in the copy as a whole or not at all.
        let _no_erasure = erase::alone(config)?;
        for _ in 0..ATTEMPTS {
            let mut log = HeldLog::hold(&self.log)?;
            let frozen = match &self.run {
                Some(run) if self.has_tables => {
                    let access = clickhouse::of_instance(config, run, Role::Writer)?;
                    Some(Frozen::take(&access, &self.engine).await?)
                }
                _ => None,
            };
            let at = now_ms();
            let mut plan = Plan::default();
            if self.has_tables {
                let shadow = frozen.as_ref().map(Frozen::folder);
                plan.engine(&self.engine, &self.engine_path, shadow)?;
            }
            if !log.extend()? {
                continue;
            }
            plan.log(log, &self.log_path)?;
            plan.rest(&self.folder, &[self.engine_path.clone(), self.log_path.clone()])?;
            return Ok(Taken { plan, frozen, at });
        }
        Err(problem(
            "the log is written and trimmed faster than the tables can be frozen".to_owned(),
            "back up when less comes in, or have the log kept for a while (`local_log.keep = \"10min\"`)",
        ))
    }
}

const REMEDY: &str =
    "name the folder that Footfall runs on (--data DIR), with the settings that it runs with";

fn problem(what: String, remedy: &str) -> anyhow::Error {
    Problems(vec![Problem::new(what, remedy)]).into()
}

/// What a folder of the settings is called in the data folder.
fn inside(config: &Config, folder: &Path, setting: &str, path: &Path) -> Result<PathBuf> {
    let full = config.in_data(path);
    let below = full
        .strip_prefix(&config.data.folder)
        .or_else(|_| full.strip_prefix(folder));
    match below {
        Ok(below) if !below.as_os_str().is_empty() => Ok(below.to_owned()),
        _ => Err(problem(
            format!("`{setting}` is {}, outside of the data folder", full.display()),
            "move it into the data folder and leave a symbolic link there, or back the disk up by other means while Footfall is stopped",
        )),
    }
}

/// Nobody starts on the folder, and the engine of whoever ran on it last is gone.
async fn hold(folder: &Path, engine: &Path, stop: &CancellationToken) -> Result<(Held, Option<File>)> {
    let held = data::hold(folder).map_err(|problem| Problems(vec![problem]))?;
    let Ok(lock) = File::open(engine.join("lock")) else {
        return Ok((held, None));
    };
    let start = Instant::now();
    while lock.try_lock().is_err() {
        if start.elapsed() > LEAVING {
            let what = format!("an engine still runs on {}", engine.display());
            return Err(problem(what, "wait until it has ended, or end it"));
        }
        let pause = tokio::time::sleep(Duration::from_millis(100));
        if stop.run_until_cancelled(pause).await.is_none() {
            bail!("interrupted; nothing is left of it");
        }
    }
    Ok((held, Some(lock)))
}

/// One back-up of a folder at a time.
fn alone(folder: &Path) -> Result<File> {
    let path = folder.join("backup.lock");
    let file = File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
    if file.try_lock().is_err() {
        let what = format!("another `footfall backup` of {} is at work", folder.display());
        return Err(problem(what, "wait for it"));
    }
    Ok(file)
}

/// Removes what a killed back-up has left in the engine's folder, if none is at work: it keeps what was deleted since.
pub(crate) fn clean_up(config: &Config) {
    let engine = config.in_data(&config.engine.folder);
    if frozen::is_there(&engine)
        && let Ok(_alone) = alone(&config.data.folder)
    {
        frozen::clean_up(&engine);
    }
}

/// What the settings name that is not in the data folder.
fn outside(loaded: &Loaded, folder: &Path) -> Vec<String> {
    let config = &loaded.config;
    let given = |path: &Option<PathBuf>| path.as_ref().map(|path| config.in_data(path));
    let all = [
        ("the configuration file", loaded.file.clone()),
        ("ingest.sites", given(&Some(config.ingest.sites.clone()))),
        ("ingest.tls_certificate", given(&config.ingest.tls_certificate)),
        ("ingest.tls_key", given(&config.ingest.tls_key)),
        ("enrich.folder", given(&Some(config.enrich.folder.clone()))),
        ("auth_log.folder", given(&config.auth_log.folder)),
        ("dashboard.file", given(&Some(config.dashboard.file.clone()))),
    ];
    let elsewhere = all.into_iter().filter_map(|(name, path)| {
        let real = path?.canonicalize().ok()?;
        (!real.starts_with(folder)).then(|| format!("{name} {}", real.display()))
    });
    elsewhere.collect()
}

#[cfg(test)]
mod tests {
    use super::{CancellationToken, File, hold};

    #[tokio::test]
    async fn an_engine_that_still_runs_is_waited_for_until_somebody_interrupts() {
        let folder = tempfile::tempdir().unwrap();
        let engine = folder.path().join("engine");
        std::fs::create_dir(&engine).unwrap();
        let lock = File::create(engine.join("lock")).unwrap();
        lock.lock().unwrap();
        let stop = CancellationToken::new();
        let waiting = hold(folder.path(), &engine, &stop);
        let interrupt = async {
            tokio::task::yield_now().await;
            stop.cancel();
        };
        let (refused, ()) = tokio::join!(waiting, interrupt);
        assert_eq!(
            refused.unwrap_err().to_string(),
            "interrupted; nothing is left of it"
        );
        drop(lock);
        hold(folder.path(), &engine, &CancellationToken::new())
            .await
            .unwrap();
    }
}
