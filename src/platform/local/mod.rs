//! This machine: each node is a host in a folder of its own, with a loopback address or ports of its own.

mod check;
pub mod file;

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::host::Owner;
use crate::value::listener::{Listener, ListenerName, OWN_PORTS};
use crate::value::{Address, FirstPort, FolderRoot, Name, Role};

pub use check::{check, check_file, check_ports};

/// This machine as a platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Local {
    /// The first of the nodes' own ports, where the file asks for them.
    pub ports: Option<FirstPort>,
    /// The ports that the file writes, of listeners that would get ports of their own.
    pub written: Vec<ListenerName>,
}

/// The owner of this machine and its state folder, as far as a cluster on it needs to know.
#[derive(Clone, Debug)]
pub struct ThisMachine {
    /// The folder of all clusters' nodes.
    state: PathBuf,
    pub owner: Owner,
    /// True if all of 127.0.0.0/8 is this machine, as on Linux; elsewhere only 127.0.0.1 is.
    loopbacks: bool,
}

/// The first of the nodes' own ports, unless the file names another.
const FIRST_PORT: u16 = 20000;
/// So many nodes have ports of their own, whether they are there or not: those of one never depend on how many others there are.
const NODES: u16 = 250;
/// The nodes' own ports, all together.
pub const ALL_PORTS: u16 = NODES * OWN_PORTS;
impl ThisMachine {
    /// `state`: the user's `$XDG_STATE_HOME`. Refuses a path that could not be written in the services' own files.
    pub fn new(state: &Path, owner: Owner, loopbacks: bool) -> Result<ThisMachine, String> {
        let text = state.to_str().ok_or_else(|| format!("{} is not UTF-8", state.display()))?;
        match text.parse::<FolderRoot>() {
            Ok(_) => Ok(ThisMachine { state: state.join("provision"), owner, loopbacks }),
            Err(why) => Err(format!("{why}: set XDG_STATE_HOME to another folder")),
        }
    }

    /// The folder of a node.
    pub fn root(&self, cluster: &Name, node: &Name) -> FolderRoot {
        let root = self.state.join(cluster.as_str()).join(node.as_str());
        root.display().to_string().parse().expect("names add nothing that the state folder may not have")
    }

    /// The first of the nodes' own ports, where they have any. Fails where the machine has one address for all and the file numbers
    /// ports as if each node had one.
    pub fn own_ports(&self, local: &Local, listeners: &[Listener]) -> Result<Option<u16>, String> {
        match (local.ports, local.written.first()) {
            (Some(first), _) => Ok(Some(first.get())),
            (None, _) if self.loopbacks => Ok(None),
            (None, None) => shared_with_jobs(FIRST_PORT, listeners).next().map_or(Ok(Some(FIRST_PORT)), Err),
            (None, Some(written)) => Err(format!(
                "this machine has 127.0.0.1 alone, so every node gets ports of its own: leave out the {written} port that the file writes"
            )),
        }
    }

    /// The place of the n-th node of a role: its address, and the first of its own ports if `own_ports` says where those of all nodes
    /// begin.
    pub fn spot(&self, cluster: &Name, role: Role, number: u8, own_ports: Option<u16>) -> (Address, Option<u16>) {
        let Some(all) = own_ports else { return (self.address(cluster, role, number), None) };
        let before = u16::from(role.slots().after + number - 1);
        ("127.0.0.1".parse().expect("an address"), Some(all + before * OWN_PORTS))
    }

    /// A network of 127.0.0.0/8 for each user's cluster of a name. Two clusters in one are found by their ports.
    fn address(&self, cluster: &Name, role: Role, number: u8) -> Address {
        let digest = Sha256::digest(format!("{}/{cluster}", self.owner.user));
        // Not 127.0.x.x, where other programs are, nor the last.
        let (second, third) = (1 + digest[0] % 254, digest[1]);
        let address = Ipv4Addr::new(127, second, third, role.slots().after + number);
        address.to_string().parse().expect("an IPv4 address")
    }
}

/// The ranges in which a job would look for free ports among the nodes' own.
fn shared_with_jobs(first: u16, listeners: &[Listener]) -> impl Iterator<Item = String> {
    let last = first + (ALL_PORTS - 1);
    let meets = move |jobs: &&Listener| *jobs.declared.start() <= last && first <= *jobs.declared.end();
    listeners.iter().filter(|listener| !listener.is_lasting()).filter(meets).map(move |jobs| {
        let (from, to) = (jobs.declared.start(), jobs.declared.end());
        format!("the nodes' own ports ({first} to {last}) and a job's ({}: {from} to {to}) overlap", jobs.name)
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::service::roles;
    use crate::service::spark::MASTER;
    use crate::value::listener::{Bind, Lasts};

    /// From here on Linux gives ports to whoever connects (`ip_local_port_range`; macOS does from 49152 on): a client of the same address may
    /// have the one that a service wants back.
    const FIRST_PASSING_PORT: u16 = 32768;
    /// The last that all nodes' own ports may begin with ([`FirstPort`]).
    const LAST_FIRST_PORT: u16 = FIRST_PASSING_PORT - ALL_PORTS;
    const CLIENT: ListenerName = ListenerName::new(MASTER, "client");

    fn here(loopbacks: bool) -> ThisMachine {
        let owner = Owner { user: "ada".to_owned(), group: "ada".to_owned() };
        ThisMachine::new(Path::new("/home/ada/.local/state"), owner, loopbacks).expect("a path")
    }

    fn local(ports: Option<u16>, written: &[ListenerName]) -> Local {
        Local {
            ports: ports.map(|port| FirstPort::try_from(i64::from(port)).expect("a first port")),
            written: written.to_vec(),
        }
    }

    #[test]
    fn where_127_0_0_1_is_all_there_is_every_node_gets_ports_of_its_own() {
        assert_eq!(here(true).own_ports(&local(None, &[CLIENT]), &[]), Ok(None));
        assert_eq!(here(true).own_ports(&local(Some(30000), &[]), &[]), Ok(Some(30000)));
        assert_eq!(here(false).own_ports(&local(None, &[]), &[]), Ok(Some(20000)));
        assert_eq!(here(false).own_ports(&local(Some(30000), &[]), &[]), Ok(Some(30000)));
        let refused = here(false).own_ports(&local(None, &[CLIENT]), &[]).expect_err("a port that would say nothing");
        assert!(refused.contains("leave out the client port"), "{refused}");
        let driver = Listener {
            name: ListenerName::new(MASTER, "driver"),
            declared: 20999..=21015,
            bind: Bind::Host,
            from: &[],
            lasts: Lasts::ForJobs,
        };
        let refused = here(false).own_ports(&local(None, &[]), &[driver]).expect_err("a job's ports among the nodes'");
        assert!(refused.contains("(driver: 20999 to 21015) overlap"), "{refused}");
    }

    #[test]
    fn no_two_nodes_share_a_port_and_all_are_in_the_range() {
        let cluster: Name = "demo".parse().expect("a name");
        let mut seen = BTreeSet::new();
        for role in roles() {
            for number in 1..=role.slots().most {
                let (address, own) = here(false).spot(&cluster, role, number, Some(LAST_FIRST_PORT));
                assert_eq!(address.as_str(), "127.0.0.1");
                let first = own.expect("ports of its own");
                let own = first..=first + (OWN_PORTS - 1);
                let all = LAST_FIRST_PORT..FIRST_PASSING_PORT;
                assert!(own.clone().all(|port| all.contains(&port) && seen.insert(port)), "{role:?} {number}");
            }
        }
    }
}
