//! The map against what it promises.

use super::*;

fn number(seq: u64) -> Number {
    Number {
        log_id: Uuid::from_u128(1),
        seq,
    }
}

fn id(n: u128) -> Uuid {
    Uuid::from_u128(n.wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835))
}

#[test]
fn the_first_number_wins_and_is_no_duplicate_of_itself() {
    let mut known = Known::new(42, 7_200_000, 1_000);
    assert_eq!(known.first(id(1), number(1), 1_000), None);
    assert_eq!(known.first(id(1), number(2), 1_000), Some(number(1)));
    assert_eq!(known.first(id(1), number(1), 1_000), None);
}

#[test]
fn ids_that_are_taken_back_are_new_again_and_settled_ones_are_not() {
    let mut known = Known::new(42, 7_200_000, 1_000_000);
    for n in 0..5_000_u64 {
        known.first(id(n.into()), number(n), 1_000);
    }
    known.settle();
    for n in 5_000..20_000_u64 {
        known.first(id(n.into()), number(n), 1_000);
    }
    known.take_back();
    assert_eq!(known.len(), 5_000);
    for n in 0..20_000_u64 {
        let again = known.first(id(n.into()), number(n + 100_000), 1_000);
        assert_eq!(again, (n < 5_000).then(|| number(n)), "{n}");
    }
}

#[test]
fn the_oldest_ids_go_first_and_the_others_stay_findable() {
    let mut known = Known::new(7, 7_200_000, 3_000);
    for n in 0..50_000_u64 {
        known.first(id(n.into()), number(n), 1_000);
        known.settle();
    }
    assert_eq!(known.len(), 3_000);
    for n in 47_000..50_000_u64 {
        assert_eq!(
            known.first(id(n.into()), number(1), 1_000),
            Some(number(n)),
            "{n}"
        );
    }
}

#[test]
fn the_window_goes_by_received_time_and_says_what_it_covers() {
    let mut known = Known::new(7, 7_200_000, 1_000_000);
    for n in 0..10_u64 {
        known.first(
            id(n.into()),
            number(n),
            1_000_000_000_000 + 3_600_000 * n.cast_signed(),
        );
    }
    known.settle();
    assert_eq!((known.len(), known.covered()), (3, 7_200_000));
}

#[test]
fn an_id_costs_at_most_64_bytes() {
    let mut known = Known::new(7, 7_200_000, 1 << 20);
    for n in 0..1_u64 << 20 {
        known.first(id(n.into()), number(n), 1_000);
    }
    assert!(
        known.bytes() / known.len() <= 64,
        "{}",
        known.bytes() / known.len()
    );
}

#[test]
fn it_agrees_with_a_plain_map_whatever_comes() {
    use std::collections::{HashMap, VecDeque};
    let (mut known, limit) = (Known::new(99, 7_200_000, 700), 700);
    let (mut plain, mut order) = (HashMap::new(), VecDeque::new());
    let mut random = 1_u64;
    for round in 0..3_000_u64 {
        let begun = order.len();
        for n in 0..random % 37 {
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let (event, seq) = ((random >> 33) % 3_000, round * 100 + n);
            let before = plain.get(&event).copied();
            assert_eq!(
                known.first(id(u128::from(event) + 1), number(seq), 1_000),
                before.map(number)
            );
            if before.is_none() {
                plain.insert(event, seq);
                order.push_back(event);
            }
        }
        if random.is_multiple_of(5) {
            known.take_back();
            for event in order.drain(begun..) {
                plain.remove(&event);
            }
        } else {
            known.settle();
            while order.len() > limit {
                let gone = order.pop_front().unwrap();
                plain.remove(&gone);
            }
        }
        assert_eq!(known.len(), order.len());
    }
}
