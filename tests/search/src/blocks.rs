//! ClickHouse's compressed blocks, taken apart: a file of them has bytes that no search of the file would find.
//!
//! A block is a checksum (16 bytes), the codec (1), the size of the block without the checksum (4, little endian), the size
//! of what is in it (4), and the content; codecs can be chained (`src/Compression` in ClickHouse's source).

/// Of the codec and both sizes.
const HEADER: usize = 9;
const CHECKSUM: usize = 16;
/// More than ClickHouse ever puts into one block (`max_compress_block_size`, 1 MiB, and one value more).
const BLOCK_MAX: usize = 64 << 20;

const NONE: u8 = 0x02;
const LZ4: u8 = 0x82;
const ZSTD: u8 = 0x90;
const MULTIPLE: u8 = 0x91;

/// What is in a file that consists of such blocks; empty if it is no such file. Numbers that a codec has rearranged (T64,
/// Delta) stay so.
#[must_use]
pub fn unpack(file: &[u8]) -> Vec<u8> {
    let (mut rest, mut all) = (file, Vec::new());
    while let Some((content, after)) = rest.get(CHECKSUM..).and_then(block) {
        all.extend(content);
        rest = after;
    }
    all
}

/// The content of the block at the beginning, and what is behind it.
fn block(bytes: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let codec = *bytes.first()?;
    let size = |at: usize| {
        let bytes = bytes.get(at..at + 4)?.try_into().ok()?;
        usize::try_from(u32::from_le_bytes(bytes)).ok()
    };
    let (packed, unpacked) = (size(1)?, size(5)?);
    if unpacked > BLOCK_MAX {
        return None;
    }
    let content = bytes.get(HEADER..packed)?;
    let content = match codec {
        NONE => content.to_vec(),
        LZ4 => lz4_flex::block::decompress(content, unpacked).ok()?,
        ZSTD => zstd::bulk::decompress(content, unpacked).ok()?,
        MULTIPLE => chain(content)?,
        _ => return None,
    };
    Some((content, bytes.get(packed..)?))
}

/// Undoes what chained codecs did, the last first, down to the first that only rearranges.
fn chain(content: &[u8]) -> Option<Vec<u8>> {
    let (codecs, rest) = content.split_first()?;
    let mut inner = rest.get(usize::from(*codecs)..)?.to_vec();
    for _ in 0..*codecs {
        match block(&inner) {
            Some((content, _)) => inner = content,
            None => break,
        }
    }
    Some(inner)
}

#[cfg(test)]
mod tests {
    use super::{CHECKSUM, HEADER, LZ4, MULTIPLE, NONE, ZSTD, unpack};

    fn framed(codec: u8, packed: &[u8], unpacked: usize) -> Vec<u8> {
        let mut block = vec![codec];
        let size = u32::try_from(packed.len() + HEADER).unwrap();
        block.extend(size.to_le_bytes());
        block.extend(u32::try_from(unpacked).unwrap().to_le_bytes());
        block.extend(packed);
        block
    }

    fn file(blocks: &[Vec<u8>]) -> Vec<u8> {
        let with_checksum = |block: &Vec<u8>| [vec![7; CHECKSUM], block.clone()].concat();
        blocks.iter().flat_map(with_checksum).collect()
    }

    #[test]
    fn blocks_come_apart_one_after_the_other() {
        let text = b"203.0.113.197, again 203.0.113.197, and again 203.0.113.197".as_slice();
        let zstd = zstd::bulk::compress(text, 1).unwrap();
        // T64 only rearranges: what it has left is passed on.
        let rearranged = framed(0x93, text, text.len());
        let both = framed(
            ZSTD,
            &zstd::bulk::compress(&rearranged, 1).unwrap(),
            rearranged.len(),
        );
        let chained = [&[2, 0x93, ZSTD][..], &both].concat();
        let all = file(&[
            framed(ZSTD, &zstd, text.len()),
            framed(LZ4, &lz4_flex::block::compress(text), text.len()),
            framed(NONE, text, text.len()),
            framed(MULTIPLE, &chained, text.len()),
        ]);
        let unpacked = unpack(&all);
        assert_eq!(unpacked, [text, text, text, &rearranged].concat());
        assert!(unpack(b"no such file, whatever stands in it, however long").is_empty());
        assert!(unpack(&all[..20]).is_empty());
        assert_eq!(
            unpack(&all[..all.len() - 1]),
            [text, text, text].concat(),
            "cut off"
        );
    }
}
