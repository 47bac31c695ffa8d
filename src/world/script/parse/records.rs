//! The things that a host keeps for us.

use crate::host::{HostFacts, RecordName, Wrong};
use crate::value::brief;
use crate::yaml::split_help;

/// The highest epoch that the scripts take.
const HIGHEST_EPOCH: u64 = 9_999_999_999;

/// An epoch that no apply can have raised is a damaged file, not a number to count on from.
pub fn epoch(path: &str, text: &str, facts: &mut HostFacts) {
    match text.trim().parse::<u64>() {
        Ok(epoch) if epoch <= HIGHEST_EPOCH => facts.epoch = epoch,
        _ => facts.wrong.push(Wrong {
            path: brief(path),
            why: format!("`{}` is no epoch", text.chars().take(30).collect::<String>().escape_default()),
        }),
    }
}

/// Reads a record: the file of this name, at `path`.
pub fn record(name: &str, path: &str, text: &[u8], facts: &mut HostFacts) {
    let failed = match name {
        "stamp.json" => put(&mut facts.stamp, text),
        "birth.json" => put(&mut facts.birth, text),
        name => {
            let Some(name) =
                RecordName::ALL.into_iter().find(|record| name.strip_suffix(".json") == Some(record.text()))
            else {
                return;
            };
            match serde_json::from_slice(text) {
                Ok(record) => {
                    facts.records.insert(name, record);
                    None
                }
                Err(error) => Some(error),
            }
        }
    };
    if let Some(error) = failed {
        // The help of these types is meant for the author of a topology.
        let text = error.to_string();
        let (why, _) = split_help(&text);
        facts.wrong.push(Wrong { path: brief(path), why: brief(why) });
    }
}

fn put<T: serde::de::DeserializeOwned>(slot: &mut Option<T>, text: &[u8]) -> Option<serde_json::Error> {
    match serde_json::from_slice(text) {
        Ok(value) => {
            *slot = Some(value);
            None
        }
        Err(error) => Some(error),
    }
}
