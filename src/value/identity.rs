//! The identity of a cluster.

use super::text_value;

text_value!(
    /// An identity, which tells a cluster from every other, whatever both are called: 32 random hexadecimal digits, of which the first is a letter, so
    /// that YAML never takes it for a number.
    Identity,
    pattern "^[a-f][0-9a-f]{31}$",
    |text| {
        let digits = text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        if text.len() == 32 && digits && !text.starts_with(|c: char| c.is_ascii_digit()) {
            return Ok(());
        }
        let message =
            format!("`{}` is not an identity: 32 hexadecimal digits, the first a letter", text.escape_default());
        Err(crate::yaml::with_help(message, "`provision init` writes a new one, and without `id` the first apply makes one".to_owned()))
    }
);

impl Identity {
    /// One that no other cluster has.
    pub fn random() -> Self {
        let digits = random_digits();
        let first = digits.bytes().next().map_or('a', |digit| char::from(b'a' + digit % 6));
        Identity(format!("{first}{}", &digits[1..]))
    }
}

/// 128 bits that nobody can foretell, as 32 hexadecimal digits, from the standard library's randomly keyed hasher.
pub fn random_digits() -> String {
    use std::hash::{BuildHasher, Hasher, RandomState};
    let word = || RandomState::new().build_hasher().finish();
    format!("{:016x}{:016x}", word(), word())
}
