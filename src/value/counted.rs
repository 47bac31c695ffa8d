//! Numbers of things, in words.

use super::Name;

/// `1 host`, `2 hosts`.
pub fn counted(number: usize, thing: &str) -> String {
    format!("{number} {thing}{}", if number == 1 { "" } else { "s" })
}

/// Names as a list for people.
pub fn listed<'n>(all: impl IntoIterator<Item = &'n Name>) -> String {
    all.into_iter().map(Name::as_str).collect::<Vec<_>>().join(", ")
}
