//! What a statement is and whether it may run, decided before the engine sees it.
//!
//! `lexer.rs` cuts text into tokens exactly as ClickHouse does, and refuses what could be read in two ways;
//! `statement.rs` says what kind of statement the tokens are; `guard.rs` refuses what reaches out.

pub(crate) mod guard;
pub mod harmless;
pub(crate) mod lexer;
pub(crate) mod statement;

/// Why a statement is not run, with ClickHouse's own code for it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub(crate) struct Refusal {
    /// A ClickHouse error code.
    pub(crate) code: u32,
    /// One sentence.
    pub(crate) text: String,
}

impl Refusal {
    pub(crate) fn syntax(text: impl Into<String>) -> Self {
        Self {
            code: 62,
            text: format!("{}. (SYNTAX_ERROR)", text.into()),
        }
    }

    pub(crate) fn denied(text: impl Into<String>) -> Self {
        Self {
            code: 497,
            text: format!("{}. (ACCESS_DENIED)", text.into()),
        }
    }
}
