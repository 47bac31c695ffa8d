//! Tags for every resource that a cloud makes.

use std::collections::BTreeMap;

use crate::diagnostic::{Code, Diagnostics};
use crate::yaml::{Entries, Field};

/// Every resource has these: `provision-cluster` and `managed-by`, where the topology has an identity `provision-id`, and on AWS a `Name`.
const OWN_TAGS: &[&str] = &["provision-cluster", "provision-id", "managed-by", "Name"];

/// The most tags on a resource; the same on both clouds.
const TAGS_MAX: usize = 50;

/// Tags for every resource, in the order of their keys; what a cloud would refuse is reported.
pub fn tags(field: &Field<Entries<String>>, problems: &mut Diagnostics) -> BTreeMap<String, String> {
    for entry in field.ok().into_iter().flatten() {
        let key = entry.key.text.as_str();
        // Azure's letters and AWS's length and prefix (their pages on tags, 2026).
        let right = (1..=128).contains(&key.chars().count()) && !key.contains(['<', '>', '%', '&', '\\', '?', '/']);
        // Azure does not tell small letters from capitals.
        if OWN_TAGS.iter().any(|own| own.eq_ignore_ascii_case(key)) {
            problems
                .add(Code::T012, entry.key.span, format!("the tag `{key}` is set by the tool itself"))
                .help("take another key");
        }
        if !right || key.to_lowercase().starts_with("aws:") {
            let message = format!(
                "`{}` is no key of a tag: 1 to 128 letters without <>%&\\?/, not beginning with aws:",
                key.escape_default()
            );
            problems.add(Code::T012, entry.key.span, message).help("take another key");
        }
        // AWS's limit; Azure's is the same.
        if let Some((at, _)) = entry.value.spanned().filter(|(_, value)| value.chars().count() > 256) {
            problems.add(Code::T012, at, format!("the tag `{key}` has more than 256 letters")).help("take fewer");
        }
    }
    if let Some((at, all)) = field.spanned().filter(|(_, all)| all.0.len() + OWN_TAGS.len() > TAGS_MAX) {
        let message = format!(
            "{} tags, and {} of the tool's own: a resource has at most {TAGS_MAX}",
            all.0.len(),
            OWN_TAGS.len()
        );
        problems.add(Code::T012, at, message).help("take fewer");
    }
    let entries = field.ok().into_iter().flatten();
    entries.filter_map(|entry| Some((entry.key.text.clone(), entry.value.ok()?.clone()))).collect()
}
