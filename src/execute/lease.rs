//! One operator at a time: a majority of the old and of the new anchors must agree.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use crate::desired::Desired;
use crate::host::{Claim, HostError, Record, RecordName, Seen, Target};
use crate::observe::{Observed, credible_epoch, says_it_is_ours};
use crate::value::Name;
use crate::world::{Epoch, Hold, LeaseId, Permit, World};

/// The time within which an apply that was overtaken notices it itself: longer than it trusts a lease whose anchors do not answer (10 s).
const NOTICE: Duration = Duration::from_secs(12);

/// The right to change a cluster, for as long as it is held.
pub struct Lease {
    permit: Permit,
    pub who: String,
    holds: BTreeMap<Name, Box<dyn Hold>>,
    /// Each set of anchors of which a majority must hear us.
    sets: Vec<Vec<Name>>,
}

impl std::fmt::Debug for Lease {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Lease({}, epoch {})", self.who, self.permit.epoch().number())
    }
}

impl Lease {
    pub fn epoch(&self) -> Epoch {
        self.permit.epoch()
    }

    /// The permit that every action under this lease carries.
    pub fn permit(&self) -> &Permit {
        &self.permit
    }

    /// Returns true if a host is one of the anchors that granted it.
    pub fn holds(&self, host: &Name) -> bool {
        self.holds.contains_key(host)
    }

    pub fn is_held(&self) -> bool {
        self.stands_without(&[])
    }

    /// Returns true if the anchors stop granting it within [`NOTICE`]. A host that was told of a newer epoch may be lying; the anchors decide.
    pub async fn is_lost_soon(&self) -> bool {
        let end = Instant::now() + NOTICE;
        while self.is_held() && Instant::now() < end {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        !self.is_held()
    }

    /// Returns true if it would still be held without these hosts.
    pub fn stands_without(&self, hosts: &[&Name]) -> bool {
        let hears = |name: &&Name| !hosts.contains(name) && self.holds.get(*name).is_some_and(|hold| hold.is_held());
        self.sets.iter().all(|set| set.iter().filter(hears).count() > set.len() / 2)
    }
}

#[derive(Debug, thiserror::Error)]
pub enum NoLease {
    #[error("{owner} has been changing this cluster since {since} (according to {anchor}); wait until that ends")]
    Held { owner: String, since: String, anchor: Name },
    #[error("{anchor}: refused: the host belongs to the cluster {carries} now")]
    Foreign { anchor: Name, carries: Claim },
    #[error("only {got} of {of} anchors granted the lease, and {} must: {}; repair what is named here, then run the command again", of / 2 + 1, why.join("; "))]
    NoMajority { got: usize, of: usize, why: Vec<String> },
}

/// Takes the lease on the anchors of the topology and on those that the cluster remembers.
pub async fn acquire(desired: &Desired, observed: &Observed, who: &str, world: &impl World) -> Result<Lease, NoLease> {
    let (claim, lease) = (desired.claim(), LeaseId::random());
    let mut sets = vec![desired.anchors.clone()];
    for record in RecordName::ALL.iter().filter_map(|name| observed.record(*name)) {
        let anchors = record.anchors.iter().map(|name| current_name(name, record, desired, observed)).collect();
        if record.cluster == desired.cluster && !sets.contains(&anchors) {
            sets.push(anchors);
        }
    }
    let mut targets: BTreeMap<Name, Target> = BTreeMap::new();
    for name in sets.iter().flatten() {
        let target = match (desired.hosts.get(name), observed.departed.get(name)) {
            (Some(state), _) => Target::of(&state.host),
            (None, Some(departed)) => departed.target(name),
            (None, None) => continue,
        };
        targets.insert(name.clone(), target);
    }
    let mut holds: BTreeMap<Name, Box<dyn Hold>> = BTreeMap::new();
    let (mut why, mut refused) = (Vec::new(), BTreeMap::new());
    // One after another, in the same order for every operator: of two at once, one gets the majority.
    for (name, target) in &targets {
        if let Some(error) = why_left_out(name, desired, observed) {
            why.push(format!("{name}: {error}"));
            continue;
        }
        match world.hold(target, who, &claim, &lease).await {
            Ok(hold) => drop(holds.insert(name.clone(), hold)),
            Err(HostError::Held { owner, since }) => {
                refused.insert(name.clone(), NoLease::Held { owner, since, anchor: name.clone() });
            }
            Err(HostError::Foreign { carries: Some(carries) }) => {
                refused.insert(name.clone(), NoLease::Foreign { anchor: name.clone(), carries });
            }
            Err(error) => why.push(format!("{name}: {error}")),
        }
    }
    let epoch = credible_epoch(holds.values().map(|hold| hold.epoch()));
    holds.retain(|name, hold| {
        let is_believed = hold.epoch() <= epoch;
        if !is_believed {
            let seen = hold.epoch();
            let error = HostError::EpochAhead { name: name.to_string(), seen };
            why.push(format!("{name}: {error}"));
        }
        is_believed
    });
    for set in &sets {
        let got = set.iter().filter(|name| holds.contains_key(*name)).count();
        if got <= set.len() / 2 {
            return Err(no_lease(set, got, refused, why));
        }
    }
    let permit = Permit::granted(claim, lease, holds.values().map(AsRef::as_ref)).expect("a majority has granted it");
    Ok(Lease { permit, who: who.to_owned(), holds, sets })
}

/// The reason why a set of anchors does not grant the lease. More than half of them must say that somebody else has it: one alone stops no apply.
fn no_lease(set: &[Name], got: usize, refused: BTreeMap<Name, NoLease>, mut why: Vec<String>) -> NoLease {
    let of = set.len();
    if set.iter().filter(|name| refused.contains_key(*name)).count() > of / 2 {
        return refused.into_values().next().expect("more than half of them");
    }
    why.extend(refused.into_values().map(|refused| refused.to_string()));
    NoLease::NoMajority { got, of, why }
}

/// The reason why an anchor does not count: it was asked and set aside, or does not say itself that it is this cluster's. One that could not be reached may
/// be there by now.
fn why_left_out(name: &Name, desired: &Desired, observed: &Observed) -> Option<String> {
    let departed = || observed.departed.get(name).map(|departed| &departed.seen);
    match observed.hosts.get(name).or_else(departed)? {
        Seen::Unknown(error) if !error.is_unreachable() => Some(error.to_string()),
        Seen::Unknown(_) => None,
        Seen::Present(facts) if desired.hosts.contains_key(name) || says_it_is_ours(name, facts, desired) => None,
        Seen::Present(_) => Some("its stamp no longer names this cluster".to_owned()),
    }
}

/// The present name of a remembered anchor: a machine keeps its address when the topology renames it.
fn current_name(name: &Name, record: &Record, desired: &Desired, observed: &Observed) -> Name {
    if desired.hosts.contains_key(name) || observed.departed.contains_key(name) {
        return name.clone();
    }
    let Some(reach) = record.hosts.get(name) else { return name.clone() };
    let renamed = desired.hosts.iter().find(|(_, state)| state.host.reach.is_same_place(reach));
    renamed.map_or(name, |(renamed, _)| renamed).clone()
}
