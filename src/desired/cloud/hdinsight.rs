//! The resources of `HDInsight`.

use hcl_edit::expr::Expression;
use serde_json::json;

use super::module::{Module, templates};
use super::{backend, existing, text};
use crate::hcl::{Holes, list, object, reference, texts};
use crate::platform::hdinsight::Hdinsight;
use crate::platform::hdinsight::file::Tier;
use crate::service::spark::{self, Day, HalfHour, Managed, Scaling, Spark};
use crate::topology::Topology;
use crate::value::{Label, Name};

/// A cluster's name has at most 59 letters, and its endpoints' names are longer.
const NAME_MAX: usize = 48;

const TEMPLATES: &[(&str, &str)] = templates!("hdinsight":
    "cluster.tf" "identity.tf" "locals.tf" "monitoring.tf" "network.tf" "outputs.tf" "providers.tf"
    "storage.tf" "variables.tf" "versions.tf");

/// `None` where nothing is on it.
pub fn module(name: &Name, managed: &Hdinsight, topology: &Topology) -> Option<Module> {
    let Hdinsight {
        location,
        version,
        tier,
        network,
        existing: _,
        storage,
        gateway_user,
        ssh_user,
        name_prefix: _,
        locks,
        tags: _,
        state: _,
    } = managed;
    let mut holes = Holes::default();
    existing::put_storage_key(managed.existing.storage_encryption.as_ref(), &mut holes);
    holes.put("locks", *locks);
    managed.state.put(&topology.name, name, &mut holes);
    put_existing(managed, text::cloud_name(managed.name_prefix.as_ref(), &topology.name, NAME_MAX), &mut holes);
    holes.put("location", location.as_str());
    holes.put("replication", backend::replication(location, &[]));
    holes.put("version", version.as_str());
    holes.put(
        "tier",
        match tier {
            Tier::Standard => "Standard",
            Tier::Premium => "Premium",
        },
    );
    holes.put("network", network.to_string());
    holes.put("subnet_cluster", managed.subnet().to_string());
    holes.put("tags", text::tags(&managed.tags, topology));
    holes.put("storage_account", storage.account.as_str());
    holes.put("storage_container", storage.container.as_str());
    holes.put("gateway_user", gateway_user.as_str());
    holes.put("ssh_user", ssh_user.as_str());
    let spark = topology.services.get::<Spark>().filter(|_| topology.is_on(spark::KEY, name))?;
    holes.put("spark_version", spark.version.as_str());
    put_machines(spark.managed.as_ref()?, &mut holes);
    let texts = templates!("hdinsight": "example.tfvars");
    let mut module = Module::of(
        &[TEMPLATES, &[existing::AZURE]].concat(),
        holes,
        texts.iter().map(|(name, text)| (*name, (*text).to_owned())).collect(),
    );
    let values = json!({
        "name": topology.name, "own": text::cloud_name(managed.name_prefix.as_ref(), &topology.name, NAME_MAX), "locks": managed.locks, "version": version, "location": location, "account": storage.account,
        "spark_version": spark.version, "gateway_user": gateway_user, "ssh_user": ssh_user,
    });
    module.readme("terraform/hdinsight/README.md", values);
    Some(module)
}

fn put_existing(managed: &Hdinsight, name: String, holes: &mut Holes) {
    let there = &managed.existing;
    existing::put_azure(there, &managed.location, &name, holes);
    holes.put("name", name);
    let own = there.subnets().is_none();
    holes.put("own_subnets", own);
    holes.put("id_cluster", existing::subnet_id(there, "cluster"));
    let rule = |name| own.then(|| reference(&["azurerm_network_security_rule", name]));
    holes.put_if("rule_clients", rule("clients"));
    holes.put_if("rule_cluster", rule("cluster"));
    holes.put_if("rule_deny", rule("deny"));
    holes.put_if("rule_load_balancer", rule("load_balancer"));
    holes.put_if("guard", own.then(|| reference(&["azurerm_subnet_network_security_group_association", "cluster"])));
    holes.put("routed", there.route_table().is_some() && own);
    holes.put_if("way_out_cluster", existing::way_out(there, "cluster"));
    let own = there.has_own_zones();
    holes.put("own_zones", own);
    let link = reference(&["azurerm_private_dns_zone_virtual_network_link", "storage"]);
    holes.put_if("storage_zone_links", own.then_some(link));
    let zone = |own: &str, name: &str| existing::private_dns_zone(there, own, name);
    holes.put("storage_zone", zone("azurerm_private_dns_zone.storage[each.key].id", "${each.value.zone}"));
    holes.put("gateway_zone", zone("azurerm_private_dns_zone.cluster.id", "privatelink.azurehdinsight.net"));
}

fn put_machines(machines: &Managed, holes: &mut Holes) {
    let Managed { heads, zookeepers, workers, count, scaling } = machines;
    holes.put("head_size", spelled(heads));
    holes.put("zookeeper_size", spelled(zookeepers));
    holes.put("worker_size", spelled(workers));
    let (min, max) = match scaling {
        Scaling::ByLoad(scale) => (scale.min, scale.max),
        Scaling::Fixed | Scaling::ByTime(_) => (*count, *count),
    };
    holes.put("workers_min", min);
    holes.put("workers_max", max);
    holes.put("autoscales", *scaling != Scaling::Fixed);
    holes.put("by_capacity", matches!(scaling, Scaling::ByLoad(_)));
    let schedule = match scaling {
        Scaling::ByTime(schedule) => Some(schedule),
        Scaling::Fixed | Scaling::ByLoad(_) => None,
    };
    holes.put("by_time", schedule.is_some());
    holes.put_if("timezone", schedule.map(|schedule| schedule.timezone.as_str()));
    let row = |(days, at, workers): &(Vec<Day>, HalfHour, u32)| {
        let days = texts(days.iter().map(|day| format!("{day:?}")));
        object([("days", days), ("time", Expression::from(at.as_str())), ("workers", Expression::from(*workers))])
    };
    holes.put_if("schedule", schedule.map(|schedule| list(schedule.times.iter().map(row))));
}

/// The provider takes sizes of this service with a capital V only: `Standard_E8_V3`.
fn spelled(size: &Label) -> String {
    let text = size.as_str().to_lowercase();
    let family = text.strip_prefix("standard_").unwrap_or(&text);
    let (name, version) = family.rsplit_once("_v").unwrap_or((family, ""));
    // The family's letters are capitals, features are not.
    let digits = name.find(|c: char| c.is_ascii_digit()).unwrap_or(name.len());
    let version = if version.is_empty() { String::new() } else { format!("_V{version}") };
    format!("Standard_{}{}{version}", name[..digits].to_uppercase(), &name[digits..])
}
