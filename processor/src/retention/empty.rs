//! What goes while its row stays: full addresses of events, bytes of what could not be read.

use super::policy::Due;
use super::{Report, RetentionError, ask, by_site, order};
use clickhouse::Client;

/// An address of which nothing was cut off: `truncate` leaves /24 of IPv4 and /48 of IPv6.
const FULL: &str =
    "ip != tupleElement(IPv6CIDRToRange(ip, if(startsWith(IPv6NumToString(ip), '::ffff:'), 120, 48)), 1)";

/// Empties full addresses that are due.
pub(super) async fn addresses(
    client: &Client,
    due: &Due,
    dry: bool,
    report: &mut Report,
) -> Result<(), RetentionError> {
    let Some(due) = &due.addresses else {
        return Ok(());
    };
    let condition = format!("{} AND {FULL}", due.condition);
    report.addresses = by_site(client, "count addresses that have expired", &condition).await?;
    if dry || report.addresses.is_empty() {
        return Ok(());
    }
    let sql =
        format!("ALTER TABLE events UPDATE ip = toIPv6('::') WHERE {condition} SETTINGS mutations_sync = 1");
    order(client, "empty addresses that have expired", &sql).await
}

/// Empties payloads that are due.
pub(super) async fn payloads(
    client: &Client,
    due: &Due,
    dry: bool,
    report: &mut Report,
) -> Result<(), RetentionError> {
    let Some(before) = due.payloads else {
        return Ok(());
    };
    let condition = format!("payload != '' AND at < fromUnixTimestamp64Milli(toInt64({before}), 'UTC')");
    let sql = format!("SELECT count() FROM ledger WHERE {condition}");
    report.payloads = ask(
        "count payloads that have expired",
        client.query(&sql).fetch_one::<u64>(),
    )
    .await?;
    if dry || report.payloads == 0 {
        return Ok(());
    }
    let sql = format!("ALTER TABLE ledger UPDATE payload = '' WHERE {condition} SETTINGS mutations_sync = 1");
    order(client, "empty payloads that have expired", &sql).await
}
