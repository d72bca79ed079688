//! ClickHouse's own compression, of `compress=1` and `decompress=1`: blocks of
//! `CityHash128 (16) | method (1) | size with this header of 9 (u32) | size unpacked (u32) | bytes`,
//! the checksum over everything behind it (`CompressedReadBufferBase.cpp`).

use std::io::{self, Read};

use cityhash_rs::cityhash_102_128;

/// Bytes in front of the packed ones: checksum, method and both sizes.
const HEADER: usize = 25;
/// The largest block that is taken, packed or unpacked. ClickHouse's clients send 1 MiB and less.
const MAX_BLOCK: usize = 64 << 20;
/// The size of blocks that are made.
const BLOCK: usize = 1 << 20;

const METHOD_NONE: u8 = 0x02;
const METHOD_LZ4: u8 = 0x82;
const METHOD_ZSTD: u8 = 0x90;

/// Reads the next block and unpacks it; `None` at a clean end.
pub(crate) fn read_block(from: &mut impl Read) -> io::Result<Option<Vec<u8>>> {
    let mut header = [0_u8; HEADER];
    match fill(from, &mut header)? {
        0 => return Ok(None),
        HEADER => {}
        _ => return Err(io::ErrorKind::UnexpectedEof.into()),
    }
    let size = |at: usize| {
        let bytes = header
            .get(at..at + 4)
            .and_then(|b| b.try_into().ok())
            .unwrap_or_default();
        usize::try_from(u32::from_le_bytes(bytes)).unwrap_or(usize::MAX)
    };
    let (packed, unpacked) = (size(17), size(21));
    if !(9..=MAX_BLOCK).contains(&packed) || unpacked > MAX_BLOCK {
        return Err(io::Error::other("a compressed block has an impossible size"));
    }
    let mut block = header.get(16..).unwrap_or_default().to_vec();
    block.resize(packed, 0);
    if fill(from, block.get_mut(9..).unwrap_or_default())? != packed - 9 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let expected = u128::from_le_bytes(
        header
            .get(..16)
            .and_then(|b| b.try_into().ok())
            .unwrap_or_default(),
    );
    if swapped(cityhash_102_128(&block)) != expected {
        return Err(io::Error::other(
            "the checksum of a compressed block does not match",
        ));
    }
    let method = header.get(16).copied().unwrap_or_default();
    unpack(method, block.get(9..).unwrap_or_default(), unpacked).map(Some)
}

fn unpack(method: u8, packed: &[u8], size: usize) -> io::Result<Vec<u8>> {
    let broken = |error: String| io::Error::other(format!("unpacking a compressed block: {error}"));
    let out = match method {
        METHOD_LZ4 => lz4_flex::block::decompress(packed, size).map_err(|e| broken(e.to_string()))?,
        METHOD_ZSTD => zstd::bulk::decompress(packed, size)?,
        METHOD_NONE => packed.to_vec(),
        other => return Err(broken(format!("method {other:#x} is not known"))),
    };
    if out.len() == size {
        Ok(out)
    } else {
        Err(broken("its size is not the one announced".to_owned()))
    }
}

/// Appends `data` to `out` as LZ4 blocks.
pub(crate) fn write_blocks(data: &[u8], out: &mut Vec<u8>) {
    for part in data.chunks(BLOCK) {
        let packed = lz4_flex::block::compress(part);
        let at = out.len();
        out.extend_from_slice(&[0; 16]);
        out.push(METHOD_LZ4);
        // Both are at most BLOCK and a little.
        out.extend_from_slice(&u32::try_from(packed.len() + 9).unwrap_or(u32::MAX).to_le_bytes());
        out.extend_from_slice(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_le_bytes());
        out.extend_from_slice(&packed);
        let sum = swapped(cityhash_102_128(out.get(at + 16..).unwrap_or_default())).to_le_bytes();
        if let Some(place) = out.get_mut(at..at + 16) {
            place.copy_from_slice(&sum);
        }
    }
}

/// The crate gives the low half first; ClickHouse writes the high half first.
fn swapped(hash: u128) -> u128 {
    hash.rotate_right(64)
}

/// Reads until the buffer is full or the end.
pub(crate) fn fill(from: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut done = 0;
    while let Some(rest) = buffer.get_mut(done..).filter(|rest| !rest.is_empty()) {
        match from.read(rest) {
            Ok(0) => break,
            Ok(n) => done += n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(done)
}
