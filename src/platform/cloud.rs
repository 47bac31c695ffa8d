//! What the clouds have alike in a topology: what machines boot from, who logs in, pools of nodes.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::diagnostic::{Code, Diagnostics};
use crate::hcl::Holes;
use crate::platform::size::Shape;
use crate::topology::value::{Cidr, Disk, Label, Name, UserName, Zone};
use crate::yaml::{Entries, Field};

/// What machines boot from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Image {
    /// Canonical's image of this release.
    Ubuntu(Label),
    /// An image of your own, by its id.
    Own(Label),
}

/// How operators log in to machines that are made for them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloudSsh {
    pub user: UserName,
    /// Paths, for the commands that hand the keys to Terraform.
    pub public_keys: Vec<String>,
    pub from: Vec<Cidr>,
    pub bastion: bool,
}

/// Where Terraform keeps its state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum State {
    #[default]
    Local,
    Blob {
        resource_group: Label,
        account: Label,
        container: Label,
    },
    Object {
        bucket: Label,
        region: Label,
    },
}

impl State {
    /// What is wrong is reported.
    pub fn check(field: &Field<StateFile>, problems: &mut Diagnostics) -> State {
        let Some((span, file)) = field.spanned() else { return State::Local };
        if file.azurerm.is_missing() == file.s3.is_missing() {
            problems.add(Code::T012, span, "the state is in one place: write one of `azurerm` and `s3`");
        }
        let blob = file.azurerm.spanned().and_then(|(at, blob)| {
            let resource_group = problems.need(at, "resourceGroup", &blob.resource_group).cloned();
            let account = problems.need(at, "account", &blob.account).cloned();
            let container = problems.need(at, "container", &blob.container).cloned();
            Some(State::Blob { resource_group: resource_group?, account: account?, container: container? })
        });
        let object = file.s3.spanned().and_then(|(at, object)| {
            let bucket = problems.need(at, "bucket", &object.bucket).cloned();
            let region = problems.need(at, "region", &object.region).cloned();
            Some(State::Object { bucket: bucket?, region: region? })
        });
        blob.or(object).unwrap_or_default()
    }

    /// The holes of `backend.tf`.
    pub fn put(&self, cluster: &Name, platform: &Name, holes: &mut Holes) {
        holes.put("state_local", *self == State::Local);
        holes.put("state_blob", matches!(self, State::Blob { .. }));
        holes.put("state_object", matches!(self, State::Object { .. }));
        // Two platforms of one cluster have a state each.
        holes.put("state_key", format!("{cluster}/{platform}.tfstate"));
        if let State::Blob { resource_group, account, container } = self {
            holes.put("state_group", resource_group.as_str());
            holes.put("state_account", account.as_str());
            holes.put("state_container", container.as_str());
        }
        if let State::Object { bucket, region } = self {
            holes.put("state_bucket", bucket.as_str());
            holes.put("state_region", region.as_str());
        }
    }
}

/// A pool of Kubernetes nodes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pool {
    pub size: Label,
    pub nodes: PoolNodes,
    pub spot: bool,
    pub disk: Option<Disk>,
}

/// How many machines a pool has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PoolNodes {
    Fixed(u32),
    Between { min: u32, max: u32 },
}

/// Warns of a range that is the whole internet.
pub fn warn_open(field: &Field<Vec<Field<Cidr>>>, what: &str, problems: &mut Diagnostics) {
    for (at, range) in
        field.ok().into_iter().flatten().filter_map(Field::spanned).filter(|(_, range)| range.prefix() == 0)
    {
        problems
            .add(Code::SEC01, at, format!("{range} lets the whole internet reach {what}"))
            .help("write your own ranges");
    }
}

/// Everything of a list that is right; what is not is reported already.
pub fn values<T: Clone>(field: &Field<Vec<Field<T>>>) -> Vec<T> {
    field.ok().into_iter().flatten().filter_map(|value| value.ok().cloned()).collect()
}

/// Every resource has these: `provision-cluster` and `managed-by`, and on AWS a `Name`.
const OWN_TAGS: &[&str] = &["provision-cluster", "managed-by", "Name"];

/// Tags for every resource, in the order of their keys; what a cloud would refuse is reported.
pub fn tags(field: &Field<Entries<String>>, problems: &mut Diagnostics) -> BTreeMap<String, String> {
    for entry in field.ok().into_iter().flatten() {
        let key = entry.key.text.as_str();
        // Azure's letters and AWS's length and prefix (their pages on tags, 2026).
        let right = (1..=128).contains(&key.chars().count()) && !key.contains(['<', '>', '%', '&', '\\', '?', '/']);
        if OWN_TAGS.contains(&key) {
            problems
                .add(Code::T012, entry.key.span, format!("the tag `{key}` is the tool's own"))
                .help("take another key");
        }
        if !right || key.to_lowercase().starts_with("aws:") {
            let message = format!(
                "`{}` is no key of a tag: 1 to 128 letters without <>%&\\?/, not beginning with aws:",
                key.escape_default()
            );
            problems.add(Code::T012, entry.key.span, message);
        }
    }
    let entries = field.ok().into_iter().flatten();
    entries.filter_map(|entry| Some((entry.key.text.clone(), entry.value.ok()?.clone()))).collect()
}

impl Image {
    /// Without a word: Ubuntu 24.04, which is supported until 2029.
    pub fn check(field: &Field<ImageFile>, problems: &mut Diagnostics) -> Option<Image> {
        let Some((span, file)) = field.spanned() else {
            return Some(Image::Ubuntu("24.04".parse().expect("a label")));
        };
        match (file.ubuntu.spanned(), file.gallery.ok()) {
            (Some((at, release)), None) => {
                if !UBUNTU.contains(&release.as_str()) {
                    problems
                        .add(Code::T012, at, format!("no supported image of Ubuntu {release} is known"))
                        .help(format!("take \"{}\"", UBUNTU.join("\" or \"")));
                    return None;
                }
                Some(Image::Ubuntu(release.clone()))
            }
            (None, Some(id)) => Some(Image::Own(id.clone())),
            _ => {
                problems.add(Code::T012, span, "an image is one of `ubuntu` and `gallery`");
                None
            }
        }
    }
}

/// Releases that Canonical supports and that carry Java 17 (November 2026).
const UBUNTU: &[&str] = &["22.04", "24.04", "26.04"];

impl CloudSsh {
    /// `user`: whom the cloud's images know.
    pub fn of(field: &Field<CloudSshFile>, user: &str) -> Option<CloudSsh> {
        let file = field.ok()?;
        let default = user.parse().expect("a user's name");
        Some(CloudSsh {
            user: file.user.or(default),
            // They stand in a command of a page: others are for whoever wrote them.
            public_keys: values(&file.public_keys).into_iter().filter(|path| is_plain(path)).collect(),
            from: values(&file.from),
            bastion: file.bastion.or(false),
        })
    }
}

fn is_plain(path: &str) -> bool {
    path.chars().all(|c| c.is_ascii_alphanumeric() || "_./~-".contains(c))
}

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

/// Reports what is wrong with pools; `shape` knows the cloud's sizes.
pub fn check_pools(files: &Field<Entries<PoolFile>>, shape: fn(&str) -> Option<Shape>, problems: &mut Diagnostics) {
    if let Some((at, _)) = files.spanned().filter(|(_, files)| files.get("system").is_none()) {
        problems.add(Code::T003, at, "`system` is missing").help("a pool of that name carries the cluster's own pods");
    }
    for entry in files.ok().into_iter().flatten() {
        if let Err(why) = entry.key.text.parse::<Name>() {
            problems.add_bad_name(entry.key.span, &why);
        }
        let Some(pool) = entry.value.ok() else { continue };
        problems.need(entry.key.span, "size", &pool.size);
        if pool.nodes.is_missing() && pool.autoscale.is_missing() {
            problems.add(Code::T003, entry.key.span, "how many machines? neither `nodes` nor `autoscale` is given");
        }
        if let Some(at) = pool.nodes.span().filter(|_| !pool.autoscale.is_missing()) {
            problems
                .add(Code::T012, at, "how many machines? `nodes` and `autoscale` are both given")
                .help("leave one out");
        }
        let least = pool.autoscale.ok().map_or(&pool.nodes, |scale| &scale.min);
        if let Some((at, 0)) = least.spanned().filter(|_| entry.key.text == "system") {
            problems.add(Code::T012, at, "the cluster's own pods need a machine").help("at least 1, better 3");
        }
        if let Some(at) = pool.spot.span().filter(|_| entry.key.text == "system" && pool.spot.or(false)) {
            problems.add(Code::T012, at, "the cluster's own pods cannot be on machines that may be taken away");
        }
        if let Some((at, scale)) = pool.autoscale.spanned() {
            problems.need(at, "min", &scale.min);
            problems.need(at, "max", &scale.max);
            if let (Some(min), Some(max)) = (scale.min.ok(), scale.max.ok())
                && (min > max || *max == 0)
            {
                problems.add(Code::T012, at, format!("at least {min} and at most {max} machines cannot be"));
            }
        }
        let Some((span, size)) = pool.size.spanned() else { continue };
        let small = |shape: &Shape| shape.vcpus < 4 || shape.gibibytes() < 14;
        if let Some(shape) = shape(size.as_str()).filter(|shape| entry.key.text == "executors" && small(shape)) {
            let (cores, memory) = (shape.vcpus, shape.gibibytes());
            let message =
                format!("{size} has {cores} vCPUs and {memory} GiB: an executor beside the system's pods hardly fits");
            problems.add(Code::K8S01, span, message).help("take at least 4 vCPUs and 14 GiB");
        }
    }
}

/// Reports zones that the region does not have, or that are named twice.
pub fn check_zones(field: &Field<Vec<Field<Zone>>>, region: &str, there: Option<&[&str]>, problems: &mut Diagnostics) {
    let mut seen: Vec<&Zone> = Vec::new();
    for (at, zone) in field.ok().into_iter().flatten().filter_map(Field::spanned) {
        if seen.contains(&zone) {
            problems.add(Code::T012, at, format!("zone {} is named twice", zone.as_str()));
        } else if let Some(there) = there.filter(|there| !there.contains(&zone.as_str())) {
            let problem = problems.add(Code::T012, at, format!("{region} has no zone {}", zone.as_str()));
            problem.help(match there {
                [] => "that region has no zones: leave `zones` out".to_owned(),
                _ => format!("it has {}", there.join(", ")),
            });
        }
        seen.push(zone);
    }
}

/// What machines boot from: exactly one of these.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ImageFile {
    /// Canonical's image of this Ubuntu release, as in `"24.04"`.
    pub ubuntu: Field<Label>,
    /// The id of an image of your own: a version in a gallery on Azure, an AMI on AWS.
    pub gallery: Field<Label>,
}

/// How operators log in to machines that are made for them.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CloudSshFile {
    /// The user to log in as. Default: `ops` on Azure, `ubuntu` on AWS, `sshops` on `HDInsight`.
    pub user: Field<UserName>,
    /// Paths of public keys, in the commands that hand the keys to Terraform: rendering reads no key file.
    pub public_keys: Field<Vec<Field<String>>>,
    /// The ranges that may reach port 22, or the bastion where there is one. Azure's machines need some; on AWS Session Manager is
    /// a way in by itself.
    pub from: Field<Vec<Field<Cidr>>>,
    /// Whether a bastion stands in front of the machines. Default: false.
    pub bastion: Field<bool>,
}

/// Where Terraform keeps its state: at most one of these. Default: a file beside the module.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StateFile {
    /// A blob on Azure, locked by its lease.
    pub azurerm: Field<BlobStateFile>,
    /// An object in S3, with a lock beside it.
    pub s3: Field<ObjectStateFile>,
}

/// A blob on Azure.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BlobStateFile {
    /// The resource group of the storage account.
    #[schemars(required)]
    pub resource_group: Field<Label>,
    /// The storage account. Whoever runs Terraform needs the right to its blobs; no key is used.
    #[schemars(required)]
    pub account: Field<Label>,
    /// The container in it.
    #[schemars(required)]
    pub container: Field<Label>,
}

/// An object in S3.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ObjectStateFile {
    /// The bucket.
    #[schemars(required)]
    pub bucket: Field<Label>,
    /// The bucket's region.
    #[schemars(required)]
    pub region: Field<Label>,
}

/// A pool of Kubernetes nodes.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PoolFile {
    /// The size of its machines, in the cloud's own names (case does not matter).
    #[schemars(required)]
    pub size: Field<Label>,
    /// How many machines. Left out where `autoscale` says it.
    pub nodes: Field<u32>,
    /// Bounds between which the number of machines follows the load.
    pub autoscale: Field<PoolScaleFile>,
    /// Whether the machines may be taken away by the cloud at any time, for a lower price. Default: false.
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
