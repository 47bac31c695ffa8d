//! The names of nodes.

use super::Name;
use crate::value::Role;

/// The name of a node, which is its host's too where each node has one to itself.
pub fn node_name(cluster: &Name, role: Role, last: impl std::fmt::Display) -> String {
    format!("{cluster}-{}-{last}", role.slug())
}
