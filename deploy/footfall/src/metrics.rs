//! The recorder of this process: the processor's figures, which the edge's `/metrics` adds to its own. The page that
//! explains all figures is made in [`mod@reference`].

#[cfg(feature = "kafka")]
pub(crate) mod forwarder;
pub mod reference;

use anyhow::{Context as _, Result};
use footfall_processor::measure::{BUCKETS, describe};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use std::time::Duration;

/// Samples of histograms wait in memory until this; nobody may ever ask for `/metrics`.
const UPKEEP: Duration = Duration::from_secs(10);

/// Installs the recorder.
///
/// # Errors
/// When this process has one already.
pub(crate) fn install() -> Result<PrometheusHandle> {
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &BUCKETS)
        .and_then(PrometheusBuilder::install_recorder)
        .context("cannot install the recorder of metrics")?;
    describe();
    Ok(handle)
}

/// Keeps the recorder small, for ever.
pub(crate) async fn upkeep(handle: PrometheusHandle) {
    let mut every = tokio::time::interval(UPKEEP);
    loop {
        every.tick().await;
        handle.run_upkeep();
    }
}
