//! Tags for every resource that a cloud makes.

use std::collections::BTreeMap;

use crate::diagnostic::{Code, Diagnostics};
use crate::yaml::{Entries, Field};

/// Every resource has these: `provision-cluster` and `managed-by`, where the topology has an identity `provision-id`, and on AWS a `Name`.
const OWN_TAGS: &[&str] = &["provision-cluster", "provision-id", "managed-by", "Name"];

/// The rules of a cloud for tags: those of the strictest resource that gets them all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TagRules {
    /// "Tag naming limits and requirements" of Amazon EC2: 50 tags, keys of 128 and values of 256 letters.
    Aws,
    /// learn.microsoft.com, "Use tags to organize your Azure resources": DNS zones take 15 tags, whose keys are ASCII and begin with no digit;
    /// storage accounts count the 128 of a key in bytes, and every resource the 256 of a value.
    Azure,
}

impl TagRules {
    /// The number of tags that the tool itself sets.
    fn own(self) -> usize {
        match self {
            TagRules::Aws => OWN_TAGS.len(),
            TagRules::Azure => OWN_TAGS.len() - 1,
        }
    }

    fn most(self) -> usize {
        match self {
            TagRules::Aws => 50,
            TagRules::Azure => 15,
        }
    }

    /// The reason why a key cannot be one.
    fn against_key(self, key: &str) -> Option<&'static str> {
        let fits = |length: usize| (1..=128).contains(&length);
        let bad = ['<', '>', '%', '&', '\\', '?', '/'];
        match self {
            TagRules::Aws => {
                let right = fits(key.chars().count()) && !key.contains(bad) && !key.to_lowercase().starts_with("aws:");
                (!right).then_some("1 to 128 letters without <>%&\\?/, not beginning with aws:")
            }
            TagRules::Azure => {
                let plain = |c: char| c.is_ascii_alphanumeric() || "-_.:+=".contains(c);
                let right = fits(key.len()) && key.chars().all(plain) && !key.starts_with(|c: char| c.is_ascii_digit());
                (!right).then_some("1 to 128 ASCII letters, digits and -_.:+=, not beginning with a digit (Azure's DNS zones take no others)")
            }
        }
    }

    fn length(self, value: &str) -> usize {
        match self {
            TagRules::Aws => value.chars().count(),
            TagRules::Azure => value.len(),
        }
    }
}

/// The most letters (on Azure: bytes) in a value.
const VALUE_MAX: usize = 256;

/// Tags for every resource, in the order of their keys; what a cloud would refuse is reported.
pub fn tags(field: &Field<Entries<String>>, rules: TagRules, problems: &mut Diagnostics) -> BTreeMap<String, String> {
    for entry in field.ok().into_iter().flatten() {
        let key = entry.key.text.as_str();
        // Azure does not tell small letters from capitals.
        if OWN_TAGS.iter().any(|own| own.eq_ignore_ascii_case(key)) {
            problems
                .add(Code::T012, entry.key.span, format!("the tag `{key}` is set by provision itself"))
                .help("use another key");
        }
        if let Some(rule) = rules.against_key(key) {
            let message = format!("`{}` is not a valid tag key: {rule}", key.escape_default());
            problems.add(Code::T012, entry.key.span, message).help("use another key");
        }
        if let Some((at, _)) = entry.value.spanned().filter(|(_, value)| rules.length(value) > VALUE_MAX) {
            let unit = if rules == TagRules::Azure { "bytes" } else { "letters" };
            problems
                .add(Code::T012, at, format!("the value of the tag `{key}` is longer than {VALUE_MAX} {unit}"))
                .help("shorten it");
        }
    }
    if let Some((at, all)) = field.spanned().filter(|(_, all)| all.0.len() + rules.own() > rules.most()) {
        let message = format!(
            "{} tags and {} of provision's own are more than the {} that a resource can have",
            all.0.len(),
            rules.own(),
            rules.most()
        );
        problems.add(Code::T012, at, message).help("remove some");
    }
    let entries = field.ok().into_iter().flatten();
    entries.filter_map(|entry| Some((entry.key.text.clone(), entry.value.ok()?.clone()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn azure_counts_bytes_and_aws_letters() {
        let value = "ö".repeat(129);
        assert_eq!((TagRules::Azure.length(&value), TagRules::Aws.length(&value)), (258, 129));
        for (key, azure, aws) in [
            ("owner", true, true),
            ("cost center", false, true),
            ("1st", false, true),
            ("größe", false, true),
            ("aws:x", true, false),
            ("a<b", false, false),
        ] {
            assert_eq!(TagRules::Azure.against_key(key).is_none(), azure, "{key}");
            assert_eq!(TagRules::Aws.against_key(key).is_none(), aws, "{key}");
        }
    }
}
