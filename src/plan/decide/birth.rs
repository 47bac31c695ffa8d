//! The first start of an ensemble, which must never happen twice.

use std::collections::BTreeMap;

use super::planner::Planner;
use crate::desired::{Desired, Quorum};
use crate::host::{BirthRecord, HostFacts, HostState, Stamp, UnitFacts};
use crate::plan::compare::{HostChange, Need, ServiceChange};
use crate::plan::{ClusterRefusal, HostRefusal, Reason, Refusal};
use crate::value::{MemberId, Name};

/// The stages of an ensemble's first start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BirthStage {
    NotBegun,
    /// The record is written, the ensemble has not served yet.
    Begun,
    Complete,
}

impl Planner<'_> {
    pub(super) fn judge_birth(&mut self, refusals: &mut Vec<Refusal>) -> BirthStage {
        let Some(quorum) = &self.desired.quorum else {
            self.refuse_other_stamps(BirthStage::Complete, refusals);
            return BirthStage::Complete;
        };
        let members = self.with_role(quorum.role);
        let records: Vec<(&Name, &BirthRecord)> =
            members.iter().filter_map(|name| Some((name, self.observed.facts(name)?.birth.as_ref()?))).collect();
        for (host, record) in &records {
            // Another cluster's is refused by its stamp.
            let is_said = refusals.iter().any(|refusal| says_members(refusal, quorum));
            if record.birth.cluster == quorum.birth.cluster && record.birth != quorum.birth && !is_said {
                let (cluster, members) = (record.birth.cluster.clone(), list(&record.birth.members));
                let because = HostRefusal::OtherMembers { cluster, members };
                refusals.push(Refusal::Host { host: (*host).clone(), because });
            }
        }
        let facts = |name: &Name| self.observed.facts(name);
        let has_data = |name: &&Name| facts(name).is_some_and(|facts| facts.has_data);
        let unrecorded = |name: &&Name| has_data(name) && facts(name).is_some_and(|facts| facts.birth.is_none());
        let served = |name: &&Name| facts(name).is_some_and(says_it_served);
        let those = |which: &dyn Fn(&&Name) -> bool| members.iter().filter(which).cloned().collect::<Vec<Name>>();
        let with_data = members.iter().filter(has_data).count();
        let moves_data = |refusal: &Refusal| matches!(refusal, Refusal::Setting { setting, .. } if quorum.data_settings.contains(&setting.as_str()));
        let stage = self.stage(quorum);
        let unseen = those(&|name| facts(name).is_none());
        let (count, majority) = (members.len(), quorum.majority());
        match stage {
            // Every member has the record before the first of them gets data.
            BirthStage::NotBegun | BirthStage::Begun if members.iter().any(|name| unrecorded(&name)) => {
                let because = ClusterRefusal::UnknownData {
                    with_data: those(&unrecorded),
                    members: count,
                    directory: quorum.data_dir.clone(),
                };
                refusals.push(Refusal::Cluster { because });
            }
            BirthStage::NotBegun | BirthStage::Begun if !unseen.is_empty() => {
                refusals.push(Refusal::Cluster { because: ClusterRefusal::MembersUnseen { members: unseen } });
            }
            // If the data directory changed, the setting is refused already: the contents of the new one mean nothing.
            BirthStage::Complete if refusals.iter().any(moves_data) => {}
            // Where most members record that the ensemble has served, those that cannot be asked may have the data.
            BirthStage::Complete if with_data < majority && (unseen.is_empty() || those(&served).len() < majority) => {
                let because =
                    ClusterRefusal::DataLost { with_data, members: count, majority, served: those(&served), unseen };
                refusals.push(Refusal::Cluster { because });
            }
            _ => {}
        }
        self.refuse_other_stamps(stage, refusals);
        stage
    }

    fn stage(&self, quorum: &Quorum) -> BirthStage {
        let members = self.with_role(quorum.role);
        let mut records = members.iter().filter_map(|name| self.observed.facts(name)?.birth.as_ref()).peekable();
        if records.peek().is_none() {
            BirthStage::NotBegun
        } else if records.any(|record| record.complete) {
            BirthStage::Complete
        } else {
            BirthStage::Begun
        }
    }

    /// Refuses, for a destroy, hosts that this cluster stamped with other anchors.
    pub(super) fn refuse_stamps_of_others(&self, refusals: &mut Vec<Refusal>) {
        let stage = self.desired.quorum.as_ref().map_or(BirthStage::Complete, |quorum| self.stage(quorum));
        self.refuse_other_stamps(stage, refusals);
    }

    /// Refuses hosts that this cluster stamped with other anchors, unless the cluster's memory explains them.
    fn refuse_other_stamps(&self, stage: BirthStage, refusals: &mut Vec<Refusal>) {
        let memory = &self.observed.memory;
        let explains = |name: &Name, stamp: &Stamp| {
            let reach = &self.desired.hosts[name].host.reach;
            memory.has(name, reach) || memory.knows_one_of(&stamp.anchors)
        };
        let remembers = stage == BirthStage::Complete && !memory.is_empty();
        for (name, facts) in self.desired.hosts.keys().filter_map(|name| Some((name, self.observed.facts(name)?))) {
            let Some(stamp) = facts.stamp.as_ref().filter(|stamp| stamp.cluster == self.desired.cluster) else {
                continue;
            };
            let anchors: Vec<Name> = stamp.anchors.iter().map(|anchor| anchor.host.clone()).collect();
            if anchors != self.desired.anchors && !(remembers && explains(name, stamp)) {
                refusals.push(Refusal::Host { host: name.clone(), because: HostRefusal::OtherAnchors { anchors } });
            }
        }
    }
}

/// Returns true if a member records that its ensemble has served.
fn says_it_served(facts: &HostFacts) -> bool {
    facts.birth.as_ref().is_some_and(|record| record.complete)
}

/// A member that runs without its data directory writes into files that are already deleted.
pub(super) fn lost_data(desired: &Desired, state: &HostState, facts: &HostFacts, change: &mut HostChange) {
    let Some(quorum) = &desired.quorum else { return };
    let unit = quorum.role.unit();
    if !state.services.contains_key(unit) {
        return;
    }
    let born = says_it_served(facts);
    let running = facts.units.get(unit).is_some_and(UnitFacts::is_running);
    if born && running && !facts.has_data && !change.services.contains_key(unit) {
        let why = vec![Reason::InputChanged { path: quorum.log_dir.join("version-2").to_string() }];
        change.services.insert(unit.to_owned(), ServiceChange { need: Need::Restart, why });
    }
}

/// Returns true if it says already that the list of members cannot change.
fn says_members(refusal: &Refusal, quorum: &Quorum) -> bool {
    let prefix = format!("{}.members", quorum.role.service());
    matches!(refusal, Refusal::Setting { setting, .. } if setting.starts_with(&prefix))
}

fn list(members: &BTreeMap<MemberId, Name>) -> String {
    members.iter().map(|(id, host)| format!("{id}: {host}")).collect::<Vec<_>>().join(", ")
}
