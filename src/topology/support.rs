//! Which platform carries which service.

use crate::platform::{Ground, PlatformKind};
use crate::service::ServiceKind;

/// Returns true if `platform` can carry `service`, delivered today or later.
pub fn carries(platform: PlatformKind, service: ServiceKind) -> bool {
    match service {
        ServiceKind::ZooKeeper => matches!(platform.ground(), Ground::NamedHosts | Ground::CountedHosts),
        ServiceKind::Spark => true,
        ServiceKind::Kafka | ServiceKind::Elasticsearch | ServiceKind::Postgres | ServiceKind::Redis => {
            matches!(platform.ground(), Ground::NamedHosts | Ground::Kubernetes)
        }
        ServiceKind::Eventstore => platform.ground() == Ground::Kubernetes,
    }
}

/// Returns true if `plan` and `apply` bring `service` about on `platform` today.
pub fn delivered(platform: PlatformKind, service: ServiceKind) -> bool {
    platform.delivered() && matches!(service, ServiceKind::ZooKeeper | ServiceKind::Spark)
}

/// What stands for a platform and a service in the README's table.
fn word(platform: PlatformKind, service: ServiceKind) -> &'static str {
    let is_made = matches!(platform, PlatformKind::AzureVms | PlatformKind::AwsVms);
    let is_cloud = matches!(platform, PlatformKind::Hdinsight | PlatformKind::Aks | PlatformKind::Eks);
    match (delivered(platform, service), carries(platform, service)) {
        (true, _) if service == ServiceKind::Spark && is_made => " masters |",
        (true, _) => " yes |",
        (false, true) if platform == PlatformKind::Hdinsight => " Terraform |",
        (false, true) if is_cloud => " its ground |",
        (false, true) => " validates |",
        (false, false) => " |",
    }
}

/// The table of the README, in Markdown.
pub fn table() -> String {
    let mut out = String::from("| |");
    for service in ServiceKind::ALL {
        out += &format!(" {service} |");
    }
    out += "\n|---|";
    out += &"---|".repeat(ServiceKind::ALL.len());
    out.push('\n');
    for platform in PlatformKind::ALL {
        out += &format!("| `{platform}` |");
        for service in ServiceKind::ALL {
            out += word(platform, service);
        }
        out.push('\n');
    }
    out
}
