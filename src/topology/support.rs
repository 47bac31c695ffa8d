//! Which platform carries which service.

use std::collections::BTreeMap;

use crate::diagnostic::{Code, Diagnostics};
use crate::platform::nodes::file::HostFile;
use crate::platform::{Ground, PlatformKind};
use crate::service::ServiceKind;
use crate::value::{Name, Zone};
use crate::yaml::{Entries, Field, Span, suggest};

/// Whether `platform` can carry `service`, delivered today or later.
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

/// Whether `plan` and `apply` bring `service` about on `platform` today.
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

/// The hosts that a platform names, for checks of services placed on them.
#[derive(Debug)]
pub struct Hosts<'a> {
    /// `None` where the platform names none, or its hosts are wrong and reported already.
    named: Option<BTreeMap<&'a str, &'a Field<HostFile>>>,
}

impl<'a> Hosts<'a> {
    pub fn of(entries: Option<&'a Entries<HostFile>>) -> Hosts<'a> {
        let by_name = |entries: &'a Entries<HostFile>| {
            entries.into_iter().map(|entry| (entry.key.text.as_str(), &entry.value)).collect()
        };
        Hosts { named: entries.map(by_name) }
    }

    /// Whether `host` is declared; reports it otherwise. Where the hosts are unknown nothing is reported.
    pub fn check_declared(&self, at: Span, host: &Name, problems: &mut Diagnostics) -> bool {
        let Some(hosts) = &self.named else { return false };
        if hosts.contains_key(host.as_str()) {
            return true;
        }
        problems
            .add(Code::T010, at, format!("no host `{host}` is declared"))
            .maybe_help(suggest::hint(host.as_str(), hosts.keys().copied()));
        false
    }

    pub fn zone(&self, host: &Name) -> Option<&'a Zone> {
        self.named.as_ref()?.get(host.as_str())?.ok()?.zone.ok()
    }
}
