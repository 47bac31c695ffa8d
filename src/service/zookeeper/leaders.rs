//! Members that say that they lead, and the members that follow them. A member alone is believed about itself and nothing else.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::answers::{MemberFacts, MemberMode, member_facts};
use super::health::strays;
use super::listeners::PEER;
use super::role::MEMBER;
use crate::desired::Desired;
use crate::host::{HostFacts, HostState, Seen, UnitFacts};
use crate::value::Name;

/// Members that say that they lead beside one that more than half of all members, itself among them, follow: by the connections that the kernels of
/// their hosts have.
pub fn contradictions(desired: &Desired, seen: &BTreeMap<Name, Seen>) -> Vec<(Name, String)> {
    let members: Vec<_> =
        desired.hosts.iter().filter(|(_, state)| state.services.contains_key(MEMBER.unit())).collect();
    let facts = |name: &Name| seen.get(name).and_then(Seen::facts);
    let leaders: Vec<(&Name, &HostState, MemberFacts)> =
        members.iter().filter_map(|(name, state)| Some((*name, *state, leader(facts(name)?)?))).collect();
    if leaders.len() < 2 {
        return Vec::new();
    }
    let others = || members.iter().filter(|(name, _)| leaders.iter().all(|(leader, ..)| leader != name));
    let followers = |place| others().filter(|(name, _)| facts(name).and_then(followed) == Some(place)).count();
    let leads = |state: &HostState| {
        let place = place(state, desired);
        place.is_some_and(|place| (1 + followers(place)) * 2 > members.len())
    };
    let Some((real, ..)) = leaders.iter().find(|(_, state, _)| leads(state)) else { return Vec::new() };
    let why = format!("it says that it leads the ensemble, and most members follow the one on {real}");
    // One that leads another ensemble by its own words is repaired.
    let false_ones = leaders.iter().filter(|(name, _, facts)| name != real && !strays(name, facts, desired, seen));
    false_ones.map(|(name, ..)| ((*name).clone(), why.clone())).collect()
}

/// The figures of a member that serves and says that it leads.
fn leader(host: &HostFacts) -> Option<MemberFacts> {
    host.units.get(MEMBER.unit()).filter(|unit| UnitFacts::is_running(unit))?;
    member_facts(host)
        .filter(|member| member.serves() && matches!(member.mode, MemberMode::Leader | MemberMode::Standalone))
}

/// The address and port at which followers of a member would be connected to it; `None` where the topology has a name instead of an address.
fn place(state: &HostState, desired: &Desired) -> Option<(IpAddr, u16)> {
    let address: IpAddr = state.host.address.as_str().parse().ok()?;
    Some((address.to_canonical(), state.host.port(&desired.listeners, PEER)))
}

/// The member that a host's own is connected to. One that is connected to several follows nobody for sure.
fn followed(host: &HostFacts) -> Option<(IpAddr, u16)> {
    let mut all = host.connected.iter();
    all.next().copied().filter(|_| all.next().is_none())
}
