//! The growing bytes of a column.
//!
//! A `Vec` checks and grows at each of the 1,000,000 pushes of a block; most of them are a few bytes long. Here the memory is
//! always initialised up to its end, one comparison makes room, and short texts are copied as two overlapping words.

/// Bytes that are appended to and then sent.
#[derive(Debug, Default, Clone)]
pub struct Buffer {
    /// Initialised beyond `used`.
    memory: Vec<u8>,
    used: usize,
}

impl Buffer {
    pub(crate) const fn len(&self) -> usize {
        self.used
    }

    pub(crate) const fn clear(&mut self) {
        self.used = 0;
    }

    /// Forgets what comes after the first `length` bytes.
    pub(crate) fn truncate(&mut self, length: usize) {
        self.used = self.used.min(length);
    }

    pub(crate) fn as_mut_slice(&mut self) -> &mut [u8] {
        self.memory.get_mut(..self.used).unwrap_or_default()
    }

    /// Whether all bytes are zero: numbers that are 0, texts of length 0.
    pub(crate) fn is_zero(&self) -> bool {
        let (words, rest) = self.as_slice().as_chunks::<64>();
        words
            .iter()
            .all(|word| word.iter().fold(0, |any, byte| any | byte) == 0)
            && rest.iter().all(|byte| *byte == 0)
    }

    pub(crate) fn as_slice(&self) -> &[u8] {
        self.memory.get(..self.used).unwrap_or_default()
    }

    /// The next `length` bytes, to be written.
    #[inline]
    fn room(&mut self, length: usize) -> &mut [u8] {
        let start = self.used;
        self.used += length;
        if self.used > self.memory.len() {
            self.grow();
        }
        &mut self.memory[start..self.used]
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self) {
        self.memory.resize((self.used * 2).max(1024), 0);
    }

    /// Appends a value of fixed width.
    #[inline]
    pub(crate) fn push<const N: usize>(&mut self, bytes: [u8; N]) {
        self.room(N).copy_from_slice(&bytes);
    }

    /// Appends a length as LEB128 and the bytes.
    #[inline]
    pub(crate) fn push_bytes(&mut self, bytes: &[u8]) {
        match u8::try_from(bytes.len()) {
            Ok(length @ 0..0x80) => {
                let room = self.room(1 + bytes.len());
                room[0] = length;
                copy_short(bytes, &mut room[1..]);
            }
            _ => self.push_long(bytes),
        }
    }

    #[inline(never)]
    fn push_long(&mut self, bytes: &[u8]) {
        let mut length = bytes.len();
        while length >= 0x80 {
            self.push([length.to_le_bytes()[0] | 0x80]);
            length >>= 7;
        }
        self.push([length.to_le_bytes()[0]]);
        self.room(bytes.len()).copy_from_slice(bytes);
    }
}

/// Copies as two words that overlap in the middle: no call, no loop, one well predicted branch per column.
#[inline]
fn copy_short(from: &[u8], to: &mut [u8]) {
    match from.len() {
        0 => {}
        1 => to[0] = from[0],
        2..4 => ends::<2>(from, to),
        4..8 => ends::<4>(from, to),
        8..16 => ends::<8>(from, to),
        16..=32 => ends::<16>(from, to),
        _ => to.copy_from_slice(from),
    }
}

#[inline]
fn ends<const N: usize>(from: &[u8], to: &mut [u8]) {
    if let (Some(first), Some(into)) = (from.first_chunk::<N>(), to.first_chunk_mut::<N>()) {
        *into = *first;
    }
    if let (Some(last), Some(into)) = (from.last_chunk::<N>(), to.last_chunk_mut::<N>()) {
        *into = *last;
    }
}

#[cfg(test)]
mod tests {
    use super::Buffer;

    #[test]
    fn every_length_is_copied_whole() {
        let text: Vec<u8> = (0..=255).collect();
        let (mut buffer, mut expected) = (Buffer::default(), Vec::new());
        for length in 0..0x80 {
            buffer.push_bytes(&text[..usize::from(length)]);
            expected.push(length);
            expected.extend(&text[..usize::from(length)]);
            assert_eq!(buffer.as_slice(), expected, "{length}");
        }
    }

    #[test]
    fn what_was_there_before_does_not_come_back() {
        let mut buffer = Buffer::default();
        buffer.push(*b"before");
        buffer.truncate(2);
        buffer.truncate(9);
        assert_eq!(buffer.as_slice(), b"be");
        buffer.clear();
        buffer.push(*b"a");
        assert_eq!((buffer.as_slice(), buffer.len()), (&b"a"[..], 1));
    }
}
