//! The nodes that a topology asks for.

use super::{HISTORY, MASTER, RoleNodes, Standalone, WORKER};
use crate::service::stages::{NodePlace, NodeSpec};
use crate::value::Role;

/// The nodes of a cluster of Spark's own.
pub fn nodes(standalone: &Standalone) -> Vec<NodeSpec> {
    let Standalone { masters, workers, history, job_ports: _, shuffle_service: _ } = standalone;
    let history = history.iter().flat_map(|history| placed(HISTORY, &history.place));
    placed(MASTER, &masters.place).into_iter().chain(placed(WORKER, &workers.place)).chain(history).collect()
}

fn placed(role: Role, place: &RoleNodes) -> Vec<NodeSpec> {
    let node = |place| NodeSpec { role, id: None, place };
    match place {
        RoleNodes::Named(hosts) => hosts.iter().map(|host| node(NodePlace::Named(host.clone()))).collect(),
        RoleNodes::Counted(count) => (1..=count.unwrap_or(0)).map(|number| node(NodePlace::Own(number))).collect(),
    }
}
