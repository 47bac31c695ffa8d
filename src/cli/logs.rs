//! `provision logs`

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::join_all;

use super::input::{self, Loaded, TopologyOption};
use super::ssh::{find, unknown};
use super::{Exit, Failure};
use crate::host::{HostError, Target};
use crate::service::roles;
use crate::value::{Name, Role};
use crate::world::Io;

/// The limit for reading a journal to its end.
const LIMIT: Duration = Duration::from_secs(60);

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
    let named = wanted.len() > 1;
    let runs = wanted.iter().map(|(target, units)| {
        let units: String = units.iter().map(|unit| format!(" -u {unit}")).collect();
        // Ends with this program: its input closes when we do.
        let command = format!(
            "exec 3<&0; journalctl --no-pager -o short-iso{units} -n {}{follow} & pid=$!; (cat <&3 >/dev/null; kill $pid) 2>/dev/null & watch=$!; wait $pid; code=$?; kill $watch 2>/dev/null; exit $code",
            args.lines
        );
        let world = &loaded.world;
        async move {
            let read = world.interactive(target, &command, Io::Watched { named });
            if args.follow {
                return read.await;
            }
            let late = |_| HostError::Timeout { seconds: LIMIT.as_secs(), during: "reading its journal".into() };
            tokio::time::timeout(LIMIT, read).await.map_err(late)?
        }
    });
    let ended = join_all(runs).await;
    // Every host has had its say by now, and so has every failure.
    let failed: Vec<String> = wanted
        .iter()
        .zip(&ended)
        .filter_map(|((target, _), ended)| Some(format!("{}: {}", target.name, ended.as_ref().err()?)))
        .collect();
    if !failed.is_empty() {
        return Err(Failure::say(Exit::Unreachable, failed.join("\n")));
    }
    let bad = ended.iter().flatten().find(|code| **code != 0);
    Ok(bad.map_or(Exit::Done, |code| Exit::Code(u8::try_from(*code).unwrap_or(255))))
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
