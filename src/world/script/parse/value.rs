//! The fields of a host's answer as values: anything unexpected is an error.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::host::{Access, HostError, PathFacts, PathKind};
use crate::value::{HostPath, brief};
use crate::world::script::ScriptPlace;

/// The most that is kept of what may be any number, where a host has a few.
pub const MOST: usize = 1000;

pub fn garbled(why: &str) -> HostError {
    HostError::Garbled { why: why.to_owned() }
}

pub fn path_facts(kind: &str, owner: &str, group: &str, mode: &str, identity: &str) -> Result<PathFacts, HostError> {
    let kind = match kind {
        "regular file" | "regular empty file" => PathKind::File,
        "directory" => PathKind::Directory,
        "symbolic link" => PathKind::Link,
        _ => PathKind::Other,
    };
    let mode = u32::from_str_radix(mode, 8).map_err(|_| garbled("a mode is no number"))?;
    let access = Access { owner: brief(owner), group: brief(group), mode };
    Ok(PathFacts { kind, access, identity: brief(identity), sha256: None, text: None })
}

pub fn host_path(place: &ScriptPlace, text: &str) -> Result<HostPath, HostError> {
    place.logical(text).parse().map_err(|_| garbled("a path that was not asked for"))
}

/// A path, if it was asked for: the script says nothing of others.
pub fn asked_path(
    place: &ScriptPlace,
    text: &str,
    is_asked: impl Fn(&HostPath) -> bool,
) -> Result<HostPath, HostError> {
    let path = host_path(place, text)?;
    if is_asked(&path) { Ok(path) } else { Err(garbled("a path that was not asked for")) }
}

/// Adds one of a few.
pub fn keep<T: Ord>(all: &mut BTreeSet<T>, one: T) {
    if all.len() < MOST {
        all.insert(one);
    }
}

pub fn hexadecimal(digest: &str) -> Result<String, HostError> {
    let ok = (1..=128).contains(&digest.len()) && digest.bytes().all(|byte| byte.is_ascii_hexdigit());
    if ok { Ok(digest.to_owned()) } else { Err(garbled("a digest is not hexadecimal")) }
}

pub fn decode(base64: &str) -> Result<Vec<u8>, HostError> {
    STANDARD.decode(base64).map_err(|_| garbled("it is not base64"))
}
