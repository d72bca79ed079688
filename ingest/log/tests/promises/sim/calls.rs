//! The calls that the log makes of the disk in memory; what they do to it is told in `sim`.

use std::io;
use std::path::{Path, PathBuf};

use footfall_log::disk::{Disk, DiskFile, Held};

use super::{Change, Fault, Inode, Naming, SimDisk, World, apply, rename};

fn used(world: &World) -> u64 {
    world
        .names
        .values()
        .map(|inode| world.inodes[*inode].data.len() as u64)
        .sum()
}

impl Disk for SimDisk {
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        let mut world = self.world();
        let fault = world.call()?;
        world.folders.extend(path.ancestors().map(Path::to_owned));
        world.done(fault, ())
    }

    fn list(&self, path: &Path) -> io::Result<Vec<String>> {
        let world = self.world();
        world.alive()?;
        if !world.folders.contains(path) {
            return Err(io::ErrorKind::NotFound.into());
        }
        let inside = world
            .names
            .keys()
            .chain(&world.folders)
            .filter(|p| p.parent() == Some(path));
        Ok(inside
            .filter_map(|p| Some(p.file_name()?.to_string_lossy().into_owned()))
            .collect())
    }

    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        let mut world = self.world();
        let fault = world.call()?;
        if world.names.keys().any(|name| name.parent() == Some(path)) {
            return Err(io::ErrorKind::DirectoryNotEmpty.into());
        }
        world.folders.remove(path);
        world.done(fault, ())
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        let mut world = self.world();
        if !world.names.contains_key(path) {
            world.alive()?;
            return Err(io::ErrorKind::NotFound.into());
        }
        let fault = world.call()?;
        world.naming(Naming::Unlink(path.to_owned()));
        world.done(fault, ())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut world = self.world();
        let fault = world.call()?;
        world.naming(Naming::Rename(from.to_owned(), to.to_owned()));
        world.done(fault, ())
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        let mut world = self.world();
        let fault = world.call()?;
        if fault == Some(Fault::Crash) {
            return world.done(fault, ());
        }
        // The journal goes in order: what was done before, in any folder, goes with it.
        let _ = path;
        for naming in std::mem::take(&mut world.namings) {
            rename(&mut world.durable_names, &naming);
        }
        Ok(())
    }

    fn create(&self, path: &Path, allocate: u64) -> io::Result<Box<dyn DiskFile>> {
        let mut world = self.world();
        let fault = world.call()?;
        if world.names.contains_key(path) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        if !path.parent().is_some_and(|folder| world.folders.contains(folder)) {
            return Err(io::ErrorKind::NotFound.into());
        }
        if world
            .capacity
            .is_some_and(|capacity| used(&world) + allocate > capacity)
        {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let inode = world.inodes.len();
        let length = Change::Length(allocate);
        world.inodes.push(Inode {
            data: vec![0; allocate as usize],
            durable: Vec::new(),
            pending: vec![length],
        });
        world.naming(Naming::Link(path.to_owned(), inode));
        world.done(
            fault,
            Box::new(SimFile {
                disk: self.clone(),
                inode,
            }) as Box<dyn DiskFile>,
        )
    }

    fn open(&self, path: &Path, _write: bool) -> io::Result<Box<dyn DiskFile>> {
        let world = self.world();
        world.alive()?;
        let inode = *world.names.get(path).ok_or(io::ErrorKind::NotFound)?;
        Ok(Box::new(SimFile {
            disk: self.clone(),
            inode,
        }))
    }

    fn free_bytes(&self, _path: &Path) -> io::Result<u64> {
        let world = self.world();
        Ok(world
            .capacity
            .map_or(u64::MAX, |capacity| capacity.saturating_sub(used(&world))))
    }

    fn lock(&self, path: &Path) -> io::Result<Box<dyn Held>> {
        let mut world = self.world();
        world.alive()?;
        if !world.locked.insert(path.to_owned()) {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        Ok(Box::new(SimLock(self.clone(), path.to_owned())))
    }
}

struct SimLock(SimDisk, PathBuf);

impl Held for SimLock {}

impl Drop for SimLock {
    fn drop(&mut self) {
        self.0.world().locked.remove(&self.1);
    }
}

struct SimFile {
    disk: SimDisk,
    inode: usize,
}

impl SimFile {
    fn change(&self, world: &mut World, change: Change) {
        let inode = &mut world.inodes[self.inode];
        apply(&mut inode.data, &change);
        inode.pending.push(change);
    }
}

impl DiskFile for SimFile {
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize> {
        let mut world = self.disk.world();
        let fault = world.call()?;
        let count = if fault == Some(Fault::Short) {
            bytes.len().div_ceil(2)
        } else {
            bytes.len()
        };
        self.change(&mut world, Change::Write(offset, bytes[..count].to_vec()));
        world.done(fault, count)
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let world = self.disk.world();
        world.alive()?;
        let data = &world.inodes[self.inode].data;
        let from = data.get(offset as usize..).unwrap_or_default();
        let count = from.len().min(buffer.len());
        buffer[..count].copy_from_slice(&from[..count]);
        Ok(count)
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut world = self.disk.world();
        match world.call() {
            Ok(Some(Fault::Crash)) => return world.done(Some(Fault::Crash), ()),
            Ok(_) => {}
            Err(e) => {
                if !world.crashed {
                    world.scatter(self.inode);
                }
                return Err(e);
            }
        }
        let inode = &mut world.inodes[self.inode];
        let pending = std::mem::take(&mut inode.pending);
        pending
            .iter()
            .for_each(|change| apply(&mut inode.durable, change));
        Ok(())
    }

    fn set_len(&self, bytes: u64) -> io::Result<()> {
        let mut world = self.disk.world();
        let fault = world.call()?;
        self.change(&mut world, Change::Length(bytes));
        world.done(fault, ())
    }

    fn len(&self) -> io::Result<u64> {
        let world = self.disk.world();
        world.alive()?;
        Ok(world.inodes[self.inode].data.len() as u64)
    }
}
