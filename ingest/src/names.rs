//! The distinct event names of a site, bounded: a page that puts ids into names must not blow up the column or us.

use footfall_schemas::limits::NAMES_PER_SITE;
use std::collections::HashSet;
use std::sync::{PoisonError, RwLock};

/// Names seen since the process started, at most [`NAMES_PER_SITE`].
#[derive(Default)]
pub(crate) struct Names {
    known: RwLock<HashSet<Box<str>>>,
}

impl Names {
    /// Whether `name` may stand as it is; takes it up if there is room.
    pub(crate) fn admit(&self, name: &str) -> bool {
        {
            let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
            if known.contains(name) {
                return true;
            }
            if known.len() >= NAMES_PER_SITE {
                return false;
            }
        }
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.contains(name) || (known.len() < NAMES_PER_SITE && known.insert(name.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::{NAMES_PER_SITE, Names};

    #[test]
    fn names_beyond_the_limit_are_not_admitted_and_known_ones_stay() {
        let names = Names::default();
        assert!((0..NAMES_PER_SITE).all(|n| names.admit(&n.to_string())));
        assert!(!names.admit("one more"));
        assert!(names.admit("0"));
    }
}
