//! `provision logs`

use std::collections::BTreeMap;

use futures_util::future::join_all;

use super::input::{self, Loaded, TopologyOption};
use super::ssh::{find, unknown};
use super::{Exit, Failure};
use crate::host::Target;
use crate::service::roles;
use crate::value::{Name, Role};
use crate::world::Io;

/// Shows the journal of a node, or of a service on all its hosts
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A node (analytics-zk-1), a host (h1), or a service: zookeeper, spark, spark-master, spark-worker, spark-history
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
    let follow = if args.follow { " -f" } else { "" };
    let runs = wanted.iter().map(|(target, units)| {
        let units: String = units.iter().map(|unit| format!(" -u {unit}")).collect();
        // Ends with this program: its input closes when we do.
        let command = format!(
            "exec 3<&0; journalctl --no-pager -o short-iso{units} -n {}{follow} & pid=$!; (cat <&3 >/dev/null; kill $pid) 2>/dev/null & watch=$!; wait $pid; code=$?; kill $watch 2>/dev/null; exit $code",
            args.lines
        );
        let world = &loaded.world;
        async move { world.interactive(target, &command, Io::Watched).await }
    });
    for code in join_all(runs).await {
        let code = code.map_err(|error| Failure::new(Exit::Unreachable, error))?;
        if code != 0 {
            return Ok(Exit::Code(u8::try_from(code).unwrap_or(255)));
        }
    }
    Ok(Exit::Done)
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
