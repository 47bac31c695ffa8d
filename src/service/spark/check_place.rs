//! Checks of the hosts of a role.

use std::collections::BTreeSet;

use super::RoleNodes;
use crate::diagnostic::{Code, Diagnostics};
use crate::platform::nodes::declared::Hosts;
use crate::platform::{Ground, PlatformKind};
use crate::value::Name;
use crate::yaml::{Field, Span};

/// More machines of one role than any network here has addresses for.
const NODES_MAX: u32 = 100_000;

/// Checks the hosts of a role, or their number where they are made.
pub(super) fn check_place(
    span: Span,
    nodes: &Field<u32>,
    names: &Field<Vec<Field<Name>>>,
    kind: PlatformKind,
    hosts: &Hosts<'_>,
    default: Option<u32>,
    problems: &mut Diagnostics,
) -> Option<RoleNodes> {
    let named = kind.ground() == Ground::NamedHosts;
    let unused = if named { nodes.span().map(|s| (s, "nodes")) } else { names.span().map(|s| (s, "hosts")) };
    if let Some((span, name)) = unused {
        problems.add(Code::T090, span, format!("`{name}` is not used by a platform of kind {kind}"));
    }
    if !named {
        if let Some((at, count)) = nodes.spanned().filter(|(_, count)| **count > NODES_MAX) {
            problems.add(
                Code::T012,
                at,
                format!("{count} machines are more than a cluster can have: at most {NODES_MAX}"),
            );
            return None;
        }
        return if matches!(nodes, Field::Bad(_)) {
            None
        } else {
            Some(RoleNodes::Counted(nodes.ok().copied().or(default)))
        };
    }
    if names.is_missing() {
        let help = "machines that exist are named: hosts: [h1, h2]";
        problems.add(Code::T003, span, "`hosts` is missing").help(help);
    }
    let mut place = Vec::new();
    let mut seen = BTreeSet::new();
    let mut complete = true;
    // All hosts of a range stand at one place: one of them is enough to say what is wrong.
    let mut reported = None;
    for host in names.ok()? {
        let Some((at, host)) = host.spanned().filter(|(at, _)| reported != Some(*at)) else {
            complete = false;
            continue;
        };
        if !hosts.check_declared(at, host, problems) {
            complete = false;
            reported = Some(at);
        }
        if !seen.insert(host) {
            problems.add(Code::T012, at, format!("`{host}` is named twice in one role"));
            complete = false;
        }
        place.push(host.clone());
    }
    if place.is_empty() {
        problems.add(Code::T012, span, "at least one host is needed");
        complete = false;
    }
    complete.then_some(RoleNodes::Named(place))
}
