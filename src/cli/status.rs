//! `provision status`

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use serde::Serialize;

use super::input::{self, TopologyArg};
use super::output::{self, out};
use super::{Exit, Failure};
use crate::cluster::{Cluster, Instance};
use crate::desired::Desired;
use crate::host::{DROP_INS, Health, Holder, ServiceFacts, UnitFacts, UnitFile};
use crate::observe::{self, Observed};
use crate::service::{self, Totals, health, roles};
use crate::value::{Identity, Name, Redundancy, Role, as_argument, counted, of_file};

/// Shows every node, and everything that is wrong with the services (to compare files, use `plan`)
///
/// The exit code is 0 only if all is well.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    topology: TopologyArg,
    /// Repeat every two seconds
    #[arg(long)]
    watch: bool,
    /// Print the result as JSON
    #[arg(long)]
    pub json: bool,
}

/// The state of a cluster, for people and as JSON.
#[derive(Debug, Serialize)]
pub struct Status {
    cluster: String,
    /// Its identity; none before the first apply.
    identity: Option<Identity>,
    /// The operator who is changing it, and since when.
    changing: Option<Holder>,
    nodes: Vec<Node>,
    /// The figures of each service, by its key in the topology.
    services: BTreeMap<&'static str, Totals>,
    wrong: Vec<String>,
    /// The next step if something is wrong.
    #[serde(skip)]
    next: String,
}

#[derive(Debug, Serialize)]
struct Node {
    node: String,
    host: String,
    reachable: bool,
    /// systemd's word.
    service: String,
    health: &'static str,
    /// More about it, in words.
    state: String,
}

pub async fn run(args: &Args) -> Result<Exit, Failure> {
    let loaded = input::open_without_secrets(input::read(args.topology.path())?)?;
    loop {
        let observed = observe::observe(&loaded.desired, &loaded.secrets, &loaded.world).await;
        let status = Status::of(&loaded.cluster, &loaded.desired, &observed, &loaded.source.name);
        if args.json {
            output::json(&status);
        } else {
            out!("{status}");
        }
        if !args.watch {
            return Ok(status.exit());
        }
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
}

/// The faults, in words.
fn problems(cluster: &Cluster, desired: &Desired, observed: &Observed) -> Vec<String> {
    let ours = observe::identity(desired, observed);
    let others = observed.hosts.iter().filter_map(|(name, seen)| Some((name, seen.facts()?.claim.as_ref()?)));
    let others = others.filter(|(_, claim)| Some(&claim.identity) != ours.as_ref());
    let others = others.map(|(name, claim)| format!("{name} belongs to the cluster {claim}"));
    let mut wrong: Vec<String> =
        observed.unknown().map(|(name, error)| format!("{name}: {error}")).chain(others).collect();
    let hosts: Vec<_> = cluster.hosts.keys().cloned().collect();
    for (name, facts) in observed.hosts.iter().filter_map(|(name, seen)| Some((name, seen.facts()?))) {
        wrong.extend(service::warnings(facts).map(|warning| format!("{name}: {warning}")));
        for (unit, seen) in facts.units.iter().filter(|(_, seen)| !seen.is_running() || !seen.is_enabled()) {
            let at_boot = match &seen.file {
                _ if seen.is_enabled() => String::new(),
                UnitFile::Absent => ", and its unit file is not there".to_owned(),
                other => format!(", and {other}: it would not start after a reboot"),
            };
            wrong.push(format!("{name}: {unit} is {}{at_boot}", seen.active));
        }
        wrong.extend(facts.units.iter().filter_map(|(unit, seen)| {
            let words = seen.without_record()?;
            Some(format!("{name}: {unit}: {words} ({DROP_INS} {})", seen.drop_ins.join(", ")))
        }));
    }
    let mut lost = Vec::new();
    // A fault that follows from a reported one is not reported again.
    let mut leaderless = BTreeSet::new();
    for role in roles() {
        let on: Vec<&Name> = cluster.of_role(role).map(|instance| &instance.host).collect();
        if on.is_empty() {
            continue;
        }
        let facts = health(role, &hosts, false, desired, &observed.hosts);
        let is_said = |name: &&Name| {
            let unit = observed.facts(name).and_then(|facts| facts.units.get(role.unit()));
            unit.is_none_or(|unit| !unit.is_running())
        };
        if !facts.nodes.values().any(|node| node.health == Health::Leading) {
            leaderless.insert(role);
        }
        let needed = match role.redundancy() {
            Redundancy::Majority => on.len() / 2 + 1,
            Redundancy::One => 1,
            Redundancy::Pool => 0,
        };
        let serving = facts.nodes.values().filter(|node| node.health.serves()).count();
        let may_serve = facts.nodes.values().filter(|node| node.health == Health::Unknown).count();
        if serving + may_serve < needed {
            lost.push(format!(
                "{serving} of {} {}, and {} needed",
                counted(on.len(), role.title()),
                if serving == 1 || on.len() == 1 { "serves" } else { "serve" },
                if needed == 1 { "1 is".to_owned() } else { format!("{needed} are") }
            ));
        }
        if on.iter().any(is_said) || role.stands_on().is_some_and(|below| leaderless.contains(&below)) {
            continue;
        }
        wrong.extend(facts.missing);
        wrong.extend(facts.doubted.into_values());
    }
    // What it means comes first.
    lost.into_iter().chain(wrong).collect()
}

/// The holder of the lease, where more than half of the anchors name the same.
fn holder(desired: &Desired, observed: &Observed) -> Option<Holder> {
    let all: Vec<&Holder> =
        desired.anchors.iter().filter_map(|anchor| observed.facts(anchor)?.holder.as_ref()).collect();
    let agree =
        |holder: &&&Holder| all.iter().filter(|other| other.who == holder.who).count() * 2 > desired.anchors.len();
    all.iter().find(agree).map(|holder| (*holder).clone())
}

impl Status {
    pub fn of(cluster: &Cluster, desired: &Desired, observed: &Observed, topology: &str) -> Status {
        let mut wrong = problems(cluster, desired, observed);
        let mut next = format!(
            "`provision plan{}` shows what an apply would repair, `provision logs NODE{}` the service's own output",
            as_argument(topology),
            of_file(topology)
        );
        let bare = |name: &Name| observed.facts(name).is_some_and(|facts| facts.stamp.is_none());
        if cluster.hosts.keys().all(bare) {
            let hosts: Vec<_> = cluster.hosts.keys().map(Name::as_str).collect();
            wrong = vec![format!("nothing of `{}` is on {}", cluster.name, hosts.join(", "))];
            next = format!("`provision apply{}` creates it", as_argument(topology));
        }
        let hosts: Vec<_> = cluster.hosts.keys().cloned().collect();
        let facts = |role| (role, health(role, &hosts, false, desired, &observed.hosts));
        let all: BTreeMap<Role, ServiceFacts> = roles().map(facts).collect();
        let node = |instance: &Instance| {
            let facts = observed.facts(&instance.host);
            let unit = facts.and_then(|facts| facts.units.get(instance.role.unit()));
            let state = |facts| service::of(instance.role).state(instance.role, facts);
            Node {
                node: instance.node.clone(),
                host: instance.host.to_string(),
                reachable: facts.is_some(),
                service: unit.map_or_else(|| "unknown".to_owned(), unit_state),
                health: word(all[&instance.role].nodes.get(&instance.host).map_or(Health::Unknown, |node| node.health)),
                state: facts.map_or_else(|| "unknown".to_owned(), state),
            }
        };
        let totals = service::all();
        let totals = totals.filter_map(|service| Some((service.key(), service.totals(cluster, &observed.hosts)?)));
        Status {
            cluster: cluster.name.to_string(),
            identity: observe::identity(desired, observed).filter(|_| !cluster.hosts.keys().all(bare)),
            changing: holder(desired, observed),
            nodes: cluster.instances.iter().map(node).collect(),
            services: totals.collect(),
            wrong,
            next,
        }
    }

    pub fn exit(&self) -> Exit {
        if self.wrong.is_empty() { Exit::Done } else { Exit::Unwell }
    }
}

/// A node's health as one of a closed list of words.
fn word(health: Health) -> &'static str {
    match health {
        Health::Unknown => "unknown",
        Health::Down => "down",
        Health::Unsettled => "unsettled",
        Health::Serving => "serving",
        Health::Leading => "leading",
        Health::Straying => "straying",
    }
}

/// As systemd sees it. That it ended by itself is worth a look, also when it runs now.
fn unit_state(unit: &UnitFacts) -> String {
    let again = if unit.restarts == 0 { String::new() } else { format!(", restarted {}x", unit.restarts) };
    format!("{} ({}{again})", unit.active, unit.sub)
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(identity) = &self.identity {
            writeln!(f, "cluster {}, identity {identity}", self.cluster)?;
        }
        if let Some(Holder { who, since }) = &self.changing {
            writeln!(f, "{who} has been changing this cluster since {since}")?;
        }
        let mut rows = vec![["node", "host", "service", "state"]];
        for Node { node, host, reachable, service, health: _, state } in &self.nodes {
            rows.push([node, host, if *reachable { service } else { "not reached" }, state]);
        }
        let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or(0);
        let [node_width, host_width, service_width] = [width(0), width(1), width(2)];
        for [node, host, service, state] in &rows {
            writeln!(f, "{node:node_width$}  {host:host_width$}  {service:service_width$}  {state}")?;
        }
        self.services.values().try_for_each(|totals| writeln!(f, "{}", totals.words))?;
        if self.wrong.is_empty() {
            writeln!(f, "all is well")?;
        }
        self.wrong.iter().try_for_each(|wrong| writeln!(f, "wrong: {wrong}"))?;
        if !self.wrong.is_empty() {
            writeln!(f, "next: {}", self.next)?;
        }
        Ok(())
    }
}
