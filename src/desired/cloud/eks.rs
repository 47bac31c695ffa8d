//! The resources of Amazon's Kubernetes service.

use std::collections::BTreeMap;
use std::rc::Rc;

use hcl_edit::expr::Expression;
use serde_json::json;

use super::module::{Module, Part, templates};
use super::{existing, text};
use crate::hcl::{Holes, expression, object, reference, texts};
use crate::platform::aws_vms::{Tier, subnet};
use crate::platform::cloud::{Pool, PoolNodes};
use crate::platform::eks::Eks;
use crate::platform::size;
use crate::platform::storage::Storage;
use crate::service::spark::{self, Spark, WORKER};
use crate::topology::Topology;
use crate::value::{Disk, Label, Name, Zone};

/// `-cluster-autoscaler` behind it is a role's name, of at most 64 letters.
const NAME_MAX: usize = 45;

const TEMPLATES: &[(&str, &str)] = templates!("eks":
    "addons.tf" "cluster.tf" "identity.tf" "locals.tf" "monitoring.tf" "network.tf" "outputs.tf" "pools.tf"
    "providers.tf" "registry.tf" "storage.tf" "variables.tf" "versions.tf");
const POOL: &str = include_str!("../../../templates/terraform/eks/pool.tf");

/// Carries the cluster's own pods.
const SYSTEM: &str = "system";
/// GiB of a node's disk, and its MiB a second.
const SYSTEM_DISK: (u32, u32) = (50, 125);
const POOL_DISK: (u32, u32) = (200, 250);

pub fn module(name: &Name, eks: &Eks, topology: &Topology) -> Module {
    let spark = topology.services.get::<Spark>().filter(|_| topology.is_on(spark::KEY, name));
    let bucket = match spark.and_then(|spark| spark.storage.as_ref()) {
        Some(Storage::S3 { bucket }) => Some(bucket.as_str()),
        _ => None,
    };
    let namespace = spark.map_or("spark", |spark| spark.namespace.as_str());
    let mut holes = Holes::default();
    eks.state.put(&topology.name, name, &mut holes);
    place(eks, topology, bucket.is_some(), &mut holes);
    holes.put("namespace", namespace);
    holes.put("storage", bucket.is_some());
    holes.put_if("bucket", bucket);
    holes.put("pod_roles", pod_roles(bucket.map(|_| namespace)));
    registry(eks, &mut holes);
    holes.put("pools", object(eks.pools.iter().map(|(name, pool)| (name.as_str(), machine(name, pool)))));
    let texts = BTreeMap::from([(
        "example.tfvars",
        include_str!("../../../templates/terraform/eks/example.tfvars").to_owned(),
    )]);
    let mut module = Module::of(&[TEMPLATES, &[existing::AWS]].concat(), holes, texts);
    let parts = eks.pools.iter().map(|(name, pool)| Rc::new(pool_holes(name, pool, eks, topology)));
    module.parts.extend(parts.map(|holes| Part { file: "pools.tf", template: POOL, holes }));
    let last = eks.pools.keys().map(Name::as_str).rfind(|name| *name != SYSTEM).unwrap_or(SYSTEM);
    let zone = eks.zones.first().map_or("a", |zone| zone.as_str());
    let values = json!({
        "name": topology.name, "own": text::cloud_name(eks.name_prefix.as_ref(), &topology.name, NAME_MAX), "region": eks.region, "own_keys": eks.existing.key.is_none(), "storage": bucket.is_some(), "registry": eks.registry, "group": format!("{last}-{zone}"),
    });
    module.readme("terraform/eks/README.md", values);
    module
}

fn place(eks: &Eks, topology: &Topology, bucket: bool, holes: &mut Holes) {
    let Eks {
        region,
        version,
        network,
        existing: there,
        zones,
        single_nat_gateway,
        registry: _,
        api_from,
        pools: _,
        name_prefix: _,
        tags: _,
        state: _,
    } = eks;
    // In a VPC of several clusters each finds its own subnets by this tag.
    let key = &there.key;
    holes.put("own_keys", key.is_none());
    holes.put("own_data_key", key.is_none() && bucket);
    holes.put("own_registry_key", key.is_none() && eks.registry);
    for (hole, own) in [("key", "cluster"), ("logs_key", "logs"), ("registry_key", "registry"), ("data_key", "data")] {
        holes.put(hole, existing::key(there, own));
    }
    let own = there.subnets().is_none();
    holes.put("own_subnets", own);
    holes.put("nodes_in", expression(if own { "aws_subnet.nodes" } else { "local.zones" }));
    holes.put_if("disk_key", key.as_ref().map(Label::as_str));
    let there = there.network.as_ref();
    holes.put_if("subnet_owner", there.is_some().then_some("owned"));
    existing::put_vpc(there, "nodes", holes);
    holes.put_if("gateway_zones", there.is_none().then(|| text::gateway_zones(zones, *single_nat_gateway)));
    let name = text::cloud_name(eks.name_prefix.as_ref(), &topology.name, NAME_MAX);
    let flow = format!("\"arn:aws:logs:{region}:${{var.account_id}}:log-group:/aws/vpc/{name}/flow\"");
    holes.put_if("flow_logs", there.is_none().then(|| expression(&flow)));
    holes.put("name", name);
    holes.put("region", region.as_str());
    holes.put("version", version.as_str());
    holes.put("network", network.to_string());
    holes.put("tags", text::tags(&eks.tags, topology));
    let row = |(at, zone): (usize, &str)| {
        let range = |tier| subnet(*network, tier, at).to_string();
        let given = eks.existing.subnets().and_then(|subnets| subnets.get("nodes")?.get(&zones[at]));
        let (public, nodes) =
            (range(Tier::Public), given.map_or_else(|| range(Tier::Of(WORKER)), |subnet| subnet.range.to_string()));
        let id = given.map(|subnet| ("id", subnet.name.to_string()));
        let public = there.is_none().then_some(("public", public));
        let row = [("name", format!("{region}{zone}"))].into_iter().chain(public).chain([("nodes", nodes)]).chain(id);
        (zone.to_owned(), object(row))
    };
    holes.put("zones", object(zones.iter().map(Zone::as_str).enumerate().map(row)));
    holes.put("public", !api_from.is_empty());
    holes.put_if("api_from", (!api_from.is_empty()).then(|| texts(api_from)));
    let ranges: Vec<String> = api_from.iter().map(ToString::to_string).collect();
    let users =
        if ranges.is_empty() { "the VPC".to_owned() } else { format!("the VPC and from {}", ranges.join(", ")) };
    holes.put("api_users", users);
}

/// The roles and who may take them: one service account each.
fn pod_roles(storage: Option<&str>) -> Expression {
    let row = |namespace: &str, account: &str| object([("namespace", namespace), ("service_account", account)]);
    let own = [
        ("vpc-cni", row("kube-system", "aws-node")),
        ("ebs-csi", row("kube-system", "ebs-csi-controller-sa")),
        ("cluster-autoscaler", row("kube-system", "cluster-autoscaler")),
    ];
    object(own.into_iter().chain(storage.map(|namespace| ("spark", row(namespace, "spark")))))
}

fn registry(eks: &Eks, holes: &mut Holes) {
    holes.put("registry", eks.registry);
    let region = &eks.region;
    let login = format!(
        "\"aws ecr get-login-password --region {region} | docker login --username AWS --password-stdin ${{var.account_id}}.dkr.ecr.{region}.amazonaws.com\""
    );
    holes.put_if("login_command", eks.registry.then(|| expression(&login)));
}

fn disk(name: &Name, pool: &Pool) -> (u32, u32) {
    let (size, throughput) = if name.as_str() == SYSTEM { SYSTEM_DISK } else { POOL_DISK };
    (pool.disk.map_or(size, Disk::get), throughput)
}

fn machine(name: &Name, pool: &Pool) -> Expression {
    let (size, throughput) = disk(name, pool);
    object([
        ("size", Expression::from(pool.size.as_str().to_lowercase())),
        ("disk", Expression::from(size)),
        ("throughput", Expression::from(throughput)),
    ])
}

fn pool_holes(name: &Name, pool: &Pool, eks: &Eks, topology: &Topology) -> Holes {
    let mut holes = Holes::default();
    holes.put("name", text::cloud_name(eks.name_prefix.as_ref(), &topology.name, NAME_MAX));
    holes.put("pool", name.as_str());
    holes.put_if("nat_route", eks.existing.network.is_none().then(|| reference(&["aws_route", "nodes"])));
    let own = eks.existing.subnets().is_none();
    holes.put_if("node_routes", own.then(|| reference(&["aws_route_table_association", "nodes"])));
    holes
        .put("node_subnet", expression(if own { "aws_subnet.nodes[each.key].id" } else { "local.zones[each.key].id" }));
    let arm = size::aws_is_arm(pool.size.as_str());
    holes.put("ami", if arm { "AL2023_ARM_64_STANDARD" } else { "AL2023_x86_64_STANDARD" });
    holes.put("capacity", if pool.spot { "SPOT" } else { "ON_DEMAND" });
    // The cluster's own pods tolerate no taint of ours.
    holes.put("tainted", name.as_str() != SYSTEM);
    let (min, max, autoscales) = match pool.nodes {
        PoolNodes::Fixed(nodes) => (nodes, nodes, false),
        PoolNodes::Between { min, max } => (min, max, true),
    };
    holes.put("autoscales", autoscales);
    holes.put("table", zones(eks, min, max));
    holes.put("groups", reference(&["aws_eks_node_group", name.as_str()]));
    for (hole, what) in [
        ("tag_enabled", "enabled"),
        ("tag_cluster", "cluster"),
        ("tag_label_pool", "label_pool"),
        ("tag_taint_pool", "taint_pool"),
        ("tag_ephemeral_storage", "ephemeral_storage"),
    ] {
        holes.put(hole, format!("{name}_{what}"));
    }
    // What the kubelet leaves of the disk to pods: about 85 percent.
    holes.put("ephemeral_storage", format!("{}Gi", disk(name, pool).0 * 85 / 100));
    holes
}

/// A pool's numbers dealt out to the zones; a zone without a share has no group.
fn zones(eks: &Eks, min: u32, max: u32) -> Expression {
    let count = u32::try_from(eks.zones.len()).expect("a few zones");
    let share = |number: u32, at: u32| number / count + u32::from(at < number % count);
    let rows = eks.zones.iter().zip(0..).filter(|(_, at)| share(max, *at) > 0);
    object(rows.map(|(zone, at)| (zone.as_str(), object([("min", share(min, at)), ("max", share(max, at))]))))
}
