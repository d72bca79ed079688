//! Whether bytes that must be nowhere are anywhere: for tests of what is not stored.
//!
//! 1. [`Needles`] are the forms in which an address or a secret could stand somewhere: text, hex, raw bytes in both orders;
//! 2. they are looked for in bytes ([`Needles::in_bytes`]) and in all files below a folder ([`Needles::in_folder`]), there
//!    also inside of ClickHouse's compressed blocks ([`unpack`]), where a search of the file would find nothing.
//!
//! A search that finds nothing proves something only if it would have found it: each test has a control, the same search
//! where the bytes are known to be.

mod blocks;
mod folder;
mod needle;

pub use blocks::unpack;
pub use folder::Searched;
pub use needle::{Found, Needles};
