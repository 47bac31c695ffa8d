//! Numbers of things, in words.

/// `1 host`, `2 hosts`.
pub fn counted(number: usize, thing: &str) -> String {
    format!("{number} {thing}{}", if number == 1 { "" } else { "s" })
}
