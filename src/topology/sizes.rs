//! Are the sizes that services ask for sizes of the cloud that they are on?

use std::collections::BTreeMap;

use crate::diagnostic::Diagnostics;
use crate::platform::hdinsight::{self, Node};
use crate::platform::{PlatformFile, PlatformKind, size};
use crate::service::{ServiceKind, ServicesFile};
use crate::value::{Label, Name};
use crate::yaml::{Entries, Span};

pub fn check(
    platforms: &Entries<PlatformFile>,
    services: &ServicesFile,
    placement: &BTreeMap<ServiceKind, Name>,
    problems: &mut Diagnostics,
) {
    let kind = |service| {
        let entry = platforms.get(placement.get(&service)?.as_str())?;
        entry.value.ok()?.kinds().first().map(|(kind, _)| *kind)
    };
    let mut judge = |kind: Option<PlatformKind>, size: Option<(Span, &Label)>, node: Node| {
        let Some((at, size)) = size else { return };
        match kind {
            Some(PlatformKind::AzureVms) => size::AZURE.check(at, size, problems),
            Some(PlatformKind::AwsVms) => size::AWS.check(at, size, problems),
            Some(PlatformKind::Hdinsight) => hdinsight::check_size(at, size, node, problems),
            _ => {}
        }
    };
    if let Some(zookeeper) = services.zookeeper.ok() {
        judge(kind(ServiceKind::ZooKeeper), zookeeper.size.spanned(), Node::ZooKeeper);
    }
    if let Some(spark) = services.spark.ok() {
        let kind = kind(ServiceKind::Spark);
        judge(kind, spark.masters.ok().and_then(|masters| masters.size.spanned()), Node::Head);
        judge(kind, spark.workers.ok().and_then(|workers| workers.size.spanned()), Node::Worker);
        judge(kind, spark.heads.ok().and_then(|heads| heads.size.spanned()), Node::Head);
        judge(kind, spark.zookeepers.ok().and_then(|zookeepers| zookeepers.size.spanned()), Node::ZooKeeper);
    }
}
