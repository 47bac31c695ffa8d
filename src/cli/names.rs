//! The names that a shell completes: of nodes, hosts, services and jobs, from the topology that the command line gives.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap_complete::engine::{ArgValueCandidates, CompletionCandidate};

use super::input;
use crate::cluster::Cluster;
use crate::value::{DEFAULT_TOPOLOGY, Name};

/// The variable by which a shell asks for completions.
pub const VARIABLE: &str = "PROVISION_COMPLETE";

/// Nodes and hosts.
pub fn nodes() -> ArgValueCandidates {
    ArgValueCandidates::new(|| offered(|cluster| nodes_of(cluster).collect()))
}

/// Nodes, hosts and services.
pub fn journals() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        offered(|cluster| {
            let services =
                cluster.instances.iter().flat_map(|instance| [instance.role.unit(), instance.role.service()]);
            nodes_of(cluster).chain(services.map(str::to_owned)).collect()
        })
    })
}

pub fn jobs() -> ArgValueCandidates {
    ArgValueCandidates::new(|| offered(|cluster| cluster.jobs.keys().map(Name::to_string).collect()))
}

fn nodes_of(cluster: &Cluster) -> impl Iterator<Item = String> {
    let nodes = cluster.instances.iter().map(|instance| instance.node.clone());
    nodes.chain(cluster.hosts.keys().map(Name::to_string))
}

/// Nothing where the topology cannot be read, or has errors: a shell has no place to say so.
fn offered(names: impl Fn(&Cluster) -> BTreeSet<String>) -> Vec<CompletionCandidate> {
    let cluster = || {
        // A pipe in this folder would keep the shell waiting.
        let file = file();
        std::fs::metadata(&file).is_ok_and(|seen| seen.is_file()).then_some(())?;
        let source = input::read(&file).ok()?;
        let (file, mut problems) = crate::topology::load(&source);
        input::resolve(&crate::topology::check(&file, &mut problems)?).ok()
    };
    cluster().iter().flat_map(names).map(CompletionCandidate::new).collect()
}

/// The topology that stands on the line so far.
fn file() -> PathBuf {
    let words: Vec<_> = std::env::args_os().collect();
    let given = words.windows(2).rev().find(|pair| pair[0] == "-f" || pair[0] == "--file").map(|pair| &pair[1]);
    given.map_or_else(|| PathBuf::from(DEFAULT_TOPOLOGY), PathBuf::from)
}
