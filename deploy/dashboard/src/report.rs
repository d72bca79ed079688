//! Named reports: from a request's parameters to an answer of ClickHouse.
//!
//! 1. [`catalogue`]: which reports there are, what they take and give ([`footfall_tables`] has the list);
//! 2. [`asked`]: the request's parameters, checked and typed; [`value`]: their literals;
//! 3. [`cache`]: has the answer, waits for one that is on its way, or asks;
//! 4. [`ask`]: one statement to ClickHouse as the reader, under limits; [`answer`]: what it becomes;
//! 5. [`sites`]: which sites there are.

pub(crate) mod answer;
pub(crate) mod ask;
pub(crate) mod asked;
pub(crate) mod cache;
pub(crate) mod catalogue;
pub(crate) mod sites;
pub(crate) mod value;
