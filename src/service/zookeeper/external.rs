//! An ensemble that somebody else runs: it is asked, and never changed.

use std::collections::BTreeMap;

use super::answers::MemberFacts;
use super::file::{ExternalFile, ZooKeeperFile};
use crate::cluster::Cluster;
use crate::desired::Election;
use crate::diagnostic::{Code, Diagnostics};
use crate::host::{Ask, HostFacts, Lines, Seen};
use crate::platform::{Ground, PlatformKind};
use crate::service::file::ServicesFile;
use crate::service::stages::Totals;
use crate::topology::Topology;
use crate::value::{Address, Endpoint, Name};
use crate::yaml::{Field, Span};

/// An ensemble that somebody else runs, checked.
#[derive(Clone, Debug)]
pub struct External {
    pub connect: Vec<Endpoint>,
}

impl External {
    /// Address and client port of every member.
    pub fn clients(&self) -> Vec<(String, u16)> {
        let parts = self.connect.iter().map(Endpoint::parts);
        parts.map(|(host, port)| (host.to_owned(), port)).collect()
    }
}

/// The questions for its members, one each: what one says must not be taken for another's.
const QUESTIONS: [&str; 9] = [
    "ensemble-1",
    "ensemble-2",
    "ensemble-3",
    "ensemble-4",
    "ensemble-5",
    "ensemble-6",
    "ensemble-7",
    "ensemble-8",
    "ensemble-9",
];
/// The oldest release that the client of Spark 3.5 and 4 works with: Curator 5 needs what 3.5 brought.
const OLDEST: [u32; 2] = [3, 5];

/// Checks it on a platform of `kind`.
pub fn check(
    file: &ZooKeeperFile,
    external: &ExternalFile,
    at: Span,
    kind: PlatformKind,
    problems: &mut Diagnostics,
) -> Option<External> {
    for (key, at) in file.written().into_iter().filter(|(key, _)| !["platform", "external"].contains(key)) {
        problems
            .add(Code::T090, at, format!("`{key}` is not used beside `external`: whoever runs the ensemble decides"))
            .help(format!("remove `{key}`, or `external` to have an ensemble made"));
    }
    if kind.ground() != Ground::NamedHosts {
        problems
            .add(Code::T012, at, format!("a platform of kind {kind} cannot use an ensemble outside of its own network"))
            .help("let `zookeeper` make an ensemble there");
        return None;
    }
    problems.need(at, "connect", &external.connect);
    let (at, members) = external.connect.spanned()?;
    let connect: Vec<Endpoint> = members.iter().filter_map(Field::ok).cloned().collect();
    if !(1..=QUESTIONS.len()).contains(&members.len()) {
        let message = format!("`connect` has 1 to {} members, not {}", QUESTIONS.len(), members.len());
        problems.add(Code::T012, at, message);
        return None;
    }
    for (number, (at, member)) in members.iter().filter_map(Field::spanned).enumerate() {
        if connect[..number].contains(member) {
            problems.add(Code::T012, at, format!("`{member}` is listed twice"));
        }
        let (host, _) = member.parts();
        let is_each_hosts_own = host.parse().is_ok_and(|host: Address| !host.leads_to_one_machine());
        if is_each_hosts_own {
            problems
                .add(Code::T012, at, format!("`{host}` leads each host to itself"))
                .help("write the address by which the masters' hosts reach the ensemble");
        }
    }
    (connect.len() == members.len()).then_some(External { connect })
}

/// Clusters of one name may share such an ensemble: only an identity tells their masters' znodes apart.
pub fn check_identity(topology: &Topology, files: &ServicesFile, problems: &mut Diagnostics) {
    let external = files.get::<ZooKeeperFile>().and_then(|file| file.external.span());
    if let Some(at) = external.filter(|_| topology.identity.is_none()) {
        problems
            .add(Code::T003, at, "`id` is missing: other clusters of this name may use this ensemble, too")
            .help("beside `name`, write `id: a` and 31 random hexadecimal digits (`openssl rand -hex 16` prints 32); a running cluster's is shown by `provision status`");
    }
}

/// The ensemble that a cluster uses and somebody else runs.
pub fn external(cluster: &Cluster) -> Option<&External> {
    cluster.services.get()
}

/// Asks every member of the election's ensemble how it is.
pub fn questions(election: &Election) -> Vec<Ask> {
    let ask = |(name, (address, port)): (&'static str, &(String, u16))| Ask {
        name,
        address: address.clone(),
        port: *port,
        bytes: b"srvr".to_vec(),
        most: Ask::FEW,
        lines: Lines::Short,
    };
    QUESTIONS.into_iter().zip(&election.members).map(ask).collect()
}

/// Returns true if an answer is that of a member which serves.
fn serves(answer: &[u8]) -> bool {
    MemberFacts::read(answer, b"").is_some_and(|member| member.serves())
}

/// A member as a host sees it.
struct Member<'a> {
    address: String,
    answer: &'a [u8],
}

impl Member<'_> {
    fn facts(&self) -> Option<MemberFacts> {
        MemberFacts::read(self.answer, b"")
    }

    fn serves(&self) -> bool {
        serves(self.answer)
    }

    /// `3.8.4`, of `Zookeeper version: 3.8.4-9316c2a7..., built on 2024-02-12 22:16 UTC`.
    fn version(&self) -> Option<String> {
        let text = String::from_utf8_lossy(self.answer);
        let version = text.lines().find_map(|line| line.strip_prefix("Zookeeper version:"))?.trim();
        let end = version.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(version.len());
        (1..=20).contains(&end).then(|| version[..end].to_owned())
    }

    fn is_too_old(&self) -> bool {
        let version = self.version().unwrap_or_default();
        let numbers: Vec<u32> = version.split('.').map_while(|number| number.parse().ok()).collect();
        !numbers.is_empty() && numbers.as_slice() < OLDEST.as_slice()
    }

    fn state(&self) -> String {
        let version = self.version().map(|version| format!(" ({version})")).unwrap_or_default();
        match (self.answer.is_empty(), self.facts()) {
            (true, _) => format!("{} does not answer", self.address),
            // What may be a page of something else, or a member that does not allow the question.
            (false, None) => format!("{} does not answer `srvr`", self.address),
            (false, Some(member)) if member.serves() => format!("{}{version} serves", self.address),
            (false, Some(_)) => format!("{}{version} does not serve", self.address),
        }
    }
}

fn members<'a>(all: &[(String, u16)], facts: &'a HostFacts) -> Vec<Member<'a>> {
    let member = |(name, (address, port)): (&str, &(String, u16))| Member {
        address: format!("{address}:{port}"),
        answer: facts.answer(name),
    };
    QUESTIONS.into_iter().zip(all).map(member).collect()
}

/// Describes what a host sees of the ensemble, and the way out if its masters cannot use it. `latches`: those of masters that are not this cluster's.
pub fn judge(election: &Election, facts: &HostFacts, latches: Option<usize>) -> (String, Option<String>) {
    let members = members(&election.members, facts);
    let seen = members.iter().map(Member::state).collect::<Vec<_>>().join(", ");
    let problem = if !members.iter().any(Member::serves) {
        Some("let this host reach the ensemble, or have it repaired by whoever runs it; members must allow the four-letter word `srvr`".to_owned())
    } else if members.iter().any(Member::is_too_old) {
        Some(format!("Spark's client needs ZooKeeper {}.{} or later", OLDEST[0], OLDEST[1]))
    } else {
        latches.filter(|count| *count > 0).map(|count| {
            format!(
                "masters that are not this cluster's take part in the election in {} ({count}): give this cluster another `id`; if they were stopped just now, wait a minute",
                election.folder
            )
        })
    };
    (seen, problem)
}

/// Its members for `status`, as the host sees them that sees most of them serve.
pub fn totals(cluster: &Cluster, seen: &BTreeMap<Name, Seen>) -> Option<Totals> {
    let external = external(cluster)?;
    let clients = external.clients();
    let asked = |facts: &&HostFacts| QUESTIONS.iter().any(|name| facts.answers.contains_key(name));
    let views = seen.values().filter_map(Seen::facts).filter(asked).map(|facts| members(&clients, facts));
    let serving = |members: &Vec<Member<'_>>| members.iter().filter(|member| member.serves()).count();
    let best = views.max_by_key(serving)?;
    let states = best.iter().map(Member::state).collect::<Vec<_>>().join(", ");
    Some(Totals {
        words: format!("external ZooKeeper ensemble: {states}"),
        figures: serde_json::json!({ "external": external.connect, "serving": serving(&best) }),
    })
}

/// The danger on a host whose ensemble was asked and does not serve it.
pub fn warning(facts: &HostFacts) -> Option<String> {
    let asked: Vec<&[u8]> = QUESTIONS.iter().filter_map(|name| facts.answers.get(*name)).map(Vec::as_slice).collect();
    (!asked.is_empty() && !asked.iter().any(|answer| serves(answer)))
        .then(|| "no member of the external ZooKeeper ensemble serves it".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::spark::MASTER;

    const SERVING: &[u8] =
        b"Zookeeper version: 3.8.4-9316c2a7, built on 2024-02-12 22:16 UTC\nZxid: 0x5\nMode: follower\n";

    fn judged(answers: &[&[u8]], latches: Option<usize>) -> (String, Option<String>) {
        let members = ["zk1", "zk2"].map(|host| (host.to_owned(), 2181)).into();
        let election = Election {
            role: MASTER,
            folder: "/spark-a/leader_election".to_owned(),
            kept: "/spark-a".to_owned(),
            members,
            is_external: true,
        };
        let mut facts = HostFacts::default();
        facts.answers.extend(QUESTIONS.into_iter().zip(answers).map(|(name, answer)| (name, answer.to_vec())));
        assert_eq!(warning(&facts).is_some(), !judge(&election, &facts, None).0.contains("serves"));
        judge(&election, &facts, latches)
    }

    #[test]
    fn one_member_that_serves_is_enough_and_every_other_answer_is_told() {
        let (seen, problem) = judged(&[b"", SERVING], Some(0));
        assert_eq!((seen.as_str(), problem), ("zk1:2181 does not answer, zk2:2181 (3.8.4) serves", None));
        let page = b"HTTP/1.1 400 Bad Request\r\n";
        let (seen, problem) = judged(&[b"This ZooKeeper instance is not currently serving requests\n", page], None);
        assert_eq!(seen, "zk1:2181 does not serve, zk2:2181 does not answer `srvr`");
        assert!(problem.expect("none serves").contains("reach the ensemble"));
    }

    #[test]
    fn old_servers_and_other_clusters_masters_are_problems() {
        let old = b"Zookeeper version: 3.4.14-4c25d480, built on 2019\nZxid: 0x5\nMode: leader\n";
        assert!(judged(&[SERVING, old], None).1.expect("too old").contains("3.5"));
        assert!(judged(&[SERVING, SERVING], Some(2)).1.expect("taken").contains("another `id`"));
    }
}
