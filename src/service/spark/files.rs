//! Files of the user's own that Spark's processes read: of Hadoop, of Hive, of metrics.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::places::{CONFIG, OWN_FILES, USER};
use crate::diagnostic::{Code, Diagnostics};
use crate::host::{Access, Class, Content, Escape, HostState, Part, sha256};
use crate::platform::PlatformKind;
use crate::service::given::{WRITE_SECRET, line_with_secret, not_plain};
use crate::service::settings::Writer;
use crate::value::{HostPath, SecretRef, carries_secret};
use crate::yaml::{Entries, Field, Span};

/// A file on the hosts of Spark. Exactly one of `from` and `text`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GivenFile {
    /// The path of a file on this machine, relative to the topology: text of at most 64 KiB.
    pub from: Field<String>,
    /// The text itself.
    pub text: Field<String>,
    /// True if the file in `from` (mode 0600 or stricter) contains a secret: on the hosts, root and Spark's user alone can read it, and its text is
    /// shown nowhere.
    pub private: Field<bool>,
    /// True if only jobs read the file, and no daemon does: then a change restarts nothing, and jobs that start later read the new text. (Executors of a job
    /// that runs may read the old text or the new.) Default: `false`.
    pub jobs_only: Field<bool>,
}

/// The content of each file, by its path on the hosts.
pub type GivenFiles = BTreeMap<HostPath, Given>;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    content: GivenContent,
    jobs_only: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum GivenContent {
    Text(String),
    Secret(SecretRef),
}

/// The places for files of the user's own. Elsewhere they would be the system's.
const PLACES: &[&str] = &["/etc", "/opt", "/usr/local/etc", "/srv"];
/// Trees among them that are the system's, the tool's or another service's.
const NOT_FOR_FILES: &[&str] = &[
    "/etc/NetworkManager",
    "/etc/acpi",
    "/etc/alternatives",
    "/etc/apparmor",
    "/etc/apparmor.d",
    "/etc/apt",
    "/etc/avahi",
    "/etc/binfmt.d",
    "/etc/ca-certificates",
    "/etc/cloud",
    "/etc/cron.d",
    "/etc/cron.daily",
    "/etc/cron.hourly",
    "/etc/cron.monthly",
    "/etc/cron.weekly",
    "/etc/cron.yearly",
    "/etc/dbus-1",
    "/etc/default",
    "/etc/dhcp",
    "/etc/dpkg",
    "/etc/environment.d",
    "/etc/fonts",
    "/etc/grub.d",
    "/etc/init.d",
    "/etc/initramfs-tools",
    "/etc/iptables",
    "/etc/kernel",
    "/etc/ld.so.conf.d",
    "/etc/ldap",
    "/etc/libvirt",
    "/etc/logrotate.d",
    "/etc/modprobe.d",
    "/etc/modules-load.d",
    "/etc/needrestart",
    "/etc/netplan",
    "/etc/network",
    "/etc/networkd-dispatcher",
    "/etc/nftables.d",
    "/etc/pam.d",
    "/etc/pki",
    "/etc/polkit-1",
    "/etc/postfix",
    "/etc/ppp",
    "/etc/profile.d",
    "/etc/provision",
    "/etc/rc.d",
    "/etc/rsyslog.d",
    "/etc/security",
    "/etc/selinux",
    "/etc/skel",
    "/etc/ssh",
    "/etc/ssl",
    "/etc/sudoers.d",
    "/etc/sysctl.d",
    "/etc/systemd",
    "/etc/tmpfiles.d",
    "/etc/udev",
    "/etc/ufw",
    "/etc/update-motd.d",
    "/etc/vim",
    "/etc/xdg",
    "/etc/yum.repos.d",
    "/etc/zookeeper",
    "/opt/provision",
];
/// A part of names that the tool gives to files beside those of a topology.
const OURS: &str = ".provision-";
/// More than any cluster has.
const MOST: usize = 100;

/// Checks the files. `None` if one is wrong.
pub fn check(files: &Field<Entries<GivenFile>>, kind: PlatformKind, problems: &mut Diagnostics) -> Option<GivenFiles> {
    let mut complete = !matches!(files, Field::Bad(_));
    if let Some(at) = files.span().filter(|_| kind == PlatformKind::Local) {
        problems
            .add(Code::T012, at, "`files` need hosts of their own: on `local` the paths are this machine's")
            .help("write the files there yourself, or leave `files` out");
        complete = false;
    }
    if let Some((at, entries)) = files.spanned().filter(|(_, entries)| entries.iter().count() > MOST) {
        problems.add(Code::T012, at, format!("{} files, and at most {MOST} are possible", entries.iter().count()));
        complete = false;
    }
    let mut all = GivenFiles::new();
    for entry in files.ok().into_iter().flatten() {
        let at = entry.key.span;
        let path = match entry.key.text.parse::<HostPath>() {
            Ok(path) => path,
            Err(message) => {
                problems.add(Code::T001, at, message);
                complete = false;
                continue;
            }
        };
        complete &= check_place(at, &path, problems);
        let inside = all.keys().find(|other| other.is_within(&path) || path.is_within(other));
        if let Some(other) = inside {
            let (outer, inner) = if other.is_within(&path) { (&path, other) } else { (other, &path) };
            problems.add(Code::T012, at, format!("{inner} needs {outer} as a directory, and that is a file here"));
            complete = false;
        }
        match entry.value.spanned().map(|(at, file)| given(at, file, problems)) {
            Some(Some((content, jobs_only))) => drop(all.insert(path, Given { content, jobs_only })),
            _ => complete = false,
        }
    }
    complete.then_some(all)
}

fn check_place(at: Span, path: &HostPath, problems: &mut Diagnostics) -> bool {
    if OWN_FILES.iter().any(|name| path.as_str() == format!("{CONFIG}/{name}")) {
        problems
            .add(Code::T012, at, format!("{path} is a file that follows from the topology"))
            .help("properties of Spark go under `config`");
        return false;
    }
    let in_directory = |place: &&&str| {
        let rest = path.as_str().strip_prefix(**place).and_then(|rest| rest.strip_prefix('/'));
        rest.is_some_and(|rest| rest.contains('/'))
    };
    let fits = PLACES.iter().any(|place| in_directory(&place))
        && !NOT_FOR_FILES.iter().any(|tree| path.is_within(&HostPath::known(tree)));
    if let Some(part) = path.as_str().split('/').find(|part| part.contains(OURS)) {
        problems
            .add(Code::T012, at, format!("`{part}` in {path} is a name of provision's own"))
            .help("use another name, without `.provision-`");
        return false;
    }
    if !fits {
        problems
            .add(Code::T012, at, format!("{path} is not a place for files of Spark"))
            .help(format!("use a directory of an application's own below {} (not one of the system's, such as /etc/cron.d), for example /etc/hadoop/conf/core-site.xml", PLACES.join(", ")));
    }
    fits
}

fn given(at: Span, file: &GivenFile, problems: &mut Diagnostics) -> Option<(GivenContent, bool)> {
    let content = content(at, file, problems)?;
    (!matches!(file.jobs_only, Field::Bad(_))).then(|| (content, file.jobs_only.or(false)))
}

fn content(at: Span, file: &GivenFile, problems: &mut Diagnostics) -> Option<GivenContent> {
    let GivenFile { from, text, private, jobs_only: _ } = file;
    if matches!(from, Field::Bad(_)) || matches!(text, Field::Bad(_)) || matches!(private, Field::Bad(_)) {
        return None;
    }
    if private.or(false) {
        if let Some(text) = text.span() {
            problems
                .add(Code::T020, text, "a private file cannot be given as `text`, because a topology is shared")
                .help("write it to a file of mode 0600, and the path of that file in `from`");
            return None;
        }
        problems.need(at, "from", from);
        return from.ok().map(|path| GivenContent::Secret(SecretRef::File(path.into())));
    }
    // `beside` has put the text of `from` here.
    let Some((at, written)) = text.spanned() else {
        // What is wrong with a file that is named is known.
        if from.is_missing() {
            problems
                .add(Code::T003, at, "the file has no content")
                .help("write from: PATH, relative to the topology, or the text itself in `text`");
        }
        return None;
    };
    if let Some(why) = not_plain(written) {
        problems.add(Code::T001, at, why);
        return None;
    }
    if let Some(line) = line_with_secret(written).filter(|_| !carries_secret(written)) {
        problems
            .add(Code::T020, at, format!("line {line} looks like a secret, and a topology is shared"))
            .help(WRITE_SECRET);
        return None;
    }
    Some(GivenContent::Text(written.clone()))
}

/// Adds the files to a host.
pub fn lay(files: &GivenFiles, node: &str, state: &mut HostState) {
    for (path, given) in files {
        let content = match &given.content {
            GivenContent::Text(text) => Content::Text(text.clone()),
            GivenContent::Secret(secret) => {
                Content::Secret(vec![Part::Secret(secret.clone(), Escape::Whole), Part::Text("\n".to_owned())])
            }
        };
        let access = access(&content, state);
        state.file(path, access, content, node);
    }
}

/// The files that daemons read.
pub fn of_daemons(files: &GivenFiles) -> impl Iterator<Item = &HostPath> {
    files.iter().filter(|(_, given)| !given.jobs_only).map(|(path, _)| path)
}

/// The access of a file that Spark's processes read: with a secret in it, Spark's user alone can.
pub fn access(content: &Content, state: &HostState) -> Access {
    match (content, &state.host.owner) {
        (Content::Text(_), _) => Access::root(0o644),
        // The owner's group may be everybody's.
        (Content::Secret(_), Some(_)) => Access::root(0o600),
        (Content::Secret(_), None) => Access { group: USER.to_owned(), ..Access::root(0o640) },
    }
}

pub fn settings(files: &GivenFiles, all: &mut Writer) {
    for (path, given) in files {
        let value = match &given.content {
            GivenContent::Text(text) => sha256(text.as_bytes())[..12].to_owned(),
            GivenContent::Secret(secret) => secret.to_string(),
        };
        let class = if given.jobs_only { Class::Live } else { Class::Roll };
        all.put(format!("spark.files.{path}"), class, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_file_of_ours_can_be_given() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("hosts-out/nodes");
        let mut seen = 0;
        for host in std::fs::read_dir(folder).expect("rendered").flatten() {
            for file in std::fs::read_dir(host.path().join("etc/spark")).into_iter().flatten().flatten() {
                let name = file.file_name().into_string().expect("ASCII");
                assert!(OWN_FILES.contains(&name.as_str()), "{name} is not in OWN_FILES");
                seen += 1;
            }
        }
        assert!(seen > 4, "{seen} files of Spark are rendered");
    }

    #[test]
    fn a_file_lies_in_a_directory_of_its_own() {
        let fits = |path: &str| check_place(Span::default(), &HostPath::known(path), &mut Diagnostics::default());
        for path in
            ["/etc/hadoop/conf/core-site.xml", "/etc/spark/metrics.properties", "/opt/spark/jaas.conf", "/srv/x/y"]
        {
            assert!(fits(path), "{path}");
        }
        for path in [
            "/etc/hosts",
            "/etc/spark/secret.env",
            "/etc/systemd/system/x.service",
            "/opt/provision/x",
            "/opt/x",
            "/usr/bin/x/y",
            "/var/lib/spark/x/y",
            "/etc/zookeeper/zoo.cfg",
            "/etc/cron.d/x",
            "/etc/hadoop/conf/core-site.xml.provision-new",
        ] {
            assert!(!fits(path), "{path}");
        }
    }
}
