//! The engine's error texts, and the HTTP status that ClickHouse answers each code with
//! (`exceptionCodeToHTTPStatus.cpp`, read at release 26.7).

use hyper::StatusCode;

/// An error as it goes to the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    /// A ClickHouse error code.
    pub(crate) code: u32,
    /// `Code: 60. DB::Exception: … (UNKNOWN_TABLE)`.
    pub(crate) text: String,
}

impl Failure {
    /// An error of our own, worded as the engine words its.
    pub(crate) fn new(code: u32, text: &str) -> Self {
        Self {
            code,
            text: format!("Code: {code}. DB::Exception: {text}"),
        }
    }

    /// The engine's text; it begins with the code, possibly behind a prefix of chdb's.
    pub(crate) fn of_engine(text: String) -> Self {
        let digits = text
            .find("Code: ")
            .and_then(|at| text.get(at + 6..))
            .unwrap_or_default();
        let digits: String = digits.chars().take_while(char::is_ascii_digit).collect();
        // 1002 is ClickHouse's UNKNOWN_EXCEPTION.
        Self {
            code: digits.parse().unwrap_or(1002),
            text,
        }
    }

    pub(crate) fn status(&self) -> StatusCode {
        match self.code {
            194 => StatusCode::UNAUTHORIZED,
            192 | 193 | 497 | 512 | 516 => StatusCode::FORBIDDEN,
            6 | 8 | 15 | 25 | 26 | 27 | 36 | 38 | 41 | 44 | 53 | 62 | 72 | 98 | 99 | 117 | 167 | 168
            | 223 | 321 | 376 | 427 | 441 | 675 | 676 => StatusCode::BAD_REQUEST,
            46 | 47 | 50 | 56 | 60 | 63 | 73 | 78 | 81 | 106 | 115 | 336 | 511 => StatusCode::NOT_FOUND,
            48 => StatusCode::NOT_IMPLEMENTED,
            76 | 209 | 439 => StatusCode::SERVICE_UNAVAILABLE,
            159 => StatusCode::REQUEST_TIMEOUT,
            229 => StatusCode::PAYLOAD_TOO_LARGE,
            381 => StatusCode::LENGTH_REQUIRED,
            415 => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl From<crate::sql::Refusal> for Failure {
    fn from(refusal: crate::sql::Refusal) -> Self {
        Self::new(refusal.code, &refusal.text)
    }
}
