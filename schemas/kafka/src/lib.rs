//! To come: see the description in Cargo.toml.
