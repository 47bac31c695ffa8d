//! `provision logs`

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use futures_util::future::join_all;

use super::input::{self, Loaded, TopologyOption};
use super::output::{outln, sayln};
use super::ssh::{find, unknown};
use super::{Exit, Failure, names};
use crate::host::Target;
use crate::service::roles;
use crate::value::{Name, Role, counted, shown_bytes};
use crate::world::{Io, Output};

/// The limit for reading a journal to its end.
const LIMIT: Duration = Duration::from_secs(60);

/// Shows the journal of a node, or of a service on all its hosts
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A node (analytics-zk-1), a host (h1), or a service: zookeeper, spark, spark-master, spark-worker, spark-history
    #[arg(add = names::journals())]
    what: String,
    /// Follow new lines
    #[arg(long)]
    follow: bool,
    /// The number of lines to start with
    #[arg(short = 'n', long, default_value_t = 50)]
    lines: u32,
    #[command(flatten)]
    topology: TopologyOption,
}

pub async fn run(args: &Args) -> Result<Exit, Failure> {
    let loaded = input::open_without_secrets(input::read(args.topology.path())?)?;
    let wanted = journals(&args.what, &loaded)?;
    if args.follow { follow(args, &wanted, &loaded).await } else { show(args, &wanted, &loaded).await }
}

fn options(units: &[&str]) -> String {
    units.iter().map(|unit| format!(" -u {unit}")).collect()
}

/// Lines as they come.
async fn follow(args: &Args, wanted: &[(Target, Vec<&'static str>)], loaded: &Loaded) -> Result<Exit, Failure> {
    let named = wanted.len() > 1;
    let runs = wanted.iter().map(|(target, units)| {
        // Ends with this program: its input closes when we do.
        let command = format!(
            "exec 3<&0; journalctl --no-pager -o short-iso{} -n {} -f & pid=$!; (cat <&3 >/dev/null; kill $pid) 2>/dev/null & watch=$!; wait $pid; code=$?; kill $watch 2>/dev/null; exit $code",
            options(units),
            args.lines
        );
        async move { loaded.world.interactive(target, &command, Io::Watched { named }).await }
    });
    let ended = join_all(runs).await;
    fail_of(
        wanted.iter().zip(&ended).filter_map(|((target, _), ended)| Some((target, ended.as_ref().err()?.to_string()))),
    )?;
    let bad = ended.iter().flatten().find(|code| **code != 0);
    Ok(bad.map_or(Exit::Done, |code| Exit::Code(u8::try_from(*code).unwrap_or(255))))
}

/// The last lines of all hosts, in the order of their time, without those that are about this program's own questions.
async fn show(args: &Args, wanted: &[(Target, Vec<&'static str>)], loaded: &Loaded) -> Result<Exit, Failure> {
    let most = usize::try_from(args.lines).unwrap_or(usize::MAX);
    // Most of what a member says may be about questions.
    let asked = most.saturating_mul(10).saturating_add(200);
    let reads = wanted.iter().map(|(target, units)| {
        let command = format!("journalctl --no-pager --utc -o short-iso-precise{} -n {asked}", options(units));
        async move { loaded.world.read(target, &command, LIMIT, "reading its journal").await }
    });
    let read = join_all(reads).await;
    let said = |output: &Output| String::from_utf8_lossy(&output.stderr).trim().to_owned();
    let failures = wanted.iter().zip(&read).filter_map(|((target, _), read)| match read {
        Ok(output) if output.status != 0 => Some((target, said(output))),
        Ok(_) => None,
        Err(error) => Some((target, error.to_string())),
    });
    let failures: Vec<_> = failures.collect();
    let mut lines = Vec::new();
    let mut questions = 0;
    for ((target, _), output) in
        wanted.iter().zip(&read).filter_map(|(wanted, read)| Some((wanted, read.as_ref().ok()?)))
    {
        let mut entries = Entry::last(asked, target.name.as_str(), &output.stdout);
        let before = entries.len();
        entries.retain(|entry| !entry.is_about_a_question(target.reach.address().as_str()));
        questions += before - entries.len();
        lines.extend(entries.drain(entries.len().saturating_sub(most)..));
    }
    // Stable: lines of one host stay as they are.
    lines.sort_by(|one, other| one.time.cmp(&other.time));
    let named = wanted.len() > 1;
    for Entry { host, text, .. } in lines {
        if named { outln!("{host}  {text}") } else { outln!("{text}") }
    }
    if questions > 0 {
        sayln!("{} about provision's own requests left out", counted(questions, "line"));
    }
    fail_of(failures.into_iter())?;
    Ok(Exit::Done)
}

/// Every host has had its say by now, and so has every failure.
fn fail_of<'a>(failures: impl Iterator<Item = (&'a Target, String)>) -> Result<(), Failure> {
    let failed: Vec<String> = failures.map(|(target, why)| format!("{}: {why}", target.name)).collect();
    if failed.is_empty() { Ok(()) } else { Err(Failure::say(Exit::Unreachable, failed.join("\n"))) }
}

/// A line of a host's journal, with those that belong to it.
#[derive(Debug, PartialEq, Eq)]
struct Entry<'a> {
    host: &'a str,
    /// As the host writes it, in UTC: it sorts as text.
    time: Rc<str>,
    text: String,
}

impl<'a> Entry<'a> {
    /// The last `most` lines.
    fn last(most: usize, host: &'a str, bytes: &[u8]) -> Vec<Entry<'a>> {
        let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        let mut last: Vec<&[u8]> = lines.rev().take(most).collect();
        last.reverse();
        let mut time: Rc<str> = "".into();
        let entry = |line| {
            let text = shown_bytes(line);
            // Lines of one message follow its first.
            if let Some(word) = text.split(' ').next().filter(|word| is_time(word)) {
                time = word.into();
            }
            Entry { host, time: time.clone(), text }
        };
        last.into_iter().map(entry).collect()
    }

    /// Returns true if a member says that it was asked by its own host: others ask from elsewhere.
    fn is_about_a_question(&self, address: &str) -> bool {
        let asked = |from: &str| {
            ["srvr", "mntr"].iter().any(|word| self.text.contains(&format!("Processing {word} command from /{from}:")))
        };
        asked(address) || asked("127.0.0.1")
    }
}

/// Returns true for a time as journalctl writes it, `2026-11-27T01:00:02.500000+0000`.
fn is_time(word: &str) -> bool {
    const LONGEST: usize = 40;
    let at = |place: usize| word.as_bytes().get(place);
    (20..=LONGEST).contains(&word.len()) && at(4) == Some(&b'-') && at(10) == Some(&b'T')
}

/// The units, with their hosts.
fn journals(what: &str, loaded: &Loaded) -> Result<Vec<(Target, Vec<&'static str>)>, Failure> {
    let names = |role: &Role| [role.unit(), role.slug(), role.service()].contains(&what);
    let roles: Vec<Role> = roles().filter(names).collect();
    if !roles.is_empty() {
        let mut units: BTreeMap<&Name, Vec<&'static str>> = BTreeMap::new();
        for instance in roles.iter().flat_map(|role| loaded.cluster.of_role(*role)) {
            units.entry(&instance.host).or_default().push(instance.role.unit());
        }
        if units.is_empty() {
            return Err(Failure::say(Exit::Error, format!("the topology has no {what}")));
        }
        let target = |host: &Name| Target::of(&loaded.cluster.hosts[host]);
        return Ok(units.into_iter().map(|(host, units)| (target(host), units)).collect());
    }
    let target = find(what, loaded).ok_or_else(|| {
        // The words that stand for all nodes of a service, or of a role.
        let mut words: Vec<&str> = crate::service::roles().flat_map(|role| [role.service(), role.unit()]).collect();
        words.dedup();
        unknown(what, "node, host or service", &words, loaded)
    })?;
    let units = loaded
        .cluster
        .on_host(&target.name)
        .filter(|instance| instance.node == what || target.name.as_str() == what)
        .map(|instance| instance.role.unit())
        .collect();
    Ok(vec![(target, units)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_ordered_by_time_and_stay_with_their_message() {
        let one = Entry::last(
            9,
            "h1",
            b"2026-11-27T01:00:02.5+0000 h1 x: first\n\tat Y\n2026-11-27T01:00:09+0000 h1 x: \x1b[31mlast\n",
        );
        let two = Entry::last(9, "h2", b"2026-11-27T01:00:03+0000 h2 x: between\n");
        let mut all: Vec<Entry> = one.into_iter().chain(two).collect();
        all.sort_by(|one, other| one.time.cmp(&other.time));
        let texts: Vec<&str> = all.iter().map(|entry| entry.text.rsplit(": ").next().unwrap_or_default()).collect();
        assert_eq!(texts, ["first", "\tat Y", "between", "\\u001b[31mlast"]);
    }

    #[test]
    fn a_host_that_writes_no_times_costs_no_more_than_it_writes() {
        // As a time would begin, but without an end; then lines that would all have it.
        let long = format!("2026-11-27T{}", "9".repeat(1 << 16));
        let text = format!("{long}\n{}", "x\n".repeat(1 << 16));
        let all = Entry::last(700, "h1", text.as_bytes());
        assert_eq!(all.len(), 700);
        assert!(all.iter().all(|entry| entry.time.is_empty() && entry.text == "x"));
        let all = Entry::last(1 << 20, "h1", text.as_bytes());
        assert_eq!((all.len(), all[0].text.len(), all[1].time.len()), ((1 << 16) + 1, long.len(), 0));
    }

    #[test]
    fn only_questions_from_the_host_itself_are_left_out() {
        let entry = |from: &str| Entry {
            host: "h1",
            time: "".into(),
            text: format!("zookeeper[9]: INFO Processing mntr command from /{from}:4711"),
        };
        assert!(
            entry("10.0.0.1").is_about_a_question("10.0.0.1") && entry("127.0.0.1").is_about_a_question("10.0.0.1")
        );
        assert!(
            !entry("10.0.0.2").is_about_a_question("10.0.0.1") && !entry("10.0.0.11").is_about_a_question("10.0.0.1")
        );
    }
}
