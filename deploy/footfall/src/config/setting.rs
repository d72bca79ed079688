//! What is known of a setting, and the macro that makes structs, table and reading from one declaration.

use super::value::Value;

/// One setting as declared in [`settings`](super::settings).
#[derive(Debug)]
pub struct Setting {
    /// `group.name`, the place in the file.
    pub key: &'static str,
    /// The type, for people.
    pub kind: &'static str,
    /// Examples of the type, for people.
    pub example: &'static str,
    /// Text of the default; empty means "not set".
    pub default: &'static str,
    /// What it does, for the reference.
    pub doc: &'static str,
    /// Whether it prints `[redacted]`, and may be given as a file (`…_file`, `…_FILE`).
    pub secret: bool,
    /// A second name in the environment that people know already; empty if none.
    pub alias: &'static str,
    /// The flag that sets it, besides `--set key=value`; empty if none.
    pub flag: &'static str,
}

/// Settings that belong together: one table of the file, one struct.
#[derive(Debug)]
pub struct Group {
    /// Name of the table in the file.
    pub name: &'static str,
    /// What it is about.
    pub about: &'static str,
    /// Its settings, in the order of the reference.
    pub settings: &'static [Setting],
}

impl Setting {
    /// The name in the environment: `FOOTFALL_GROUP_NAME`.
    #[must_use]
    pub fn env(&self) -> String {
        format!("FOOTFALL_{}", self.key.replace('.', "_").to_uppercase())
    }

    /// Every name in the environment, the own one first.
    pub fn env_names(&self) -> impl Iterator<Item = String> + '_ {
        let alias = (!self.alias.is_empty()).then(|| self.alias.to_owned());
        std::iter::once(self.env()).chain(alias)
    }
}

/// Fills [`Setting`] from a type and the declaration's texts; the macro's only constructor.
pub(super) const fn of<T: Value>(key: &'static str, default: &'static str, doc: &'static str) -> Setting {
    Setting {
        key,
        kind: T::KIND,
        example: T::EXAMPLE,
        default,
        doc,
        secret: T::SECRET,
        alias: "",
        flag: "",
    }
}

/// Declares every setting once: the struct of each group, the table of all, and the reading of both.
macro_rules! settings {
    ($(
        $(#[doc = $about:literal])+
        $group:ident: $Group:ident {$(
            $(#[doc = $doc:literal])+
            $name:ident: $Type:ty = $default:literal $(, $option:ident = $text:literal)*;
        )+}
    )+) => {
        $(
            $(#[doc = $about])+
            #[derive(Debug, Clone)]
            pub struct $Group {$(
                $(#[doc = $doc])+
                pub $name: $Type,
            )+}

            impl $Group {
                fn read(raw: &Raw, problems: &mut Vec<Problem>) -> Self {
                    Self {$(
                        $name: raw.value(concat!(stringify!($group), ".", stringify!($name)), $default, problems),
                    )+}
                }

                fn show(&self, into: &mut Vec<(&'static str, String)>) {
                    $(into.push((concat!(stringify!($group), ".", stringify!($name)), Value::show(&self.$name)));)+
                }
            }
        )+

        /// Every setting, resolved and typed.
        #[derive(Debug, Clone)]
        pub struct Config {$(
            $(#[doc = $about])+
            pub $group: $Group,
        )+}

        impl Config {
            /// Types every raw text; a text of the wrong type is a problem, and the default stands in.
            pub(super) fn read(raw: &Raw, problems: &mut Vec<Problem>) -> Self {
                Self {$($group: $Group::read(raw, problems),)+}
            }

            /// Key and value of every setting in the order of the table, secrets redacted.
            #[must_use]
            pub fn show(&self) -> Vec<(&'static str, String)> {
                let mut list = Vec::new();
                $(self.$group.show(&mut list);)+
                list
            }
        }

        /// The table: every setting there is.
        pub static GROUPS: &[Group] = &[$(
            Group {
                name: stringify!($group),
                about: concat!($($about, "\n"),+),
                settings: &[$(
                    Setting {
                        $($option: $text,)*
                        ..setting::of::<$Type>(
                            concat!(stringify!($group), ".", stringify!($name)),
                            $default,
                            concat!($($doc, "\n"),+),
                        )
                    },
                )+],
            },
        )+];
    };
}
pub(super) use settings;
