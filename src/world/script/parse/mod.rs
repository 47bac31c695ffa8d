//! A host's answer as facts. A line of another form is an error; a figure that is no number counts as 0, which passes no check.

mod records;
mod units;
mod value;

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use self::records::record;
use self::units::{Units, command, next_settings, started};
use self::value::{asked_path, decode, garbled, hexadecimal, host_path, keep, path_facts};
use super::own_output;
use super::sockets::{said_by_netstat, socket_address};
use crate::host::{ArchiveFacts, Holder, HostError, HostFacts, HostQuery, Java, Listening, STATE_FOLDER, Wrong};
use crate::observe::{MACHINE_TOOLS, NEEDED_TOOLS, PIP};
use crate::value::{HostPath, Label, brief, shown};
use crate::world::Output;
use crate::world::script::ScriptPlace;

/// The text of a file that differs is shown up to this length.
const LONGEST_TEXT: usize = 64 << 10;

/// The most fields of a line: those of `path`.
const MOST_FIELDS: usize = 7;

/// The most lines of a service's output that are shown.
const LOG_LINES: usize = 8;

/// The facts of which there is one, and those of which there is one for each key.
const SAID_ONCE: &[&str] =
    &["address", "begin", "clock", "epoch", "holder", "identity", "java", "log", "machine", "memory"];
const SAID_ONCE_EACH: &[&str] = &["archive", "file", "lacks", "origin", "path", "secret", "space", "sum", "text"];

/// Reads what `look` printed. `asked` is from question to answer on the operator's clock.
pub fn facts(
    query: &HostQuery,
    place: &ScriptPlace,
    output: &Output,
    asked: &RangeInclusive<i128>,
) -> Result<HostFacts, HostError> {
    if own_output(&output.stdout).is_none() {
        return Err(super::not_begun(output));
    }
    read(query, place, &output.stdout, asked).map_err(|error| match error {
        HostError::Garbled { why } if !output.stderr.is_empty() => {
            HostError::Garbled { why: format!("{why}; it said: {}", super::in_words(&output.stderr)) }
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
    let mut reader = Reader { place, facts: HostFacts::default(), units: Units::default(), ended: false };
    let mut said = BTreeSet::new();
    for line in text.lines() {
        let fields: Vec<&str> = line.splitn(MOST_FIELDS + 1, '\t').collect();
        // The script prints each of these once, and `end` last: anything later or repeated does not come from it.
        if reader.ended {
            return Err(garbled("it contains lines after its end"));
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

struct Reader<'a> {
    place: &'a ScriptPlace,
    facts: HostFacts,
    units: Units,
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
            ["java", path, version, owner] => facts.java = Some(java(path, version, owner)),
            ["java-home", path, version, owner] => {
                let home = query.java_homes.iter().find(|home| home.as_str() == *path);
                let home = home.ok_or_else(|| garbled("a Java that was not asked for"))?;
                facts.java_homes.insert(home.clone(), java(path, version, owner));
            }
            ["address", to, here] => {
                facts.own_address = query.address.as_ref().map(|_| (to.parse().ok(), *here == "here"));
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
            ["datagrams", address, port] => {
                let port = u16::from_str_radix(port, 16).map_err(|_| garbled("a port is no number"))?;
                keep(&mut facts.datagrams, (socket_address(address), port));
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
            ["unresolved", name] => {
                let asked = query.reach.iter().find(|(address, _)| address == name);
                facts.unresolved.extend(asked.map(|(address, _)| address.clone()));
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
            ["shared-user", name, other] if query.users.iter().any(|asked| asked == name) => {
                facts.shared_users.insert((*name).to_owned(), brief(other));
            }
            ["job", unit] if query.machine && facts.jobs.len() < 50 => {
                facts.jobs.insert(brief(unit));
            }
            ["inherited", name] if query.machine && facts.inherited.len() < 50 => {
                facts.inherited.insert(brief(name));
            }
            ["group", name] if query.users.iter().any(|asked| asked == name) => {
                facts.groups.insert((*name).to_owned());
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
                facts.filled.insert(asked_path(self.place, path, |path| query.filled.contains(path))?);
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
            ["unit", property] => self.units.add(property),
            ["started", path, base64] => started(query, self.place, path, &decode(base64)?, &mut self.facts),
            ["settings", unit, digest] => next_settings(query, unit, digest, &mut self.facts),
            ["command", unit, uid, base64] => command(query, unit, uid, &decode(base64)?, &mut self.facts),
            ["data", _] => self.facts.has_data = true,
            ["marker", _] => self.facts.has_marker = true,
            ["roots", path] => self.facts.roots_data = Some(host_path(self.place, path)?),
            ["log", base64] if query.log.is_some() => {
                let text = String::from_utf8_lossy(&decode(base64)?).into_owned();
                let lines = text.lines().filter(|line| !line.trim().is_empty()).take(LOG_LINES);
                self.facts.log = lines.map(|line| brief(line.trim_end())).collect();
            }
            ["lost", unit] if query.rules.as_deref() == Some(*unit) => self.facts.has_lost_rules = true,
            ["answer", name, base64] => {
                let asked = query.asks.iter().find(|ask| ask.name == *name);
                let asked = asked.ok_or_else(|| garbled("an answer to a question that was not asked"))?;
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
                record(file.name(), path, &decode(base64)?, facts);
            }
            ["made"] => facts.has_made = true,
            ["occupied", _] => facts.has_foreign_table = true,
            ["holder", _, base64] => {
                let text = String::from_utf8_lossy(&decode(base64)?).into_owned();
                let (who, since) = text.trim_end().split_once('\t').unwrap_or((text.trim_end(), ""));
                facts.holder = Some(Holder { who: brief(who), since: brief(since) });
            }
            ["epoch", path, epoch] => records::epoch(path, epoch, facts),
            ["identity", path, claim] => match claim.parse() {
                Ok(claim) => facts.claim = Some(claim),
                Err(why) => facts.wrong.push(Wrong { path: brief(path), why: brief(&why) }),
            },
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn finish(mut self, query: &HostQuery) -> HostFacts {
        self.units.finish(query, &mut self.facts);
        self.facts
    }
}

fn java(path: &str, version: &str, owner: &str) -> Java {
    Java { path: brief(path), version: brief(version), owner: owner.parse().ok() }
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
