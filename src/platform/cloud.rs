//! The parts that clouds share in a topology: images of machines, logins, pools of nodes.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::diagnostic::{Code, Diagnostics};
use crate::platform::size::{Catalogue, Shape};
use crate::platform::{region, storage_names};
use crate::value::{Cidr, Disk, Label, Name, UserName, Version};
use crate::yaml::{Entries, Field, Key};

/// The image that machines boot from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Image {
    /// Canonical's image of this release.
    Ubuntu(Label),
    /// An image of your own, by its id.
    Own(Label),
}

/// The login of operators on machines that a cloud makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloudSsh {
    pub user: UserName,
    /// Paths, for the commands that hand the keys to Terraform.
    pub public_keys: Vec<String>,
    pub from: Vec<Cidr>,
    pub bastion: bool,
}

/// The place of Terraform's state.
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
    /// Checks it, and reports what is wrong.
    pub fn check(field: &Field<StateFile>, problems: &mut Diagnostics) -> State {
        let Some((span, file)) = field.spanned() else { return State::Local };
        if file.azurerm.is_missing() == file.s3.is_missing() {
            problems.add(Code::T012, span, "the state is in one place").help("write one of `azurerm` and `s3`");
        }
        let blob = file.azurerm.spanned().and_then(|(at, blob)| {
            let resource_group = problems.need(at, "resourceGroup", &blob.resource_group).cloned();
            problems.need(at, "account", &blob.account);
            problems.need(at, "container", &blob.container);
            let (account, container) =
                (storage_names::account(&blob.account, problems), storage_names::container(&blob.container, problems));
            Some(State::Blob { resource_group: resource_group?, account: account?, container: container? })
        });
        let object = file.s3.spanned().and_then(|(at, object)| {
            problems.need(at, "bucket", &object.bucket);
            let bucket = storage_names::bucket(&object.bucket, problems);
            let region = region::AWS.check(at, &object.region, problems);
            Some(State::Object { bucket: bucket?, region: region? })
        });
        blob.or(object).unwrap_or_default()
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

/// The number of machines in a pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PoolNodes {
    Fixed(u32),
    Between { min: u32, max: u32 },
}

impl PoolNodes {
    /// So many at most.
    pub fn most(self) -> u32 {
        match self {
            PoolNodes::Fixed(nodes) => nodes,
            PoolNodes::Between { max, .. } => max,
        }
    }
}

/// Private ranges, which are not routed on the internet (RFC 1918).
const PRIVATE: &[&str] = &["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"];

/// Reports what a public API server does not take as ranges; `most`: how many it takes.
pub fn check_api_from(field: &Field<Vec<Field<Cidr>>>, most: usize, problems: &mut Diagnostics) {
    let private = |range: Cidr| {
        PRIVATE.iter().filter_map(|kept| kept.parse::<Cidr>().ok()).any(|kept| kept.contains(range.first()))
    };
    for (at, range) in field.ok().into_iter().flatten().filter_map(Field::spanned).filter(|(_, range)| private(**range))
    {
        problems
            .add(Code::T012, at, format!("{range} is private: nobody reaches the public API server from it"))
            .help("write public ranges, or leave `apiFrom` out for a private API server");
    }
    if let Some((at, list)) = field.spanned().filter(|(_, list)| list.len() > most) {
        problems
            .add(Code::T012, at, format!("the API server takes at most {most} ranges, not {}", list.len()))
            .help("join neighbours into wider ones");
    }
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

/// Every resource has these: `provision-cluster` and `managed-by`, where the topology has an identity `provision-id`, and on AWS a `Name`.
const OWN_TAGS: &[&str] = &["provision-cluster", "provision-id", "managed-by", "Name"];

/// On both clouds.
const TAGS_MAX: usize = 50;

/// Tags for every resource, in the order of their keys; what a cloud would refuse is reported.
pub fn tags(field: &Field<Entries<String>>, problems: &mut Diagnostics) -> BTreeMap<String, String> {
    for entry in field.ok().into_iter().flatten() {
        let key = entry.key.text.as_str();
        // Azure's letters and AWS's length and prefix (their pages on tags, 2026).
        let right = (1..=128).contains(&key.chars().count()) && !key.contains(['<', '>', '%', '&', '\\', '?', '/']);
        // Azure does not tell small letters from capitals.
        if OWN_TAGS.iter().any(|own| own.eq_ignore_ascii_case(key)) {
            problems
                .add(Code::T012, entry.key.span, format!("the tag `{key}` is set by the tool itself"))
                .help("take another key");
        }
        if !right || key.to_lowercase().starts_with("aws:") {
            let message = format!(
                "`{}` is no key of a tag: 1 to 128 letters without <>%&\\?/, not beginning with aws:",
                key.escape_default()
            );
            problems.add(Code::T012, entry.key.span, message).help("take another key");
        }
        // AWS's limit; Azure's is the same.
        if let Some((at, _)) = entry.value.spanned().filter(|(_, value)| value.chars().count() > 256) {
            problems.add(Code::T012, at, format!("the tag `{key}` has more than 256 letters")).help("take fewer");
        }
    }
    if let Some((at, all)) = field.spanned().filter(|(_, all)| all.0.len() + OWN_TAGS.len() > TAGS_MAX) {
        let message = format!(
            "{} tags, and {} of the tool's own: a resource has at most {TAGS_MAX}",
            all.0.len(),
            OWN_TAGS.len()
        );
        problems.add(Code::T012, at, message).help("take fewer");
    }
    let entries = field.ok().into_iter().flatten();
    entries.filter_map(|entry| Some((entry.key.text.clone(), entry.value.ok()?.clone()))).collect()
}

/// Reports a disk that the cloud would not make. `sizes` in GiB.
pub fn check_disk(field: &Field<Disk>, what: &str, sizes: RangeInclusive<u32>, problems: &mut Diagnostics) {
    if let Some((at, disk)) = field.spanned().filter(|(_, disk)| !sizes.contains(&disk.get())) {
        let (least, most) = (sizes.start(), sizes.end());
        let message = format!("{what} cannot have {disk} GiB");
        problems.add(Code::T012, at, message).help(format!("take {least} to {most}"));
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

impl Image {
    /// Without a word: Ubuntu 24.04, which is supported until 2029. `own`: an id as the cloud gives them to images, up to what
    /// differs.
    pub fn check(field: &Field<ImageFile>, own: &str, problems: &mut Diagnostics) -> Option<Image> {
        let Some((span, file)) = field.spanned() else {
            return Some(Image::Ubuntu("24.04".parse().expect("a label")));
        };
        match (file.ubuntu.spanned(), file.gallery.spanned()) {
            (Some((at, release)), None) => {
                if !UBUNTU.contains(&release.as_str()) {
                    problems
                        .add(Code::T012, at, format!("no supported image of Ubuntu {release} is known"))
                        .help(format!("take \"{}\"", UBUNTU.join("\" or \"")));
                    return None;
                }
                Some(Image::Ubuntu(release.clone()))
            }
            (None, Some((at, id))) => {
                if !id.as_str().starts_with(own) {
                    problems
                        .add(Code::T012, at, format!("`{id}` is not an image id of this cloud"))
                        .help(format!("it begins with {own}"));
                }
                Some(Image::Own(id.clone()))
            }
            _ => {
                let named = [file.ubuntu.is_missing(), file.gallery.is_missing()];
                // One that is there and wrong is reported already.
                if named[0] == named[1] {
                    problems
                        .add(Code::T012, span, "an image is one of `ubuntu` and `gallery`")
                        .help("write one of them: image: { ubuntu: \"24.04\" }");
                }
                None
            }
        }
    }
}

/// Releases that Canonical supports and that carry Java 17 (November 2026).
const UBUNTU: &[&str] = &["22.04", "24.04", "26.04"];

impl CloudSsh {
    /// `user`: whom the cloud's images know.
    pub fn check(field: &Field<CloudSshFile>, user: &str, problems: &mut Diagnostics) -> Option<CloudSsh> {
        let file = field.ok()?;
        check_public_keys(file, problems);
        let default = user.parse().expect("a user's name");
        Some(CloudSsh {
            user: file.user.or(default),
            public_keys: values(&file.public_keys),
            from: values(&file.from),
            bastion: file.bastion.or(false),
        })
    }
}

/// The paths go into a command in the README, which they must not alter.
pub fn check_public_keys(file: &CloudSshFile, problems: &mut Diagnostics) {
    let is_plain = |path: &str| path.chars().all(|c| c.is_ascii_alphanumeric() || "_./~-".contains(c));
    let paths = file.public_keys.ok().into_iter().flatten().filter_map(Field::spanned);
    for (at, path) in paths.filter(|(_, path)| path.is_empty() || !is_plain(path)) {
        let message = format!("`{}` has characters that must be quoted on a command line", path.escape_default());
        problems.add(Code::T012, at, message).help("write the path of a file, as in ~/.ssh/id_ed25519.pub");
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
        problems.add(Code::T003, at, "`system` is missing").help("a pool of that name carries the cluster's own pods");
    }
    for entry in files.ok().into_iter().flatten() {
        if let Err(why) = entry.key.text.parse::<Name>() {
            problems.add_bad_name(entry.key.span, &why);
        }
        if entry.value.is_missing() {
            problems
                .add(Code::T003, entry.key.span, "this pool has no machines")
                .help("write { size: ..., nodes: 3 }, or { size: ..., autoscale: { min: 1, max: 10 } }");
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
            .add(Code::T003, key.span, "how many machines? neither `nodes` nor `autoscale` is given")
            .help("write nodes: 3, or autoscale: { min: 1, max: 10 }");
    }
    if let Some(at) = pool.nodes.span().filter(|_| !pool.autoscale.is_missing()) {
        problems.add(Code::T012, at, "how many machines? `nodes` and `autoscale` are both given").help("leave one out");
    }
    let least = pool.autoscale.ok().map_or(&pool.nodes, |scale| &scale.min);
    if let Some((at, 0)) = least.spanned().filter(|_| key.text == "system") {
        problems
            .add(Code::T012, at, "the cluster's own pods need at least one machine")
            .help("take at least 1, preferably 3");
    }
    if let Some(at) = pool.spot.span().filter(|_| key.text == "system" && pool.spot.or(false)) {
        problems
            .add(Code::T012, at, "the cluster's own pods cannot be on machines that may be taken away")
            .help("take `spot` from the pool `system`");
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
                    format!("the minimum of {min} machines is above the maximum of {max}, or the maximum is 0"),
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
        let message = format!("{size} has {}: the cluster's own pods hardly fit", shape.cores());
        problems
            .add(Code::T012, span, message)
            .help(format!("take at least {} vCPUs and {} GiB", SYSTEM_LEAST.0, SYSTEM_LEAST.1));
    }
    let small = |shape: &Shape| shape.vcpus < 4 || shape.gibibytes() < 14;
    if let Some(shape) = shape.filter(|shape| key.text == "executors" && small(shape)) {
        let (cores, memory) = (shape.cores(), shape.gibibytes());
        let message = format!("{size} has {cores} and {memory} GiB: an executor beside the system's pods hardly fits");
        problems.add(Code::K8S01, span, message).help("take at least 4 vCPUs and 14 GiB");
    }
}

/// The image that machines boot from: exactly one of these.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ImageFile {
    /// Canonical's image of this Ubuntu release, as in `"24.04"`.
    pub ubuntu: Field<Label>,
    /// The id of an image of your own: a version in a gallery on Azure, an AMI on AWS.
    pub gallery: Field<Label>,
}

/// The login of operators on machines that a cloud makes.
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
    /// True for a bastion in front of the machines. Default: false.
    pub bastion: Field<bool>,
}

/// The place of Terraform's state: at most one of these. Default: a file beside the module.
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
