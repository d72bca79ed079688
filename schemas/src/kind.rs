//! The kinds of event: the `type` of the contract, and the byte that stands for it in a record's frame.

use serde::{Deserialize, Serialize};

/// What happened. The discriminant is the record's `kind` byte in the local log; 0xFF is the log's own mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Kind {
    /// A page was shown.
    PageView = 1,
    /// A page was hidden or left: engagement milliseconds and scroll per cent.
    PageLeave = 2,
    /// A click worth counting: outbound link, download, declared element.
    Click = 3,
    /// Anything else, by name.
    Custom = 4,
    /// Links the visitor to a user and carries traits.
    Identify = 5,
    /// A user logged in.
    Login = 6,
    /// A user logged out.
    Logout = 7,
    /// Somebody failed to log in.
    LoginFailed = 8,
    /// Consent was given, refused or withdrawn.
    Consent = 9,
}

impl Kind {
    /// Every kind, in the order of its byte.
    pub const ALL: [Self; 9] = [
        Self::PageView,
        Self::PageLeave,
        Self::Click,
        Self::Custom,
        Self::Identify,
        Self::Login,
        Self::Logout,
        Self::LoginFailed,
        Self::Consent,
    ];

    /// The name on the wire, in the table and in metrics.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::PageView => "page_view",
            Self::PageLeave => "page_leave",
            Self::Click => "click",
            Self::Custom => "custom",
            Self::Identify => "identify",
            Self::Login => "login",
            Self::Logout => "logout",
            Self::LoginFailed => "login_failed",
            Self::Consent => "consent",
        }
    }

    /// The kind of that name.
    #[must_use]
    pub fn from_label(label: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.label() == label)
    }

    /// The record's `kind` byte.
    #[must_use]
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The kind of a record's `kind` byte; none for the log's own records and for kinds of a newer release.
    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }
}

#[cfg(test)]
mod tests {
    use super::Kind;

    #[test]
    fn label_code_and_serde_name_are_one() {
        for kind in Kind::ALL {
            assert_eq!(Kind::from_label(kind.label()), Some(kind));
            assert_eq!(Kind::from_code(kind.code()), Some(kind));
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.label());
        }
        assert_eq!(Kind::from_code(0xFF), None);
    }
}
