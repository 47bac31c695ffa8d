//! The table of platforms and services, for people.

use crate::platform::PlatformKind;
use crate::service::{self, Service};

/// Returns true if `plan` and `apply` bring `service` about on `platform` today.
pub fn delivered(platform: PlatformKind, service: &dyn Service) -> bool {
    platform.delivered() && !service.roles().is_empty()
}

/// The entry for a platform and a service in the README's table.
fn word(platform: PlatformKind, service: &dyn Service) -> &'static str {
    let is_made = matches!(platform, PlatformKind::AzureVms | PlatformKind::AwsVms);
    let is_cloud = matches!(platform, PlatformKind::Hdinsight | PlatformKind::Aks | PlatformKind::Eks);
    match (delivered(platform, service), service.fits(platform)) {
        (true, _) if service.fleet_role().is_some() && is_made => " masters |",
        (true, _) => " yes |",
        (false, true) if platform == PlatformKind::Hdinsight => " Terraform |",
        (false, true) if is_cloud => " infrastructure |",
        (false, true) => " validates |",
        (false, false) => " |",
    }
}

/// The table of the README, in Markdown.
pub fn table() -> String {
    let mut out = String::from("| |");
    for service in service::all() {
        out += &format!(" {} |", service.key());
    }
    out += "\n|---|";
    out += &"---|".repeat(service::all().count());
    out.push('\n');
    for platform in PlatformKind::ALL {
        out += &format!("| `{platform}` |");
        for service in service::all() {
            out += word(platform, service);
        }
        out.push('\n');
    }
    out
}
