//! The parts that families of laws share.

use std::collections::BTreeSet;

use crate::model::SimWorld;
use crate::model::host::SimHost;
use crate::model::site::{End, Site, apply_with_outage, new_identity};
use provision::execute::Report;
use provision::host::Claim;
use provision::plan::Goal;
use provision::value::Name;
use provision::world::{Hold, LeaseId, Permit};

pub const GENTLY: Goal = Goal::Apply { allow_outage: false, skip_unreachable: false };
pub const DESTROY: Goal = Goal::Destroy { delete_data: false };
pub const DESTROY_ALL: Goal = Goal::Destroy { delete_data: true };

/// An anchor that was raised to this epoch.
struct Raised(u64);

impl Hold for Raised {
    fn is_held(&self) -> bool {
        true
    }

    fn epoch(&self) -> u64 {
        self.0
    }
}

pub fn permit(epoch: u64) -> Permit {
    let claim = Claim { identity: new_identity(), cluster: name("sim"), anchors: "0".to_owned() };
    Permit::granted(claim, LeaseId::random(), [&Raised(epoch) as &dyn Hold]).expect("an anchor")
}

pub fn name(text: &str) -> Name {
    text.parse().expect("a name")
}

pub async fn converged(site: &Site) -> SimWorld {
    let world = site.world();
    site.converge_by(&apply_with_outage(), &world).await;
    world.assert_lawful();
    world
}

pub fn report(end: End) -> Report {
    match end {
        End::Executed(report, _) => report,
        end => panic!("{end:?}"),
    }
}

pub fn paths(host: &SimHost) -> BTreeSet<String> {
    host.paths.keys().cloned().collect()
}

/// The same without the epoch, which an anchor keeps while hosts are left.
pub fn but_epoch(host: &SimHost) -> BTreeSet<String> {
    let epoch = ["/var/lib/provision", "/var/lib/provision/epoch"].map(str::to_owned);
    paths(host).difference(&epoch.into()).cloned().collect()
}

pub fn cases(default: u32) -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(default)
}

pub const SKIPPING: Goal = Goal::Apply { allow_outage: false, skip_unreachable: true };

pub fn lose(world: &SimWorld, hosts: &[&str]) {
    for host in hosts {
        world.state().hosts.get_mut(&name(host)).expect("a host").reachable = false;
    }
}
