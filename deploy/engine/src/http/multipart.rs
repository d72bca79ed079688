//! `multipart/form-data`, in which some clients send query parameters. Small fields only: tables as files are
//! not taken.

use hyper::HeaderMap;
use hyper::header::CONTENT_TYPE;

use crate::status::Failure;

/// The boundary, if the body is a form.
pub(crate) fn boundary(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    let rest = value.strip_prefix("multipart/form-data")?;
    let boundary = rest
        .split(';')
        .find_map(|part| part.trim().strip_prefix("boundary="))?;
    Some(boundary.trim_matches('"').to_owned())
}

/// The fields of a form, by name.
pub(crate) fn fields(body: &[u8], boundary: &str) -> Result<Vec<(String, String)>, Failure> {
    let broken = || Failure::new(36, "the multipart form is not readable. (BAD_ARGUMENTS)");
    let opening = format!("--{boundary}");
    let closing = format!("\r\n--{boundary}");
    let start = memchr::memmem::find(body, opening.as_bytes()).ok_or_else(broken)?;
    let mut rest = body.get(start + opening.len()..).unwrap_or_default();
    let mut fields = Vec::new();
    while let Some(part) = rest.strip_prefix(b"\r\n") {
        let head_end = memchr::memmem::find(part, b"\r\n\r\n").ok_or_else(broken)?;
        let head = String::from_utf8_lossy(part.get(..head_end).unwrap_or_default()).into_owned();
        let value = part.get(head_end + 4..).unwrap_or_default();
        let end = memchr::memmem::find(value, closing.as_bytes()).ok_or_else(broken)?;
        let name = parameter(&head, "name").ok_or_else(broken)?;
        if parameter(&head, "filename").is_some_and(|file| !file.is_empty() && file != name) {
            return Err(Failure::new(
                48,
                "external tables are not taken. (NOT_IMPLEMENTED)",
            ));
        }
        fields.push((
            name,
            String::from_utf8_lossy(value.get(..end).unwrap_or_default()).into_owned(),
        ));
        rest = value.get(end + closing.len()..).unwrap_or_default();
    }
    Ok(fields)
}

/// `name="…"` of the part's Content-Disposition.
fn parameter(head: &str, name: &str) -> Option<String> {
    let line = head
        .lines()
        .find(|line| line.to_ascii_lowercase().starts_with("content-disposition:"))?;
    let value = line
        .split(';')
        .find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='))?;
    Some(value.trim_matches('"').to_owned())
}
