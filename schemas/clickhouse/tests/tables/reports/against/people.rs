//! Questions about links, machines, one session, one person, logins, and the books.

use super::super::random::Random;
use super::super::reference::{behaviour, books, people, users};
use super::lately::ask_now;
use super::{Case, common, filters, range};

impl Case<'_> {
    pub(super) async fn people(&self, random: &mut Random) {
        let (question, events) = (&self.question, self.events);
        let common = common(question);
        self.check("outbound", &common, people::links(question, events, "outbound"))
            .await;
        self.check("downloads", &common, people::links(question, events, "download"))
            .await;
        self.check("not_found", &common, people::not_found(question, events))
            .await;
        let parameters = format!("{}, {}", range(question), filters(question));
        self.check("bots", &parameters, people::bots(question, events))
            .await;
        let session = self.somebody(random).session_id;
        let parameters = format!("site = '{}', session_id = '{session}'", question.site);
        self.check(
            "session",
            &parameters,
            behaviour::session(question.site, events, session),
        )
        .await;
        self.one_person(random).await;
        let logins = users::logins(question.site, question.since, question.until, events);
        self.check("logins", &range(question), logins).await;
    }

    /// Of the two that can be asked for one is said.
    async fn one_person(&self, random: &mut Random) {
        let site = self.question.site;
        let (visitor, user) = match random.below(3) {
            0 => (None, random.pick(&["ada", "bob", "nobody"])),
            _ => (Some(self.somebody(random).visitor_id), ""),
        };
        let parameters = format!(
            "site = '{site}', visitor_id = '{}', user_id = '{user}'",
            visitor.map_or_else(String::new, |visitor| visitor.to_string()),
        );
        self.check(
            "visitor",
            &parameters,
            people::visitor(site, self.events, visitor, user),
        )
        .await;
    }

    pub(super) async fn books(&self) {
        let (question, ledger) = (&self.question, self.ledger);
        let (site, since, until) = (question.site, question.since, question.until);
        self.check(
            "books",
            &format!("site = '{site}'"),
            books::books(site, self.events, ledger),
        )
        .await;
        self.check(
            "ledger",
            &range(question),
            books::ledger(site, since, until, ledger),
        )
        .await;
        self.losses().await;
    }

    /// Whether something may still come depends on the hour, which may end while it is asked.
    async fn losses(&self) {
        let question = &self.question;
        let asked = (question.site, question.since, question.until);
        let sql = format!("SELECT * FROM report_losses({})", range(question));
        let (found, expected) = ask_now(self.client, &sql, |now| {
            books::losses(asked, self.events, self.ledger, now)
        })
        .await;
        self.compare("losses", &sql, &found, &expected);
    }
}
