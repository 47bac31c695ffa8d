//! The machines that a cloud makes for members, and what they must fit.

use super::file::ZooKeeperFile;
use super::{MEMBER, ZooKeeper, warn_zones};
use crate::diagnostic::{Code, Diagnostics};
use crate::platform::{Platform, subnets};
use crate::service::file::ServicesFile;
use crate::service::services::Services;
use crate::service::stages::Machines;
use crate::topology::Topology;

/// The machines of the members.
pub fn machines<'t>(services: &'t Services, files: &'t ServicesFile) -> Option<Machines<'t>> {
    let zookeeper = services.get::<ZooKeeper>()?;
    let (span, file) = files.spanned::<ZooKeeperFile>()?;
    Some(Machines {
        role: MEMBER,
        span,
        count: u64::try_from(zookeeper.members.len()).unwrap_or(u64::MAX),
        machine: &zookeeper.machine,
        size_span: file.size.span(),
        disk: &file.disk,
        zones: &file.zones,
        memory: zookeeper.settings.heap.mebibytes(),
        is_fleet: false,
    })
}

/// On machines that are made the data disk is mounted at `dataDir`, and at nothing else. Members take zones round the platform's list, or as
/// they are pinned.
pub fn check(topology: &Topology, files: &ServicesFile, platform: &Platform, problems: &mut Diagnostics) {
    let Some((span, file)) = files.spanned::<ZooKeeperFile>() else { return };
    let Some(zones) = platform.zones() else { return };
    if let Some(at) = file.data_log_dir.span() {
        problems
            .add(Code::T012, at, "`dataLogDir` would be on the system's disk, which goes with its machine")
            .help("leave it out: the log is then on the data disk");
    }
    let Some(ensemble) = topology.services.get::<ZooKeeper>().filter(|_| !problems.has_errors()) else { return };
    let count = u32::try_from(ensemble.members.len()).unwrap_or(u32::MAX);
    let pinned = ensemble.zones.as_deref().unwrap_or_default();
    let zone = |number: u32| pinned.get(number as usize - 1).or_else(|| subnets::zone(zones, number));
    warn_zones(file.zones.span().unwrap_or(span), ensemble.members.len(), (1..=count).map(zone), problems);
}
