//! Every node with its name, its host and its roles. Nothing of a name depends on a position that another edit can move.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::platform::PlatformKind;
use crate::platform::nodes::{Firewall, Nodes};
use crate::service::ServiceKind;
use crate::service::listener::{Listener, Role};
use crate::service::spark::{Place, Spark, Standalone};
use crate::service::zookeeper::{Members, ZooKeeper};
use crate::topology::value::{Address, Label, MemberId, Name, Port, UserName, Zone};
use crate::topology::{Job, Platform, Topology, listeners};

/// A cluster on hosts: who is where.
#[derive(Clone, Debug)]
pub struct Cluster {
    pub name: Name,
    pub hosts: BTreeMap<Name, Host>,
    /// By host, then role.
    pub instances: Vec<Instance>,
    /// Where the instances of each role are among them.
    by_role: BTreeMap<Role, Vec<usize>>,
    pub zookeeper: Option<ZooKeeper>,
    pub spark: Option<SparkOnHosts>,
    pub listeners: Vec<Listener>,
    pub firewall: Firewall,
    pub jobs: BTreeMap<Name, Job>,
}

/// Spark with its masters and workers.
#[derive(Clone, Debug)]
pub struct SparkOnHosts {
    pub service: Spark,
    pub standalone: Standalone,
}

/// A machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    pub name: Name,
    pub address: Address,
    pub zone: Option<Zone>,
    pub reach: Reach,
}

/// How the operator gets to a machine. Remembered on the cluster, so that what has left the file can still be retired.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Reach {
    pub address: Address,
    /// What `~/.ssh/config` and `known_hosts` know it as.
    pub ssh_name: SshName,
    pub user: Option<UserName>,
    pub port: Option<Port>,
}

/// A host's name or address as ssh is given it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SshName(pub String);

impl SshName {
    fn of(address: &Address, label: Option<&Label>) -> SshName {
        SshName(label.map_or_else(|| address.to_string(), Label::to_string))
    }
}

/// One role on one host.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Instance {
    pub host: Name,
    pub role: Role,
    /// A member's id.
    pub id: Option<MemberId>,
    /// The node's name: `analytics-zk-1`, `analytics-worker-h2`.
    pub node: String,
}

/// Why a topology cannot be planned although it is right.
#[derive(Clone, Debug, thiserror::Error)]
pub enum NotDelivered {
    #[error(
        "{service} is on `{platform}`, a platform of kind {kind}, which this version validates but does not deliver yet; it delivers zookeeper and spark on platforms of kind nodes"
    )]
    Platform { service: ServiceKind, platform: Name, kind: PlatformKind },
    #[error("{service} is not delivered by this version yet: it validates, and `plan` cannot show what it would do")]
    Service { service: ServiceKind },
    #[error("spark is on `{spark}` and zookeeper on `{zookeeper}`: this version delivers them on one platform")]
    Apart { spark: Name, zookeeper: Name },
}

/// Names every node. Fails only for what is validated but not delivered yet.
pub fn resolve(topology: &Topology) -> Result<Cluster, NotDelivered> {
    let nodes = delivered_platform(topology)?;
    let login = nodes.map(|nodes| &nodes.ssh);
    let mut instances = Vec::new();
    if let Some(zookeeper) = &topology.zookeeper {
        instances.extend(members(&topology.name, zookeeper));
    }
    let spark = topology.spark.as_ref().and_then(|service| {
        let standalone = service.standalone.clone()?;
        Some(SparkOnHosts { service: service.clone(), standalone })
    });
    if let Some(SparkOnHosts { standalone, .. }) = &spark {
        instances.extend(placed(&topology.name, Role::Master, &standalone.masters.place));
        instances.extend(placed(&topology.name, Role::Worker, &standalone.workers.place));
    }
    instances.sort();
    let used: BTreeSet<&Name> = instances.iter().map(|instance| &instance.host).collect();
    let hosts = nodes
        .into_iter()
        .flat_map(|nodes| &nodes.hosts)
        .filter(|(name, _)| used.contains(name))
        .map(|(name, machine)| {
            let reach = Reach {
                address: machine.address.clone(),
                ssh_name: SshName::of(&machine.address, machine.ssh_name.as_ref()),
                user: login.and_then(|login| login.user.clone()),
                port: login.and_then(|login| login.port),
            };
            let host = Host { name: name.clone(), address: machine.address.clone(), zone: machine.zone.clone(), reach };
            (name.clone(), host)
        })
        .collect();
    let mut by_role: BTreeMap<Role, Vec<usize>> = BTreeMap::new();
    for (at, instance) in instances.iter().enumerate() {
        by_role.entry(instance.role).or_default().push(at);
    }
    Ok(Cluster {
        name: topology.name.clone(),
        hosts,
        instances,
        by_role,
        zookeeper: topology.zookeeper.clone(),
        spark,
        listeners: listeners::all(topology),
        firewall: nodes.map(|nodes| nodes.firewall).unwrap_or_default(),
        jobs: topology.jobs.clone(),
    })
}

fn delivered_platform(topology: &Topology) -> Result<Option<&Nodes>, NotDelivered> {
    let mut found: Option<(&Name, &Nodes)> = None;
    for (service, platform) in &topology.placement {
        if !matches!(service, ServiceKind::ZooKeeper | ServiceKind::Spark) {
            return Err(NotDelivered::Service { service: *service });
        }
        match topology.platforms.get(platform) {
            Some(Platform::Nodes(nodes)) => match found {
                Some((other, _)) if other != platform => {
                    return Err(NotDelivered::Apart { spark: platform.clone(), zookeeper: other.clone() });
                }
                _ => found = Some((platform, nodes)),
            },
            Some(Platform::Later(kind)) => {
                return Err(NotDelivered::Platform { service: *service, platform: platform.clone(), kind: *kind });
            }
            None => unreachable!("placement names checked platforms"),
        }
    }
    Ok(found.map(|(_, nodes)| nodes))
}

fn members<'a>(cluster: &'a Name, zookeeper: &'a ZooKeeper) -> impl Iterator<Item = Instance> + 'a {
    let named = match &zookeeper.members {
        Members::Named(members) => Some(members),
        Members::Counted(_) => None,
    };
    named.into_iter().flatten().map(move |(id, host)| Instance {
        host: host.clone(),
        role: Role::ZooKeeper,
        id: Some(*id),
        node: format!("{cluster}-{}-{id}", Role::ZooKeeper.slug()),
    })
}

fn placed<'a>(cluster: &'a Name, role: Role, place: &'a Place) -> impl Iterator<Item = Instance> + 'a {
    let named = match place {
        Place::Named(hosts) => Some(hosts),
        Place::Counted(_) => None,
    };
    named.into_iter().flatten().map(move |host| Instance {
        host: host.clone(),
        role,
        id: None,
        node: format!("{cluster}-{}-{host}", role.slug()),
    })
}

impl Cluster {
    pub fn of_role(&self, role: Role) -> impl Iterator<Item = &Instance> {
        self.by_role.get(&role).into_iter().flatten().map(|at| &self.instances[*at])
    }

    pub fn on_host<'a>(&'a self, host: &'a Name) -> impl Iterator<Item = &'a Instance> {
        let first = self.instances.partition_point(|instance| instance.host < *host);
        self.instances[first..].iter().take_while(move |instance| instance.host == *host)
    }

    pub fn address(&self, host: &Name) -> &Address {
        &self.hosts.get(host).expect("instances are on declared hosts").address
    }

    /// Members in the order of their ids.
    pub fn members(&self) -> BTreeMap<MemberId, &Instance> {
        self.of_role(Role::ZooKeeper).filter_map(|instance| Some((instance.id?, instance))).collect()
    }

    /// The hosts that remember: those of the quorum, else the first three by name.
    pub fn anchors(&self) -> Vec<Name> {
        let quorum: BTreeSet<Name> = self.of_role(Role::ZooKeeper).map(|instance| instance.host.clone()).collect();
        if quorum.is_empty() { self.hosts.keys().take(3).cloned().collect() } else { quorum.into_iter().collect() }
    }

    /// `spark://m1:7077,m2:7077`, every master.
    pub fn master_url(&self) -> Option<String> {
        let port = self.spark.as_ref()?.standalone.masters.port;
        let masters: Vec<_> =
            self.of_role(Role::Master).map(|master| format!("{}:{port}", self.address(&master.host))).collect();
        Some(format!("spark://{}", masters.join(",")))
    }

    /// `m1:2181,m2:2181`, every member.
    pub fn zookeeper_connect(&self) -> Option<String> {
        let port = self.zookeeper.as_ref()?.ports.client;
        let members: Vec<_> =
            self.members().values().map(|member| format!("{}:{port}", self.address(&member.host))).collect();
        Some(members.join(","))
    }
}
