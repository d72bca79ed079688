//! The salts of the days: what stands in for a cookie where none may be set, and what addresses are hashed with.
//!
//! A visitor without a cookie is a keyed hash of (site, address, user agent) under a random salt. Each day (UTC) has its
//! own, which is destroyed 48 h after its day began: from then on nobody, we included, can tell whose hash it was. The day
//! before is kept so long for events that come late. A salt is made, never derived.
//!
//! On one machine the node makes its salts, and keeps them in one file over a restart. Nodes of a cluster must have the
//! same: theirs come from outside ([`DailySalts::offer`]), and while a day has none, a visitor is a page load.

use super::key::{self, two_ids};
use crate::secret::{self, Secret};
use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock};
use uuid::Uuid;
use zeroize::Zeroizing;

const DAY_MS: i64 = 24 * 3600 * 1000;

/// Days, from the beginning of its own, after which a salt is destroyed.
const LIFE_DAYS: i64 = 2;

/// Days ahead for which a salt may be offered.
const AHEAD_DAYS: i64 = 1;

/// A salt on the heap, so that no copy is left where it has been; overwritten when it is dropped.
type Salt = Box<Zeroizing<Secret>>;

/// The salts that there are.
pub struct DailySalts {
    /// Where they are kept; none: they come from outside.
    path: Option<PathBuf>,
    /// By day since 1970, the oldest first.
    salts: RwLock<Vec<(i64, Salt)>>,
}

impl std::fmt::Debug for DailySalts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DailySalts")
            .field("days", &self.days())
            .finish_non_exhaustive()
    }
}

impl DailySalts {
    /// Salts that come from outside.
    #[must_use]
    pub const fn shared() -> Self {
        Self {
            path: None,
            salts: RwLock::new(Vec::new()),
        }
    }

    /// Salts of our own, kept in that file.
    pub(crate) fn open(path: &Path, now_ms: i64) -> io::Result<Self> {
        let text = Zeroizing::new(secret::read(path)?.unwrap_or_default());
        let kept = text.lines().filter_map(|line| {
            let (day, salt) = line.split_once(' ')?;
            Some((
                day.parse().ok()?,
                Box::new(Zeroizing::new(secret::from_hex(salt)?)),
            ))
        });
        let mut kept: Vec<(i64, Salt)> = kept.collect();
        kept.sort_by_key(|(day, _)| *day);
        kept.dedup_by_key(|(day, _)| *day);
        let salts = Self {
            path: Some(path.to_owned()),
            salts: RwLock::new(kept),
        };
        salts.renew(now_ms)?;
        Ok(salts)
    }

    /// Takes a salt for a day (since 1970) from outside. The first one for a day counts; one for a day that is over, or too
    /// far ahead, is left out. True if it was taken.
    pub fn offer(&self, day: i64, salt: [u8; 32], now_ms: i64) -> bool {
        let today = now_ms.div_euclid(DAY_MS);
        let mut salts = self.salts.write().unwrap_or_else(PoisonError::into_inner);
        let wanted = day > today - LIFE_DAYS && day <= today + AHEAD_DAYS;
        if !wanted || salts.iter().any(|(of, _)| *of == day) {
            return false;
        }
        salts.push((day, Box::new(Zeroizing::new(salt))));
        salts.sort_by_key(|(day, _)| *day);
        true
    }

    /// The days (since 1970) that have a salt.
    #[must_use]
    pub fn days(&self) -> Vec<i64> {
        let salts = self.salts.read().unwrap_or_else(PoisonError::into_inner);
        salts.iter().map(|(day, _)| *day).collect()
    }

    /// The salt of the day of `at_ms`; at `now_ms` one for today is made if it is ours to make. A copy: to be used and dropped.
    pub(crate) fn at(&self, at_ms: i64, now_ms: i64) -> Option<Zeroizing<Secret>> {
        let day = at_ms.div_euclid(DAY_MS);
        if day <= now_ms.div_euclid(DAY_MS) - LIFE_DAYS {
            return None;
        }
        let find = || {
            let salts = self.salts.read().unwrap_or_else(PoisonError::into_inner);
            salts
                .iter()
                .find(|(of, _)| *of == day)
                .map(|(_, salt)| Zeroizing::clone(salt))
        };
        find().or_else(|| {
            self.tick(now_ms);
            find()
        })
    }

    /// Destroys what is too old, and makes what is missing: to be called at least every few minutes, also while nobody
    /// sends anything. A salt that cannot be saved still counts until the process ends.
    pub(crate) fn tick(&self, now_ms: i64) {
        if let Err(error) = self.renew(now_ms) {
            tracing::error!(%error, "could not save the salts of the days: visitors without a cookie will change at the next start");
        }
    }

    fn renew(&self, now_ms: i64) -> io::Result<()> {
        let today = now_ms.div_euclid(DAY_MS);
        let mut salts = self.salts.write().unwrap_or_else(PoisonError::into_inner);
        let before = salts.len();
        salts.retain(|(day, _)| *day > today - LIFE_DAYS);
        let mut changed = salts.len() < before;
        let Some(path) = &self.path else { return Ok(()) };
        if salts.iter().all(|(day, _)| *day != today) {
            salts.push((today, Box::new(Zeroizing::new(secret::random()))));
            salts.sort_by_key(|(day, _)| *day);
            changed = true;
        }
        if !changed {
            return Ok(());
        }
        let mut text = Zeroizing::new(String::with_capacity(100 * salts.len()));
        for (day, salt) in salts.iter() {
            text.push_str(&day.to_string());
            text.push(' ');
            text.push_str(&Zeroizing::new(secret::to_hex(&***salt)));
            text.push('\n');
        }
        secret::replace_and_shred(path, &text)
    }
}

/// Random bytes for a salt that nodes share.
#[must_use]
pub fn random_salt() -> [u8; 32] {
    secret::random()
}

/// Visitor and session of a day: the session lasts as long as the day, because nobody remembers the last activity.
pub(crate) fn ids(salt: &Secret, site: &str, ip: IpAddr, user_agent: &str) -> (Uuid, Uuid) {
    let v6 = match ip {
        IpAddr::V4(v4) => v4.to_ipv6_mapped(),
        IpAddr::V6(v6) => v6,
    };
    two_ids(&key::hash(
        &secret::keyed(salt),
        &[
            b"visitor",
            &[0],
            site.as_bytes(),
            &[0],
            &v6.octets(),
            user_agent.as_bytes(),
        ],
    ))
}

#[cfg(test)]
mod tests {
    use super::{DAY_MS, DailySalts, ids};
    use crate::secret::to_hex;

    #[test]
    fn a_salt_lives_for_its_day_and_the_next_and_over_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ip-salt");
        let salts = DailySalts::open(&path, 5 * DAY_MS).unwrap();
        let at = |salts: &DailySalts, at, now| salts.at(at, now).map(|salt| *salt);
        let monday = at(&salts, 5 * DAY_MS + 1, 5 * DAY_MS + 1).unwrap();
        let again = DailySalts::open(&path, 6 * DAY_MS - 1).unwrap();
        assert_eq!(at(&again, 6 * DAY_MS - 1, 6 * DAY_MS - 1), Some(monday));
        let tuesday = at(&salts, 6 * DAY_MS, 6 * DAY_MS).unwrap();
        assert_ne!(tuesday, monday);
        assert_eq!(
            at(&salts, 6 * DAY_MS - 1, 7 * DAY_MS - 1),
            Some(monday),
            "what happened on Monday, and comes on Tuesday"
        );
        assert_eq!(
            at(&salts, 6 * DAY_MS - 1, 7 * DAY_MS),
            None,
            "48 h after it began"
        );
        assert_eq!(at(&salts, 4 * DAY_MS, 5 * DAY_MS), None);
    }

    #[test]
    fn a_salt_is_nowhere_when_its_time_is_over_though_nobody_asks() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ip-salt");
        let salts = DailySalts::open(&path, 5 * DAY_MS).unwrap();
        let monday = to_hex(&*salts.at(5 * DAY_MS, 5 * DAY_MS).unwrap());
        // Somebody holds the old file open: its bytes are overwritten, not only its name taken away.
        let old = std::fs::File::open(&path).unwrap();
        salts.tick(6 * DAY_MS);
        assert!(std::fs::read_to_string(&path).unwrap().contains(&monday));
        let old_text = std::io::read_to_string(old).unwrap();
        assert!(!old_text.contains(&monday) && !old_text.is_empty());
        salts.tick(7 * DAY_MS);
        assert_eq!(
            salts.days(),
            [7, 6].map(|day| day).into_iter().rev().collect::<Vec<_>>()
        );
        for file in std::fs::read_dir(folder.path()).unwrap() {
            let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
            assert!(!text.contains(&monday), "{text}");
        }
    }

    #[test]
    fn the_file_of_an_earlier_release_is_taken_up() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ip-salt");
        std::fs::write(&path, format!("5 {}\n", "ab".repeat(32))).unwrap();
        let salts = DailySalts::open(&path, 5 * DAY_MS + 7).unwrap();
        assert_eq!(
            salts.at(5 * DAY_MS, 5 * DAY_MS + 7).map(|salt| *salt),
            Some([0xab; 32])
        );
    }

    #[test]
    fn of_salts_from_outside_the_first_counts_and_none_is_made() {
        let salts = DailySalts::shared();
        assert!(salts.at(5 * DAY_MS, 5 * DAY_MS).is_none());
        assert!(salts.offer(5, [1; 32], 5 * DAY_MS));
        assert!(!salts.offer(5, [2; 32], 5 * DAY_MS));
        assert!(salts.offer(6, [3; 32], 5 * DAY_MS));
        assert!(!salts.offer(7, [4; 32], 5 * DAY_MS), "too far ahead");
        assert!(!salts.offer(3, [5; 32], 5 * DAY_MS), "over");
        assert_eq!(salts.at(5 * DAY_MS, 5 * DAY_MS).map(|salt| *salt), Some([1; 32]));
        salts.tick(7 * DAY_MS);
        assert_eq!(salts.days(), [6]);
    }

    #[test]
    fn a_visitor_of_a_day_is_told_from_others() {
        let of = |salt: u8, site, ip: &str, agent| ids(&[salt; 32], site, ip.parse().unwrap(), agent);
        let base = of(1, "demo", "203.0.113.7", "M");
        assert_eq!(base, of(1, "demo", "::ffff:203.0.113.7", "M"));
        for other in [
            of(2, "demo", "203.0.113.7", "M"),
            of(1, "shop", "203.0.113.7", "M"),
            of(1, "demo", "203.0.113.8", "M"),
            of(1, "demo", "203.0.113.7", "N"),
        ] {
            assert_ne!(base, other);
        }
        assert_ne!(base.0, base.1);
    }
}
