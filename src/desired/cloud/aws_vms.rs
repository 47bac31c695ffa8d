//! The resources of instances on AWS.

use hcl_edit::expr::Expression;
use serde_json::json;

use super::machines::{self, Fixed};
use super::module::{Module, templates};
use super::{existing, text};
use crate::cluster::ServicesOn;
use crate::hcl::{Holes, expression, object, reference, texts};
use crate::platform::aws_vms::{AwsVms, Tier};
use crate::platform::cloud::Image;
use crate::platform::machine::{Autoscale, Bounds};
use crate::platform::storage::Storage;
use crate::service::spark::{MASTER, WORKER};
use crate::service::zookeeper::MEMBER;
use crate::topology::Topology;
use crate::value::{Cidr, Name, Role, Zone};

/// `AWSServiceRoleForAutoScaling_` and the name are a role's name, of at most 64 letters.
const NAME_MAX: usize = 35;

const TEMPLATES: &[(&str, &str)] = templates!("aws-vms":
    "backup.tf" "dns.tf" "encryption.tf" "identity.tf" "image.tf" "locals.tf" "masters.tf" "monitoring.tf" "network.tf"
    "outputs.tf" "providers.tf" "scaling.tf" "security.tf" "storage.tf" "variables.tf" "versions.tf" "workers.tf"
    "zookeeper.tf");

/// The files that are not HCL.
const TEXTS: &[(&str, &str)] = templates!("aws-vms": "example.tfvars" "cloud-init/zookeeper.yaml"
        "cloud-init/masters.yaml" "cloud-init/workers.yaml" "ssh_config.tftpl");

pub fn module(name: &Name, aws: &AwsVms, topology: &Topology) -> Module {
    let services = ServicesOn::by(name, topology);
    let mut holes = Holes::default();
    aws.state.put(&topology.name, name, &mut holes);
    place(aws, &services, &mut holes);
    references(aws, &services, &mut holes);
    image(&aws.image, &mut holes);
    for (hole, role) in [("zookeeper_ingress", MEMBER), ("masters_ingress", MASTER), ("workers_ingress", WORKER)] {
        holes.put_if(hole, services.has(role).then(|| ingress(&services, role)));
    }
    let fixed = machines(aws, &services, &mut holes);
    let bucket = match services.storage {
        Some(Storage::S3 { bucket }) => Some(bucket.as_str()),
        _ => None,
    };
    holes.put("storage", bucket.is_some());
    holes.put("storage_endpoint", bucket.is_some() && aws.existing.network.is_none());
    holes.put_if("bucket", bucket);
    key_users(aws, &services, &mut holes);
    workers(aws, &services, &mut holes);
    let mut files = services.files(TEXTS);
    services.fill_first_boots("terraform/aws-vms", aws.automatic_upgrades, &mut files);
    let mut module = Module::of(&[TEMPLATES, &[existing::AWS]].concat(), holes, files);
    let ranges: Vec<String> = aws.ssh.from.iter().map(ToString::to_string).collect();
    let release = match &aws.image {
        Image::Ubuntu(release) => release.as_str(),
        Image::Own(_) => "",
    };
    module.may_have(TEXTS.iter().map(|(name, _)| *name));
    let values = json!({
        "name": topology.name, "own_key": aws.existing.key.is_none(), "own": cloud_name(aws, &services), "flow_logs": aws.existing.network.is_none(), "backup": aws.backup.is_some(), "keys": aws.ssh.public_keys.join(" "), "region": aws.region, "ssh_from": ranges.join(", "), "ubuntu": release,
        "zookeeper": services.zookeeper.is_some(), "spark": services.spark.is_some(), "storage": bucket.is_some(),
        "machines": fixed.of_page(),
    });
    module.readme("terraform/aws-vms/README.md", values);
    module
}

fn cloud_name(aws: &AwsVms, services: &ServicesOn<'_>) -> String {
    text::cloud_name(aws.name_prefix.as_ref(), &services.topology.name, NAME_MAX)
}

fn place(aws: &AwsVms, services: &ServicesOn<'_>, holes: &mut Holes) {
    let AwsVms {
        region,
        zones: _,
        network,
        existing: there,
        image: _,
        ssh,
        tags,
        state: _,
        single_nat_gateway,
        name_prefix: _,
        backup,
        automatic_upgrades: _,
    } = aws;
    holes.put("name", cloud_name(aws, services));
    holes.put("region", region.as_str());
    holes.put("network", network.to_string());
    holes.put("tags", text::tags(tags, services.topology));
    holes.put("user", ssh.user.as_str());
    holes.put_if("ssh_from", (!ssh.from.is_empty()).then(|| texts(&ssh.from)));
    holes.put("zookeeper_ssh", services.zookeeper.is_some() && !ssh.from.is_empty());
    holes.put("spark_ssh", services.spark.is_some() && !ssh.from.is_empty());
    let there = there.network.as_ref();
    existing::put_vpc(there, "private", holes);
    holes.put("key", existing::key(&aws.existing, "main"));
    holes.put("own_key", aws.existing.key.is_none());
    holes.put("backup", backup.is_some() && services.zookeeper.is_some());
    holes.put_if("backup_days", backup.map(|backup| backup.days));
    holes.put_if("backup_tag", backup.map(|_| cloud_name(aws, services)));
    holes.put_if("nat_route", there.is_none().then(|| reference(&["aws_route", "nat"])));
    holes.put_if("public_subnets", there.is_none().then(|| subnets(aws, Tier::Public)));
    holes.put_if("gateway_zones", there.is_none().then(|| text::gateway_zones(&aws.zones, *single_nat_gateway)));
    for (hole, role) in [("zookeeper_subnets", MEMBER), ("masters_subnets", MASTER), ("workers_subnets", WORKER)] {
        holes.put_if(hole, services.has(role).then(|| subnets(aws, Tier::Of(role))));
    }
}

/// The subnets of a tier by zone, each with its id where it is there already.
fn subnets(aws: &AwsVms, tier: Tier) -> Expression {
    let row = |(at, zone): (usize, &str)| {
        let range: Cidr = aws.subnet(tier, at);
        let id = aws.existing_subnet(tier, at).map(|subnet| ("id", subnet.name.to_string()));
        let row = [("zone", format!("{}{zone}", aws.region)), ("range", range.to_string())];
        (zone.to_owned(), object(row.into_iter().chain(id)))
    };
    object(aws.zones.iter().map(Zone::as_str).enumerate().map(row))
}

/// References to subnets: resources of the module's own, or rows of its table.
fn references(aws: &AwsVms, services: &ServicesOn<'_>, holes: &mut Holes) {
    let own = aws.existing.subnets().is_none();
    let tiers = [
        ("zookeeper", services.zookeeper.is_some()),
        ("masters", services.spark.is_some()),
        ("workers", services.spark.is_some()),
    ];
    let own_subnets = ["own_zookeeper_subnets", "own_masters_subnets", "own_workers_subnets"];
    let routes = ["zookeeper_routes", "masters_routes", "workers_routes"];
    let tables = ["zookeeper_in", "masters_in", "workers_in"];
    let table = |tier: &str| if own { format!("aws_subnet.{tier}") } else { format!("local.{tier}_subnets") };
    for ((((tier, has), own_hole), route), hole) in tiers.into_iter().zip(own_subnets).zip(routes).zip(tables) {
        holes.put(own_hole, has && own);
        holes.put_if(route, own.then(|| reference(&["aws_route_table_association", tier])));
        holes.put(hole, expression(&table(tier)));
    }
    let of_machine = |tier: &str, field: &str| expression(&format!("{}[each.value.zone].{field}", table(tier)));
    holes.put("zookeeper_subnet", of_machine("zookeeper", "id"));
    holes.put("masters_subnet", of_machine("masters", "id"));
    holes.put("zone_name", of_machine("zookeeper", if own { "availability_zone" } else { "zone" }));
}

fn image(image: &Image, holes: &mut Holes) {
    let release = match image {
        Image::Ubuntu(release) => Some(release.as_str()),
        Image::Own(_) => None,
    };
    holes.put("ubuntu", release.is_some());
    holes.put_if("ubuntu_release", release);
    match image {
        Image::Ubuntu(_) => holes.put("image", reference(&["data", "aws_ssm_parameter", "ubuntu", "insecure_value"])),
        Image::Own(id) => holes.put("image", id.as_str()),
    }
}

/// The ports of a tier and who may reach them: a row for each listener and tier that must.
fn ingress(services: &ServicesOn<'_>, role: Role) -> Expression {
    let listeners = services.listeners(role);
    let rows = listeners.iter().flat_map(|listener| {
        services.from(listener).into_iter().map(move |tier| {
            let row = object([
                ("from", reference(&["aws_security_group", tier, "id"])),
                ("first", Expression::from(*listener.declared.start())),
                ("last", Expression::from(*listener.declared.end())),
            ]);
            (format!("{}-from-{tier}", listener.name), row)
        })
    });
    object(rows)
}

/// The machines with addresses of their own, and how they are reached.
fn machines(aws: &AwsVms, services: &ServicesOn<'_>, holes: &mut Holes) -> Fixed {
    let fixed = Fixed::of(services, aws, aws.name_prefix.as_ref(), None);
    fixed.put(services, holes);
    holes.put("zookeeper_burstable", fixed.members.iter().any(|(_, row)| is_burstable(&row.size)));
    holes.put("masters_burstable", fixed.masters.iter().any(|(_, row)| is_burstable(&row.size)));
    holes.put("reached", !fixed.addresses().is_empty());
    holes.put("cluster", services.topology.name.as_str());
    fixed
}

/// The T families work on credits.
fn is_burstable(size: &str) -> bool {
    size.starts_with('t')
}

/// Actions of a user of the key.
const KEY_USES: [&str; 5] = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"];

/// Without workers there is no group whose role must use the key, and in a VPC of somebody else's there are no flow logs.
fn key_users(aws: &AwsVms, services: &ServicesOn<'_>, holes: &mut Holes) {
    let statement = |sid: &str, principal: Expression, action: Expression, condition: Option<Expression>| {
        let rows = [
            ("Sid", Expression::from(sid)),
            ("Effect", Expression::from("Allow")),
            ("Principal", principal),
            ("Action", action),
            ("Resource", Expression::from("*")),
        ];
        crate::hcl::on_lines(object(rows.into_iter().chain(condition.map(|condition| ("Condition", condition)))))
    };
    let granted = object([("Bool", object([("kms:GrantIsForAWSResource", "true")]))]);
    let spark = services.spark.is_some();
    let scaling = || object([("AWS", reference(&["aws_iam_service_linked_role", "autoscaling", "arn"]))]);
    let reads = || statement("AutoScalingUsesDisks", scaling(), texts(KEY_USES), None);
    holes.put_if("autoscaling_uses_disks", spark.then(reads));
    let attaches =
        || statement("AutoScalingAttachesDisks", scaling(), Expression::from("kms:CreateGrant"), Some(granted));
    holes.put_if("autoscaling_attaches_disks", spark.then(attaches));
    let region = &aws.region;
    let group =
        format!("\"arn:aws:logs:{region}:${{var.account_id}}:log-group:/{}/flow-logs\"", cloud_name(aws, services));
    let of_group = object([("ArnEquals", object([("kms:EncryptionContext:aws:logs:arn", expression(&group))]))]);
    let logs = object([("Service", format!("logs.{region}.amazonaws.com"))]);
    let flow_logs = || statement("FlowLogs", logs, texts(KEY_USES), Some(of_group));
    holes.put_if("flow_logs_use_key", aws.existing.network.is_none().then(flow_logs));
}

fn workers(aws: &AwsVms, services: &ServicesOn<'_>, holes: &mut Holes) {
    machines::put_workers(services, aws, holes);
    holes.put_if("worker_disk", services.spark.map(|spark| machines::worker_disk(&spark.workers)));
    holes.put("spot", services.spark.is_some_and(|spark| spark.workers.spot));
    let scale = services.spark.and_then(|spark| spark.workers.autoscale.as_ref());
    holes.put_if("window", scale.map(|scale| scale.window.seconds()));
    holes.put_if("minutes", scale.map(|scale| scale.window.seconds() / 60));
    // An alarm has one period for all of its measures: the longer of the two.
    let inward = scale.map(|scale| scale.window.seconds().max(scale.cooldown.seconds()));
    holes.put_if("window_in", inward);
    holes.put_if("minutes_in", inward.map(|seconds| seconds / 60));
    let (cpu, memory) = (scale.and_then(Autoscale::cpu_bounds), scale.and_then(|scale| scale.memory));
    holes.put_if("memory_out", memory.map(|bounds| bounds.out.get()));
    let below = |name: &str, bounds: Option<Bounds>| bounds.map(|bounds| format!("{name} < {}", bounds.inward));
    let idle: Vec<String> = [below("cpu", cpu), below("memory", memory)].into_iter().flatten().collect();
    holes.put("idle", idle.join(" AND "));
}
