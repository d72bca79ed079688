//! Blocks against bytes written by hand from the description of the Native format.

use footfall_schemas::{Flag, Flags};
use footfall_tables::events::COLUMNS;
use footfall_tables::native::nested::{Codes, FlagNames, Pairs};
use footfall_tables::native::{
    Address, Bytes, Code, Column, Count, Fixed, Id, MaybeMillis, Millis, Text, Truth,
};
use footfall_tables::{EventBlock, EventRow, LedgerBlock, LedgerRow};
use std::borrow::Cow;
use uuid::Uuid;

fn written<C: Column>(values: &[C::Value<'_>]) -> Vec<u8> {
    let mut column = C::default();
    for value in values {
        column.push(*value);
    }
    let mut out = Vec::new();
    column.write(&mut out);
    assert_eq!(out.len(), column.size());
    column.clear();
    assert_eq!(column.size(), 0);
    out
}

#[test]
fn numbers_lie_little_endian() {
    assert_eq!(
        written::<Fixed<Count>>(&[1, 0x0102_0304]),
        [1, 0, 0, 0, 4, 3, 2, 1]
    );
    assert_eq!(
        written::<Fixed<Millis>>(&[-2]),
        [0xFE, 255, 255, 255, 255, 255, 255, 255]
    );
    assert_eq!(written::<Fixed<Truth>>(&[true, false]), [1, 0]);
}

#[test]
fn the_halves_of_a_uuid_are_turned_one_by_one() {
    let id = Uuid::from_u128(0x0001_0203_0405_0607_0809_0A0B_0C0D_0E0F);
    let expected = [7, 6, 5, 4, 3, 2, 1, 0, 15, 14, 13, 12, 11, 10, 9, 8];
    assert_eq!(written::<Fixed<Id>>(&[id]), expected);
}

#[test]
fn an_ipv4_address_is_mapped_in_network_order() {
    let address = std::net::Ipv4Addr::new(203, 0, 113, 9).to_ipv6_mapped();
    let expected = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 203, 0, 113, 9];
    assert_eq!(written::<Fixed<Address>>(&[address]), expected);
}

#[test]
fn nulls_stand_before_the_values() {
    let expected = [&[1, 0][..], &[0; 8], &[5, 0, 0, 0, 0, 0, 0, 0]].concat();
    assert_eq!(written::<MaybeMillis>(&[None, Some(5)]), expected);
}

#[test]
fn a_string_has_its_length_in_front() {
    assert_eq!(written::<Text>(&["", "é\0"]), [0, 3, 0xC3, 0xA9, 0]);
    assert_eq!(written::<Bytes>(&[&[0xFF, 0]]), [2, 0xFF, 0]);
    for (length, head) in [
        (127, &[0x7F][..]),
        (128, &[0x80, 1]),
        (16_383, &[0xFF, 0x7F]),
        (16_384, &[0x80, 0x80, 1]),
    ] {
        let text = "x".repeat(length);
        assert_eq!(
            written::<Code>(&[&text]),
            [head, text.as_bytes()].concat(),
            "{length}"
        );
    }
}

#[test]
fn lists_and_maps_have_their_ends_in_front() {
    let lists = written::<Codes>(&[&["a"], &[], &["b", "c"]]);
    let ends = [1_u64, 1, 3].map(u64::to_le_bytes).concat();
    assert_eq!(lists, [&ends[..], b"\x01a\x01b\x01c"].concat());

    let mut flags = Flags::default();
    flags.set(Flag::Late);
    assert_eq!(
        written::<FlagNames>(&[flags]),
        [&1_u64.to_le_bytes()[..], b"\x04late"].concat()
    );

    let props = [(Cow::from("k"), Cow::from("v")), (Cow::from("l"), Cow::from(""))];
    let map = written::<Pairs>(&[&props, &[]]);
    let ends = [2_u64, 2].map(u64::to_le_bytes).concat();
    assert_eq!(map, [&ends[..], b"\x01k\x01l", b"\x01v\x00"].concat());
}

#[test]
fn a_block_says_columns_and_rows_then_each_column_with_name_and_type() {
    let mut block = LedgerBlock::default();
    block.push(&LedgerRow {
        first_seq: 7,
        last_seq: 9,
        ..LedgerRow::default()
    });
    let mut out = Vec::new();
    block.write_native(&mut out);
    let log_id = [&b"\x06log_id\x04UUID"[..], &[0; 16]].concat();
    let first_seq = b"\x09first_seq\x06UInt64\x07\0\0\0\0\0\0\0";
    let last_seq = b"\x08last_seq\x06UInt64\x09\0\0\0\0\0\0\0";
    // Three columns, one row: the others say nothing, and the first stands for the row.
    assert_eq!(out, [b"\x03\x01", &log_id[..], first_seq, last_seq].concat());
}

#[test]
fn a_cleared_block_writes_what_a_new_one_does() {
    let row = EventRow {
        site: "demo",
        url: "https://example.org/",
        ..EventRow::default()
    };
    let mut block = EventBlock::default();
    block.push(&EventRow {
        title: "before",
        ..row
    });
    block.clear();
    assert!(block.is_empty() && block.size() == 0);
    block.push(&row);
    let mut fresh = EventBlock::default();
    fresh.push(&row);
    let (mut one, mut other) = (Vec::new(), Vec::new());
    block.write_native(&mut one);
    fresh.write_native(&mut other);
    assert_eq!((one, block.len()), (other, 1));
}

#[test]
fn every_column_has_a_name_of_its_own_and_a_meaning() {
    let mut names: Vec<_> = COLUMNS.iter().map(|column| column.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), COLUMNS.len());
    for column in COLUMNS {
        assert!(column.doc.trim().ends_with(['.', '…']), "{}", column.name);
        assert!(
            column.name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'_')),
            "{}",
            column.name
        );
    }
}
