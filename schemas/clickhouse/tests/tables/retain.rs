//! A block from which rows were taken is the block of the rows that stayed.

use footfall_schemas::{Flag, Flags};
use footfall_tables::{EventBlock, EventRow, LedgerBlock, LedgerRow};
use std::borrow::Cow;
use uuid::Uuid;

fn flags(number: usize) -> Flags {
    let mut flags = Flags::default();
    flags.set_if(Flag::Pixel, number.is_multiple_of(2));
    flags.set_if(Flag::Late, number.is_multiple_of(3));
    flags
}

fn block(numbers: &[usize]) -> EventBlock {
    let mut block = EventBlock::default();
    for &number in numbers {
        let url = "u".repeat(number * 37);
        let props: Vec<_> = (0..number % 4)
            .map(|key| (Cow::from(format!("k{key}")), Cow::from("v".repeat(number))))
            .collect();
        block.push(&EventRow {
            event_id: Uuid::from_u128(number as u128),
            client_time: number.is_multiple_of(2).then_some(number as i64),
            url: &url,
            flags: flags(number),
            bot_reasons: &["a", "bb"][..number % 3],
            props: &props,
            insert_deadline: 77,
            ..EventRow::default()
        });
    }
    block
}

fn bytes(block: &EventBlock) -> Vec<u8> {
    let mut bytes = Vec::new();
    block.write_native(&mut bytes);
    bytes
}

#[test]
fn what_stays_is_as_if_the_rest_had_never_been_there() {
    let numbers: Vec<usize> = (0..30).collect();
    for modulus in 1..8 {
        let keep: Vec<bool> = numbers.iter().map(|number| number % modulus == 0).collect();
        let mut kept = block(&numbers);
        kept.retain(&keep);
        let stay: Vec<usize> = numbers
            .iter()
            .copied()
            .filter(|number| number % modulus == 0)
            .collect();
        assert_eq!(kept.len(), stay.len());
        assert_eq!(bytes(&kept), bytes(&block(&stay)), "every {modulus}th");
    }
    let mut none = block(&numbers);
    none.retain(&[false; 30]);
    assert!(none.is_empty());
    none.push(&EventRow::default());
    assert_eq!(none.len(), 1);
}

#[test]
fn the_deadline_is_given_to_all_rows_at_once() {
    let mut late = block(&[1, 2, 3]);
    late.set_insert_deadline(5);
    late.set_insert_deadline(77);
    assert_eq!(bytes(&late), bytes(&block(&[1, 2, 3])));

    let (mut with, mut without) = (LedgerBlock::default(), LedgerBlock::default());
    with.push(&LedgerRow {
        first_seq: 1,
        insert_deadline: 9,
        ..LedgerRow::default()
    });
    without.push(&LedgerRow {
        first_seq: 1,
        ..LedgerRow::default()
    });
    without.set_insert_deadline(9);
    let (mut one, mut other) = (Vec::new(), Vec::new());
    with.write_native(&mut one);
    without.write_native(&mut other);
    assert_eq!(one, other);
}
