//! A query as a script that changes nothing.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Place, Script, quote};
use crate::host::HostQuery;
use crate::observe::{MACHINE_TOOLS, NEEDED_TOOLS, PIP};
use crate::value::HostPath;

pub(super) const GROUND: &str = include_str!("../../../templates/host/ground.sh");
const PRELUDE: &str = include_str!("../../../templates/host/look.sh");

/// So many connections are tried at once: each is a process on the host.
const REACH_BATCH: usize = 32;

/// The script that answers `query` at `place`.
pub fn look(query: &HostQuery, place: &Place) -> Script {
    let HostQuery {
        paths,
        secrets,
        users,
        units,
        distributions,
        known,
        space,
        java,
        member,
        asks,
        reach,
        grounds,
        rules,
        machine,
    } = query;
    let mut s = format!("{}{GROUND}{PRELUDE}", place.prelude());
    let at = |path: &HostPath| place.word(path);
    let mut line = |text: String| {
        s.push_str(&text);
        s.push('\n');
    };
    if *machine {
        line(format!("machine {} {} nft {PIP}", words(NEEDED_TOOLS), words(MACHINE_TOOLS)));
        line("holder".to_owned());
    }
    if let Some(oldest) = java {
        line(format!("java_facts {oldest}"));
    }
    for path in space {
        line(format!("space {}", at(path)));
    }
    if !users.is_empty() {
        line(format!("users {}", words(users)));
    }
    if !paths.is_empty() {
        let expected: String =
            paths.iter().filter_map(|(path, sum)| Some(format!("{} {}\n", sum.as_ref()?, place.path(path)))).collect();
        line(format!("expected={}", quote(&expected)));
        // No digest of a secret: a plain one is as good as the secret to whoever can guess.
        let closed: String = secrets.iter().map(|secret| place.path(&secret.path) + "\n").collect();
        line(format!("secrets={}", quote(&closed)));
        line(format!("inspect {}", listed(paths.keys().map(at))));
    }
    for secret in secrets {
        line(format!("secret {} {}", at(&secret.path), secret.nonce));
    }
    if !units.is_empty() {
        line(format!("units {}", words(units.iter().map(|unit| format!("{unit}.service")))));
    }
    if !grounds.is_empty() {
        line(format!("grounds {}", listed(grounds.iter().map(at))));
    }
    if let Some(unit) = rules {
        line(format!("rules {}", quote(unit)));
    }
    for (home, archive) in distributions {
        // An archive's path is the machine's, even if the host is a folder of the machine.
        let archive = archive.as_ref().map_or("-".to_owned(), |path| quote(path.as_str()));
        let known = known
            .get(home)
            .map_or("- -".to_owned(), |known| format!("{} {}", quote(&known.identity), quote(&known.sha512)));
        line(format!("distribution {} {archive} {known}", at(home)));
    }
    if let Some((data, log)) = member {
        line(format!("member {} {}", at(data), at(log)));
        line(format!("filled {} {}", at(data), at(log)));
    }
    for ask in asks {
        let request = STANDARD.encode(&ask.bytes);
        line(format!("ask {} {} {} {request} {}", ask.name, quote(&ask.address), ask.port, ask.most));
    }
    for batch in reach.chunks(REACH_BATCH) {
        for (address, port) in batch {
            line(format!("reach {} {port} &", quote(address)));
        }
        line("wait".to_owned());
    }
    line("memory".to_owned());
    line("fact end".to_owned());
    Script(whole(&s))
}

fn words<T: std::fmt::Display>(items: impl IntoIterator<Item = T>) -> String {
    listed(items.into_iter().map(|item| quote(&item.to_string())))
}

fn listed(words: impl Iterator<Item = String>) -> String {
    words.collect::<Vec<_>>().join(" ")
}

/// In braces, so that sh reads all of it before it runs any of it: a script cut short does nothing.
pub(super) fn whole(script: &str) -> String {
    format!("{{\n{script}\nexit 0\n}}\n")
}

#[cfg(test)]
mod tests {
    use super::GROUND;

    /// A command's words and exit code, as the scripts hear them.
    fn heard(command: &str) -> (String, String) {
        let script = format!("root=; {GROUND}\npatience=3; r=$(hear 200 0 {command}); how \"$r\"; echo; words \"$r\"");
        let output = std::process::Command::new("dash").args(["-c", &script]).output().expect("dash runs");
        let text = String::from_utf8(output.stdout).expect("text");
        let (code, words) = text.split_once('\n').expect("two lines");
        (code.to_owned(), words.trim_end().to_owned())
    }

    #[test]
    fn what_a_command_prints_is_not_how_it_ended() {
        for (command, code, words) in [
            ("printf 'a\\nended 124\\nb'", "0", "a"),
            ("printf 'ended 137\\n'", "0", "ended 137"),
            ("sh -c 'echo x; exit 3'", "3", "x"),
            ("sh -c 'yes | head -c 100000; exit 4'", "4", "y"),
            ("true", "0", ""),
            ("sleep 9", "124", ""),
        ] {
            assert_eq!(heard(command), (code.to_owned(), words.to_owned()), "{command}");
        }
    }
}
