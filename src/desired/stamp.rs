//! The stamp of each host.

use crate::cluster::Cluster;
use crate::host::{Access, Anchor, Content, HostState, Owned, STAMP_PATH, Stamp, unit_path};
use crate::value::{HostPath, Name};

/// Adds the stamp, last: it lists all the rest.
pub fn desire(cluster: &Cluster, name: &Name, state: &mut HostState) {
    let node = name.as_str();
    let anchors =
        cluster.anchors().into_iter().map(|host| Anchor { reach: cluster.hosts[&host].reach.clone(), host }).collect();
    let mut owned = Owned::of(state);
    owned.files.insert(HostPath::known(STAMP_PATH));
    let instance = |node: &String| node.parse().expect("nodes are named by the rules of names");
    let instances = cluster.on_host(name).map(|at| instance(&at.node)).collect();
    // Its identity comes with `Desired::identify`.
    let stamp = Stamp { cluster: cluster.name.clone(), identity: None, host: name.clone(), instances, anchors, owned };
    debug_assert!(stamp.owned.units.iter().all(|unit| stamp.owned.files.contains(&unit_path(unit))));
    state.file(&HostPath::known(STAMP_PATH), Access::root(0o644), Content::Text(stamp.text()), node);
}
