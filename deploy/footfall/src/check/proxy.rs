//! Whether the edge that runs here stands behind a proxy that it does not trust: it knows, and says so in its figures.

use super::Findings;
use crate::data::Run;
use crate::http::Client;
use std::time::Duration;

const ALARM: &str = "footfall_ingest_proxy_not_trusted 1";
const PATIENCE: Duration = Duration::from_secs(2);

/// Asks the running edge.
pub(super) async fn look(run: &Run, findings: &mut Findings) {
    let asked = tokio::time::timeout(PATIENCE, figures(run)).await.ok().flatten();
    if asked.is_some_and(|figures| figures.lines().any(|line| line == ALARM)) {
        findings.problem(
            "nearly all visitors come by a proxy that is not trusted, and share its address, place and limits",
            "if the proxy is yours, name it in `ingest.trusted_proxies` (FOOTFALL_INGEST_TRUSTED_PROXIES=10.0.0.0/8) and start \
             again; its network stands in the log",
        );
    }
}

async fn figures(run: &Run) -> Option<String> {
    let mut client = Client::new(&run.admin.parse().ok()?).ok()?;
    Some(client.get("/metrics").await.ok()?.text())
}
