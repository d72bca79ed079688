//! Splits a file of SQL into statements, by ClickHouse's rules for quotes and comments.

/// The statements of `sql` without their comments; empty ones are left out.
pub(super) fn statements(sql: &str) -> Vec<String> {
    let mut statements = vec![String::new()];
    let mut rest = sql;
    while let Some(first) = rest.chars().next() {
        let length = token(rest, first);
        let (token, after) = rest.split_at(length);
        rest = after;
        match statements.last_mut() {
            _ if first == ';' => statements.push(String::new()),
            Some(statement) if token.starts_with("--") || token.starts_with("/*") => statement.push(' '),
            Some(statement) => statement.push_str(token),
            None => {}
        }
    }
    let trimmed = statements.iter().map(|statement| statement.trim());
    trimmed
        .filter(|statement| !statement.is_empty())
        .map(str::to_owned)
        .collect()
}

/// Bytes of the comment, the quoted text or the character that `rest` starts with.
fn token(rest: &str, first: char) -> usize {
    if rest.starts_with("--") {
        return rest.find('\n').unwrap_or(rest.len());
    }
    if rest.starts_with("/*") {
        return rest.find("*/").map_or(rest.len(), |end| end + 2);
    }
    if !matches!(first, '\'' | '"' | '`') {
        return first.len_utf8();
    }
    // A doubled quote ends one text and starts the next, which splits nothing.
    let mut escaped = false;
    for (at, next) in rest.char_indices().skip(1) {
        if next == first && !escaped {
            return at + 1;
        }
        escaped = next == '\\' && !escaped;
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use super::statements;

    #[test]
    fn a_semicolon_in_quotes_or_comments_splits_nothing() {
        let sql = "-- a; b\nSELECT ';', 'it''s;', 'a\\';' /* ; '*/ ; ;\nSELECT `;`, \";\" -- end";
        assert_eq!(
            statements(sql),
            ["SELECT ';', 'it''s;', 'a\\';'", "SELECT `;`, \";\""]
        );
    }

    #[test]
    fn what_is_never_closed_goes_to_the_end() {
        assert_eq!(statements("SELECT 'é; /*"), ["SELECT 'é; /*"]);
        assert_eq!(statements("SELECT 1 /* ; 'é"), ["SELECT 1"]);
        assert_eq!(statements(" ;; -- nothing"), Vec::<String>::new());
    }
}
