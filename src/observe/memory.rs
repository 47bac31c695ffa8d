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

    /// Returns true if one of these anchors is on record as an anchor of this cluster. A host under none of them is another cluster's, also if
    /// both have one name and one identity, as with a copied topology.
    pub fn knows_one_of(&self, anchors: &[Anchor]) -> bool {
        let is_on_record = |anchor: &Anchor| {
            self.records.values().any(|record| {
                let there = record.hosts.get(&anchor.host);
                record.anchors.contains(&anchor.host) && there.is_some_and(|reach| reach.is_same_place(&anchor.reach))
            })
        };
        anchors.iter().any(|anchor| self.former.contains(anchor) || is_on_record(anchor))
    }

    /// Every host that the cluster's memory names, with the way there.
    pub fn hosts(&self) -> BTreeMap<Name, Reach> {
        let anchors = self.former.iter().map(|anchor| (anchor.host.clone(), anchor.reach.clone()));
        let recorded = self.records.values().flat_map(|record| record.hosts.clone());
        anchors.chain(recorded).collect()
    }
}
