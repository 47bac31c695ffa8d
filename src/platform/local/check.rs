//! Does the cluster fit one machine?

use super::file::LocalFile;
use super::{Local, NODES, most, range};
use crate::diagnostic::{Code, Diagnostics};
use crate::service::listener::{Listener, OWN_PORTS, Role};
use crate::topology::value::Name;
use crate::yaml::{Field, Span};

/// A node's name is a DNS label: the cluster's, `-worker-` and a number of up to three digits.
const NAME_MAX: usize = 63 - "-worker-150".len();

/// Checks how many nodes of each role there are, and the name that they get.
pub fn check(name: (Span, &Name), counts: &[(Role, Span, usize)], problems: &mut Diagnostics) {
    let (span, name) = name;
    if name.as_str().len() > NAME_MAX {
        let message = format!("`{name}` is too long: the names of its nodes have at most 63 letters");
        problems.add(Code::T012, span, message).help(format!("take at most {NAME_MAX} letters"));
    }
    for (role, span, count) in counts {
        let most = usize::from(most(*role));
        if *count > most {
            let message =
                format!("{count} nodes on one machine, each a {}: at most {most} have an address", role.title());
            problems.add(Code::T012, *span, message).help("that many belong on machines of their own");
        }
    }
}

/// The system keeps the ports below for itself (`ip_unprivileged_port_start`).
const FIRST_FREE_PORT: u16 = 1024;

/// Checks the platform's own part. `written`: the ports that the file writes, of listeners that may get ports of their own.
pub fn check_file(file: &LocalFile, written: Vec<&'static str>, problems: &mut Diagnostics) -> Option<Local> {
    let (span, first) = match &file.ports {
        Field::Bad(_) => return None,
        Field::Missing => return Some(Local { ports: None, written }),
        Field::Ok(span, first) => (*span, *first),
    };
    if first.get() < FIRST_FREE_PORT || range(first.get()).is_none() {
        let message = format!("the nodes' own ports do not fit: {} from {first} on", NODES * OWN_PORTS);
        let last = u16::MAX - (NODES * OWN_PORTS - 1);
        problems.add(Code::T012, span, message).help(format!("take a port from {FIRST_FREE_PORT} to {last}"));
    }
    Some(Local { ports: Some(first), written })
}

/// Checks that nothing else is about the nodes' own ports. `written`: the ports that the file writes, of listeners that get ones of their own.
pub fn check_ports(
    file: &LocalFile,
    written: &[(&'static str, Span)],
    listeners: &[Listener],
    problems: &mut Diagnostics,
) {
    let Some((at, own)) = file.ports.spanned().and_then(|(at, first)| Some((at, range(first.get())?))) else { return };
    for (name, span) in written {
        let message = format!("the {name} port is written, and every node of `local` gets one of its own");
        problems.add(Code::T012, *span, message).help("leave it out, or leave out `ports` of `local`");
    }
    // A job would look for free ports among those of nodes.
    for jobs in listeners.iter().filter(|listener| !listener.is_lasting()) {
        let (first, last) = (jobs.ports.start(), jobs.ports.end());
        if first <= own.end() && own.start() <= last {
            let (start, end) = own.clone().into_inner();
            let message = format!(
                "the nodes' own ports ({start} to {end}) and a job's ({}: {first} to {last}) overlap",
                jobs.name
            );
            problems.add(Code::T013, at, message).help("take another first port");
        }
    }
}
