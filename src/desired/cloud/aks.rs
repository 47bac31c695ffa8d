//! The resources of Azure Kubernetes Service.

use std::collections::BTreeMap;
use std::rc::Rc;

use hcl_edit::expr::Expression;
use serde_json::json;

use super::module::{Module, Part, templates};
use super::{backend, existing, text};
use crate::hcl::{Holes, expression, list, object, reference, texts};
use crate::platform::aks::{Aks, POD_RANGE, SERVICE_RANGE, Subnets, temporary_name};
use crate::platform::cloud::{Pool, PoolNodes};
use crate::service::eventstore::{self, Eventstore};
use crate::service::spark::{self, Spark};
use crate::topology::Topology;
use crate::value::{Disk, Name, Zone};

/// With `-containers` and the like behind it, and as a DNS prefix (at most 54).
const NAME_MAX: usize = 48;

const TEMPLATES: &[(&str, &str)] = templates!("aks":
    "cluster.tf" "identity.tf" "locals.tf" "monitoring.tf" "network.tf" "outputs.tf" "providers.tf"
    "registry.tf" "variables.tf" "versions.tf");
const POOL: &str = include_str!("../../../templates/terraform/aks/pool.tf");

/// Carries the cluster's own pods.
const SYSTEM: &str = "system";
const EVENTSTORE: &str = include_str!("../../../templates/terraform/aks/eventstore.tf");

pub fn module(name: &Name, aks: &Aks, topology: &Topology) -> Module {
    let mut holes = Holes::default();
    aks.state.put(&topology.name, name, &mut holes);
    let spark = topology.services.get::<Spark>().filter(|_| topology.is_on(spark::KEY, name));
    place(aks, topology, &mut holes);
    holes.put("namespace", spark.map_or("spark", |spark| spark.namespace.as_str()));
    api(aks, &mut holes);
    let eventstore = topology.services.get::<Eventstore>().filter(|_| topology.is_on(eventstore::KEY, name));
    let shares = eventstore.and_then(|eventstore| Some((eventstore.nodes, eventstore.share?)));
    registry(aks, spark, &mut holes);
    holes.put("endpoints", (aks.registry || shares.is_some()) && aks.existing.subnets().is_none());
    holes.put("eventstore", shares.is_some());
    let own_zones = aks.existing.has_own_zones();
    holes.put("own_registry_zone", aks.registry && own_zones);
    let zone = |own: &str, name: &str| existing::private_dns_zone(&aks.existing, own, name);
    holes.put("registry_zone", zone("azurerm_private_dns_zone.registry.id", "privatelink.azurecr.io"));
    if let Some((nodes, size)) = shares {
        holes.put("eventstore_nodes", self::shares(nodes, size));
        holes.put("own_files_zone", own_zones);
        holes.put("lock_eventstore", aks.locks);
        existing::put_storage_key(aks.existing.storage_encryption.as_ref(), &mut holes);
        holes.put("files_zone", zone("azurerm_private_dns_zone.files.id", "privatelink.file.core.windows.net"));
        holes.put("replication", backend::replication(&aks.location, &aks.zones));
    }
    if let Some(system) = aks.pools.iter().find(|(name, _)| name.as_str() == SYSTEM).map(|(_, pool)| pool) {
        put_system(system, aks, &mut holes);
    }
    let eventstore: &[(&str, &str)] = if shares.is_some() { &[("eventstore.tf", EVENTSTORE)] } else { &[] };
    let templates: Vec<(&'static str, &'static str)> =
        TEMPLATES.iter().chain(&[existing::AZURE]).chain(eventstore).copied().collect();
    let mut module = Module::of(&templates, holes, files(aks, shares.is_some()));
    module.may_have(["eventstore.tf", "pools.tf"]);
    let pools = aks.pools.iter().filter(|(name, _)| name.as_str() != SYSTEM);
    module.parts.extend(pools.map(|(name, pool)| Part {
        file: "pools.tf",
        template: POOL,
        holes: Rc::new(pool_holes(name, pool, aks)),
    }));
    let pools: Vec<String> = aks.pools.keys().map(|name| format!("`{name}`")).collect();
    let values = json!({
        "name": topology.name, "locks": aks.locks, "upgrades": aks.automatic_upgrades, "eventstore": shares.is_some(), "location": aks.location, "private": aks.api_from.is_empty(), "registry": aks.registry,
        "network": aks.network.to_string(), "pod_range": POD_RANGE, "service_range": SERVICE_RANGE, "pools": pools.join(", "), "only_system": aks.pools.len() == 1,
    });
    module.readme("terraform/aks/README.md", values);
    module
}

fn place(aks: &Aks, topology: &Topology, holes: &mut Holes) {
    let Aks {
        location,
        version,
        network,
        existing: there,
        zones,
        registry: _,
        api_from: _,
        pools: _,
        automatic_upgrades,
        name_prefix: _,
        locks,
        tags: _,
        state: _,
    } = aks;
    let Subnets { nodes, endpoints } = aks.subnets();
    let own = there.subnets().is_none();
    holes.put("own_subnets", own);
    holes.put("id_nodes", existing::subnet_id(there, "nodes"));
    holes.put("id_endpoints", existing::subnet_id(there, "endpoints"));
    let guard = [
        ("azurerm_network_security_rule", "nodes_cluster"),
        ("azurerm_subnet_network_security_group_association", "nodes"),
    ];
    for (hole, (kind, name)) in ["guard_rule", "guard"].into_iter().zip(guard) {
        holes.put_if(hole, own.then(|| reference(&[kind, name])));
    }
    let name = text::cloud_name(aks.name_prefix.as_ref(), &topology.name, NAME_MAX);
    existing::put_azure(there, location, &name, holes);
    holes.put_if("disk_encryption_set", there.disk_encryption_set.as_deref());
    holes.put("disk_key", there.disk_encryption_set.is_some());
    let role = reference(&["azurerm_role_assignment", "cluster_disk_key"]);
    holes.put_if("disk_key_role", there.disk_encryption_set.as_ref().map(|_| role));
    holes.put("lock_registry", *locks && aks.registry);
    let routed = there.route_table().is_some();
    holes.put("routed", routed && own);
    holes.put_if("way_out_nodes", existing::way_out(there, "nodes"));
    // learn.microsoft.com, "Customize cluster egress with outbound types in AKS".
    holes.put("outbound_type", if routed { "userDefinedRouting" } else { "userAssignedNATGateway" });
    holes.put("name", name);
    holes.put("location", location.as_str());
    backend::put_way_out(location, zones, holes);
    holes.put("zone_redundant", backend::has_zones(location, zones));
    holes.put("version", version.as_str());
    holes.put("upgrades", *automatic_upgrades);
    holes.put_if("upgrade_channel", automatic_upgrades.then_some("patch"));
    holes.put("image_channel", if *automatic_upgrades { "NodeImage" } else { "None" });
    holes.put("network", network.to_string());
    holes.put("pod_range", POD_RANGE);
    holes.put("service_range", SERVICE_RANGE);
    holes.put("subnet_nodes", nodes.to_string());
    holes.put("subnet_endpoints", endpoints.to_string());
    holes.put_if("zones", (!zones.is_empty()).then(|| texts(zones.iter().map(Zone::as_str))));
    holes.put("tags", text::tags(&aks.tags, topology));
}

/// Private, or open to ranges and to the address by which the nodes themselves come out.
fn api(aks: &Aks, holes: &mut Holes) {
    let is_private = aks.api_from.is_empty();
    holes.put("private", is_private);
    holes.put("public", !is_private);
    holes.put_if("private_dns_zone", is_private.then_some("System"));
    // Where routes lead out, the topology's ranges name the firewall's address.
    let has_nat = aks.existing.route_table().is_none() && aks.existing.subnets().is_none();
    let own = has_nat.then(|| expression("\"${azurerm_public_ip.nat.ip_address}/32\""));
    holes.put("api_from", list(aks.api_from.iter().map(|range| Expression::from(range.to_string())).chain(own)));
}

fn registry(aks: &Aks, spark: Option<&Spark>, holes: &mut Holes) {
    holes.put("registry", aks.registry);
    let version = spark.map_or_else(|| spark::version(None), |spark| spark.version.clone());
    let import = format!(
        "\"az acr import --subscription ${{var.subscription_id}} --name ${{azurerm_container_registry.main.name}} --source docker.io/apache/spark:{version} --image apache/spark:{version}\""
    );
    holes.put_if("import_command", aks.registry.then(|| expression(&import)));
}

fn put_system(pool: &Pool, aks: &Aks, holes: &mut Holes) {
    let (start, bounds) = match pool.nodes {
        PoolNodes::Fixed(nodes) => (nodes, None),
        PoolNodes::Between { min, max } => (min.max(1), Some((min.max(1), max))),
    };
    holes.put("system_size", pool.size.as_str());
    holes.put("system_nodes", start);
    holes.put("system_autoscales", bounds.is_some());
    holes.put_if("system_scales", bounds.map(|_| true));
    holes.put_if("system_min", bounds.map(|(min, _)| min));
    holes.put_if("system_max", bounds.map(|(_, max)| max));
    holes.put_if("system_disk", pool.disk.map(Disk::get));
    // Alone, it must take every pod.
    holes.put_if("only_critical_addons", (aks.pools.len() > 1).then_some(true));
}

fn pool_holes(name: &Name, pool: &Pool, aks: &Aks) -> Holes {
    let Pool { size, nodes, spot, disk } = pool;
    let mut holes = Holes::default();
    holes.put("id_nodes", existing::subnet_id(&aks.existing, "nodes"));
    holes.put("pool", name.as_str());
    holes.put("size", size.as_str());
    holes.put("version", aks.version.as_str());
    holes.put_if("zones", (!aks.zones.is_empty()).then(|| texts(aks.zones.iter().map(Zone::as_str))));
    holes.put_if("disk", disk.map(Disk::get));
    holes.put("temporary_name", temporary_name(name));
    let (start, bounds) = match nodes {
        PoolNodes::Fixed(nodes) => (*nodes, None),
        PoolNodes::Between { min, max } => (*min, Some((*min, *max))),
    };
    holes.put("start", start);
    holes.put("autoscales", bounds.is_some());
    holes.put_if("scales", bounds.map(|_| true));
    holes.put_if("min", bounds.map(|(min, _)| min));
    holes.put_if("max", bounds.map(|(_, max)| max));
    // Spot pools have no surge. Never above the price of a regular machine.
    holes.put("regular", !spot);
    holes.put_if("priority", spot.then_some("Spot"));
    holes.put_if("eviction", spot.then_some("Delete"));
    holes.put_if("price", spot.then_some(-1));
    // AKS puts the spot label and taint on by itself; left out they would be a difference in every plan.
    let spot_label = spot.then_some(("kubernetes.azure.com/scalesetpriority", "spot"));
    holes.put("labels", object([("pool", name.as_str())].into_iter().chain(spot_label)));
    let spot_taint = spot.then(|| "kubernetes.azure.com/scalesetpriority=spot:NoSchedule".to_owned());
    holes.put("taints", texts([format!("pool={name}:NoSchedule")].into_iter().chain(spot_taint)));
    holes
}

/// A share for each pod, by its ordinal.
fn shares(nodes: u32, size: u32) -> Expression {
    let row = |pod: u32| {
        let share = Expression::from(format!("eventstore-{pod}"));
        (pod.to_string(), object([("share", share), ("size", Expression::from(size))]))
    };
    object((0..nodes).map(row))
}

fn files(aks: &Aks, eventstore: bool) -> BTreeMap<&'static str, String> {
    let mut example = include_str!("../../../templates/terraform/aks/example.tfvars").to_owned();
    if aks.registry {
        example += include_str!("../../../templates/terraform/aks/example-registry.tfvars");
    }
    if eventstore {
        example += include_str!("../../../templates/terraform/aks/example-eventstore.tfvars");
    }
    BTreeMap::from([("example.tfvars", example)])
}
