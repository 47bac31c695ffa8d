//! Versions of distributions.

use std::cmp::Ordering;

use super::text_value;

text_value!(
    /// A version as its project writes it: numbers with dots, perhaps a suffix.
    Version,
    pattern "^[0-9]+(\\.[0-9]+)*([.-][A-Za-z0-9]+)*$",
    |text| {
        let mut parts = text.split(['.', '-']);
        let ok = text.len() <= 64
            && parts.next().is_some_and(|first| !first.is_empty() && first.bytes().all(|b| b.is_ascii_digit()))
            && parts.all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric()));
        if ok { Ok(()) } else { Err(format!("`{}` is not a version (such as 3.9.5)", text.escape_default())) }
    }
);

impl Version {
    /// The leading numbers.
    pub fn numbers(&self) -> Vec<u64> {
        self.as_str().split(['.', '-']).map_while(|part| part.parse().ok()).collect()
    }

    pub fn is_before(&self, other: &[u64]) -> bool {
        self.numbers().as_slice().cmp(other) == Ordering::Less
    }
}
