//! An election that a role holds in `ZooKeeper`.

use crate::value::Role;

/// The election as `ZooKeeper` keeps it: each node of the role has a latch in one folder, and the lowest leads.
#[derive(Clone, Debug)]
pub struct Election {
    pub role: Role,
    pub folder: String,
    /// The znode of everything that the role keeps there.
    pub kept: String,
    /// Address and client port of every member.
    pub members: Vec<(String, u16)>,
    /// True if somebody else runs the ensemble: nothing is removed there.
    pub is_external: bool,
}
