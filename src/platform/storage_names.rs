//! Names of the places where clouds keep data, by the clouds' own rules.

use crate::diagnostic::{Code, Diagnostics};
use crate::value::Label;
use crate::yaml::Field;

/// A storage account's: 3 to 24 lower-case letters and digits (learn.microsoft.com, "Storage account overview").
pub fn account(field: &Field<Label>, problems: &mut Diagnostics) -> Option<Label> {
    let right = |text: &str| (3..=24).contains(&text.len()) && text.chars().all(is_plain);
    let rule = "a storage account: 3 to 24 lower-case letters and digits";
    named(field, right, rule, |c| is_plain(c).then_some(c), problems)
}

/// A container's: single dashes too (learn.microsoft.com, "Naming and referencing containers").
pub fn container(field: &Field<Label>, problems: &mut Diagnostics) -> Option<Label> {
    let right = |text: &str| {
        (3..=63).contains(&text.len())
            && text.chars().all(|c| is_plain(c) || c == '-')
            && has_plain_ends(text)
            && !text.contains("--")
    };
    let rule = "a container: 3 to 63 lower-case letters, digits and single dashes";
    named(field, right, rule, |c| Some(if is_plain(c) { c } else { '-' }), problems)
}

/// A bucket's: dots too (docs.aws.amazon.com, "Bucket naming rules").
pub fn bucket(field: &Field<Label>, problems: &mut Diagnostics) -> Option<Label> {
    let right = |text: &str| {
        (3..=63).contains(&text.len())
            && text.chars().all(|c| is_plain(c) || c == '-' || c == '.')
            && has_plain_ends(text)
            && !text.contains("..")
            && text.parse::<std::net::Ipv4Addr>().is_err()
    };
    let rule = "a bucket: 3 to 63 lower-case letters, digits, dots and dashes";
    named(field, right, rule, |c| Some(if is_plain(c) || c == '.' { c } else { '-' }), problems)
}

fn is_plain(c: char) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit()
}

fn has_plain_ends(text: &str) -> bool {
    text.starts_with(is_plain) && text.ends_with(is_plain)
}

/// The name, where it is right; reports it otherwise. `near`: what becomes of a letter in a name that would be.
fn named(
    field: &Field<Label>,
    right: impl Fn(&str) -> bool,
    rule: &str,
    near: impl Fn(char) -> Option<char>,
    problems: &mut Diagnostics,
) -> Option<Label> {
    let (at, name) = field.spanned()?;
    if right(name.as_str()) {
        return Some(name.clone());
    }
    let near: String = name.as_str().to_lowercase().chars().filter_map(near).collect();
    let help = right(&near).then(|| format!("`{near}` would be valid"));
    problems
        .add(Code::T012, at, format!("`{name}` cannot be the name of {rule}"))
        .help(help.unwrap_or_else(|| "use another name".to_owned()));
    None
}
