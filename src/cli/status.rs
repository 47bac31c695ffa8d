//! `provision status`

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use super::input::{self, Loaded, TopologyArg};
use super::output::outln;
use super::{Exit, Failure};
use crate::host::UnitFacts;
use crate::observe::{self, Observed};
use crate::service::{self, Totals, health, roles};
use crate::value::{Identity, Name, Role};

/// Shows every node, and everything that is wrong with running services (`plan` compares files)
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
    json: bool,
}

#[derive(Debug, Serialize)]
struct Status {
    cluster: String,
    /// What tells it from others of its name; none before the first apply.
    identity: Option<Identity>,
    nodes: Vec<Node>,
    /// The figures of each service, by its key in the topology.
    services: BTreeMap<&'static str, Totals>,
    wrong: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Node {
    node: String,
    host: String,
    reachable: bool,
    service: String,
    state: String,
}

pub async fn run(args: &Args) -> Result<Exit, Failure> {
    let loaded = input::open_without_secrets(input::read(args.topology.path())?)?;
    loop {
        let observed = observe::observe(&loaded.desired, &loaded.secrets, &loaded.world).await;
        let status = status(&loaded, &observed);
        if args.json {
            outln!("{}", serde_json::to_string(&status).map_err(Failure::error)?);
        } else {
            show(&status);
        }
        if !args.watch {
            return Ok(if status.wrong.is_empty() { Exit::Done } else { Exit::Unwell });
        }
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
}

/// What is not well, in words.
fn problems(loaded: &Loaded, observed: &Observed) -> Vec<String> {
    let ours = observe::identity(&loaded.desired, observed);
    let others = observed.hosts.iter().filter_map(|(name, seen)| Some((name, seen.facts()?.claim.as_ref()?)));
    let others = others.filter(|(_, claim)| Some(&claim.identity) != ours.as_ref());
    let others = others.map(|(name, claim)| format!("{name} belongs to the cluster {claim}"));
    let mut wrong: Vec<String> =
        observed.unknown().map(|(name, error)| format!("{name}: {error}")).chain(others).collect();
    let hosts: Vec<_> = loaded.cluster.hosts.keys().cloned().collect();
    // Of a role whose hosts are all silent nobody knows whether it is well: that they are silent is said above.
    let is_seen = |role: &Role| loaded.cluster.of_role(*role).any(|instance| observed.facts(&instance.host).is_some());
    for role in roles().filter(is_seen) {
        for missing in health(role, &hosts, false, &loaded.desired, &observed.hosts).missing {
            if !wrong.contains(&missing) {
                wrong.push(missing);
            }
        }
    }
    for (name, facts) in observed.hosts.iter().filter_map(|(name, seen)| Some((name, seen.facts()?))) {
        wrong.extend(service::warnings(facts).map(|warning| format!("{name}: {warning}")));
        for (unit, seen) in facts.units.iter().filter(|(_, seen)| !seen.is_running() || !seen.is_enabled()) {
            wrong.push(format!(
                "{name}: {unit} is {}, {}",
                seen.active,
                if seen.file.is_empty() { "not there" } else { &seen.file }
            ));
        }
    }
    wrong
}

fn status(loaded: &Loaded, observed: &Observed) -> Status {
    let mut wrong = problems(loaded, observed);
    let bare = |name: &Name| observed.facts(name).is_some_and(|facts| facts.stamp.is_none());
    if loaded.cluster.hosts.keys().all(bare) {
        let hosts: Vec<_> = loaded.cluster.hosts.keys().map(Name::as_str).collect();
        wrong = vec![format!("nothing of `{}` is on {}: provision apply", loaded.cluster.name, hosts.join(", "))];
    }
    let nodes = loaded
        .cluster
        .instances
        .iter()
        .map(|instance| {
            let facts = observed.facts(&instance.host);
            let unit = facts.and_then(|facts| facts.units.get(instance.role.unit()));
            Node {
                node: instance.node.clone(),
                host: instance.host.to_string(),
                reachable: facts.is_some(),
                service: unit.map_or_else(|| "unknown".to_owned(), unit_state),
                state: facts.map_or_else(
                    || "unknown".to_owned(),
                    |facts| service::of(instance.role).state(instance.role, facts),
                ),
            }
        })
        .collect();
    let services = service::all()
        .filter_map(|service| Some((service.key(), service.totals(&loaded.cluster, &observed.hosts)?)))
        .collect();
    let identity = observe::identity(&loaded.desired, observed).filter(|_| !loaded.cluster.hosts.keys().all(bare));
    Status { cluster: loaded.cluster.name.to_string(), identity, nodes, services, wrong }
}

/// As systemd sees it. That it ended by itself is worth a look, also when it runs now.
fn unit_state(unit: &UnitFacts) -> String {
    let again = if unit.restarts == 0 { String::new() } else { format!(", restarted {}x", unit.restarts) };
    format!("{} ({}{again})", unit.active, unit.sub)
}

fn show(status: &Status) {
    if let Some(identity) = &status.identity {
        outln!("cluster {}, identity {identity}", status.cluster);
    }
    let mut rows = vec![["node", "host", "service", "state"]];
    for Node { node, host, reachable, service, state } in &status.nodes {
        rows.push([node, host, if *reachable { service } else { "host not reachable" }, state]);
    }
    let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or(0);
    let [node_width, host_width, service_width] = [width(0), width(1), width(2)];
    for [node, host, service, state] in &rows {
        outln!("{node:node_width$}  {host:host_width$}  {service:service_width$}  {state}");
    }
    status.services.values().for_each(|totals| outln!("{}", totals.words));
    if status.wrong.is_empty() {
        outln!("all is well");
    }
    status.wrong.iter().for_each(|wrong| outln!("wrong: {wrong}"));
}
