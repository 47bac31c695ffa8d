//! Does the cluster fit one machine's loopback network?

use super::most;
use crate::diagnostic::{Code, Diagnostics};
use crate::service::listener::Role;
use crate::topology::value::Name;
use crate::yaml::Span;

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
