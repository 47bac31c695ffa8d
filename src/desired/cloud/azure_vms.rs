//! The resources of virtual machines on Azure.

use hcl_edit::expr::Expression;
use serde_json::json;

use super::machines::{self, Fixed};
use super::module::{Module, templates};
use super::{backend, existing, text};
use crate::cluster::ServicesOn;
use crate::hcl::{Holes, list, object, reference, texts};
use crate::platform::azure_vms::{AzureVms, Subnets};
use crate::platform::cloud::Image;
use crate::platform::machine::{Autoscale, Bounds};
use crate::platform::storage::Storage;
use crate::platform::{provider, size, subnets};
use crate::service::spark::{MASTER, WORKER};
use crate::service::zookeeper::MEMBER;
use crate::topology::Topology;
use crate::value::listener::Listener;
use crate::value::{Label, Name, Percent, Role, Zone};

/// A scale set's name begins its machines' names, at most 58 letters with `-worker` and a number (learn.microsoft.com, "Resource name rules").
const NAME_MAX: usize = 48;

const TEMPLATES: &[(&str, &str)] = templates!("azure-vms":
    "backup.tf" "bastion.tf" "dns.tf" "identity.tf" "locals.tf" "locks.tf" "masters.tf" "monitoring.tf" "network.tf" "outputs.tf" "providers.tf"
    "security.tf" "storage.tf" "variables.tf" "versions.tf" "workers.tf" "zookeeper.tf");

/// The files that are not HCL.
const TEXTS: &[(&str, &str)] = templates!("azure-vms": "example.tfvars" "cloud-init/zookeeper.yaml"
        "cloud-init/masters.yaml" "cloud-init/workers.yaml" "ssh_config.tftpl");

/// A larger disk has no cache (learn.microsoft.com, "Azure premium storage: disk caching"): GiB.
const CACHED_MAX: u32 = 4095;

/// Rules are evaluated from this priority on, with room between them.
const FIRST_PRIORITY: u16 = 100;
const PRIORITY_STEP: u16 = 10;

pub fn module(name: &Name, azure: &AzureVms, topology: &Topology) -> Module {
    let services = ServicesOn::by(name, topology);
    let mut holes = Holes::default();
    azure.state.put(&topology.name, name, &mut holes);
    place(azure, &services, &mut holes);
    access(azure, &services, &mut holes);
    image(&azure.image, &mut holes);
    for (hole, role) in [("rules_zookeeper", MEMBER), ("rules_masters", MASTER), ("rules_workers", WORKER)] {
        holes.put_if(hole, services.has(role).then(|| rules(&services, role)));
    }
    let fixed = machines(azure, &services, &mut holes);
    storage(services.storage, azure, &mut holes);
    ways_out(azure, &services, &mut holes);
    workers(azure, &services, &mut holes);
    let mut files = services.files(TEXTS);
    services.fill_first_boots("terraform/azure-vms", azure.automatic_upgrades, &mut files);
    files.retain(|name, _| azure.ssh.bastion || *name != "ssh_config.tftpl");
    let mut module = Module::of(&[TEMPLATES, &[existing::AZURE]].concat(), holes, files);
    module.may_have(TEXTS.iter().map(|(name, _)| *name));
    let own = text::cloud_name(azure.name_prefix.as_ref(), &topology.name, NAME_MAX);
    let group = azure.existing.resource_group.as_ref().map_or(own.as_str(), Label::as_str);
    let values = json!({
        "name": topology.name, "own": own, "group": group, "locks": azure.locks, "backup": azure.backup.is_some(),  "keys": azure.ssh.public_keys.join(" "), "bastion": azure.ssh.bastion, "zookeeper": services.zookeeper.is_some(),
        "spark": services.spark.is_some(), "storage": matches!(services.storage, Some(Storage::Adls(_))), "machines": fixed.of_page(),
    });
    module.readme("terraform/azure-vms/README.md", values);
    module
}

fn place(azure: &AzureVms, services: &ServicesOn<'_>, holes: &mut Holes) {
    let topology = services.topology;
    let AzureVms {
        location,
        zones,
        network,
        existing: there,
        image: _,
        ssh: _,
        name_prefix: _,
        locks,
        backup,
        extensions,
        tags,
        automatic_upgrades: _,
        state: _,
    } = azure;
    let name = text::cloud_name(azure.name_prefix.as_ref(), &topology.name, NAME_MAX);
    existing::put_azure(there, location, &name, holes);
    existing::put_storage_key(there.storage_encryption.as_ref(), holes);
    holes.put_if("disk_encryption_set", there.disk_encryption_set.as_deref());
    holes.put("lock_zookeeper", *locks && services.zookeeper.is_some());
    holes.put("lock_storage", *locks && services.storage.is_some());
    holes.put("backup", backup.is_some() && services.zookeeper.is_some());
    holes.put_if("backup_days", backup.map(|backup| backup.days));
    holes.put(
        "vault_redundancy",
        if backend::has_zones(location, zones) { "ZoneRedundant" } else { "LocallyRedundant" },
    );
    holes.put_if("recovery_services", backup.map(|_| "Microsoft.RecoveryServices"));
    holes.put("extensions", *extensions);
    holes.put_if("computer_name", azure.name_prefix.as_ref().map(|_| reference(&["each", "value", "name"])));
    holes.put("name", name);
    holes.put("location", location.as_str());
    backend::put_way_out(location, zones, holes);
    holes.put("replication", backend::replication(location, zones));
    let zoned = !zones.is_empty();
    holes.put_if("zones", zoned.then(|| texts(zones.iter().map(Zone::as_str))));
    holes.put_if("each_zone", zoned.then(|| reference(&["each", "value", "zone"])));
    holes.put("network", network.to_string());
    let Subnets { zookeeper, masters, endpoints, bastion, workers } = azure.subnets();
    holes.put("subnet_zookeeper", zookeeper.to_string());
    holes.put("subnet_masters", masters.to_string());
    holes.put("subnet_endpoints", endpoints.to_string());
    holes.put("subnet_bastion", bastion.to_string());
    holes.put("subnet_workers", workers.to_string());
    holes.put("tags", text::tags(tags, topology));
}

/// The ranges that may log in.
fn access(azure: &AzureVms, services: &ServicesOn<'_>, holes: &mut Holes) {
    let ssh = &azure.ssh;
    holes.put("user", ssh.user.as_str());
    holes.put("bastion", ssh.bastion);
    holes.put("ssh_from", texts(&ssh.from));
    let through = ssh.bastion.then(|| azure.subnets().bastion);
    let sources: Vec<String> = ssh.from.iter().copied().chain(through).map(|range| range.to_string()).collect();
    holes.put("zookeeper_ssh", services.zookeeper.is_some() && !sources.is_empty());
    holes.put("spark_ssh", services.spark.is_some() && !sources.is_empty());
    holes.put("ssh_sources", texts(sources));
}

fn image(image: &Image, holes: &mut Holes) {
    let (ubuntu, own) = match image {
        Image::Ubuntu(release) => (Some(offer(release)), None),
        Image::Own(id) => (None, Some(id.as_str())),
    };
    holes.put("ubuntu", ubuntu.is_some());
    holes.put_if("worker_image", ubuntu);
    holes.put_if("worker_own_image", own);
    holes.put_if("each_own_image", own.map(|_| reference(&["each", "value", "image"])));
}

/// Canonical's offer of a release, as `24.04` is `ubuntu-24_04-lts`.
fn offer(release: &Label) -> String {
    format!("ubuntu-{}-lts", release.as_str().replace('.', "_"))
}

/// The ports of a tier and who may reach them.
fn rules(services: &ServicesOn<'_>, role: Role) -> Expression {
    let rule = |(listener, at): (Listener, u16)| {
        let groups = services.from(&listener).into_iter();
        let from = groups.map(|tier| reference(&["azurerm_application_security_group", tier, "id"]));
        let row = object([
            ("priority", Expression::from(FIRST_PRIORITY + PRIORITY_STEP * at)),
            ("ports", texts([listener.declared_ports()])),
            ("from", list(from)),
        ]);
        (listener.name.as_str(), row)
    };
    // What nobody here must reach has no rule: one without a source would be refused.
    let reached = services.listeners(role).into_iter().filter(|listener| !services.from(listener).is_empty());
    object(reached.zip(0..).map(rule))
}

/// The machines with addresses of their own, and how they are reached.
fn machines(azure: &AzureVms, services: &ServicesOn<'_>, holes: &mut Holes) -> Fixed {
    let image = match &azure.image {
        Image::Ubuntu(release) => offer(release),
        Image::Own(id) => id.to_string(),
    };
    let fixed = Fixed::of(services, azure, azure.name_prefix.as_ref(), Some(&image));
    fixed.put(services, holes);
    holes.put("load_balancer", services.zookeeper.is_some_and(|zookeeper| zookeeper.load_balancer));
    holes.put("load_balancer_address", subnets::front(azure.subnets().zookeeper).to_string());
    let client = services.zookeeper.map(|zookeeper| zookeeper.settings.client_port.get());
    holes.put_if("client_port", client.map(|port| port.to_string()));
    holes.put_if("client_port_number", client);
    let addresses = fixed.addresses();
    holes.put("reached", azure.ssh.bastion && !addresses.is_empty());
    holes.put_if("first_address", addresses.into_iter().next());
    fixed
}

/// The way out of the machines of each subnet.
fn ways_out(azure: &AzureVms, services: &ServicesOn<'_>, holes: &mut Holes) {
    let routed = azure.existing.route_table().is_some();
    let own = azure.existing.subnets().is_none();
    let (zookeeper, spark) = (services.zookeeper.is_some(), services.spark.is_some());
    holes.put("nat_zookeeper", zookeeper && !routed && own);
    holes.put("nat_spark", spark && !routed && own);
    holes.put("routed_zookeeper", zookeeper && routed && own);
    holes.put("routed_spark", spark && routed && own);
    holes.put("own_subnet_zookeeper", zookeeper && own);
    holes.put("own_subnets_spark", spark && own);
    holes.put("own_subnet_endpoints", services.storage.is_some() && own);
    // The security groups of subnets that are there already are their owner's: the machines' own guard their interfaces.
    holes.put("guards_zookeeper", zookeeper && !own);
    holes.put("guards_masters", spark && !own);
    let kind = |own| {
        if own {
            "azurerm_subnet_network_security_group_association"
        } else {
            "azurerm_network_interface_security_group_association"
        }
    };
    holes.put("guard_zookeeper", reference(&[kind(own), "zookeeper"]));
    holes.put("guard_masters", reference(&[kind(own), "masters"]));
    holes.put_if("guard_workers", own.then(|| reference(&[kind(own), "workers"])));
    let group = reference(&["azurerm_network_security_group", "workers", "id"]);
    holes.put_if("worker_group", (!own).then_some(group));
    for (hole, of_use) in [
        ("id_zookeeper", "zookeeper"),
        ("id_masters", "masters"),
        ("id_workers", "workers"),
        ("id_endpoints", "endpoints"),
    ] {
        holes.put(hole, existing::subnet_id(&azure.existing, of_use));
    }
    for (hole, subnet) in
        [("way_out_zookeeper", "zookeeper"), ("way_out_masters", "masters"), ("way_out_workers", "workers")]
    {
        holes.put_if(hole, existing::way_out(&azure.existing, subnet));
    }
}

fn storage(storage: Option<&Storage>, azure: &AzureVms, holes: &mut Holes) {
    let adls = match storage {
        Some(Storage::Adls(adls)) => Some(adls),
        _ => None,
    };
    holes.put("storage", adls.is_some());
    holes.put("own_storage_zones", adls.is_some() && azure.existing.has_own_zones());
    let own = "azurerm_private_dns_zone.storage[each.key].id";
    let zone = "privatelink.${each.key}.core.windows.net";
    holes.put("storage_zone", existing::private_dns_zone(&azure.existing, own, zone));
    holes.put_if("storage_account", adls.map(|adls| adls.account.as_str()));
    holes.put_if("storage_container", adls.map(|adls| adls.container.as_str()));
}

fn workers(azure: &AzureVms, services: &ServicesOn<'_>, holes: &mut Holes) {
    machines::put_workers(services, azure, holes);
    // Those that work on the disks in their machines have no other.
    let managed = services.spark.map(|spark| &spark.workers).filter(|workers| !workers.local_disks);
    let disk = managed.map(machines::worker_disk);
    holes.put("managed_disk", disk.is_some());
    holes.put_if("worker_disk", disk);
    holes.put_if("worker_disk_caching", disk.map(|disk| if disk > CACHED_MAX { "None" } else { "ReadOnly" }));
    let workers = services.spark.map(|spark| &spark.workers);
    let scale = workers.and_then(|workers| workers.autoscale.as_ref());
    // Never above the price of a regular machine.
    let spot = workers.is_some_and(|workers| workers.spot);
    holes.put_if("priority", spot.then_some("Spot"));
    holes.put_if("eviction", spot.then_some("Delete"));
    holes.put_if("price", spot.then_some(-1));
    holes.put_if("worker_ui_port", workers.map(|workers| workers.profile.settings.web_ui_port.get()));
    holes.put("fixed_count", scale.is_none());
    let minutes = |seconds: u64| format!("PT{}M", seconds / 60);
    holes.put_if("window", scale.map(|scale| minutes(scale.window.seconds())));
    holes.put_if("cooldown", scale.map(|scale| minutes(scale.cooldown.seconds())));
    holes.put_if("cpu_in", scale.and_then(Autoscale::cpu_bounds).map(|bounds| bounds.inward.get()));
    let memory = scale.and_then(|scale| scale.memory);
    // Azure counts what is left.
    let left = |used: Percent| 100 - used.get();
    let size = workers.and_then(|workers| size::azure(&provider::size(azure, WORKER, &workers.machine)));
    let bytes =
        size.zip(memory).map(|(size, Bounds { out, .. })| size.mebibytes * 1024 * 1024 / 100 * u64::from(left(out)));
    holes.put("memory_by_bytes", bytes.is_some());
    holes.put_if("memory_bytes", bytes);
    holes.put_if("memory_out", memory.map(|Bounds { out, .. }| left(out)));
    holes.put_if("memory_in", memory.map(|Bounds { inward, .. }| left(inward)));
}
