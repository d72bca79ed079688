//! What a request asks for: URL parameters, form fields and headers, sorted into the ones that this server
//! knows, query parameters (`param_*`) and settings (all the rest), as ClickHouse does.

use hyper::HeaderMap;
use hyper::http::request::Parts;

/// Parameters that ClickHouse knows and that mean nothing here.
const IGNORED: [&str; 9] = [
    "session_id",
    "session_timeout",
    "session_check",
    "close_session",
    "client_protocol_version",
    "quota_key",
    "stacktrace",
    "role",
    "buffer_size",
];

/// A request, before anything of it has been judged.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    pub(crate) query: String,
    pub(crate) database: String,
    pub(crate) default_format: Option<String>,
    pub(crate) settings: Vec<(String, String)>,
    /// Names without `param_`.
    pub(crate) parameters: Vec<(String, String)>,
    /// The answer in ClickHouse's blocks.
    pub(crate) compress: bool,
    /// The body in ClickHouse's blocks.
    pub(crate) decompress: bool,
    /// The answer by `Accept-Encoding`.
    pub(crate) http_compression: bool,
    pub(crate) wait_end_of_query: bool,
    pub(crate) query_id: Option<String>,
    pub(crate) user: Option<String>,
    pub(crate) password: Option<String>,
    /// GET and HEAD may only read.
    pub(crate) only_reads: bool,
}

impl Asked {
    /// Everything but the body.
    pub(crate) fn of(parts: &Parts) -> Self {
        let mut asked = Self {
            only_reads: parts.method != hyper::Method::POST,
            ..Self::default()
        };
        for (name, value) in form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()) {
            asked.put(&name, value.into_owned());
        }
        asked.headers(&parts.headers);
        asked
    }

    /// One parameter, of the URL or of a form.
    pub(crate) fn put(&mut self, name: &str, value: String) {
        match name {
            "query" => self.query.push_str(&value),
            "database" => self.database = value,
            "default_format" => self.default_format = Some(value),
            "compress" => self.compress = truth(&value),
            "decompress" => self.decompress = truth(&value),
            "enable_http_compression" => self.http_compression = truth(&value),
            "wait_end_of_query" => self.wait_end_of_query = truth(&value),
            "query_id" => self.query_id = Some(value).filter(|id| !id.is_empty()),
            "user" => self.user = Some(value),
            "password" => self.password = Some(value),
            _ if IGNORED.contains(&name) => {}
            _ => match name.strip_prefix("param_") {
                Some(name) => self.parameters.push((name.to_owned(), value)),
                None => self.settings.push((name.to_owned(), value)),
            },
        }
    }

    fn headers(&mut self, headers: &HeaderMap) {
        let text = |name: &str| headers.get(name).and_then(|v| v.to_str().ok()).map(str::to_owned);
        if let Some(database) = text("x-clickhouse-database").filter(|_| self.database.is_empty()) {
            self.database = database;
        }
        if self.default_format.is_none() {
            self.default_format = text("x-clickhouse-format");
        }
    }
}

fn truth(value: &str) -> bool {
    matches!(value, "1" | "true" | "True")
}
