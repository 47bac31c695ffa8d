//! Do locks, backups, keys and subnets of a cloud have something that they are for?

use std::collections::{BTreeMap, BTreeSet};

use super::checked::Topology;
use crate::diagnostic::{Code, Diagnostics};
use crate::platform::azure_vms::AzureVms;
use crate::platform::cloud::{AwsExisting, AzureExisting, AzureExistingFile};
use crate::platform::{Platform, PlatformFile};
use crate::service::eventstore::{self, Eventstore};
use crate::service::spark::{self, Spark};
use crate::service::zookeeper;
use crate::value::Name;
use crate::yaml::{Entries, Field, Span};

/// The things of a cluster that one platform holds.
#[derive(Clone, Copy, Debug)]
struct Has {
    members: bool,
    spark: bool,
    /// Spark's storage.
    storage: bool,
    /// Shares of files, for `EventStore`.
    shares: bool,
}

impl Has {
    fn on(name: &Name, topology: &Topology) -> Has {
        let spark = topology.is_on(spark::KEY, name);
        let storage = topology.services.get::<Spark>().is_some_and(|spark| spark.storage.is_some());
        let shares = topology.services.get::<Eventstore>().is_some_and(|eventstore| eventstore.share.is_some());
        Has {
            members: topology.is_on(zookeeper::KEY, name),
            spark,
            storage: spark && storage,
            shares: topology.is_on(eventstore::KEY, name) && shares,
        }
    }
}

pub fn check(topology: &Topology, platforms: &Entries<PlatformFile>, problems: &mut Diagnostics) {
    for (name, platform) in &topology.platforms {
        let Some(file) = platforms.get(name.as_str()).and_then(|entry| entry.value.ok()) else { continue };
        let has = Has::on(name, topology);
        let backup = [file.azure_vms.ok().map(|file| &file.backup), file.aws_vms.ok().map(|file| &file.backup)];
        for at in backup.into_iter().flatten().filter_map(Field::span).filter(|_| !has.members) {
            problems.add(Code::T012, at, format!("`{name}` has no ZooKeeper members whose disks could be backed up"));
        }
        check_account(name, platform, file, has, problems);
        check_subnets(name, platform, file, has, problems);
    }
}

/// Checks that locks, and the key of a storage account, find data.
fn check_account(name: &Name, platform: &Platform, file: &PlatformFile, has: Has, problems: &mut Diagnostics) {
    let azure = file.azure_vms.ok().map(|file| (&file.locks, &file.existing));
    let aks = file.aks.ok().map(|file| (&file.locks, &file.existing));
    let (fields, account, other) = match platform {
        Platform::AzureVms(_) => (azure, has.storage, has.members),
        Platform::Aks(aks_) => (aks, has.shares, aks_.registry),
        // HDInsight always has its account.
        _ => return,
    };
    let Some((locks, existing)) = fields else { return };
    if let Some((at, true)) = locks.spanned().map(|(at, locks)| (at, *locks && !account && !other)) {
        problems.add(Code::T012, at, format!("`{name}` holds no data that could be locked"));
    }
    let key = existing.ok().and_then(|existing| existing.storage_encryption.span());
    if let Some(at) = key.filter(|_| !account) {
        problems.add(Code::T012, at, format!("`{name}` has no storage account that the key could encrypt"));
    }
}

/// Checks that what is there already has a subnet for each use, and for nothing else.
fn check_subnets(name: &Name, platform: &Platform, file: &PlatformFile, has: Has, problems: &mut Diagnostics) {
    let Has { members, spark, storage, .. } = has;
    let of_machines = [("zookeeper", members), ("masters", spark), ("workers", spark)];
    let (given, at, wanted): (BTreeSet<&str>, Option<Span>, Vec<(&str, bool)>) = match platform {
        Platform::AzureVms(AzureVms { existing, .. }) => {
            let at = file.azure_vms.ok().and_then(|file| AzureExistingFile::subnets(&file.existing));
            (azure_uses(existing), at, of_machines.into_iter().chain([("endpoints", storage)]).collect())
        }
        Platform::Aks(aks) => {
            let at = file.aks.ok().and_then(|file| AzureExistingFile::subnets(&file.existing));
            let endpoints = aks.registry || has.shares;
            (azure_uses(&aks.existing), at, vec![("nodes", true), ("endpoints", endpoints)])
        }
        Platform::Hdinsight(managed) => {
            let at = file.hdinsight.ok().and_then(|file| AzureExistingFile::subnets(&file.existing));
            (azure_uses(&managed.existing), at, vec![("cluster", true)])
        }
        Platform::AwsVms(aws) => {
            let at = file.aws_vms.ok().and_then(|file| file.existing.ok()?.subnets.span());
            (aws_uses(&aws.existing), at, of_machines.to_vec())
        }
        Platform::Eks(eks) => {
            let at = file.eks.ok().and_then(|file| file.existing.ok()?.subnets.span());
            (aws_uses(&eks.existing), at, vec![("nodes", true)])
        }
        Platform::Nodes(_) | Platform::Local(_) | Platform::Kubernetes => return,
    };
    let Some(at) = at else { return };
    for (of_use, wanted) in &wanted {
        if *wanted && !given.contains(of_use) {
            problems
                .add(Code::T003, at, format!("there is no subnet for `{of_use}`"))
                .help("name one for each use, or remove `subnets`, so that the module makes all of them");
        }
    }
    for of_use in given.iter().filter(|given| !wanted.contains(&(**given, true))) {
        let all: Vec<&str> = wanted.iter().filter(|(_, wanted)| *wanted).map(|(of_use, _)| *of_use).collect();
        let message = format!("`{name}` does not use a subnet for `{}`", of_use.escape_default());
        problems.add(Code::T012, at, message).help(format!("remove it: the subnets used are for {}", all.join(", ")));
    }
}

fn azure_uses(existing: &AzureExisting) -> BTreeSet<&str> {
    existing.subnets().into_iter().flat_map(BTreeMap::keys).map(String::as_str).collect()
}

fn aws_uses(existing: &AwsExisting) -> BTreeSet<&str> {
    existing.subnets().into_iter().flat_map(BTreeMap::keys).map(String::as_str).collect()
}
