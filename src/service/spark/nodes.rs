//! The nodes that a topology asks for.

use super::{HISTORY, MASTER, Place, Standalone, WORKER};
use crate::service::stages::NodeSpec;
use crate::value::{Name, Role};

/// The nodes of a cluster of Spark's own.
pub fn nodes(standalone: &Standalone) -> Vec<NodeSpec> {
    let Standalone { masters, workers, history, job_ports: _ } = standalone;
    let history = history.iter().flat_map(|history| placed(HISTORY, &history.place));
    placed(MASTER, &masters.place).into_iter().chain(placed(WORKER, &workers.place)).chain(history).collect()
}

fn placed(role: Role, place: &Place) -> Vec<NodeSpec> {
    let node = |last: String, host: Option<&Name>| NodeSpec { role, id: None, last, host: host.cloned() };
    match place {
        Place::Named(hosts) => hosts.iter().map(|host| node(host.to_string(), Some(host))).collect(),
        Place::Counted(count) => (1..=count.unwrap_or(0)).map(|number| node(number.to_string(), None)).collect(),
    }
}
