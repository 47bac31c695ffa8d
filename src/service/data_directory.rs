//! Directories that a topology gives to a service.

use crate::diagnostic::{Code, Diagnostics};
use crate::value::HostPath;
use crate::yaml::Span;

/// Trees that are the system's, the tool's, or that the hardened service cannot see.
const NOT_FOR_DATA: &[&str] = &[
    "/bin",
    "/boot",
    "/dev",
    "/etc",
    "/home",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/lost+found",
    "/opt/provision",
    "/proc",
    "/root",
    "/run",
    "/sbin",
    "/snap",
    "/sys",
    "/tmp",
    "/usr",
    "/var/backups",
    "/var/cache",
    "/var/lib/apt",
    "/var/lib/dbus",
    "/var/lib/dpkg",
    "/var/lib/private",
    "/var/lib/sudo",
    "/var/lib/provision",
    "/var/lib/spark",
    "/var/lib/systemd",
    "/var/local",
    "/var/lock",
    "/var/log",
    "/var/mail",
    "/var/run",
    "/var/spool",
    "/var/tmp",
];
/// Directories that hold others' things besides.
const SHARED: &[&str] = &["/media", "/mnt", "/opt", "/srv", "/var", "/var/lib"];

/// Checks a directory that becomes a service's own: owner, mode and, one day, its removal.
pub fn check(span: Span, path: &HostPath, problems: &mut Diagnostics) -> bool {
    let within = NOT_FOR_DATA.iter().any(|tree| path.is_within(&HostPath::known(tree)));
    let shared = SHARED.contains(&path.as_str());
    if within || shared {
        problems
            .add(Code::T012, span, format!("{path} is not a place for data: it is the system's, the tool's, or shared"))
            .help("use a directory of its own, for example /data/NAME");
    }
    !(within || shared)
}

/// Reports directories of different services, or of one, of which one is inside another.
pub fn check_apart(at: Span, path: &HostPath, others: &[HostPath], problems: &mut Diagnostics) -> bool {
    let inside = others.iter().find(|other| path.is_within(other) || other.is_within(path));
    if let Some(other) = inside {
        problems
            .add(Code::T012, at, format!("{path} and {other} are the same directory, or one is inside the other"))
            .help("give each a directory of its own");
    }
    inside.is_none()
}
