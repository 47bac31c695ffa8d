//! Are the sizes that services ask for sizes of the cloud that they are on?

use std::collections::BTreeMap;

use crate::diagnostic::Diagnostics;
use crate::platform::hdinsight::{self, Node};
use crate::platform::{PlatformFile, PlatformKind, size};
use crate::service::{self, ServicesFile};
use crate::value::{Label, Name};
use crate::yaml::{Entries, Span};

pub fn check(
    platforms: &Entries<PlatformFile>,
    services: &ServicesFile,
    placement: &BTreeMap<&'static str, Name>,
    problems: &mut Diagnostics,
) {
    let kind = |service: &str| {
        let entry = platforms.get(placement.get(service)?.as_str())?;
        entry.value.ok()?.kinds().first().map(|(kind, _)| *kind)
    };
    let mut judge = |kind: Option<PlatformKind>, at: Span, size: &Label, node: Node| match kind {
        Some(PlatformKind::AzureVms) => size::AZURE.check(at, size, problems),
        Some(PlatformKind::AwsVms) => size::AWS.check(at, size, problems),
        Some(PlatformKind::Hdinsight) => hdinsight::check_size(at, size, node, problems),
        _ => {}
    };
    for service in service::all() {
        let kind = kind(service.key());
        service.sizes(services).into_iter().for_each(|(at, size, node)| judge(kind, at, size, node));
    }
}
