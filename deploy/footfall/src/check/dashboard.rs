//! Is the dashboard shut to strangers, and may it ask ClickHouse?

use super::{Findings, Plan};
use crate::clickhouse::{self, Access, Role};
use crate::config::Config;
use crate::dashboard;
use crate::forecast;
use footfall_processor::retention::forecast::asked::RIGHTS;

/// Looks at the settings, and asks the configured server as the reader.
pub(super) async fn look(config: &Config, plan: Plan, findings: &mut Findings) {
    if let Err(problem) = dashboard::check(config) {
        findings.problems.push(problem);
    }
    // On one machine `tables` asks.
    if plan != Plan::Dashboard {
        return;
    }
    match clickhouse::configured(config, Role::Reader) {
        Ok(None) => findings.problems.push(dashboard::no_server()),
        Err(problem) => findings.problems.push(problem),
        Ok(Some(access)) => match access
            .text(
                "SELECT count() FROM system.tables WHERE name LIKE 'report_%'",
                &[],
            )
            .await
        {
            Ok(count) => {
                findings.good(format!(
                    "ClickHouse at {}: {} reports can be read",
                    access.server.authority(),
                    count.trim()
                ));
                room(&access, findings).await;
            }
            Err(error) => findings.problem(
                format!("the dashboard cannot ask ClickHouse: {error:#}"),
                "start that server, and correct CLICKHOUSE_URL, CLICKHOUSE_USER and CLICKHOUSE_PASSWORD",
            ),
        },
    }
}

/// Whether its user may see how much room there is; the forecast goes without.
async fn room(access: &Access, findings: &mut Findings) {
    if let Err(error) = forecast::disk(access).await {
        findings.note(format!(
            "the dashboard's forecast will not know its disk (it takes SELECT on {}): {error:#}",
            RIGHTS.join(" and ")
        ));
    }
}
