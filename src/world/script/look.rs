//! A query as a script that changes nothing.

use super::{Script, ScriptPlace};
use crate::host::{Ask, HostQuery, Lines, SETTINGS};
use crate::observe::{MACHINE_TOOLS, NEEDED_TOOLS, PIP};
use crate::value::quote;

pub(super) const GROUND: &str = include_str!("../../../templates/host/ground.sh");
const PRELUDE: &str = include_str!("../../../templates/host/look.sh");

/// So many connections are tried at once: each is a process on the host.
const REACH_BATCH: usize = 32;

/// The script that answers `query` at `place`.
pub fn look(query: &HostQuery, place: &ScriptPlace) -> Script {
    let mut writer = Writer { text: format!("{}{GROUND}{PRELUDE}", place.prelude()), place };
    writer.machine(query);
    writer.files(query);
    writer.services(query);
    writer.distributions(query);
    writer.network(query);
    // The records that the host keeps, which are always asked for.
    writer.line("memory");
    writer.line("fact end");
    Script(whole(&writer.text))
}

/// Writes the lines of a script, each of which calls one of its functions.
struct Writer<'a> {
    text: String,
    place: &'a ScriptPlace,
}

impl Writer<'_> {
    fn line(&mut self, text: impl AsRef<str>) {
        self.text.push_str(text.as_ref());
        self.text.push('\n');
    }

    fn machine(&mut self, HostQuery { machine, java, java_homes, address, space, filled, grounds, .. }: &HostQuery) {
        let place = self.place;
        if *machine {
            self.line(format!("machine {} {} nft {PIP}", words(NEEDED_TOOLS), words(MACHINE_TOOLS)));
            self.line("holder");
        }
        if let Some(oldest) = java {
            self.line(format!("java_facts {oldest}"));
        }
        if let Some(address) = address {
            self.line(format!("address {}", quote(address)));
        }
        // The machine's own, even if the host is a folder of it.
        java_homes.iter().for_each(|home| self.line(format!("java_home {}", quote(home.as_str()))));
        if !filled.is_empty() {
            self.line(format!("filled {}", listed(filled.iter().map(|path| place.word(path)))));
        }
        for path in space {
            self.line(format!("space {}", place.word(path)));
        }
        if !grounds.is_empty() {
            self.line(format!("grounds {}", listed(grounds.iter().map(|path| place.word(path)))));
        }
    }

    fn files(&mut self, HostQuery { machine, users, paths, secrets, .. }: &HostQuery) {
        let place = self.place;
        if !users.is_empty() {
            self.line(format!("users {}", words(users)));
            if *machine {
                self.line(format!("shared_users {}", words(users)));
            }
        }
        if !paths.is_empty() {
            let known = paths.iter().filter_map(|(path, sum)| Some((sum.as_ref()?, path)));
            let expected: String = known.map(|(sum, path)| format!("{sum} {}\n", place.path(path))).collect();
            self.line(format!("expected={}", quote(&expected)));
            // No digest of a secret: a plain one is as good as the secret to whoever can guess.
            let closed: String = secrets.iter().map(|secret| place.path(&secret.path) + "\n").collect();
            self.line(format!("secrets={}", quote(&closed)));
            self.line(format!("inspect {}", listed(paths.keys().map(|path| place.word(path)))));
        }
        for secret in secrets {
            self.line(format!("secret {} {}", place.word(&secret.path), secret.nonce));
        }
    }

    fn services(&mut self, HostQuery { machine, ports, units, rules, member, asks, log, .. }: &HostQuery) {
        let place = self.place;
        if !units.is_empty() {
            self.line(format!("settings={}", quote(SETTINGS)));
            self.line(format!("units {}", words(units.iter().map(|unit| format!("{unit}.service")))));
        }
        if *machine {
            self.line("inherited");
            self.line("jobs");
            self.line(format!("sockets {}", words(ports.iter().map(|port| format!("{port:04X}")))));
        }
        if let Some(unit) = rules {
            self.line(format!("rules {}", quote(unit)));
            self.line("datagrams");
        }
        if let Some(unit) = log {
            self.line(format!("log {}", quote(unit)));
        }
        if let Some((data, log)) = member {
            let (data, log) = (place.word(data), place.word(log));
            self.line(format!("member {data} {log}"));
        }
        // A silent port costs 4 s. Short answers come in one write each, so that these questions need not wait for each other.
        let (short, long): (Vec<&Ask>, Vec<&Ask>) = asks.iter().partition(|ask| ask.most <= Ask::FEW);
        let at_once = short.len();
        for (number, ask) in short.into_iter().chain(long).enumerate() {
            let request = quote(&ask.bytes.iter().map(|byte| format!("\\x{byte:02x}")).collect::<String>());
            let lines = match ask.lines {
                Lines::All => "all".to_owned(),
                Lines::Short => "short".to_owned(),
                Lines::Beginning(words) => quote(&words.join("|")),
            };
            let address = quote(&ask.address);
            let (ask_it, background) = if number < at_once { ("ask_short", " &") } else { ("ask", "") };
            self.line(format!(
                "{ask_it} {} {address} {} {request} {} {lines}{background}",
                ask.name, ask.port, ask.most
            ));
            if number + 1 == at_once {
                self.line("wait");
            }
        }
    }

    fn distributions(&mut self, HostQuery { distributions, known, .. }: &HostQuery) {
        for (home, archive) in distributions {
            // An archive's path is the machine's, even if the host is a folder of the machine.
            let archive = archive.as_ref().map_or("-".to_owned(), |path| quote(path.as_str()));
            let known = known
                .get(home)
                .map_or("- -".to_owned(), |known| format!("{} {}", quote(&known.identity), quote(&known.sha512)));
            self.line(format!("distribution {} {archive} {known}", self.place.word(home)));
        }
    }

    fn network(&mut self, HostQuery { connections, reach, .. }: &HostQuery) {
        if let Some((user, ports)) = connections {
            let user = quote(user.as_deref().unwrap_or_default());
            self.line(format!("connections {user} {}", listed(ports.iter().map(|port| format!("{port:04X}")))));
        }
        for batch in reach.chunks(REACH_BATCH) {
            for (address, port) in batch {
                self.line(format!("reach {} {port} &", quote(address)));
            }
            self.line("wait");
        }
    }
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
