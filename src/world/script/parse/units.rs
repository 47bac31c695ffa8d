//! Units, as `systemctl show` prints them, and what they started with.

use std::collections::BTreeMap;

use super::value::MOST;
use crate::host::{HostFacts, HostQuery, SETTINGS_MARK, UNIT_FOLDER, UnitFacts, sha256};
use crate::value::brief;
use crate::world::script::ScriptPlace;

/// The properties of units. `systemctl show` prints a unit's in an order of its own; an empty line stands between two units.
#[derive(Debug, Default)]
pub struct Units(Vec<BTreeMap<String, String>>);

/// The properties that are asked for (`look.sh`).
const PROPERTIES: [&str; 11] = [
    "Id",
    "LoadState",
    "ActiveState",
    "SubState",
    "UnitFileState",
    "NeedDaemonReload",
    "InvocationID",
    "NRestarts",
    "DropInPaths",
    "FragmentPath",
    "Type",
];

impl Units {
    pub fn add(&mut self, property: &str) {
        if (property.is_empty() || self.0.is_empty()) && self.0.len() < MOST {
            self.0.push(BTreeMap::new());
        }
        if let (Some((name, value)), Some(unit)) = (property.split_once('='), self.0.last_mut())
            && PROPERTIES.contains(&name)
        {
            unit.insert(name.to_owned(), brief(value));
        }
    }

    pub fn finish(&self, query: &HostQuery, facts: &mut HostFacts) {
        for unit in &self.0 {
            let get = |name: &str| unit.get(name).map_or("", String::as_str);
            let name = get("Id").trim_end_matches(".service").to_owned();
            if !query.units.contains(&name) {
                continue;
            }
            let entry: &mut UnitFacts = facts.units.entry(name).or_default();
            entry.load = get("LoadState").into();
            entry.active = get("ActiveState").into();
            entry.sub = get("SubState").into();
            entry.file = get("UnitFileState").into();
            entry.needs_reload = get("NeedDaemonReload") == "yes";
            entry.life = get("InvocationID").to_owned();
            entry.is_oneshot = get("Type") == "oneshot";
            let other_file = Some(get("FragmentPath"))
                .filter(|path| !path.is_empty() && !path.starts_with(&format!("{UNIT_FOLDER}/{}", get("Id"))))
                // Ours goes before a package's, once it is there.
                .filter(|path| !is_vendors(path));
            let all = other_file.into_iter().chain(get("DropInPaths").split(' ').filter(|path| !is_systems(path)));
            entry.drop_ins = all.map(str::to_owned).collect();
            entry.restarts = get("NRestarts").parse().unwrap_or(0);
        }
    }
}

fn is_vendors(path: &str) -> bool {
    path.starts_with("/usr/lib/systemd/") || path.starts_with("/lib/systemd/")
}

/// Returns true for a drop-in of the distribution's, or of what made this container: all services have it.
fn is_systems(path: &str) -> bool {
    path.is_empty()
        || is_vendors(path) && path.contains("/system/service.d/")
        || path.ends_with("/service.d/zzz-lxc-service.conf")
}

/// The digests of what a unit started with, as its file of them at `path` has them.
pub fn started(query: &HostQuery, place: &ScriptPlace, path: &str, text: &[u8], facts: &mut HostFacts) {
    let name = path.rsplit('/').next().unwrap_or_default();
    let unit = name.trim_end_matches(".service.started");
    if !query.units.iter().any(|asked| asked == unit) {
        return;
    }
    let entry = facts.units.entry(unit.to_owned()).or_default();
    for line in String::from_utf8_lossy(text).lines().take(MOST) {
        if let Some(digest) = line.strip_prefix(SETTINGS_MARK) {
            entry.settings = some_settings(digest);
        } else if let Some((digest, path)) = line.split_once("  ") {
            entry.started.insert(place.logical(path).to_owned(), digest.to_owned());
        }
    }
}

/// The digest of the settings of a unit's next start, as `sha256sum` prints it.
pub fn next_settings(query: &HostQuery, unit: &str, digest: &str, facts: &mut HostFacts) {
    if query.units.iter().any(|asked| asked == unit) {
        facts.units.entry(unit.to_owned()).or_default().next_settings = some_settings(digest);
    }
}

/// A digest of nothing says that systemd gave no answer.
fn some_settings(printed: &str) -> Option<String> {
    let digest = printed.split_whitespace().next()?;
    (digest != sha256(b"")).then(|| brief(digest))
}

/// The user of a unit's process, and the words of its command, with an end behind each. Of a long one, the first may be a part of a word.
pub fn command(query: &HostQuery, unit: &str, uid: &str, text: &[u8], facts: &mut HostFacts) {
    if query.units.iter().any(|asked| asked == unit) {
        let text = String::from_utf8_lossy(text);
        let words: Vec<String> = text.split_terminator('\0').map(str::to_owned).collect();
        // A process that ends just now has none.
        let entry = facts.units.entry(unit.to_owned()).or_default();
        entry.command = Some(words).filter(|words| !words.is_empty());
        entry.uid = uid.parse().ok();
    }
}

#[cfg(test)]
mod tests {
    use super::Units;
    use crate::host::{HostFacts, HostQuery};

    #[test]
    fn drop_ins_of_others_are_told_and_those_that_all_services_have_are_not() {
        let named = |file: &str, drop_ins: &str| {
            let mut units = Units::default();
            for line in
                ["Id=zookeeper.service", &format!("FragmentPath={file}"), &format!("DropInPaths={drop_ins}"), ""]
            {
                units.add(line);
            }
            let mut facts = HostFacts::default();
            let query = HostQuery { units: vec!["zookeeper".to_owned()], ..HostQuery::default() };
            units.finish(&query, &mut facts);
            facts.units["zookeeper"].drop_ins.join(" ")
        };
        let ours = "/etc/systemd/system/zookeeper.service";
        let everybodys =
            "/usr/lib/systemd/system/service.d/10-timeout.conf /run/systemd/system/service.d/zzz-lxc-service.conf";
        assert_eq!(named(ours, everybodys), "");
        let theirs = "/usr/lib/systemd/system/zookeeper.service.d/a.conf /etc/systemd/system/service.d/b.conf";
        assert_eq!(named(ours, theirs), theirs);
        let shadow = "/etc/systemd/system.control/zookeeper.service";
        assert_eq!(named(shadow, ""), shadow);
        // A package's own unit, before ours is there.
        assert_eq!(named("/lib/systemd/system/zookeeper.service", ""), "");
    }
}
