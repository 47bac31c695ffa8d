//! A parser for the parts of a unit that our own units have. Sandboxing needs root, and is ignored.

use std::path::PathBuf;
use std::time::Duration;

use rustix::fs::RawMode;

use crate::host::command_words;

/// The command and environment of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    pub folder: PathBuf,
    pub environment: Vec<(String, String)>,
    pub environment_files: Vec<PathBuf>,
    /// Each must succeed before the service starts.
    pub before: Vec<Vec<String>>,
    pub main: Vec<String>,
    pub after: Vec<Vec<String>>,
    pub restart_after: Duration,
    /// The time that it may take to stop before it is killed.
    pub stop_within: Duration,
    /// Bits that new files do not get.
    pub umask: RawMode,
}

/// Keys that say nothing of how a service is run, that hold here anyway, or that need root. Any other key is an error: it would
/// silently not happen.
const PASSED_OVER: &[&str] = &[
    "AmbientCapabilities",
    "After",
    "BindReadOnlyPaths",
    "CapabilityBoundingSet",
    "Description",
    "Documentation",
    "Group",
    "InaccessiblePaths",
    "KeyringMode",
    "LimitNOFILE",
    "LockPersonality",
    "NoNewPrivileges",
    "PrivateDevices",
    "PrivateTmp",
    "ProtectClock",
    "ProtectControlGroups",
    "ProtectHome",
    "ProtectHostname",
    "ProtectKernelLogs",
    "ProtectKernelModules",
    "ProtectKernelTunables",
    "ProtectProc",
    "ProtectSystem",
    "ReadWritePaths",
    "RemoveIPC",
    "Restart",
    "RestrictAddressFamilies",
    "RestrictNamespaces",
    "RestrictRealtime",
    "RestrictSUIDSGID",
    "StartLimitIntervalSec",
    "SuccessExitStatus",
    "SyslogIdentifier",
    "SystemCallArchitectures",
    "SystemCallErrorNumber",
    "SystemCallFilter",
    "TemporaryFileSystem",
    "Type",
    "User",
    "WantedBy",
    "Wants",
];

impl Unit {
    /// Reads the unit of this name (without `.service`). Says what is wrong with the text.
    pub fn parse(name: &str, text: &str) -> Result<Unit, String> {
        let mut unit = Unit {
            folder: PathBuf::from("/"),
            environment: Vec::new(),
            environment_files: Vec::new(),
            before: Vec::new(),
            main: Vec::new(),
            after: Vec::new(),
            restart_after: Duration::from_millis(100),
            stop_within: Duration::from_secs(90),
            umask: 0o022,
        };
        for line in text.lines() {
            let Some((key, value)) = line.split_once('=').filter(|_| !line.starts_with('#')) else { continue };
            let words = || command_words(value, name).map_err(|why| format!("{key}: {why}"));
            // `+`: as root; here it is the owner's anyway.
            let command = || words().map(without_plus);
            let seconds =
                || value.parse().map(Duration::from_secs).map_err(|_| format!("{key}: `{value}` is no number"));
            match key {
                "WorkingDirectory" => unit.folder = PathBuf::from(value),
                "Environment" => {
                    let pair =
                        |word: String| word.split_once('=').map(|(key, value)| (key.to_owned(), value.to_owned()));
                    unit.environment.extend(words()?.into_iter().filter_map(pair));
                }
                "EnvironmentFile" => unit.environment_files.push(PathBuf::from(value)),
                "ExecStartPre" => unit.before.push(command()?),
                "ExecStart" => unit.main = command()?,
                "ExecStopPost" => unit.after.push(command()?),
                "RestartSec" => unit.restart_after = seconds()?,
                "TimeoutStopSec" => unit.stop_within = seconds()?,
                "UMask" => {
                    unit.umask =
                        RawMode::from_str_radix(value, 8).map_err(|_| format!("UMask: `{value}` is not octal"))?;
                }
                _ if PASSED_OVER.contains(&key) => {}
                _ => return Err(format!("`{key}` is not known here")),
            }
        }
        if unit.main.is_empty() { Err("it has no ExecStart".to_owned()) } else { Ok(unit) }
    }
}

fn without_plus(mut words: Vec<String>) -> Vec<String> {
    if let Some(first) = words.first_mut() {
        *first = first.trim_start_matches('+').to_owned();
    }
    words
}

/// The variables of an `EnvironmentFile` as we write them: `NAME="value"`, escaped for sh.
pub fn variables(text: &str) -> Vec<(String, String)> {
    let pair = |line: &str| {
        let (name, value) = line.split_once('=')?;
        let value = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value);
        let mut plain = String::new();
        let mut chars = value.chars();
        while let Some(c) = chars.next() {
            plain.extend(if c == '\\' { chars.next() } else { Some(c) });
        }
        Some((name.to_owned(), plain))
    };
    text.lines().filter(|line| !line.starts_with('#')).filter_map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unit_of_ours_is_understood() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("hosts-out/nodes");
        for (node, unit, before) in [
            ("analytics-zk-1", "zookeeper", 2),
            ("analytics-master-h1", "spark-master", 1),
            ("analytics-worker-h2", "spark-worker", 1),
        ] {
            let path = folder.join(node).join(format!("etc/systemd/system/{unit}.service"));
            let text = std::fs::read_to_string(path).expect("rendered");
            assert!(text.contains("Restart=always"));
            let read = Unit::parse(unit, &text).expect("every key is known");
            assert_eq!((read.before.len(), read.after.len(), read.umask), (before, 1, 0o027));
            assert_eq!((read.restart_after, read.stop_within), (Duration::from_secs(2), Duration::from_secs(30)));
        }
        assert!(Unit::parse("x", "[Service]\nExecStart=/bin/true\nExecStartPost=/bin/true\n").is_err());
    }

    #[test]
    fn a_secret_comes_back_as_it_was() {
        let text = "# a comment\n_SPARK_AUTH_SECRET=\"a\\\"b\\\\c\\$d\\`e f=g\"\n";
        assert_eq!(variables(text), [("_SPARK_AUTH_SECRET".to_owned(), "a\"b\\c$d`e f=g".to_owned())]);
    }
}
