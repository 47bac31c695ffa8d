//! Checks of the history server.

use super::file::{HistoryFile, LOGS, SparkFile};
use super::{History, Masters, RoleNodes};
use crate::diagnostic::{Code, Diagnostics};
use crate::platform::PlatformKind;
use crate::platform::nodes::declared::Hosts;
use crate::service::process::Process;
use crate::yaml::{Field, Span};

/// Checks the history server against the platform that runs it.
pub fn check_history(
    span: Span,
    file: &HistoryFile,
    kind: PlatformKind,
    hosts: &Hosts<'_>,
    masters: Option<&Masters>,
    problems: &mut Diagnostics,
) -> Option<History> {
    if !matches!(kind, PlatformKind::Nodes | PlatformKind::Local) {
        problems
            .add(Code::T012, span, format!("a history server is not implemented on a platform of kind {kind} yet"))
            .help("leave `history` out, and run one on a host of your own");
        return None;
    }
    let process = Process::check(&file.jvm_options, &file.unit, kind, LOGS, problems);
    let place = if kind == PlatformKind::Nodes {
        named_history(span, file, hosts, problems)?
    } else {
        counted_history(file, problems)?
    };
    let settings = file.settings(kind);
    let drivers = masters.map(|masters| &masters.place);
    if settings.events.is_none() && kind == PlatformKind::Nodes && drivers.is_some_and(|drivers| *drivers != place) {
        problems
            .add(
                Code::T003,
                span,
                "`events` is missing: drivers write event logs on the masters' hosts, and the history server reads them on another host",
            )
            .help("write events: with a path that these hosts share, or a URI such as s3a://bucket/events");
        return None;
    }
    Some(History { place, settings, process: process? })
}

fn named_history(span: Span, file: &HistoryFile, hosts: &Hosts<'_>, problems: &mut Diagnostics) -> Option<RoleNodes> {
    if let Some(at) = file.nodes.span() {
        problems.add(Code::T090, at, "`nodes` is not used by a platform of kind nodes");
    }
    if file.host.is_missing() {
        problems.add(Code::T003, span, "`host` is missing").help("say where: history: { host: h1 }");
    }
    let (at, host) = file.host.spanned()?;
    hosts.check_declared(at, host, problems).then(|| RoleNodes::Named(vec![host.clone()]))
}

fn counted_history(file: &HistoryFile, problems: &mut Diagnostics) -> Option<RoleNodes> {
    if let Some(at) = file.host.span() {
        problems.add(Code::T090, at, "`host` is not used by a platform of kind local");
    }
    if let Some((at, nodes)) = file.nodes.spanned().filter(|(_, nodes)| **nodes != 1) {
        problems.add(Code::T012, at, format!("{nodes} history servers: one shows everything")).help("write nodes: 1");
        return None;
    }
    (!matches!(file.nodes, Field::Bad(_))).then_some(RoleNodes::Counted(Some(1)))
}

/// Properties that follow from the history server, where there is one.
pub fn check_event_log(file: &SparkFile, problems: &mut Diagnostics) {
    if file.history.is_missing() {
        return;
    }
    let derived = ["spark.eventLog.enabled", "spark.eventLog.dir"];
    for entry in file.config.ok().into_iter().flatten().filter(|entry| derived.contains(&entry.key.text.as_str())) {
        problems
            .add(Code::SP005, entry.key.span, format!("`{}` is derived from the topology", entry.key.text))
            .help("leave it out: with `history`, every application writes event logs to its `events`");
    }
}
