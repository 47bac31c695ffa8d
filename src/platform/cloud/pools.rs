//! Pools of Kubernetes nodes, and the version of Kubernetes.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::diagnostic::{Code, Diagnostics};
use crate::platform::size::{Catalogue, Shape};
use crate::value::{Disk, Label, Name, Version};
use crate::yaml::{Entries, Field, Key};

/// A pool of Kubernetes nodes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pool {
    pub size: Label,
    pub nodes: PoolNodes,
    pub spot: bool,
    pub disk: Option<Disk>,
}

/// The number of machines in a pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PoolNodes {
    Fixed(u32),
    Between { min: u32, max: u32 },
}

impl PoolNodes {
    /// The largest number of machines.
    pub fn most(self) -> u32 {
        match self {
            PoolNodes::Fixed(nodes) => nodes,
            PoolNodes::Between { max, .. } => max,
        }
    }
}

/// Reports a version of Kubernetes that no cluster is made of any more: one before 1.`oldest`.
pub fn check_kubernetes(field: &Field<Version>, oldest: u32, problems: &mut Diagnostics) {
    let minor = |version: &Version| {
        let (major, rest) = version.as_str().split_once('.')?;
        Some((major.parse::<u32>().ok()?, rest.split('.').next()?.parse::<u32>().ok()?))
    };
    let Some((at, version)) = field.spanned() else { return };
    if minor(version).is_none_or(|version| version < (1, oldest)) {
        let message = format!("new clusters of Kubernetes {version} can no longer be created");
        problems.add(Code::T012, at, message).help(format!("take \"1.{oldest}\" or later"));
    }
}

/// The minimum of cores and memory in the system's own pool (learn.microsoft.com, "Use system node pools").
const SYSTEM_LEAST: (u32, u64) = (2, 4);

/// The pools that are right.
pub fn pools(field: &Field<Entries<PoolFile>>) -> BTreeMap<Name, Pool> {
    let entries = field.ok().into_iter().flatten();
    let pool = |file: &PoolFile| {
        let nodes = match file.autoscale.ok() {
            Some(scale) => PoolNodes::Between { min: *scale.min.ok()?, max: *scale.max.ok()? },
            None => PoolNodes::Fixed(*file.nodes.ok()?),
        };
        Some(Pool { size: file.size.ok()?.clone(), nodes, spot: file.spot.or(false), disk: file.disk.ok().copied() })
    };
    entries.filter_map(|entry| Some((entry.key.text.parse().ok()?, pool(entry.value.ok()?)?))).collect()
}

/// Reports what is wrong with pools of machines of these sizes.
pub fn check_pools(files: &Field<Entries<PoolFile>>, sizes: Catalogue, problems: &mut Diagnostics) {
    if let Some((at, _)) = files.spanned().filter(|(_, files)| files.get("system").is_none()) {
        problems.add(Code::T003, at, "`system` is missing").help("a pool of that name runs the cluster's own pods");
    }
    for entry in files.ok().into_iter().flatten() {
        if let Err(why) = entry.key.text.parse::<Name>() {
            problems.add_bad_name(entry.key.span, &why);
        }
        if let Some(pool) = entry.value.ok() {
            check_pool_count(&entry.key, pool, problems);
            check_pool_size(&entry.key, pool, sizes, problems);
        }
    }
}

fn check_pool_count(key: &Key, pool: &PoolFile, problems: &mut Diagnostics) {
    problems.need(key.span, "size", &pool.size);
    if pool.nodes.is_missing() && pool.autoscale.is_missing() {
        problems
            .add(Code::T003, key.span, "the number of machines is missing: neither `nodes` nor `autoscale` is given")
            .help("write nodes: 3, or autoscale: { min: 1, max: 10 }");
    }
    if let Some(at) = pool.nodes.span().filter(|_| !pool.autoscale.is_missing()) {
        problems.add(Code::T012, at, "`nodes` and `autoscale` both set the number of machines").help("leave one out");
    }
    let least = pool.autoscale.ok().map_or(&pool.nodes, |scale| &scale.min);
    if let Some((at, 0)) = least.spanned().filter(|_| key.text == "system") {
        problems
            .add(Code::T012, at, "the cluster's own pods need at least one machine")
            .help("use at least 1, preferably 3");
    }
    if let Some(at) = pool.spot.span().filter(|_| key.text == "system" && pool.spot.or(false)) {
        problems
            .add(Code::T012, at, "the cluster's own pods cannot be on machines that may be taken away")
            .help("remove `spot` from the pool `system`");
    }
    if let Some((at, scale)) = pool.autoscale.spanned() {
        problems.need(at, "min", &scale.min);
        problems.need(at, "max", &scale.max);
        if let (Some(min), Some(max)) = (scale.min.ok(), scale.max.ok())
            && (min > max || *max == 0)
        {
            problems
                .add(
                    Code::T012,
                    at,
                    format!("{min} to {max} machines: the maximum must be at least 1, and not below the minimum"),
                )
                .help("`max` is 1 or more, and not below `min`");
        }
    }
}

fn check_pool_size(key: &Key, pool: &PoolFile, sizes: Catalogue, problems: &mut Diagnostics) {
    let Some((span, size)) = pool.size.spanned() else { return };
    sizes.check(span, size, problems);
    let shape = (sizes.shape)(size.as_str());
    if let Some(shape) = shape
        .filter(|shape| key.text == "system" && (shape.vcpus < SYSTEM_LEAST.0 || shape.gibibytes() < SYSTEM_LEAST.1))
    {
        let message = format!("{size} has {}: that is too little for the cluster's own pods", shape.cores());
        problems
            .add(Code::T012, span, message)
            .help(format!("use at least {} vCPUs and {} GiB", SYSTEM_LEAST.0, SYSTEM_LEAST.1));
    }
    let small = |shape: &Shape| shape.vcpus < 4 || shape.gibibytes() < 14;
    if let Some(shape) = shape.filter(|shape| key.text == "executors" && small(shape)) {
        let (cores, memory) = (shape.cores(), shape.gibibytes());
        let message =
            format!("{size} has {cores} and {memory} GiB: that is too little for an executor beside the system's pods");
        problems.add(Code::K8S01, span, message).help("use at least 4 vCPUs and 14 GiB");
    }
}

/// A pool of Kubernetes nodes.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PoolFile {
    /// The size of its machines, in the cloud's own names (case does not matter).
    #[schemars(required)]
    pub size: Field<Label>,
    /// The number of machines. Left out where `autoscale` gives its bounds.
    pub nodes: Field<u32>,
    /// Bounds between which the number of machines follows the load.
    pub autoscale: Field<PoolScaleFile>,
    /// True for machines that the cloud may take away at any time, at a lower price. Default: false.
    pub spot: Field<bool>,
    /// The system disk in GiB. Default: the cloud's own.
    pub disk: Field<Disk>,
}

/// Bounds of a pool.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PoolScaleFile {
    /// The fewest machines.
    #[schemars(required)]
    pub min: Field<u32>,
    /// The most machines.
    #[schemars(required)]
    pub max: Field<u32>,
}
