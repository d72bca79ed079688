//! Values that show themselves what they are: e-mail addresses, signed tokens, keys with a well-known beginning.

/// How keys of services begin, as these document it: Stripe, GitHub, GitLab, Slack, Google, Amazon, OpenAI, npm.
const KEYS: [&str; 14] = [
    "sk_live_",
    "sk_test_",
    "rk_live_",
    "whsec_",
    "ghp_",
    "gho_",
    "github_pat_",
    "glpat-",
    "xoxb-",
    "xoxp-",
    "ya29.",
    "AKIA",
    "sk-proj-",
    "npm_",
];

/// Whether there may be an e-mail address anywhere.
pub(super) fn may_have_email(url: &[u8]) -> bool {
    memchr::memchr2_iter(b'@', b'%', url)
        .any(|at| !matches!(url.get(at..at + 3), Some([b'%', second, third]) if [*second, *third] != *b"40"))
}

/// Whether it must not be kept, whatever its name.
pub(super) fn is_secret(value: &[u8], emails: bool) -> bool {
    match value {
        _ if emails && std::str::from_utf8(value).is_ok_and(has_email) => true,
        // A JSON Web Token (RFC 7519): `{"` in base64url, and two dots.
        [b'e', b'y', b'J', rest @ ..] => memchr::memchr_iter(b'.', rest).take(2).count() == 2,
        [b's' | b'r' | b'w' | b'g' | b'x' | b'y' | b'A' | b'n', ..] if value.len() >= 16 => {
            KEYS.iter().any(|key| value.starts_with(key.as_bytes()))
        }
        _ => false,
    }
}

/// Calls `take_out` with the ends of each part of a path that is an e-mail address. What stands in front of the path (a
/// user's name and password for the server) is one too.
pub(super) fn in_path(before: &str, take_out: &mut impl FnMut(usize, usize)) {
    let authority = before.find("://").map_or(0, |at| at + 3);
    let path = before
        .get(authority..)
        .and_then(|rest| rest.find('/'))
        .map_or(before.len(), |at| authority + at);
    if let Some(at) = before.get(authority..path).and_then(|text| text.rfind('@')) {
        take_out(authority, authority + at);
    }
    let mut begin = path;
    for part in before.get(path..).unwrap_or_default().split_inclusive('/') {
        let text = part.strip_suffix('/').unwrap_or(part);
        if has_email(text) {
            take_out(begin, begin + text.len());
        }
        begin += part.len();
    }
}

/// Something before an `@` (or `%40`), and behind it a name with a dot in it.
fn has_email(text: &str) -> bool {
    let at = |sign: &str| {
        text.match_indices(sign)
            .any(|(at, _)| is_email(text.get(..at), text.get(at + sign.len()..)))
    };
    at("@") || at("%40")
}

fn is_email(before: Option<&str>, behind: Option<&str>) -> bool {
    let local = |byte: u8| byte.is_ascii_alphanumeric() || b"._%+-".contains(&byte) || !byte.is_ascii();
    let domain = |byte: &u8| byte.is_ascii_alphanumeric() || b".-".contains(byte) || !byte.is_ascii();
    let begins = before.and_then(|before| before.bytes().last()).is_some_and(local);
    let host: usize = behind.map_or(0, |behind| behind.bytes().take_while(domain).count());
    let host = behind.and_then(|behind| behind.get(..host)).unwrap_or_default();
    let last = host
        .trim_end_matches('.')
        .rsplit_once('.')
        .map_or("", |(name, last)| if name.is_empty() { "" } else { last });
    begins
        && last.len() >= 2
        && last
            .bytes()
            .all(|byte| byte.is_ascii_alphabetic() || !byte.is_ascii())
}
