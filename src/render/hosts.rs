//! Every node's files as they are installed, with a manifest of the rest.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::FileTree;
use crate::desired::Desired;
use crate::host::{Access, HostState};
use crate::service::settings::origin;

/// One folder a node (what belongs to the machine itself is under the machine's name): its files under their own paths,
/// byte for byte but for secrets, and `manifest.txt` with users, directories, owners, modes, distributions and services.
pub fn hosts(desired: &Desired) -> FileTree {
    let mut tree = FileTree::new();
    for (name, state) in &desired.hosts {
        for (path, file) in &state.files {
            for node in &file.nodes {
                tree.insert(Path::new(node).join(&path.as_str()[1..]), file.content.public());
            }
        }
        for (node, lines) in manifests(name.as_str(), state) {
            tree.insert(PathBuf::from(node).join("manifest.txt"), lines.join("\n") + "\n");
        }
    }
    tree
}

fn manifests(machine: &str, state: &HostState) -> BTreeMap<String, Vec<String>> {
    let mut manifests: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut put = |nodes: &BTreeSet<String>, line: String| {
        for node in nodes {
            manifests.entry(node.clone()).or_insert_with(|| vec![format!("host {machine}")]).push(line.clone());
        }
    };
    let access = |Access { owner, group, mode }: &Access| format!("{owner}:{group} {mode:04o}");
    for (name, user) in &state.users {
        put(&user.nodes, format!("user {name} home {}", user.home));
    }
    for (path, directory) in &state.directories {
        let data = if directory.data { " (data)" } else { "" };
        put(&directory.nodes, format!("directory {path} {}{data}", access(&directory.access)));
    }
    for (path, distribution) in &state.distributions {
        put(&distribution.nodes, format!("distribution {path} from {}", origin(&distribution.archive)));
    }
    for (path, file) in &state.files {
        put(&file.nodes, format!("file {path} {}", access(&file.access)));
    }
    for (unit, service) in &state.services {
        let nodes = BTreeSet::from([service.node.clone().unwrap_or_else(|| machine.to_owned())]);
        put(&nodes, format!("service {unit} enabled running"));
    }
    manifests
}
