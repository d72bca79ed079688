//! What goes into a statement and what comes out of it, beside the rows: parameters as the C API takes them,
//! counts, the engine's own classification. Used by `ffi.rs`.

use crate::ffi::{Lengths, Strings};

/// What the engine's own parser says of a statement, without running it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Classified {
    /// Statements in the text; 0 when it does not parse.
    pub(crate) statements: u32,
    /// It leaves no trace: SELECT, SHOW, DESCRIBE, EXPLAIN, EXISTS, CHECK.
    pub(crate) read_only: bool,
}

/// What a finished statement counted.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Counts {
    pub(crate) elapsed_ns: u64,
    pub(crate) result_rows: u64,
    pub(crate) result_bytes: u64,
    pub(crate) read_rows: u64,
    pub(crate) read_bytes: u64,
    pub(crate) written_rows: u64,
    pub(crate) written_bytes: u64,
}

/// Named parameters of a statement, in the layout that the C API takes.
#[derive(Debug, Default)]
pub(crate) struct Parameters {
    pairs: Vec<(String, String)>,
    names: Vec<usize>,
    name_lengths: Vec<usize>,
    values: Vec<usize>,
    value_lengths: Vec<usize>,
}

impl Parameters {
    /// `pairs`: names without `param_`.
    pub(crate) fn new(pairs: Vec<(String, String)>) -> Self {
        // Addresses are kept as integers so that the type stays Send; the strings' heap buffers do not move.
        let address = |s: &String| s.as_ptr() as usize;
        Self {
            names: pairs.iter().map(|p| address(&p.0)).collect(),
            name_lengths: pairs.iter().map(|p| p.0.len()).collect(),
            values: pairs.iter().map(|p| address(&p.1)).collect(),
            value_lengths: pairs.iter().map(|p| p.1.len()).collect(),
            pairs,
        }
    }

    /// Names, their lengths, values, their lengths, count.
    pub(crate) fn raw(&self) -> (Strings, Lengths, Strings, Lengths, usize) {
        (
            self.names.as_ptr().cast(),
            self.name_lengths.as_ptr(),
            self.values.as_ptr().cast(),
            self.value_lengths.as_ptr(),
            self.pairs.len(),
        )
    }
}
