//! The services of a topology, checked.

use std::any::Any;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A service, checked: a type of its own room.
pub type Checked = Arc<dyn Any + Send + Sync>;

/// The services of a topology, checked, each a type of its own room.
#[derive(Clone, Debug, Default)]
pub struct Services(BTreeMap<&'static str, Checked>);

impl Services {
    pub fn insert(&mut self, key: &'static str, service: Checked) {
        self.0.insert(key, service);
    }

    /// The service of this type.
    pub fn get<T: Any>(&self) -> Option<&T> {
        self.0.values().find_map(|service| service.downcast_ref())
    }
}
