//! A real Apache Kafka for tests: one broker or three, from its published jars, killed, frozen and restarted at will.
//!
//! ```no_run
//! use footfall_broker::{Broker, Options};
//! let mut broker = Broker::start(&Options::default())?;
//! println!("{}", broker.bootstrap());
//! broker.kill9();
//! broker.restart()?; // the same ports, the same folder
//! # Ok::<(), footfall_broker::BrokerError>(())
//! ```
//! Needs Java 17 and Maven (Debian: `openjdk-17-jre-headless`, `maven`). All calls block. A broker dies with the test
//! process, and with the value: `kill -9`, and its folder is removed.
//!
//! 1. [`Options`]: properties, TLS, users; `properties`: what the broker's file says;
//! 2. `jars`: the jars, fetched once into `$XDG_CACHE_HOME/footfall/kafka-4.4.0`, and the archive of loaded classes;
//! 3. `ports`: free loopback ports below 32768, held for as long as the broker lives, up or down;
//! 4. [`Broker`] and [`Cluster`]; `process`: the child; `wire`: the question by which readiness is known;
//! 5. `acl`: what users may do ([`Options::authorizer`], [`Broker::allow`]).

mod acl;
mod broker;
mod cluster;
mod error;
mod jars;
mod options;
mod ports;
mod process;
mod properties;
mod wire;

pub use acl::{May, On};
pub use broker::Broker;
pub use cluster::Cluster;
pub use error::BrokerError;
pub use options::{Listener, Options, Tls};
