//! Numbers of things, in words.

use super::Name;

/// `1 host`, `2 hosts`.
pub fn counted(number: usize, thing: &str) -> String {
    match thing.strip_suffix("ry") {
        _ if number == 1 => format!("{number} {thing}"),
        Some(stem) => format!("{number} {stem}ries"),
        None => format!("{number} {thing}s"),
    }
}

/// The most names of a list.
const MOST_LISTED: usize = 100;

/// Names as a list for people.
pub fn listed<'n>(all: impl IntoIterator<Item = &'n Name>) -> String {
    let mut all = all.into_iter();
    let text = all.by_ref().take(MOST_LISTED).map(Name::as_str).collect::<Vec<_>>().join(", ");
    match all.count() {
        0 => text,
        more => format!("{text} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_names_has_an_end() {
        let names: Vec<Name> = (0..200_000).map(|n| format!("h{n}").parse().expect("a name")).collect();
        assert_eq!(listed(&names[..3]), "h0, h1, h2");
        assert!(listed(&names).ends_with("h99 and 199900 more"));
    }
}
