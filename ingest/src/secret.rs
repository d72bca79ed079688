//! Secrets of this node on disk: 32 random bytes as hex in a file of its own, readable by its owner alone.
//!
//! Used by [`crate::identity`]: the key ring, and the salts of the days, which have to vanish.

use hmac::{Hmac, Mac};
use rand::Rng;
use sha2::Sha256;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use subtle::ConstantTimeEq as _;

/// 32 random bytes.
pub(crate) type Secret = [u8; 32];

/// New random bytes from the thread's cryptographic generator.
pub(crate) fn random() -> Secret {
    let mut bytes = [0; 32];
    rand::rng().fill_bytes(&mut bytes);
    bytes
}

/// HMAC-SHA256 (RFC 2104) with `secret` as its key; the key is padded to a block as the RFC says.
pub(crate) fn keyed(secret: &Secret) -> Hmac<Sha256> {
    let mut block = [0; 64];
    block[..32].copy_from_slice(secret);
    Hmac::new(&block.into())
}

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// `bytes` as lower-case hex digits.
pub(crate) fn to_hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| PAIRS[usize::from(*byte)].map(char::from))
        .collect()
}

/// Appends `bytes` as lower-case hex digits.
pub(crate) fn push_hex(out: &mut Vec<u8>, bytes: &[u8]) {
    let begin = out.len();
    out.resize(begin + 2 * bytes.len(), 0);
    write_hex(&mut out[begin..], bytes);
}

/// Writes `bytes` as lower-case hex digits into `out`, which is twice as long.
pub(crate) fn write_hex(out: &mut [u8], bytes: &[u8]) {
    for (pair, byte) in out.chunks_exact_mut(2).zip(bytes) {
        pair.copy_from_slice(&PAIRS[usize::from(*byte)]);
    }
}

/// The two digits of each byte.
static PAIRS: [[u8; 2]; 256] = {
    let mut pairs = [[0; 2]; 256];
    let mut byte = 0;
    while byte < 256 {
        pairs[byte] = [DIGITS[byte >> 4], DIGITS[byte & 15]];
        byte += 1;
    }
    pairs
};

/// Whether `text` is these digits. Takes as long for each text of that length.
pub(crate) fn same_digits(digits: &[u8; 64], text: &[u8]) -> bool {
    let words = |text: &[u8; 64]| -> [u64; 8] {
        std::array::from_fn(|at| {
            let mut word = [0; 8];
            word.copy_from_slice(&text[at * 8..][..8]);
            u64::from_le_bytes(word)
        })
    };
    text.try_into()
        .is_ok_and(|text| words(digits)[..].ct_eq(&words(text)[..]).into())
}

/// 32 bytes from 64 hex digits; leaves no copy on the heap.
pub(crate) fn from_hex(text: &str) -> Option<Secret> {
    let digit = |byte: u8| {
        char::from(byte)
            .to_digit(16)
            .and_then(|value| u8::try_from(value).ok())
    };
    let digits: &[u8; 64] = text.as_bytes().try_into().ok()?;
    let mut bytes = Secret::default();
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = (digit(pair[0])? << 4) | digit(pair[1])?;
    }
    Some(bytes)
}

/// The text of a secret file, or none if there is no such file.
pub(crate) fn read(path: &Path) -> io::Result<Option<String>> {
    let mut text = String::new();
    match File::open(path) {
        Ok(mut file) => file.read_to_string(&mut text).map(|_| Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Replaces a secret file as a whole, and durably: half a key would be another key.
pub(crate) fn write(path: &Path, text: &str) -> io::Result<()> {
    let part = path.with_extension("part");
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&part)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(&part, path)?;
    path.parent()
        .map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

/// As [`write`], and then overwrites what the file had before with zeros: on a file system that writes in place (ext4,
/// XFS) nothing of it stays on the disk.
pub(crate) fn replace_and_shred(path: &Path, text: &str) -> io::Result<()> {
    let old = OpenOptions::new().write(true).open(path).ok();
    write(path, text)?;
    let Some(mut old) = old else { return Ok(()) };
    let bytes = usize::try_from(old.metadata()?.len()).unwrap_or(0);
    old.rewind()?;
    old.write_all(&vec![0; bytes])?;
    old.sync_all()
}

#[cfg(test)]
mod tests {
    use super::{from_hex, random, to_hex};

    #[test]
    fn hex_is_read_as_written() {
        let secret = random();
        assert_eq!(from_hex(&to_hex(&secret)), Some(secret));
        for bad in [
            "",
            "zz",
            &"0".repeat(63),
            &"0".repeat(65),
            &"0".repeat(66),
            &"g".repeat(64),
        ] {
            assert_eq!(from_hex(bad), None, "{bad}");
        }
    }
}
