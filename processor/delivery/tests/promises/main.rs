//! What the machine promises where the simulation does not go: other servers, patience, unknown versions, lost ranges,
//! answers that come too late. One event at a time, as a driver would feed them.

#![expect(unreachable_pub, reason = "one test binary; its modules are not an API")]

mod driver;

use driver::{Driver, HERE, NOW, head, insert_of, log, open, started};
use footfall_delivery::{
    Alarm, Clock, CommitOutcome, Decision, Head, Input, InsertOutcome, Looked, LookedUp, Meta, Mode, Number,
    Numbers, Output, Reason, Span, Tag, UNKNOWN_TIME, Verdict,
};
use uuid::Uuid;

#[test]
fn metadata_of_another_server_holds_the_partition_until_the_operator_speaks() {
    let mut driver = Driver::new(Mode::Fenced);
    let out = driver.assign(Some((5, open(2))));
    let out = driver.settle(out);
    let server = Uuid::from_u128(2);
    assert!(
        out.contains(&Output::Alarm(Alarm::OtherServer {
            partition: 0,
            server,
            tag: Tag::new("db", "topic", "other"),
        })),
        "{out:?}"
    );
    assert_eq!((started(&out), driver.machine.status().held), (None, 1));
    let begun = driver.clock;
    // A word about another owner of that server, an earlier one, is no word about this one.
    let out = driver.on(Input::ServerGone(Tag::new("db", "topic", "earlier")));
    assert_eq!((driver.settle(out), driver.machine.status().held), (vec![], 1));
    let tags: Vec<_> = driver.machine.held().cloned().collect();
    assert_eq!(tags, [Tag::new("db", "topic", "other")]);
    let out = driver.on(Input::ServerGone(tags[0].clone()));
    let out = driver.settle(out);
    assert_eq!(started(&out), Some(5));
    assert!(driver.clock >= begun + 10_000, "the wait is not spared");
}

#[test]
fn an_address_that_answers_as_another_server_holds_what_was_open() {
    let mut driver = Driver::ready(Mode::Fenced);
    let out = driver.offer(0, &[head(1)]);
    let (op, rows) = insert_of(&out).unwrap();
    let out = driver.on(Input::Inserted(op, InsertOutcome::Written(rows)));
    driver.settle(out);
    driver.server = 2;
    driver.now += 20_000;
    driver.clock += 20_000;
    let out = driver.offer(1, &[head(2)]);
    let (was, is) = (Uuid::from_u128(HERE), Uuid::from_u128(2));
    assert!(
        out.contains(&Output::Alarm(Alarm::ServerChanged { was, is })),
        "{out:?}"
    );
    assert_eq!((insert_of(&out), driver.machine.status().held), (None, 1));
}

#[test]
fn a_clock_read_before_the_assignment_does_not_start_the_wait() {
    let mut driver = Driver::new(Mode::Fenced);
    let first = driver.assign(None);
    let [Output::ReadClock(before)] = first[..] else {
        panic!("{first:?}")
    };
    let second = driver.assign(None);
    let [Output::ReadClock(after)] = second[..] else {
        panic!("{second:?}")
    };
    let clock = |now| {
        Ok(Clock {
            now,
            server: Uuid::from_u128(HERE),
        })
    };
    assert_eq!(driver.on(Input::Clock(before, clock(NOW))), []);
    driver.on(Input::Clock(after, clock(NOW + 5_000)));
    assert_eq!(driver.machine.wake_at(), Some(10_000));
}

#[test]
fn a_refused_commit_waits_for_an_assignment_and_then_leaves() {
    let mut driver = Driver::new(Mode::Fenced);
    let mut out = driver.assign(Some((
        0,
        Meta::Closed {
            topic: "topic".to_owned(),
        },
    )));
    let commit = loop {
        let Some(output) = out.pop() else {
            panic!("no commit")
        };
        match output {
            Output::Commit(op, _) => break op,
            Output::ReadClock(op) => {
                out = driver.on(Input::Clock(
                    op,
                    Ok(Clock {
                        now: NOW,
                        server: Uuid::from_u128(HERE),
                    }),
                ));
            }
            Output::Look { op, .. } => {
                let mut heads = driver.on(Input::Looked(op, Ok(Looked::default())));
                driver.machine.offer(
                    0,
                    &[Span {
                        partition: 0,
                        from: 0,
                        next: 1,
                    }],
                    &[head(1)],
                    &mut heads,
                );
                out = heads;
            }
            _ => {}
        }
    };
    assert_eq!(driver.on(Input::Committed(commit, CommitOutcome::Refused)), []);
    driver.now = 59_000;
    assert_eq!(driver.on(Input::Tick), []);
    driver.now = 60_001;
    assert_eq!(
        driver.on(Input::Tick),
        [Output::Alarm(Alarm::NoAssignment), Output::LeaveAndRejoin]
    );
}

#[test]
fn a_partition_stops_in_front_of_an_unknown_version_and_keeps_what_came_before() {
    let mut driver = Driver::ready(Mode::Child);
    let unknown = Head {
        verdict: Verdict::UnknownVersion,
        ..head(2)
    };
    let out = driver.offer(0, &[head(1), unknown, head(3)]);
    let (op, rows) = insert_of(&out).unwrap();
    assert_eq!(rows, 1);
    assert_eq!(
        driver.machine.decisions(),
        [Decision::Row, Decision::Dropped, Decision::Dropped]
    );
    let out = driver.on(Input::Inserted(op, InsertOutcome::Written(1)));
    assert!(out.contains(&Output::RoundDone(vec![(0, 1)])) && out.contains(&Output::Pause { partition: 0 }));
    let waits = Number {
        log_id: log(),
        seq: 2,
    };
    assert!(out.contains(&Output::Alarm(Alarm::UnknownVersion {
        partition: 0,
        position: 1,
        number: waits,
    })));
    assert_eq!(driver.machine.waiting().collect::<Vec<_>>(), [(0, waits)]);
}

#[test]
fn the_operators_word_lets_a_waiting_partition_read_its_record_again_and_no_more() {
    let mut driver = Driver::ready(Mode::Child);
    let unknown = Head {
        verdict: Verdict::UnknownVersion,
        ..head(1)
    };
    assert_eq!(driver.on(Input::Resume(0)), [], "nothing waits");
    let out = driver.offer(0, &[unknown, head(2)]);
    assert!(out.contains(&Output::Pause { partition: 0 }), "{out:?}");
    assert_eq!(driver.on(Input::Resume(7)), [], "not ours");
    let out = driver.on(Input::Resume(0));
    assert_eq!(started(&out), Some(0));
    assert_eq!(driver.on(Input::Resume(0)), [], "said twice");
    let skipped = Head {
        verdict: Verdict::Ledger(Reason::UnknownVersion),
        ..head(1)
    };
    let other = Head {
        position: 1,
        verdict: Verdict::UnknownVersion,
        ..head(2)
    };
    let out = driver.offer(0, &[skipped, other, head(3)]);
    let (op, rows) = insert_of(&out).unwrap();
    assert_eq!(rows, 1);
    let out = driver.on(Input::Inserted(op, InsertOutcome::Written(1)));
    assert!(out.contains(&Output::RoundDone(vec![(0, 1)])), "{out:?}");
    assert!(
        out.contains(&Output::Pause { partition: 0 }),
        "the next one waits again: {out:?}"
    );
}

#[test]
fn a_record_of_an_unknown_version_whose_fate_is_written_holds_nothing_up_when_it_is_read_again() {
    for is_written in [true, false] {
        let mut driver = Driver::ready(Mode::Child);
        // Its time cannot be read, so that any table may have it.
        let unknown = Head {
            verdict: Verdict::UnknownVersion,
            received_at: UNKNOWN_TIME,
            ..head(2)
        };
        let span = Span {
            partition: 0,
            from: 0,
            next: 3,
        };
        let mut out = Vec::new();
        let heads = [head(1), unknown, head(3)];
        driver.machine.offer(0, &[span], &heads, &mut out);
        let Some(Output::LookUp { op, .. }) = out.pop() else {
            panic!("not looked up")
        };
        let one = Numbers {
            log_id: log(),
            first: 2,
            last: 2,
        };
        let found = LookedUp {
            ledger: if is_written { vec![one] } else { Vec::new() },
            ..LookedUp::default()
        };
        let out = driver.on(Input::LookedUp(op, Ok(found)));
        let out = driver.settle(out);
        let after = if is_written {
            [Decision::Row, Decision::LeaveOut, Decision::Row]
        } else {
            [Decision::Row, Decision::Dropped, Decision::Dropped]
        };
        assert_eq!(driver.machine.decisions(), after);
        let (op, rows) = insert_of(&out).unwrap();
        let out = driver.on(Input::Inserted(op, InsertOutcome::Written(rows)));
        assert_eq!(out.contains(&Output::Pause { partition: 0 }), !is_written);
        let end = if is_written { 3 } else { 1 };
        assert!(out.contains(&Output::RoundDone(vec![(0, end)])), "{out:?}");
    }
}

#[test]
fn what_the_tables_have_of_a_range_that_cannot_be_read_is_not_lost() {
    let mut driver = Driver::ready(Mode::Child);
    let range = Head {
        verdict: Verdict::Lost { last: 9 },
        ..head(1)
    };
    let mut out = Vec::new();
    driver.machine.offer(
        0,
        &[Span {
            partition: 0,
            from: 0,
            next: 10,
        }],
        &[
            range,
            Head {
                position: 9,
                ..head(4)
            },
        ],
        &mut out,
    );
    let Some(Output::LookUp { op, numbers, .. }) = out.pop() else {
        panic!("not looked up")
    };
    assert_eq!(
        numbers,
        [
            Numbers {
                log_id: log(),
                first: 1,
                last: 9
            },
            Numbers {
                log_id: log(),
                first: 4,
                last: 4
            }
        ]
    );
    let part = |first, last| Numbers {
        log_id: log(),
        first,
        last,
    };
    let found = LookedUp {
        events: vec![part(1, 1), part(2, 2)],
        ledger: vec![part(8, 30)],
        ids: Vec::new(),
    };
    let out = driver.on(Input::LookedUp(op, Ok(found)));
    driver.settle(out);
    let lost: Vec<_> = driver.machine.lost().iter().map(|row| row.numbers).collect();
    assert_eq!(lost, [part(3, 3), part(5, 7)]);
    assert_eq!(driver.machine.decisions(), [Decision::Lost, Decision::Row]);
}

#[test]
fn the_first_number_of_an_event_wins_inside_one_round() {
    let mut driver = Driver::ready(Mode::Child);
    let again = Head {
        event_id: head(1).event_id,
        ..head(2)
    };
    let nil = |seq| Head {
        event_id: Uuid::nil(),
        ..head(seq)
    };
    let poison = Head {
        verdict: Verdict::Ledger(Reason::Unreadable),
        ..head(5)
    };
    driver.offer(0, &[head(1), again, nil(3), nil(4), poison]);
    let of = Number {
        log_id: log(),
        seq: 1,
    };
    let row = Decision::Row;
    let fates = [
        row,
        Decision::Duplicate { of },
        row,
        row,
        Decision::Ledger(Reason::Unreadable),
    ];
    assert_eq!(driver.machine.decisions(), fates);
}

#[test]
fn a_span_with_a_gap_is_dropped() {
    let mut driver = Driver::ready(Mode::Child);
    let out = driver.offer(3, &[head(4)]);
    assert_eq!(
        (insert_of(&out), driver.machine.decisions()),
        (None, [Decision::Dropped].as_slice())
    );
    assert!(out.contains(&Output::RoundDone(Vec::new())));
}

#[test]
fn a_server_that_keeps_refusing_raises_an_alarm_and_loses_nothing() {
    let mut driver = Driver::ready(Mode::Fenced);
    let mut out = driver.offer(0, &[head(1)]);
    for times in 1..=4 {
        let (op, rows) = insert_of(&out).unwrap();
        assert_eq!(rows, 1);
        let answer = driver.on(Input::Inserted(op, InsertOutcome::Refused(243)));
        let alarm = Output::Alarm(Alarm::Refusing { code: 243, times });
        assert_eq!(answer.contains(&alarm), times > 1, "{answer:?}");
        out = driver.settle(answer);
    }
}

#[test]
fn an_answer_to_an_operation_that_was_given_up_changes_nothing() {
    let mut driver = Driver::ready(Mode::Fenced);
    let out = driver.offer(0, &[head(1)]);
    let (op, _) = insert_of(&out).unwrap();
    driver.on(Input::Lost);
    driver.on(Input::Inserted(op, InsertOutcome::InDoubt));
    assert!(
        driver.machine.status().in_doubt,
        "our own insert may still land, whoever owns the partition"
    );
    assert_eq!(driver.on(Input::Inserted(op, InsertOutcome::Written(1))), []);
    assert!(driver.machine.status().in_doubt);
}
