//! The five cuts, each alone, at its edges.

use super::{Cuts, Moment, Session};
use crate::sites::{SessionCuts, Site};
use footfall_schemas::event::SessionReason::{self, Campaign, Idle, Length, Login, Midnight, New};
use std::time::Duration;
use uuid::Uuid;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
/// 2026-03-28 22:00 UTC, an hour before midnight in Berlin, and the night in which summer time begins there.
const AT: i64 = 1_774_735_200_000;

fn cuts(change: impl FnOnce(&mut SessionCuts)) -> Cuts {
    let mut site = Site::new("demo").unwrap();
    site.timezone = "Europe/Berlin".to_owned();
    change(&mut site.session);
    Cuts::of(&site)
}

fn session() -> Session {
    Session {
        id: Uuid::from_u128(1),
        start: AT,
        last: AT,
        reason: New,
        signed_in: true,
        campaign: 7,
        number: 1,
    }
}

fn reason(cuts: &Cuts, after: i64, campaign: u32, login: Option<bool>) -> Option<SessionReason> {
    let moment = Moment {
        at: AT + after,
        login,
        campaign,
    };
    cuts.reason(&session(), &moment)
}

#[test]
fn each_cut_is_made_at_its_edge_and_can_be_switched_off() {
    let default = cuts(|_| {});
    let off = cuts(|cuts| {
        cuts.idle = Duration::ZERO;
        cuts.length = Duration::ZERO;
        cuts.campaign = false;
    });
    assert_eq!(reason(&default, 30 * MINUTE - 1, 0, None), None);
    assert_eq!(reason(&default, 30 * MINUTE, 0, None), Some(Idle));
    assert_eq!(reason(&default, -5000, 0, None), None, "another node's clock");
    assert_eq!(reason(&default, 0, 7, None), None, "the same campaign, reloaded");
    assert_eq!(reason(&default, 0, 8, None), Some(Campaign));
    assert_eq!(
        reason(&default, 0, 0, Some(true)),
        None,
        "off unless the site says so"
    );
    assert_eq!(reason(&off, 999 * HOUR, 8, Some(true)), None);
    let long = cuts(|cuts| cuts.idle = Duration::ZERO);
    assert_eq!(reason(&long, 24 * HOUR - 1, 0, None), None);
    assert_eq!(reason(&long, 24 * HOUR, 0, None), Some(Length));
    let login = cuts(|cuts| cuts.login = true);
    assert_eq!(reason(&login, 0, 0, Some(true)), Some(Login));
    assert_eq!(reason(&login, 0, 0, Some(false)), Some(Login));
    assert_eq!(reason(&login, 0, 0, None), None);
}

#[test]
fn midnight_is_that_of_the_sites_zone() {
    let midnight = cuts(|cuts| {
        cuts.midnight = true;
        cuts.idle = Duration::ZERO;
    });
    assert_eq!(
        reason(&midnight, HOUR - 1, 0, None),
        None,
        "23:59:59.999 in Berlin"
    );
    assert_eq!(reason(&midnight, HOUR, 0, None), Some(Midnight), "0:00 in Berlin");
    // The next day has 23 hours: it ends at 22:00 UTC.
    let sunday = Session {
        last: AT + HOUR,
        ..session()
    };
    let at = |after| Moment {
        at: AT + after,
        ..Moment::default()
    };
    assert_eq!(midnight.reason(&sunday, &at(24 * HOUR - 1)), None);
    assert_eq!(
        midnight.reason(&sunday, &at(24 * HOUR)),
        Some(Length),
        "both at once: length"
    );
    let later = Session {
        start: AT + HOUR,
        ..sunday
    };
    assert_eq!(midnight.reason(&later, &at(24 * HOUR)), Some(Midnight));
}

#[test]
fn the_reason_does_not_depend_on_the_event_when_time_is_up() {
    let all = cuts(|cuts| {
        cuts.login = true;
        cuts.midnight = true;
    });
    for (campaign, login) in [(0, None), (8, None), (0, Some(true)), (8, Some(false))] {
        assert_eq!(reason(&all, 25 * HOUR, campaign, login), Some(Idle));
    }
}

#[test]
fn a_step_keeps_the_session_or_begins_the_next_one() {
    let cuts = cuts(|_| {});
    let step = |after, campaign, login| {
        let moment = Moment {
            at: AT + after,
            login,
            campaign,
        };
        session().step(&moment, &cuts, |before| Uuid::from_u128(before.as_u128() + 1))
    };
    let same = step(MINUTE, 0, Some(false));
    assert_eq!(
        (same.id, same.start, same.last),
        (Uuid::from_u128(1), AT, AT + MINUTE)
    );
    assert_eq!((same.signed_in, same.campaign), (false, 7));
    assert_eq!(step(-5000, 0, None).last, AT, "activity never goes back");
    let next = step(HOUR, 8, None);
    assert_eq!(
        (next.id, next.start, next.last),
        (Uuid::from_u128(2), AT + HOUR, AT + HOUR)
    );
    assert_eq!((next.reason, next.signed_in, next.campaign), (Idle, false, 8));
}

#[test]
fn what_happened_earlier_belongs_to_a_session_while_it_lasted() {
    let cuts = cuts(|_| {});
    let session = Session {
        last: AT + HOUR,
        ..session()
    };
    for (after, held) in [
        (-MINUTE - 1, false),
        (-MINUTE, true),
        (0, true),
        (HOUR, true),
        (HOUR + 30 * MINUTE - 1, true),
        (HOUR + 30 * MINUTE, false),
    ] {
        assert_eq!(cuts.holds(&session, AT + after), held, "{after}");
    }
}
