//! The nearest right name for a wrong one.

/// Below this Jaro-Winkler similarity a suggestion misleads more than it helps; the value is the one clap uses.
const SIMILAR_ENOUGH: f64 = 0.7;

/// As many as a line holds.
const KEYS_SHOWN: usize = 6;
/// Of a thousand hosts the first few show how they are called.
const NAMES_SHOWN: usize = 12;

/// The candidate most like `wrong`, when one is like it at all.
pub fn nearest<'a>(wrong: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wrong = wrong.to_lowercase();
    candidates
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(&wrong, &candidate.to_lowercase()), candidate))
        .filter(|(similarity, _)| *similarity >= SIMILAR_ENOUGH)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

/// The keys of a map, as far as a line holds them.
pub fn fields(known: &[&str]) -> Option<String> {
    let all: Vec<_> = known.iter().take(KEYS_SHOWN).map(|name| format!("`{name}`")).collect();
    let more = if known.len() > KEYS_SHOWN { ", ..." } else { "" };
    (!all.is_empty()).then(|| format!("write {{ key: value, ... }} with the keys {}{more}", all.join(", ")))
}

/// `did you mean …?`, or else the list of what would be right.
pub fn hint<'a>(wrong: &str, candidates: impl IntoIterator<Item = &'a str> + Clone) -> Option<String> {
    if let Some(near) = nearest(wrong, candidates.clone()) {
        return Some(format!("did you mean `{near}`?"));
    }
    let all: Vec<_> = candidates.into_iter().map(|name| format!("`{name}`")).collect();
    let more = if all.len() > NAMES_SHOWN { format!(", and {} more", all.len() - NAMES_SHOWN) } else { String::new() };
    (!all.is_empty()).then(|| format!("expected one of {}{more}", all[..all.len().min(NAMES_SHOWN)].join(", ")))
}
