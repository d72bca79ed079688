//! Second pass over a round: every record gets its fate (rule 4), in order, so that the first number of an event wins.
//! The first pass is [`crate::classify`].

use crate::head::{Decision, Head, LostRow, Number, Numbers, Reason, Verdict};
use crate::known::{Known, WARM, tells_apart};
use crate::round::{Class, Round};
use crate::rules::{Rule, Rules};

/// Fills the decisions of the round. What it takes for `events` is known from now on.
pub(crate) fn judge<R: Rules>(round: &mut Round, known: &mut Known, rules: &R) {
    let mut decisions = std::mem::take(&mut round.decisions);
    let mut lost = std::mem::take(&mut round.lost);
    decisions.clear();
    lost.clear();
    let (mut lost_before, mut cuts) = (Vec::new(), Vec::new());
    let mut ahead = round.heads.chunks(WARM);
    for (index, (head, class)) in round.heads.iter().zip(&round.classes).enumerate() {
        if index.is_multiple_of(WARM) {
            known.warm(
                ahead
                    .next()
                    .unwrap_or_default()
                    .iter()
                    .map(|head| head.event_id.as_u128()),
            );
        }
        let decision = match class {
            Class::Dropped => Decision::Dropped,
            _ if is_cut(&cuts, head) => Decision::Dropped,
            Class::Repeat => Decision::LeaveOut,
            Class::Ask if !rules.keeps(Rule::LookUp) => Decision::LeaveOut,
            Class::New | Class::Ask => match head.verdict {
                Verdict::Lost { last } => {
                    let range = Numbers {
                        log_id: head.log_id,
                        first: head.seq,
                        last,
                    };
                    let rows = lost_rows(round, range, &mut lost_before);
                    lost.extend(rows.into_iter().map(|numbers| LostRow { head: index, numbers }));
                    Decision::Lost
                }
                Verdict::Row | Verdict::Ledger(_) | Verdict::UnknownVersion => {
                    fate(head, *class, round, (&mut *known, rules))
                }
            },
        };
        if decision == Decision::Dropped && *class == Class::Ask && !is_cut(&cuts, head) {
            cuts.push(*head);
        }
        decisions.push(decision);
    }
    cut(round, &cuts);
    round.decisions = decisions;
    round.lost = lost;
    round.count();
}

/// Whether it comes behind a record of an unknown version that is in no table.
#[inline]
fn is_cut(cuts: &[Head], head: &Head) -> bool {
    let is_behind = |cut: &Head| cut.partition == head.partition && cut.position <= head.position;
    !cuts.is_empty() && cuts.iter().any(is_behind)
}

/// Ends the partitions of these records in front of them.
fn cut(round: &mut Round, cuts: &[Head]) {
    for head in cuts {
        let number = Number {
            log_id: head.log_id,
            seq: head.seq,
        };
        let mut parts = round.parts.iter_mut();
        if let Some(part) = parts.find(|part| part.live && part.span.partition == head.partition) {
            part.cut = Some((head.position, number));
        }
    }
}

/// The fate of one record that is the first of its number here.
#[inline]
fn fate<R: Rules>(head: &Head, class: Class, round: &Round, (known, rules): (&mut Known, &R)) -> Decision {
    let number = Number {
        log_id: head.log_id,
        seq: head.seq,
    };
    if class == Class::Ask {
        if round.present.in_ledger(number) {
            return Decision::LeaveOut;
        }
        if round.present.in_events(number) {
            if tells_apart(head.event_id) {
                known.first(head.event_id, number, head.received_at);
            }
            return Decision::LeaveOut;
        }
    }
    match head.verdict {
        Verdict::Row if tells_apart(head.event_id) => first_of_event(head, number, round, (known, rules)),
        Verdict::Row => Decision::Row,
        Verdict::Ledger(reason) => Decision::Ledger(reason),
        Verdict::Lost { .. } => Decision::Ledger(Reason::Lost),
        Verdict::UnknownVersion => Decision::Dropped,
    }
}

#[inline]
fn first_of_event<R: Rules>(
    head: &Head,
    number: Number,
    round: &Round,
    (known, rules): (&mut Known, &R),
) -> Decision {
    if head.check_table
        && let Some(of) = round.present.number_of(head.event_id)
        && of != number
    {
        return Decision::Duplicate { of };
    }
    if !rules.keeps(Rule::IdsWithNumbers) {
        return match known.known(head.event_id) {
            Some(of) => Decision::Duplicate { of },
            None => {
                known.first(head.event_id, number, head.received_at);
                Decision::Row
            }
        };
    }
    match known.first(head.event_id, number, head.received_at) {
        Some(of) => Decision::Duplicate { of },
        None => Decision::Row,
    }
}

/// What of a range that the log cannot read is in no table, in no record of this round, and in no earlier range.
fn lost_rows(round: &Round, range: Numbers, before: &mut Vec<Numbers>) -> Vec<Numbers> {
    let here = round.heads.iter().zip(&round.classes).filter(|(head, class)| {
        **class != Class::Dropped
            && head.log_id == range.log_id
            && !matches!(head.verdict, Verdict::Lost { .. })
    });
    let singles = here.map(|(head, _)| Numbers {
        log_id: head.log_id,
        first: head.seq,
        last: head.seq,
    });
    let others = singles.chain(before.iter().copied()).collect();
    before.push(range);
    round.present.missing(range, others)
}
