//! First pass over a round: what do the *numbers* say? New, to be looked up, or a repeat (rule 2). The second pass
//! is [`crate::judge`].

use std::collections::BTreeMap;

use rustc_hash::FxHashSet;
use uuid::Uuid;

use crate::head::{Head, Number, Numbers, Verdict};
use crate::known::tells_apart;
use crate::partition::Partition;
use crate::round::{Class, Part, Round};
use crate::rules::{Rule, Rules};

/// Gives every record its class, and notes where an unknown version that is new cuts a partition off.
pub(crate) fn classify<R: Rules>(partitions: &mut BTreeMap<u32, Partition>, round: &mut Round, rules: &R) {
    round.classes.clear();
    let (mut asks, mut checks) = (false, false);
    let Round {
        heads,
        classes,
        parts,
        serial,
        ..
    } = round;
    for run in heads.chunk_by(|a, b| a.partition == b.partition && a.log_id == b.log_id) {
        let Some(first) = run.first() else { continue };
        let part = parts
            .iter_mut()
            .find(|part| part.live && part.span.partition == first.partition);
        let (Some(part), Some(partition)) = (part, partitions.get_mut(&first.partition)) else {
            classes.extend(run.iter().map(|_| Class::Dropped));
            continue;
        };
        asks |= classify_run(run, part, partition, classes, (*serial, rules));
        checks |= run.iter().any(|head| head.check_table);
    }
    if asks && rules.keeps(Rule::FirstCopy) {
        mark_repeats(heads, classes);
    }
    round.asks = asks || checks;
}

/// Records of one log in one partition. True if any of them must be looked up.
fn classify_run<R: Rules>(
    run: &[Head],
    part: &mut Part,
    partition: &mut Partition,
    classes: &mut Vec<Class>,
    (serial, rules): (u64, &R),
) -> bool {
    let Some(first) = run.first() else { return false };
    let horizon = if rules.keeps(Rule::Horizon) {
        partition.rows_from
    } else {
        i64::MIN + 1
    };
    let log = partition.log(first.log_id, serial);
    let mut asks = false;
    for head in run {
        let mut new = log.is_new(head.seq, head.received_at, horizon);
        // One that a table may have is asked for first: its fate may be written, and it is only read again.
        if new && matches!(head.verdict, Verdict::UnknownVersion) {
            let number = Number {
                log_id: head.log_id,
                seq: head.seq,
            };
            part.cut = part.cut.or(Some((head.position, number)));
        }
        if part.cut.is_some_and(|(cut, _)| head.position >= cut) {
            classes.push(Class::Dropped);
            continue;
        }
        let (last, range) = match head.verdict {
            Verdict::Lost { last } => (last, true),
            Verdict::Row | Verdict::Ledger(_) | Verdict::UnknownVersion => (head.seq, false),
        };
        new &= !range;
        log.round_taken = log.round_taken.max(last);
        asks |= !new;
        classes.push(if new { Class::New } else { Class::Ask });
    }
    asks
}

/// Only the first copy of a number in a round counts. Needed only when something is not new: new numbers rise.
fn mark_repeats(heads: &[Head], classes: &mut [Class]) {
    let mut seen = FxHashSet::default();
    for (head, class) in heads.iter().zip(classes) {
        let single = !matches!(head.verdict, Verdict::Lost { .. });
        if *class != Class::Dropped && single && !seen.insert((head.log_id, head.seq)) {
            *class = Class::Repeat;
        }
    }
}

/// What the tables must be asked: numbers, and event ids.
pub(crate) fn questions(round: &Round) -> (Vec<Numbers>, Vec<Uuid>) {
    let (mut numbers, mut ids) = (Vec::new(), Vec::new());
    for (head, class) in round.heads.iter().zip(&round.classes) {
        if matches!(class, Class::Repeat | Class::Dropped) {
            continue;
        }
        if *class == Class::Ask {
            let last = if let Verdict::Lost { last } = head.verdict {
                last
            } else {
                head.seq
            };
            numbers.push(Numbers {
                log_id: head.log_id,
                first: head.seq,
                last,
            });
        }
        if head.check_table && head.verdict == Verdict::Row && tells_apart(head.event_id) {
            ids.push(head.event_id);
        }
    }
    (numbers, ids)
}
