//! The secrets of a topology.

use std::collections::BTreeMap;

use crate::value::HostPath;

/// The secrets of a topology, read once; by the path of the file that holds each.
#[derive(Clone, Default)]
pub struct Secrets(pub BTreeMap<HostPath, String>);

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}
