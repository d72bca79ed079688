//! Takes rows out of a block that is already built, in place: what a processor encoded ahead of its decision.
//!
//! Rows of a round turn out to be duplicates a few times in a thousand; building the rest again would cost twenty times
//! as much as moving it together.

use super::Buffer;

/// Keeps the values of a column of fixed width whose flag is set; one flag per row.
pub(super) fn fixed(column: &mut Buffer, keep: &[bool]) {
    let bytes = column.as_mut_slice();
    let Some(width) = bytes.len().checked_div(keep.len()) else {
        return;
    };
    let mut to = 0;
    for (row, _) in keep.iter().enumerate().filter(|(_, keep)| **keep) {
        let from = row * width;
        bytes.copy_within(from..from + width, to);
        to += width;
    }
    column.truncate(to);
}

/// Keeps the strings whose flag is set; one flag per string.
pub(super) fn strings(column: &mut Buffer, keep: &[bool]) {
    let bytes = column.as_mut_slice();
    let (mut from, mut to) = (0, 0);
    for keep in keep {
        let end = from + string_size(&bytes[from..]);
        if *keep {
            bytes.copy_within(from..end, to);
            to += end - from;
        }
        from = end;
    }
    column.truncate(to);
}

/// Bytes of the first string, its length included.
fn string_size(bytes: &[u8]) -> usize {
    let (mut length, mut shift) = (0, 0);
    for (at, byte) in bytes.iter().enumerate() {
        length |= usize::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return at + 1 + length;
        }
        shift += 7;
    }
    bytes.len()
}

/// Flags of the items of lists that end at `ends`, from the flags of the lists.
pub(super) fn items(ends: &[u8], keep: &[bool]) -> Vec<bool> {
    let mut flags = Vec::new();
    for (end, keep) in ends.as_chunks::<8>().0.iter().zip(keep) {
        let end = usize::try_from(u64::from_le_bytes(*end)).unwrap_or(flags.len());
        flags.resize(end, *keep);
    }
    flags
}
