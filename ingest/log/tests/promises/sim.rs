//! A disk in memory that forgets what was not fsynced, and fails, shortens or stops at any call that it is told to.
//!
//! What it imitates of Linux: data counts after `sync_data`, names after `sync_dir`; what was not synced before the
//! power goes may be there, be gone or be there by sectors, in any combination; names survive as a prefix of what was
//! done (a journal). After a failed fsync the lost pages read well until the power goes, and a second fsync succeeds.

mod calls;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

const SECTOR: usize = 512;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// This call and all after it fail; the process is as good as gone.
    Crash,
    Eio,
    Enospc,
    /// A write writes a part; any other call works.
    Short,
}

#[derive(Clone, Default)]
struct Inode {
    data: Vec<u8>,
    durable: Vec<u8>,
    pending: Vec<Change>,
}

#[derive(Clone)]
enum Change {
    Write(u64, Vec<u8>),
    Length(u64),
}

#[derive(Clone)]
enum Naming {
    Link(PathBuf, usize),
    Unlink(PathBuf),
    Rename(PathBuf, PathBuf),
}

#[derive(Clone, Default)]
struct World {
    inodes: Vec<Inode>,
    names: BTreeMap<PathBuf, usize>,
    durable_names: BTreeMap<PathBuf, usize>,
    namings: Vec<Naming>,
    folders: BTreeSet<PathBuf>,
    locked: BTreeSet<PathBuf>,
    calls: u64,
    faults: Vec<(u64, Fault)>,
    crashed: bool,
    capacity: Option<u64>,
    dice: u64,
}

#[derive(Clone)]
pub(crate) struct SimDisk(Arc<Mutex<World>>);

fn apply(data: &mut Vec<u8>, change: &Change) {
    match change {
        Change::Write(offset, bytes) => {
            let end = *offset as usize + bytes.len();
            if data.len() < end {
                data.resize(end, 0);
            }
            data[*offset as usize..end].copy_from_slice(bytes);
        }
        Change::Length(length) => data.resize(*length as usize, 0),
    }
}

fn rename(names: &mut BTreeMap<PathBuf, usize>, naming: &Naming) {
    match naming {
        Naming::Link(path, inode) => drop(names.insert(path.clone(), *inode)),
        Naming::Unlink(path) => drop(names.remove(path)),
        Naming::Rename(from, to) => {
            if let Some(inode) = names.remove(from) {
                names.insert(to.clone(), inode);
            }
        }
    }
}

impl World {
    /// xorshift: every run of a seed is the same.
    fn roll(&mut self, sides: u64) -> u64 {
        self.dice ^= self.dice << 13;
        self.dice ^= self.dice >> 7;
        self.dice ^= self.dice << 17;
        self.dice % sides
    }

    /// Every call that changes something is counted here, and may fail.
    fn call(&mut self) -> io::Result<Option<Fault>> {
        self.alive()?;
        self.calls += 1;
        let fault = self
            .faults
            .iter()
            .find(|(at, _)| *at == self.calls)
            .map(|(_, fault)| *fault);
        match fault {
            Some(Fault::Eio) => Err(io::Error::from_raw_os_error(5)),
            Some(Fault::Enospc) => Err(io::Error::from_raw_os_error(28)),
            other => Ok(other),
        }
    }

    fn alive(&self) -> io::Result<()> {
        if self.crashed {
            Err(io::Error::other("the machine has stopped"))
        } else {
            Ok(())
        }
    }

    /// The end of a call that took effect: in memory, as far as it is not durable.
    fn done<T>(&mut self, fault: Option<Fault>, value: T) -> io::Result<T> {
        self.crashed |= fault == Some(Fault::Crash);
        self.alive()?;
        Ok(value)
    }

    fn naming(&mut self, naming: Naming) {
        rename(&mut self.names, &naming);
        self.namings.push(naming);
    }

    /// Some of what was written reaches the disk, by sectors and in any combination; the rest never will.
    fn scatter(&mut self, inode: usize) {
        for change in std::mem::take(&mut self.inodes[inode].pending) {
            match change {
                Change::Write(offset, bytes) => {
                    let whole = self.roll(3);
                    for (n, sector) in bytes.chunks(SECTOR).enumerate() {
                        if whole == 0 || whole == 1 && self.roll(2) == 0 {
                            let change = Change::Write(offset + (n * SECTOR) as u64, sector.to_vec());
                            apply(&mut self.inodes[inode].durable, &change);
                        }
                    }
                }
                length @ Change::Length(_) => {
                    if self.roll(2) == 0 {
                        apply(&mut self.inodes[inode].durable, &length);
                    }
                }
            }
        }
    }
}

impl SimDisk {
    pub(crate) fn new(seed: u64) -> SimDisk {
        let world = World {
            dice: seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1,
            ..World::default()
        };
        SimDisk(Arc::new(Mutex::new(world)))
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.0.lock().unwrap()
    }

    fn restart(&self, world: World) -> SimDisk {
        SimDisk(Arc::new(Mutex::new(World {
            locked: BTreeSet::new(),
            faults: Vec::new(),
            calls: 0,
            crashed: false,
            ..world
        })))
    }

    /// The disk as the next process finds it: the page cache is still there.
    pub(crate) fn after_kill(&self) -> SimDisk {
        let world = self.world().clone();
        self.restart(world)
    }

    /// The disk as the next boot finds it.
    pub(crate) fn after_power_cut(&self, seed: u64) -> SimDisk {
        let mut world = self.world().clone();
        world.dice = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        for inode in 0..world.inodes.len() {
            world.scatter(inode);
            world.inodes[inode].data = world.inodes[inode].durable.clone();
        }
        let survivors = world.roll(world.namings.len() as u64 + 1) as usize;
        let mut names = world.durable_names.clone();
        world
            .namings
            .iter()
            .take(survivors)
            .for_each(|naming| rename(&mut names, naming));
        (world.names, world.durable_names, world.namings) = (names.clone(), names, Vec::new());
        self.restart(world)
    }

    /// Lets the `nth` changing call from now fail (1 = the next).
    pub(crate) fn fail(&self, nth: u64, fault: Fault) {
        let mut world = self.world();
        let at = world.calls + nth;
        world.faults.push((at, fault));
    }

    pub(crate) fn heal(&self) {
        self.world().faults.clear();
    }

    pub(crate) fn crashed(&self) -> bool {
        self.world().crashed
    }

    /// Stops the machine now.
    pub(crate) fn crash(&self) {
        self.world().crashed = true;
    }

    pub(crate) fn calls(&self) -> u64 {
        self.world().calls
    }

    /// Bytes that all files together may have.
    pub(crate) fn set_capacity(&self, bytes: u64) {
        self.world().capacity = Some(bytes);
    }

    /// Files whose path contains `part`, in order.
    pub(crate) fn files(&self, part: &str) -> Vec<PathBuf> {
        let world = self.world();
        world
            .names
            .keys()
            .filter(|path| path.to_string_lossy().contains(part))
            .cloned()
            .collect()
    }

    pub(crate) fn content(&self, path: &Path) -> Vec<u8> {
        let world = self.world();
        world.inodes[world.names[path]].data.clone()
    }

    /// Somebody else changes a file, durably.
    pub(crate) fn tamper(&self, path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
        let mut world = self.world();
        let inode = world.names[path];
        let inode = &mut world.inodes[inode];
        change(&mut inode.data);
        inode.durable = inode.data.clone();
        inode.pending.clear();
    }
}
