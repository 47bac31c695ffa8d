//! A host's answer as facts. Anything unexpected is an error, never a guess.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::own_output;
use super::sockets::{said_by_netstat, socket_address};
use crate::host::{
    Access, ArchiveFacts, Holder, HostError, HostFacts, HostQuery, Java, Listening, PathFacts, PathKind, RecordName,
    STATE_FOLDER, UnitFacts, Wrong,
};
use crate::observe::{MACHINE_TOOLS, NEEDED_TOOLS, PIP};
use crate::value::{HostPath, Label, brief, shown};
use crate::world::Output;
use crate::world::script::ScriptPlace;
use crate::yaml::split_help;

/// The highest epoch that the scripts take.
const HIGHEST_EPOCH: u64 = 9_999_999_999;
/// The text of a file that differs is shown up to this length.
const LONGEST_TEXT: usize = 64 << 10;

/// The facts of which there is one, and those of which there is one for each key.
const SAID_ONCE: &[&str] = &["begin", "clock", "epoch", "holder", "identity", "java", "machine", "memory"];
const SAID_ONCE_EACH: &[&str] = &["archive", "file", "lacks", "origin", "path", "secret", "space", "sum", "text"];
/// The most that is kept of what may be any number, where a host has a few.
const MOST: usize = 1000;

/// Reads what `look` printed. `asked` is from question to answer on the operator's clock.
pub fn facts(
    query: &HostQuery,
    place: &ScriptPlace,
    output: &Output,
    asked: &RangeInclusive<i128>,
) -> Result<HostFacts, HostError> {
    read(query, place, &output.stdout, asked).map_err(|error| match error {
        HostError::Garbled { why } if !output.stderr.is_empty() => {
            let stderr = String::from_utf8_lossy(&output.stderr);
            let last = brief(stderr.lines().last().unwrap_or_default());
            HostError::Garbled { why: format!("{why}; it said: {last}") }
        }
        other => other,
    })
}

fn read(
    query: &HostQuery,
    place: &ScriptPlace,
    output: &[u8],
    asked: &RangeInclusive<i128>,
) -> Result<HostFacts, HostError> {
    let own = own_output(output).ok_or_else(|| garbled("it has no beginning"))?;
    let text = std::str::from_utf8(own).map_err(|_| garbled("it is not text"))?;
    let mut reader = Reader { place, facts: HostFacts::default(), units: Vec::new(), ended: false };
    let mut said = BTreeSet::new();
    for line in text.lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        // The script prints each of these once, and `end` last: anything later or repeated does not come from it.
        if reader.ended {
            return Err(garbled("it goes on after its end"));
        }
        reader.line(query, &fields, asked)?;
        // The digest of a file stands before its path.
        let key = match fields[0] {
            once if SAID_ONCE.contains(&once) => "",
            each if SAID_ONCE_EACH.contains(&each) => {
                fields.get(if each == "sum" { 2 } else { 1 }).copied().unwrap_or("")
            }
            _ => continue,
        };
        if !said.insert(format!("{} {key}", fields[0])) {
            return Err(garbled(&format!("it says `{}` twice", brief(&format!("{} {key}", fields[0])))));
        }
    }
    if !reader.ended {
        return Err(garbled("it has no end"));
    }
    Ok(reader.finish(query))
}

fn garbled(why: &str) -> HostError {
    HostError::Garbled { why: why.to_owned() }
}

struct Reader<'a> {
    place: &'a ScriptPlace,
    facts: HostFacts,
    /// Properties of units, an empty map between two.
    units: Vec<BTreeMap<String, String>>,
    ended: bool,
}

impl Reader<'_> {
    fn line(&mut self, query: &HostQuery, fields: &[&str], asked: &RangeInclusive<i128>) -> Result<(), HostError> {
        if *fields == ["end"] {
            self.ended = true;
            return Ok(());
        }
        let is_known = self.of_machine(query, fields, asked)?
            || self.of_network(query, fields)?
            || self.of_files(query, fields)?
            || self.of_distributions(query, fields)?
            || self.of_services(query, fields)?
            || self.of_ours(fields)?;
        if is_known {
            return Ok(());
        }
        let line = fields.join(" ").chars().take(80).collect::<String>();
        Err(garbled(&format!("an unknown line `{}`", brief(&line))))
    }

    /// Facts of the machine itself. Each of these functions returns false for a line that it does not know.
    fn of_machine(
        &mut self,
        query: &HostQuery,
        fields: &[&str],
        asked: &RangeInclusive<i128>,
    ) -> Result<bool, HostError> {
        let facts = &mut self.facts;
        match fields {
            ["clock", nanos] => {
                let host: i128 = nanos.parse().map_err(|_| garbled("its clock has no nanoseconds"))?;
                // Anything between question and answer may be right: only what is outside is certainly not.
                let off = host.saturating_sub(host.clamp(*asked.start(), *asked.end()));
                facts.clock_ahead_millis = i64::try_from(off / 1_000_000).unwrap_or(i64::MAX);
            }
            ["machine", id] => facts.machine = brief(id),
            ["memory", kib] => facts.memory_mib = kib.parse::<u64>().unwrap_or(0) / 1024,
            ["tool", tool] => {
                let known = NEEDED_TOOLS.iter().chain(MACHINE_TOOLS).chain(&["nft", PIP]);
                facts.tools.extend(known.copied().find(|known| known == tool));
            }
            ["java", path, version] => {
                facts.java = Some(Java { path: brief(path), version: brief(version) });
            }
            ["apt-java", package] => {
                let package = package.parse::<Label>().map_err(|_| garbled("a package has no such name"))?;
                facts.java_package = Some(package.to_string());
            }
            ["space", path, kib] => {
                let path = asked_path(self.place, path, |path| query.space.contains(path))?;
                facts.free_kib.insert(path, kib.parse().unwrap_or(0));
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Sockets that listen there, connections, and addresses that the host cannot reach.
    fn of_network(&mut self, query: &HostQuery, fields: &[&str]) -> Result<bool, HostError> {
        let facts = &mut self.facts;
        match fields {
            ["listen", address, port, uid] => {
                let port = u16::from_str_radix(port, 16).map_err(|_| garbled("a port is no number"))?;
                let uid = Some(uid.parse().unwrap_or(u32::MAX));
                facts.listening.push(Listening { address: socket_address(address), port, uid });
            }
            ["listening", address, port] => {
                let port = port.parse().map_err(|_| garbled("a port is no number"))?;
                facts.listening.extend(said_by_netstat(address).map(|address| Listening { address, port, uid: None }));
            }
            ["connected", address, port] => {
                let port = u16::from_str_radix(port, 16).map_err(|_| garbled("a port is no number"))?;
                if let Some(address) = socket_address(address) {
                    keep(&mut facts.connected, (address, port));
                }
            }
            ["silent", address, port] => {
                let port = port.parse().map_err(|_| garbled("a port is no number"))?;
                let pair = ((*address).to_owned(), port);
                if query.reach.contains(&pair) && !facts.silent.contains(&pair) {
                    facts.silent.push(pair);
                }
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Users, files and directories.
    fn of_files(&mut self, query: &HostQuery, fields: &[&str]) -> Result<bool, HostError> {
        let facts = &mut self.facts;
        match fields {
            ["user", name, uid] if query.users.iter().any(|asked| asked == name) => {
                facts.users.insert((*name).to_owned(), uid.parse().unwrap_or(u32::MAX));
            }
            ["path", path, kind, owner, group, mode, identity] => {
                let path = asked_path(self.place, path, |path| query.paths.contains_key(path))?;
                facts.paths.insert(path, path_facts(kind, owner, group, mode, identity)?);
            }
            ["sum", digest, path] => {
                let path = asked_path(self.place, path, |path| query.paths.contains_key(path))?;
                if let Some(seen) = facts.paths.get_mut(&path) {
                    seen.sha256 = Some(hexadecimal(digest)?);
                }
            }
            ["text", path, base64] => {
                // The script sends no longer one.
                let bytes = decode(base64)?;
                let text = (bytes.len() <= LONGEST_TEXT).then(|| String::from_utf8(bytes).ok()).flatten();
                let text = text.map(|text| shown(&text));
                let path = asked_path(self.place, path, |path| query.paths.contains_key(path))?;
                if let Some(seen) = facts.paths.get_mut(&path) {
                    seen.text = text;
                }
            }
            ["secret", path, digest] => {
                let is_asked = |path: &HostPath| query.secrets.iter().any(|secret| secret.path == *path);
                let path = asked_path(self.place, path, is_asked)?;
                let same = query.secrets.iter().any(|secret| secret.path == path && secret.expected == *digest);
                facts.secrets.insert(path, same);
            }
            ["filled", path] => {
                keep(&mut facts.filled, host_path(self.place, path)?);
            }
            ["slow", path] => {
                keep(&mut facts.slow, host_path(self.place, path)?);
            }
            ["shared", path] => {
                keep(&mut facts.shared, host_path(self.place, path)?);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Archives, and what was unpacked from them.
    fn of_distributions(&mut self, query: &HostQuery, fields: &[&str]) -> Result<bool, HostError> {
        let facts = &mut self.facts;
        match fields {
            ["lacks", home, file] => {
                let home = asked_path(self.place, home, |home| query.distributions.contains_key(home))?;
                facts.lacks.insert(home, brief(file));
            }
            ["origin", home, sum] => {
                // A damaged one counts as a wrong digest.
                let sum = hexadecimal(sum).unwrap_or_else(|_| "0".to_owned());
                let home = asked_path(self.place, home, |home| query.distributions.contains_key(home))?;
                facts.origins.insert(home, sum);
            }
            ["archive", path, sha512, identity] => {
                // It is put into the next script, so it is what `stat` prints: inode, time and size.
                if identity.is_empty() || !identity.bytes().all(|byte| byte.is_ascii_digit() || byte == b':') {
                    return Err(garbled("an archive has no inode, time and size"));
                }
                let seen = ArchiveFacts { sha512: hexadecimal(sha512)?, identity: (*identity).to_owned() };
                let is_asked = |path: &HostPath| query.distributions.values().flatten().any(|asked| asked == path);
                facts.archives.insert(asked_path(self.place, path, is_asked)?, seen);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Units, what they started with, their data, and what their processes answer.
    fn of_services(&mut self, query: &HostQuery, fields: &[&str]) -> Result<bool, HostError> {
        match fields {
            ["unit", property] => self.unit(property),
            ["started", path, base64] => self.started(query, path, &decode(base64)?),
            ["data", _] => self.facts.has_data = true,
            ["marker", _] => self.facts.has_marker = true,
            ["roots", path] => self.facts.roots_data = Some(host_path(self.place, path)?),
            ["lost", unit] if query.rules.as_deref() == Some(*unit) => self.facts.has_lost_rules = true,
            ["answer", name, base64] => {
                let asked = query.asks.iter().find(|ask| ask.name == *name);
                let asked = asked.ok_or_else(|| garbled("an answer to nothing that was asked"))?;
                // Several may be asked the same: one of them is enough.
                let answer = self.facts.answers.entry(asked.name).or_default();
                if answer.is_empty() {
                    *answer = decode(base64)?;
                }
                answer.truncate(asked.most as usize);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// The things that the host keeps for us.
    fn of_ours(&mut self, fields: &[&str]) -> Result<bool, HostError> {
        let facts = &mut self.facts;
        match fields {
            ["file", path, base64] => {
                let is_ours = |path: &HostPath| path.parent().is_some_and(|folder| folder.as_str() == STATE_FOLDER);
                let file = asked_path(self.place, path, is_ours)?;
                self.memory(file.name(), path, &decode(base64)?);
            }
            ["made"] => facts.has_made = true,
            ["occupied", _] => facts.has_foreign_table = true,
            ["holder", _, base64] => {
                let text = String::from_utf8_lossy(&decode(base64)?).into_owned();
                let (who, since) = text.trim_end().split_once('\t').unwrap_or((text.trim_end(), ""));
                facts.holder = Some(Holder { who: brief(who), since: brief(since) });
            }
            ["epoch", path, epoch] => self.epoch(path, epoch),
            ["identity", path, claim] => match claim.parse() {
                Ok(claim) => facts.claim = Some(claim),
                Err(why) => facts.wrong.push(Wrong { path: brief(path), why: brief(&why) }),
            },
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// An epoch that no apply can have raised is a damaged file, not a number to count on from.
    fn epoch(&mut self, path: &str, text: &str) {
        match text.trim().parse::<u64>() {
            Ok(epoch) if epoch <= HIGHEST_EPOCH => self.facts.epoch = epoch,
            _ => self.facts.wrong.push(Wrong {
                path: brief(path),
                why: format!("`{}` is no epoch", text.chars().take(30).collect::<String>().escape_default()),
            }),
        }
    }

    /// `systemctl show` prints a unit's properties in an order of its own; an empty line stands between two units.
    fn unit(&mut self, property: &str) {
        if (property.is_empty() || self.units.is_empty()) && self.units.len() < MOST {
            self.units.push(BTreeMap::new());
        }
        if let (Some((name, value)), Some(unit)) = (property.split_once('='), self.units.last_mut()) {
            unit.insert(name.to_owned(), brief(value));
        }
    }

    fn started(&mut self, query: &HostQuery, path: &str, text: &[u8]) {
        let name = path.rsplit('/').next().unwrap_or_default();
        let unit = name.trim_end_matches(".service.started");
        if !query.units.iter().any(|asked| asked == unit) {
            return;
        }
        let entry = self.facts.units.entry(unit.to_owned()).or_default();
        for line in String::from_utf8_lossy(text).lines() {
            if let Some((digest, path)) = line.split_once("  ") {
                entry.started.insert(self.place.logical(path).to_owned(), digest.to_owned());
            }
        }
    }

    fn memory(&mut self, name: &str, path: &str, text: &[u8]) {
        let facts = &mut self.facts;
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

    fn finish(mut self, query: &HostQuery) -> HostFacts {
        for unit in &self.units {
            let get = |name: &str| unit.get(name).map_or("", String::as_str);
            let name = get("Id").trim_end_matches(".service").to_owned();
            if !query.units.contains(&name) {
                continue;
            }
            let entry: &mut UnitFacts = self.facts.units.entry(name).or_default();
            entry.load = get("LoadState").into();
            entry.active = get("ActiveState").into();
            entry.sub = get("SubState").into();
            entry.file = get("UnitFileState").into();
            entry.needs_reload = get("NeedDaemonReload") == "yes";
            entry.life = get("InvocationID").to_owned();
            entry.restarts = get("NRestarts").parse().unwrap_or(0);
        }
        self.facts
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

fn path_facts(kind: &str, owner: &str, group: &str, mode: &str, identity: &str) -> Result<PathFacts, HostError> {
    let kind = match kind {
        "regular file" | "regular empty file" => PathKind::File,
        "directory" => PathKind::Directory,
        _ => PathKind::Other,
    };
    let mode = u32::from_str_radix(mode, 8).map_err(|_| garbled("a mode is no number"))?;
    let access = Access { owner: brief(owner), group: brief(group), mode };
    Ok(PathFacts { kind, access, identity: brief(identity), sha256: None, text: None })
}

fn host_path(place: &ScriptPlace, text: &str) -> Result<HostPath, HostError> {
    place.logical(text).parse().map_err(|_| garbled("a path that was not asked for"))
}

/// A path, if it was asked for: the script says nothing of others.
fn asked_path(place: &ScriptPlace, text: &str, is_asked: impl Fn(&HostPath) -> bool) -> Result<HostPath, HostError> {
    let path = host_path(place, text)?;
    if is_asked(&path) { Ok(path) } else { Err(garbled("a path that was not asked for")) }
}

/// Adds one of a few.
fn keep<T: Ord>(all: &mut BTreeSet<T>, one: T) {
    if all.len() < MOST {
        all.insert(one);
    }
}

fn hexadecimal(digest: &str) -> Result<String, HostError> {
    let ok = (1..=128).contains(&digest.len()) && digest.bytes().all(|byte| byte.is_ascii_hexdigit());
    if ok { Ok(digest.to_owned()) } else { Err(garbled("a digest is not hexadecimal")) }
}

fn decode(base64: &str) -> Result<Vec<u8>, HostError> {
    STANDARD.decode(base64).map_err(|_| garbled("it is not base64"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_host_says_twice_or_after_the_end_is_no_fact() {
        let all = |lines: &str| {
            let text = format!("begin\n{lines}");
            let [home, archive] = ["/opt/a", "/srv/a.tar.gz"].map(HostPath::known);
            let query = HostQuery { distributions: [(home, Some(archive))].into(), ..HostQuery::default() };
            read(&query, &ScriptPlace::machine(), text.as_bytes(), &(0..=i128::MAX)).map(|facts| facts.archives.len())
        };
        let archive = "archive\t/srv/a.tar.gz\tabcd\t12:34:56\n";
        assert_eq!(all(&format!("{archive}end\n")).as_ref().ok(), Some(&1));
        for wrong in [
            format!("{archive}{archive}end\n"),
            format!("end\n{archive}"),
            archive.to_owned(),
            // It goes into the next script.
            "archive\t/srv/a.tar.gz\tabcd\t12:34:56$(id)\nend\n".to_owned(),
            "file\t/var/lib/provision/stamp.json\te30=\nfile\t/var/lib/provision/stamp.json\te30=\nend\n".to_owned(),
        ] {
            assert!(matches!(all(&wrong), Err(HostError::Garbled { .. })), "{wrong}");
        }
    }
}
