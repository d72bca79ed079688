//! Three brokers: every topic three times, written when two have it.

use crate::broker::{Broker, place, ready};
use crate::error::BrokerError;
use crate::options::Options;

/// Three brokers with ids 1, 2 and 3, `default.replication.factor` 3 and `min.insync.replicas` 2. When measured, up in
/// 2.7 s.
#[derive(Debug)]
pub struct Cluster {
    /// One may be killed at a time without a stop.
    pub brokers: [Broker; 3],
}

impl Cluster {
    /// Starts all three, and returns when each knows the others.
    ///
    /// # Errors
    /// As [`Broker::start`].
    pub fn start(options: &Options) -> Result<Cluster, BrokerError> {
        let jars = ready()?;
        let places = [
            place(&jars, 1, options)?,
            place(&jars, 2, options)?,
            place(&jars, 3, options)?,
        ];
        let voters: Vec<(i32, u16)> = places
            .iter()
            .map(|place| (place.id, place.controller.number))
            .collect();
        let [one, two, three] = places.map(|place| Broker::make(place, jars.clone(), options, Some(&voters)));
        let mut brokers = [one?, two?, three?];
        for broker in &mut brokers {
            broker.spawn(&[])?;
        }
        for broker in &mut brokers {
            broker.wait_for(&[1, 2, 3])?;
        }
        Ok(Cluster { brokers })
    }

    /// `host:port` of all three, with commas.
    #[must_use]
    pub fn bootstrap(&self) -> String {
        let addresses: Vec<String> = self.brokers.iter().map(Broker::bootstrap).collect();
        addresses.join(",")
    }
}
