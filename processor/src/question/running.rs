//! The barrier: which queries of a tag are running, and killing them.

use super::answered;
use clickhouse::Client;
use footfall_delivery::{Answer, Targets};

/// The condition on `system.processes` that `targets` means, as SQL.
fn condition(targets: &Targets) -> String {
    let quoted = |text: &str| format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"));
    let tags: Vec<_> = targets.tags.iter().map(|tag| quoted(tag.as_str())).collect();
    let mut any = Vec::new();
    if !tags.is_empty() {
        any.push(format!("Settings['log_comment'] IN ({})", tags.join(", ")));
    }
    if let Some(own) = &targets.all_but {
        let (prefix, own) = (quoted(own.prefix()), quoted(own.as_str()));
        any.push(format!(
            "(startsWith(Settings['log_comment'], {prefix}) AND Settings['log_comment'] != {own})"
        ));
    }
    if any.is_empty() {
        "0".to_owned()
    } else {
        any.join(" OR ")
    }
}

/// Ids of the running queries.
///
/// # Errors
/// [`footfall_delivery::Unanswered`].
pub async fn list(client: &Client, targets: &Targets) -> Answer<Vec<String>> {
    let sql = format!(
        "SELECT query_id FROM system.processes WHERE {}",
        condition(targets)
    );
    answered("list", client.query(&sql).fetch_all::<String>()).await
}

/// Asks for their end. Not `SYNC`: that may hang on the ghost of a failed query.
///
/// # Errors
/// [`footfall_delivery::Unanswered`].
pub async fn kill(client: &Client, targets: &Targets) -> Answer<()> {
    let sql = format!("KILL QUERY WHERE {} ASYNC", condition(targets));
    answered("kill", client.query(&sql).execute()).await
}

#[cfg(test)]
mod tests {
    use super::condition;
    use footfall_delivery::{Tag, Targets};

    #[test]
    fn only_the_named_tags_are_meant() {
        let tag = Tag::new("db", "it's", "i1");
        let one = Targets {
            tags: vec![tag.clone()],
            all_but: None,
        };
        assert_eq!(
            condition(&one),
            "Settings['log_comment'] IN ('footfall/db/it\\'s/i1')"
        );
        let others = Targets {
            tags: Vec::new(),
            all_but: Some(tag),
        };
        assert_eq!(
            condition(&others),
            "(startsWith(Settings['log_comment'], 'footfall/db/') AND Settings['log_comment'] != 'footfall/db/it\\'s/i1')"
        );
        assert_eq!(condition(&Targets::default()), "0");
    }
}
