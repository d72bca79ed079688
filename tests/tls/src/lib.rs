//! TLS for tests: certificates that are made for one test, and a proxy that speaks TLS in front of a server that does not.
//!
//! 1. [`Authority`] signs [`Signed`] certificates: right ones, expired ones, for other names;
//! 2. [`Proxy`] stands in front of the engine as a server's own TLS would, and counts who came.

mod authority;
mod proxy;

pub use authority::{Authority, Signed};
pub use proxy::Proxy;

/// Why a certificate was not made or a proxy not started.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The certificate.
    #[error("make a certificate: {0}")]
    Certificate(#[from] rcgen::Error),
    /// The certificate or its key, for the proxy.
    #[error("use a certificate: {0}")]
    Use(String),
    /// A file or an address.
    #[error("start a TLS proxy, or write a certificate: {0}")]
    Io(#[from] std::io::Error),
}
