//! The secrets of a topology.

use std::collections::BTreeMap;

use crate::value::SecretRef;

/// The secrets of a topology, read once; by where each comes from.
#[derive(Clone, Default)]
pub struct Secrets(pub BTreeMap<SecretRef, String>);

impl Secrets {
    /// A secret that was read.
    pub fn of(&self, secret: &SecretRef) -> &str {
        self.0.get(secret).expect("secrets are read before anything is changed")
    }
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}
