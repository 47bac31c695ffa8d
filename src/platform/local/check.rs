//! Does the cluster fit one machine?

use super::file::LocalFile;
use super::{Local, shared_with_jobs};
use crate::diagnostic::{Code, Diagnostics};
use crate::service::WrittenPort;
use crate::value::listener::{Listener, ListenerName};
use crate::value::{Name, Role};
use crate::yaml::{Field, Span};

/// A node's name is a DNS label: the cluster's, `-worker-` and a number of up to three digits.
const NAME_MAX: usize = 63 - "-worker-150".len();

/// Checks how many nodes of each role there are, and the name that they get.
pub fn check(name: (Span, &Name), counts: &[(Role, Span, usize)], problems: &mut Diagnostics) {
    let (span, name) = name;
    if name.as_str().len() > NAME_MAX {
        let message = format!("`{name}` is too long: the names of its nodes have at most 63 letters");
        problems.add(Code::T012, span, message).help(format!("use at most {NAME_MAX} letters"));
    }
    for (role, span, count) in counts {
        let most = usize::from(role.slots().most);
        if *count > most {
            let message = format!("{count} nodes on one machine, each a {}: at most {most} fit", role.title());
            problems.add(Code::T012, *span, message).help("that many belong on machines of their own");
        }
    }
}

/// Checks the platform's own part. `written`: the ports that the file writes, of listeners that may get ports of their own.
pub fn check_file(file: &LocalFile, written: Vec<ListenerName>) -> Option<Local> {
    (!matches!(file.ports, Field::Bad(_))).then(|| Local { ports: file.ports.ok().copied(), written })
}

/// Checks that nothing else is about the nodes' own ports. `written`: the ports that the file writes, of listeners that get ones of their own.
pub fn check_ports(file: &LocalFile, written: &[WrittenPort], listeners: &[Listener], problems: &mut Diagnostics) {
    let Some((at, first)) = file.ports.spanned() else { return };
    for WrittenPort { name, span, .. } in written {
        let message = format!("the {name} port is set, but with `ports` every node of `local` gets ports of its own");
        problems.add(Code::T012, *span, message).help("leave it out, or leave out `ports` of `local`");
    }
    for message in shared_with_jobs(first.get(), listeners) {
        problems.add(Code::T013, at, message).help("use another first port");
    }
}
