//! The log of logins: one structured line for each `login`, `login_failed`, `logout` and takeover that is durable, with user, session
//! and address as the site's policy leaves it. It is a stream of its own (target [`AUTH`]) with its own retention, because
//! no other log has such things in it.

use footfall_schemas::reserved::TAKEOVER;
use footfall_schemas::{Event, Kind};
use uuid::Uuid;

/// The target of these lines.
pub const AUTH: &str = "auth";

/// A line that is said once its event is durable.
pub(crate) struct LoginLine {
    what: &'static str,
    site: String,
    user: String,
    visitor: Uuid,
    session: Uuid,
    ip: String,
    event_id: Uuid,
}

impl LoginLine {
    /// The line of an event, if it is about a login and anybody listens.
    pub(crate) fn of(event: &Event<'_>) -> Option<Self> {
        let what = match event.kind {
            Kind::Login | Kind::LoginFailed | Kind::Logout => event.kind.label(),
            Kind::Custom if event.name == TAKEOVER => "takeover",
            _ => return None,
        };
        tracing::enabled!(target: AUTH, tracing::Level::INFO).then(|| Self {
            what,
            site: event.site.clone().into_owned(),
            user: event.user_id.clone().into_owned(),
            visitor: event.visitor,
            session: event.session,
            ip: event.ip.clone().into_owned(),
            event_id: event.id,
        })
    }

    pub(crate) fn say(&self) {
        tracing::info!(
            target: AUTH,
            site = self.site,
            user = self.user,
            ip = self.ip,
            session = %self.session,
            visitor = %self.visitor,
            event_id = %self.event_id,
            "{}",
            self.what
        );
    }
}
