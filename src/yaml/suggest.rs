//! The nearest right name for a wrong one.

/// One slip in so many letters.
const LETTERS_PER_SLIP: usize = 4;
/// In a word of fewer letters one slip makes another word.
const SHORTEST: usize = 3;
/// The beginning that makes two words one.
const SAME_WORD: usize = 4;

/// As many as a line holds.
const KEYS_SHOWN: usize = 6;
/// Of a thousand hosts the first few show how they are called.
const NAMES_SHOWN: usize = 12;

/// The candidate that was probably meant: a slip of the fingers away (one in four of its letters at most), or the same word shorter or longer. Anything
/// further away misleads more than it helps.
pub fn nearest<'a>(wrong: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wrong = wrong.to_lowercase();
    let distance = |candidate: &str| {
        let candidate = candidate.to_lowercase();
        let (short, long) = if candidate.len() < wrong.len() { (&candidate, &wrong) } else { (&wrong, &candidate) };
        let letters = long.chars().count();
        let most = (letters / LETTERS_PER_SLIP).max(usize::from(letters >= SHORTEST));
        let slips = strsim::damerau_levenshtein(&wrong, &candidate);
        let is_same_word = short.chars().count() >= SAME_WORD && long.starts_with(short.as_str());
        // The same word comes behind every slip.
        if slips <= most { Some(slips) } else { is_same_word.then_some(usize::MAX) }
    };
    let near = candidates.into_iter().filter_map(|candidate| Some((distance(candidate)?, candidate)));
    near.min_by_key(|(distance, _)| *distance).map(|(_, candidate)| candidate)
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
