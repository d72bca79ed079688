//! Results: which formats can be streamed, and how the header that chdb repeats in every block is removed.
//!
//! chdb formats each block of a stream as a result of its own. So only formats without a frame around the
//! rows can be streamed, and the ones that begin with names have them cut off from the second block on.

use crate::ffi::Answer;

/// What stands in front of the rows of each block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Header {
    None,
    /// Lines of names and types; the number of them. Line breaks inside are escaped.
    Lines(usize),
    /// The same in CSV, where a quoted name may hold a line break.
    CsvLines(usize),
    /// Count, names and, if `true`, types, each with its length in front.
    Binary {
        types: bool,
    },
}

/// The formats, in lower case.
fn header(format: &str) -> Option<Header> {
    Some(match format.to_ascii_lowercase().as_str() {
        "tabseparated"
        | "tsv"
        | "tabseparatedraw"
        | "tsvraw"
        | "raw"
        | "csv"
        | "rowbinary"
        | "native"
        | "msgpack"
        | "jsoneachrow"
        | "jsonlines"
        | "ndjson"
        | "jsonstringseachrow"
        | "jsoncompacteachrow"
        | "jsoncompactstringseachrow"
        | "lineasstring"
        | "tskv" => Header::None,
        "tabseparatedwithnames"
        | "tsvwithnames"
        | "tabseparatedrawwithnames"
        | "tsvrawwithnames"
        | "jsoncompacteachrowwithnames"
        | "jsoncompactstringseachrowwithnames" => Header::Lines(1),
        "tabseparatedwithnamesandtypes"
        | "tsvwithnamesandtypes"
        | "tabseparatedrawwithnamesandtypes"
        | "tsvrawwithnamesandtypes"
        | "jsoncompacteachrowwithnamesandtypes"
        | "jsoncompactstringseachrowwithnamesandtypes" => Header::Lines(2),
        "csvwithnames" => Header::CsvLines(1),
        "csvwithnamesandtypes" => Header::CsvLines(2),
        "rowbinarywithnames" => Header::Binary { types: false },
        "rowbinarywithnamesandtypes" => Header::Binary { types: true },
        _ => return None,
    })
}

/// Can the format be sent block by block?
pub(crate) fn streams(format: &str) -> bool {
    header(format).is_some()
}

/// Cuts repeated headers off.
#[derive(Debug)]
pub(crate) struct Joiner {
    header: Header,
    first: Option<Vec<u8>>,
}

impl Joiner {
    pub(crate) fn new(format: &str) -> Self {
        Self {
            header: header(format).unwrap_or(Header::None),
            first: None,
        }
    }

    /// The bytes of a block that go out. `None`: a block does not begin as the first one did, which the
    /// engine never does; sending it would shift every row.
    pub(crate) fn join(&mut self, block: Answer) -> Option<bytes::Bytes> {
        if self.header == Header::None {
            return Some(block.into_bytes());
        }
        let bytes = block.into_bytes();
        match &self.first {
            None => {
                self.first = Some(bytes.get(..length(self.header, &bytes)?)?.to_vec());
                Some(bytes)
            }
            Some(first) => bytes.starts_with(first).then(|| bytes.slice(first.len()..)),
        }
    }
}

/// The bytes of the header at the beginning of a block.
fn length(header: Header, block: &[u8]) -> Option<usize> {
    match header {
        Header::None => Some(0),
        Header::Lines(lines) => memchr::memchr_iter(b'\n', block).nth(lines - 1).map(|at| at + 1),
        Header::CsvLines(lines) => {
            let mut inside = false;
            let breaks = block.iter().enumerate().filter(|(_, b)| {
                inside ^= **b == b'"';
                **b == b'\n' && !inside
            });
            breaks.map(|(at, _)| at + 1).nth(lines - 1)
        }
        Header::Binary { types } => {
            let mut at = 0;
            let columns = varint(block, &mut at)?;
            for _ in 0..columns * if types { 2 } else { 1 } {
                at += varint(block, &mut at)?;
            }
            Some(at)
        }
    }
}

/// LEB128.
fn varint(bytes: &[u8], at: &mut usize) -> Option<usize> {
    let mut value = 0_usize;
    for shift in (0..63).step_by(7) {
        let b = *bytes.get(*at)?;
        *at += 1;
        value |= usize::from(b & 0x7f) << shift;
        if b & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}
