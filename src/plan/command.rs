//! The command that a service's process was really started with.

use crate::host::{Content, HostFacts, HostState, UnitFacts, exec_start, sha256, unit_path};
use crate::value::HostPath;

/// Returns true if the command that a running service was started with names this file; `None` where nobody can tell.
pub fn reads(path: &HostPath, service: &str, unit: &UnitFacts, state: &HostState, facts: &HostFacts) -> Option<bool> {
    if let Some(command) = &unit.command {
        return Some(command.iter().any(|word| word == path.as_str()));
    }
    let file = unit_path(service);
    let started = unit.started.get(file.as_str())?;
    let Some(Content::Text(ours)) = state.files.get(&file).map(|file| &file.content) else { return None };
    if *started == sha256(ours.as_bytes()) {
        return Some(true);
    }
    let there = facts.paths.get(&file).filter(|there| there.sha256.as_ref() == Some(started))?;
    let word = state.host.word(path);
    Some(exec_start(there.text.as_deref()?)?.split_whitespace().any(|part| part == word))
}
