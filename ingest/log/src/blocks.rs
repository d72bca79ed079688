//! Appending to a segment in whole blocks, past the page cache where the file system allows it.
//!
//! A group ends anywhere, a write of [`crate::disk::BLOCK`]s does not: the last, half-filled block is kept in memory and
//! written again with the next group, its old bytes unchanged. What follows a group in its block is zeros, as in the
//! rest of the segment.
//!
//! Blocks that were only reserved (`fallocate`) cost the file system a journal commit when they are first written:
//! half of a group's CPU time and of its fdatasync. So zeros are written ahead, [`AHEAD`] at a time.

use std::io;

use crate::disk::{BLOCK, DiskFile, write_all};

/// How many bytes of zeros are written ahead at once.
const AHEAD: usize = 1 << 20;

#[repr(align(4096))]
struct Zeros([u8; AHEAD]);

/// Never touched, so no memory stands behind it.
static ZEROS: Zeros = Zeros([0; AHEAD]);

const _: () = assert!(align_of::<Zeros>() == BLOCK, "zeros lie as blocks do");

/// A file that grows from offset 0 on.
pub(crate) struct Blocks {
    file: Box<dyn DiskFile>,
    /// Bytes so far.
    end: u64,
    /// Bytes of real blocks behind the file, a multiple of [`BLOCK`].
    size: u64,
    /// Up to here blocks have been written, be it with zeros.
    written: u64,
    buffer: Buffer,
}

impl Blocks {
    /// An empty file of `size` reserved bytes, rounded up to whole blocks.
    pub(crate) fn new(file: Box<dyn DiskFile>, size: u64) -> Self {
        Self {
            file,
            end: 0,
            size: whole(size),
            written: 0,
            buffer: Buffer::default(),
        }
    }

    pub(crate) fn end(&self) -> u64 {
        self.end
    }

    pub(crate) fn file(&self) -> &dyn DiskFile {
        self.file.as_ref()
    }

    /// Writes `bytes` behind what is there. Not durable before the file's `sync_data`; after an error nothing is known
    /// of the last block, and nothing more may be written.
    pub(crate) fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let base = self.end - self.tail() as u64;
        let end = self.end + bytes.len() as u64;
        if whole(end) > self.written {
            self.write_ahead(whole(end))?;
        }
        let blocks = self.buffer.fill(self.tail(), bytes);
        write_all(self.file.as_ref(), blocks, base)?;
        self.end = end;
        self.buffer.keep_last(self.tail());
        Ok(())
    }

    /// Bytes in the last block, if it is not full.
    fn tail(&self) -> usize {
        usize::try_from(self.end % BLOCK as u64).unwrap_or_default()
    }

    /// Writes zeros from `from` on, where the next group ends.
    fn write_ahead(&mut self, from: u64) -> io::Result<()> {
        let room = usize::try_from(self.size.saturating_sub(from)).unwrap_or(AHEAD);
        let zeros = ZEROS.0.get(..room).unwrap_or(&ZEROS.0);
        write_all(self.file.as_ref(), zeros, from)?;
        self.written = from + zeros.len() as u64;
        Ok(())
    }
}

/// Rounded up to whole blocks.
pub(crate) fn whole(bytes: u64) -> u64 {
    bytes.next_multiple_of(BLOCK as u64)
}

/// Memory at a multiple of [`BLOCK`], as the kernel wants it for writes past the page cache.
#[derive(Default)]
struct Buffer {
    bytes: Vec<u8>,
    /// Where the first block begins.
    start: usize,
    /// Bytes in use behind `start`.
    used: usize,
}

impl Buffer {
    fn zeros(used: usize) -> Self {
        let bytes = vec![0; used + BLOCK];
        let start = bytes.as_ptr().align_offset(BLOCK);
        Self { bytes, start, used }
    }

    fn blocks(&self) -> &[u8] {
        self.bytes
            .get(self.start..self.start + self.used)
            .unwrap_or_default()
    }

    /// The first `kept` bytes as they are, then `bytes`, then zeros to the end of the block.
    fn fill(&mut self, kept: usize, bytes: &[u8]) -> &[u8] {
        let (end, used) = (kept + bytes.len(), (kept + bytes.len()).next_multiple_of(BLOCK));
        if self.start + used > self.bytes.len() {
            let mut larger = Self::zeros(used.next_power_of_two());
            larger.put(0, self.blocks().get(..kept).unwrap_or_default());
            *self = larger;
        }
        self.used = used;
        self.put(kept, bytes);
        if let Some(rest) = self.bytes.get_mut(self.start + end..self.start + used) {
            rest.fill(0);
        }
        self.blocks()
    }

    fn put(&mut self, at: usize, bytes: &[u8]) {
        let at = self.start + at;
        if let Some(place) = self.bytes.get_mut(at..at + bytes.len()) {
            place.copy_from_slice(bytes);
        }
    }

    /// Moves the last block, of which `tail` bytes count, to the front. A large buffer is not kept.
    fn keep_last(&mut self, tail: usize) {
        let last = self.start + self.used.saturating_sub(BLOCK);
        if tail > 0 && self.used > 0 {
            self.bytes.copy_within(last..last + tail, self.start);
        }
        self.used = if tail > 0 { BLOCK.min(self.used) } else { 0 };
        if self.bytes.len() > KEPT_BUFFER {
            let mut smaller = Self::zeros(BLOCK);
            smaller.put(0, self.blocks().get(..tail).unwrap_or_default());
            *self = smaller;
        }
    }
}

/// A buffer larger than this is given back after its group.
const KEPT_BUFFER: usize = 4 << 20;

#[cfg(test)]
mod tests {
    use super::Buffer;
    use crate::disk::BLOCK;

    #[test]
    fn a_buffer_keeps_the_last_block_and_lies_at_a_block() {
        let mut buffer = Buffer::default();
        let (mut all, mut written) = (Vec::new(), Vec::new());
        for len in [1, BLOCK - 1, 3, 2 * BLOCK, BLOCK - 3, 5 << 20, 7, 100_000, 1] {
            let group: Vec<u8> = (0..len).map(|n| n.to_le_bytes()[0] | 1).collect();
            let tail = all.len() % BLOCK;
            all.extend_from_slice(&group);
            let blocks = buffer.fill(tail, &group);
            assert_eq!(blocks.as_ptr().align_offset(BLOCK), 0);
            assert_eq!(blocks.len() % BLOCK, 0);
            written.truncate(written.len() - if tail > 0 { BLOCK } else { 0 });
            written.extend_from_slice(blocks);
            assert_eq!(written.get(..all.len()), Some(all.as_slice()));
            assert!(written.iter().skip(all.len()).all(|byte| *byte == 0));
            buffer.keep_last(all.len() % BLOCK);
        }
    }
}
