//! Event by event: ids, times, cuts and flags.
