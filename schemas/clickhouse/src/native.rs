//! Column buffers in ClickHouse's Native format: what a row's fields become on their way into a block.
//!
//! Each type here is one kind of column: its type in the table, its type in the block's header (where the engine casts:
//! `LowCardinality(String)` travels as plain `String`) and its bytes, ready to be sent. Layouts:
//! <https://clickhouse.com/docs/interfaces/formats/Native>. Tables are declared with them in [`crate::events`] and
//! [`crate::ledger`]; lists and maps live in [`nested`].

use std::net::Ipv6Addr;
use uuid::Uuid;

mod buffer;
pub mod nested;
mod retain;
mod show;

pub use buffer::Buffer;
pub use show::Show;

/// One column of a block that is being built.
pub trait Column: Default {
    /// Type in the table, spelled as `DESCRIBE` prints it.
    const TYPE: &'static str;
    /// Type in the block's header.
    const WIRE: &'static str;
    /// What one row gives.
    type Value<'a>: Copy;

    /// The value of a row that says nothing.
    fn empty<'a>() -> Self::Value<'a>;
    /// Appends one row's value.
    fn push(&mut self, value: Self::Value<'_>);
    /// Keeps the rows whose flag is set; one flag per row.
    fn retain(&mut self, keep: &[bool]);
    /// Forgets the rows, keeps the memory.
    fn clear(&mut self);
    /// Whether none of its rows says anything.
    fn is_blank(&self) -> bool;
    /// Bytes that [`Column::write`] will write.
    fn size(&self) -> usize;
    /// Appends the column's data.
    fn write(&self, out: &mut Vec<u8>);
}

/// A type of fixed width: how its values lie in a block.
pub trait Scalar: Default {
    /// Type in table and block.
    const TYPE: &'static str;
    /// What one row gives.
    type Value: Copy;
    /// The value of a row that says nothing.
    const EMPTY: Self::Value;
    /// Appends the value as it lies in a block.
    #[doc(hidden)]
    fn write(value: Self::Value, into: &mut Buffer);
}

/// Declares scalars: marker, ClickHouse type, Rust type, bytes, empty value, conversion.
macro_rules! scalars {
    ($($(#[$doc:meta])* $name:ident, $type:literal, $value:ty, $bytes:ty, $empty:expr, $convert:expr;)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Default, Clone, Copy)]
        pub struct $name;
        impl Scalar for $name {
            const TYPE: &'static str = $type;
            type Value = $value;
            const EMPTY: $value = $empty;
            #[inline]
            fn write(value: $value, into: &mut Buffer) {
                let convert: fn($value) -> $bytes = $convert;
                into.push(convert(value));
            }
        }
    )+};
}

scalars! {
    /// `UInt8`.
    Byte, "UInt8", u8, [u8; 1], 0, u8::to_le_bytes;
    /// `UInt16`.
    Short, "UInt16", u16, [u8; 2], 0, u16::to_le_bytes;
    /// `UInt32`.
    Count, "UInt32", u32, [u8; 4], 0, u32::to_le_bytes;
    /// `UInt64`.
    Number, "UInt64", u64, [u8; 8], 0, u64::to_le_bytes;
    /// `Bool`.
    Truth, "Bool", bool, [u8; 1], false, |value| [u8::from(value)];
    /// Milliseconds since 1970, UTC. Far times are stored exactly, though SQL prints only 1900 to 2299.
    Millis, "DateTime64(3, 'UTC')", i64, [u8; 8], 0, i64::to_le_bytes;
    /// A UUID: its high half, then its low half, each little-endian.
    Id, "UUID", Uuid, [u8; 16], Uuid::nil(), uuid_bytes;
    /// An IPv6 address, or an IPv4 one mapped into it, in network order.
    Address, "IPv6", Ipv6Addr, [u8; 16], Ipv6Addr::UNSPECIFIED, |value| value.octets();
}

fn uuid_bytes(id: Uuid) -> [u8; 16] {
    let (high, low) = id.as_u64_pair();
    ((u128::from(low) << 64) | u128::from(high)).to_le_bytes()
}

/// A column of fixed width.
#[derive(Debug, Default, Clone)]
pub struct Fixed<S>(Buffer, std::marker::PhantomData<S>);

impl<S: Scalar> Fixed<S> {
    /// Makes it a column of `rows` equal values.
    pub(crate) fn fill(&mut self, rows: usize, value: S::Value) {
        self.0.clear();
        for _ in 0..rows {
            self.push(value);
        }
    }
}

impl<S: Scalar> Column for Fixed<S> {
    const TYPE: &'static str = S::TYPE;
    const WIRE: &'static str = S::TYPE;
    type Value<'a> = S::Value;

    fn empty<'a>() -> Self::Value<'a> {
        S::EMPTY
    }
    #[inline]
    fn push(&mut self, value: S::Value) {
        S::write(value, &mut self.0);
    }
    fn retain(&mut self, keep: &[bool]) {
        retain::fixed(&mut self.0, keep);
    }
    fn clear(&mut self) {
        self.0.clear();
    }
    fn is_blank(&self) -> bool {
        self.0.is_zero()
    }
    fn size(&self) -> usize {
        self.0.len()
    }
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.0.as_slice());
    }
}

/// `Nullable(DateTime64(3, 'UTC'))`: a time that a client may not have said; 0 would be a time, and wrong in a minimum.
#[derive(Debug, Default, Clone)]
pub struct MaybeMillis {
    nulls: Buffer,
    values: Fixed<Millis>,
}

impl Column for MaybeMillis {
    const TYPE: &'static str = "Nullable(DateTime64(3, 'UTC'))";
    const WIRE: &'static str = Self::TYPE;
    type Value<'a> = Option<i64>;

    fn empty<'a>() -> Self::Value<'a> {
        None
    }
    #[inline]
    fn push(&mut self, value: Option<i64>) {
        self.nulls.push([u8::from(value.is_none())]);
        self.values.push(value.unwrap_or(0));
    }
    fn retain(&mut self, keep: &[bool]) {
        retain::fixed(&mut self.nulls, keep);
        self.values.retain(keep);
    }
    fn clear(&mut self) {
        self.nulls.clear();
        self.values.clear();
    }
    fn is_blank(&self) -> bool {
        self.nulls.as_slice().iter().all(|null| *null == 1)
    }
    fn size(&self) -> usize {
        self.nulls.len() + self.values.size()
    }
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.nulls.as_slice());
        self.values.write(out);
    }
}

/// Declares string columns: name, type in the table, type in the block, Rust type, empty value, bytes of a value.
macro_rules! strings {
    ($($(#[$doc:meta])* $name:ident, $type:literal, $value:ty, $empty:expr, $bytes:expr;)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Default, Clone)]
        pub struct $name(Buffer);
        impl Column for $name {
            const TYPE: &'static str = $type;
            const WIRE: &'static str = "String";
            type Value<'a> = &'a $value;

            fn empty<'a>() -> Self::Value<'a> {
                $empty
            }
            #[inline]
            fn push(&mut self, value: &$value) {
                let bytes: fn(&$value) -> &[u8] = $bytes;
                self.0.push_bytes(bytes(value));
            }
            fn retain(&mut self, keep: &[bool]) {
                retain::strings(&mut self.0, keep);
            }
            fn clear(&mut self) {
                self.0.clear();
            }
            fn is_blank(&self) -> bool {
                self.0.is_zero()
            }
            fn size(&self) -> usize {
                self.0.len()
            }
            fn write(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(self.0.as_slice());
            }
        }
    )+};
}

strings! {
    /// Free text.
    Text, "String", str, "", str::as_bytes;
    /// Bytes that need not be text.
    Bytes, "String", [u8], &[], |bytes| bytes;
    /// Text with few different values.
    Code, "LowCardinality(String)", str, "", str::as_bytes;
}

/// Appends the head of a block: how many columns and rows follow.
pub(crate) fn write_head(columns: usize, rows: usize, out: &mut Vec<u8>) {
    for mut number in [columns, rows] {
        while number >= 0x80 {
            out.push(number.to_le_bytes()[0] | 0x80);
            number >>= 7;
        }
        out.push(number.to_le_bytes()[0]);
    }
}

/// Appends one column of a block: its name, its type and the data.
pub(crate) fn write_column<C: Column>(name: &str, column: &C, out: &mut Vec<u8>) {
    let mut head = Buffer::default();
    head.push_bytes(name.as_bytes());
    head.push_bytes(C::WIRE.as_bytes());
    out.extend_from_slice(head.as_slice());
    column.write(out);
}
