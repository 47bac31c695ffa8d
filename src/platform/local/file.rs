//! This machine.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::value::FirstPort;
use crate::yaml::Field;

/// This machine: an address or ports of its own for each node, no root.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LocalFile {
    /// Every node is at 127.0.0.1 and has four ports of its own, among the 1000 that begin with this one. (Ports below 1024 are reserved for the system, and those from 32768 on are used for outgoing connections.) Default: on Linux no
    /// such ports, but an address of 127.0.0.0/8 for each node, with the ports of its service; elsewhere, where 127.0.0.1 is all there is,
    /// 20000.
    pub ports: Field<FirstPort>,
}
