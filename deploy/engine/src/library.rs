//! placeholder
pub(crate) const VERSION: &str = "26.7.3";
