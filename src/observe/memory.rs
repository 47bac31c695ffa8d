//! The cluster's memory, as far as its anchors agree. One host alone is believed about itself and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use crate::host::{Anchor, Reach, Record, RecordName};
use crate::value::Name;

/// The records on which a majority of the anchors agrees.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    pub records: BTreeMap<RecordName, Record>,
    /// Records that some anchors have and no majority agrees on: nothing of them is believed.
    pub disputed: Vec<RecordName>,
    /// The anchors that most of the topology's hosts name in their stamps, where those are not the topology's own.
    pub former: Vec<Anchor>,
    /// Hosts that only a minority of the topology's hosts remembers, and that the topology does not name, with those that remember them. Nobody
    /// contacts them.
    pub unvouched: BTreeMap<Name, BTreeSet<Name>>,
}

impl Memory {
    /// Returns true if the anchors agree on nothing.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty() && self.former.is_empty()
    }

    /// Returns true if a record names this host at this place.
    pub fn has(&self, name: &Name, reach: &Reach) -> bool {
        self.records.values().filter_map(|record| record.hosts.get(name)).any(|there| there.is_same_place(reach))
    }

    /// Every host that the cluster's memory names, with the way there.
    pub fn hosts(&self) -> BTreeMap<Name, Reach> {
        let anchors = self.former.iter().map(|anchor| (anchor.host.clone(), anchor.reach.clone()));
        let recorded = self.records.values().flat_map(|record| record.hosts.clone());
        anchors.chain(recorded).collect()
    }
}
