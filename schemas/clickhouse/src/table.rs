//! `table!`: a table's columns, declared once, become its row, its block and its description.
//!
//! Used in [`crate::events`] and [`crate::ledger`]; the kinds of columns are those of [`crate::native`].

/// What is known of one column: compared with `DESCRIBE` by a test, printed by the data dictionary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ColumnInfo {
    /// Name, snake case.
    pub name: &'static str,
    /// ClickHouse type, spelled as `DESCRIBE` prints it.
    pub kind: &'static str,
    /// Compression codec, spelled as `DESCRIBE` prints it.
    pub codec: &'static str,
    /// Meaning and unit.
    pub doc: &'static str,
}

/// A column's name: the field's, or the one given where Rust's keywords forbid that.
macro_rules! column_name {
    ($field:ident) => {
        stringify!($field)
    };
    ($field:ident $name:literal) => {
        $name
    };
}

/// Declares a table. Each line: doc, field, optional `= "column"`, kind, codec; in the order of the table.
macro_rules! table {
    (
        $(#[$row_doc:meta])* row $row:ident;
        $(#[$block_doc:meta])* block $block:ident;
        $($(#[doc = $doc:literal])+ $field:ident $(= $name:literal)?: $kind:ty, $codec:literal;)+
    ) => {
        $(#[$row_doc])*
        #[derive(Debug, Clone, Copy, PartialEq)]
        pub struct $row<'a> {
            $($(#[doc = $doc])+ pub $field: <$kind as $crate::native::Column>::Value<'a>,)+
        }

        impl Default for $row<'_> {
            fn default() -> Self {
                Self { $($field: <$kind as $crate::native::Column>::empty(),)+ }
            }
        }

        impl $row<'_> {
            /// Every column with its value as text, in the order of the table; empty where it says nothing.
            #[must_use]
            pub fn show(&self) -> Vec<(&'static str, String)> {
                vec![$((
                    $crate::table::column_name!($field $($name)?),
                    $crate::native::Show::show(&self.$field),
                ),)+]
            }
        }

        /// Every column, in the order of the table.
        pub const COLUMNS: &[$crate::table::ColumnInfo] = &[$($crate::table::ColumnInfo {
            name: $crate::table::column_name!($field $($name)?),
            kind: <$kind as $crate::native::Column>::TYPE,
            codec: $codec,
            doc: concat!($($doc),+),
        },)+];

        $(#[$block_doc])*
        #[derive(Debug, Default, Clone)]
        pub struct $block {
            rows: usize,
            $($field: $kind,)+
        }

        impl $block {
            /// Appends a row.
            pub fn push(&mut self, row: &$row<'_>) {
                self.rows += 1;
                $($crate::native::Column::push(&mut self.$field, row.$field);)+
            }

            /// Rows in the block.
            #[must_use]
            pub const fn len(&self) -> usize {
                self.rows
            }

            /// Whether the block has no rows.
            #[must_use]
            pub const fn is_empty(&self) -> bool {
                self.rows == 0
            }

            /// Keeps the rows whose flag is set; one flag per row.
            pub fn retain(&mut self, keep: &[bool]) {
                debug_assert_eq!(keep.len(), self.rows);
                self.rows = keep.iter().filter(|keep| **keep).count();
                $($crate::native::Column::retain(&mut self.$field, keep);)+
            }

            /// Gives every row this deadline, ms since 1970: it is known only when the block is sent.
            pub fn set_insert_deadline(&mut self, deadline: i64) {
                self.insert_deadline.fill(self.rows, deadline);
            }

            /// Forgets the rows, keeps the memory.
            pub fn clear(&mut self) {
                self.rows = 0;
                $($crate::native::Column::clear(&mut self.$field);)+
            }

            /// Bytes of the data, without the header of some 40 bytes per column.
            #[must_use]
            pub fn size(&self) -> usize {
                [$($crate::native::Column::size(&self.$field)),+].iter().sum()
            }

            /// Appends the block in Native format: the body of an insert. Write no empty block.
            ///
            /// A column in which no row says anything is left out, and the server fills in its default, which is the
            /// same: 25 of 83 columns in the benchmark's traffic, 4 % of the bytes, some 6 % of the server's reading.
            pub fn write_native(&self, out: &mut Vec<u8>) {
                let mut said = [$(!$crate::native::Column::is_blank(&self.$field)),+];
                // A block without columns would be a block without rows.
                said[0] = true;
                let mut said = said.into_iter();
                out.reserve(self.size() + COLUMNS.len() * 64);
                $crate::native::write_head(said.clone().filter(|said| *said).count(), self.rows, out);
                $(if said.next() == Some(true) {
                    let name = $crate::table::column_name!($field $($name)?);
                    $crate::native::write_column(name, &self.$field, out);
                })+
            }
        }
    };
}

pub(crate) use {column_name, table};
