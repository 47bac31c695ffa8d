//! Every node with its name, its host and its roles. Nothing of a name depends on a position that another edit can move.

mod services_on;

use std::collections::{BTreeMap, BTreeSet};

use crate::host::{Folder, Host, Login, Reach, SshName};
use crate::platform::local::{Here, Local};
use crate::platform::made::Makes;
use crate::platform::nodes::{Firewall, Nodes};
use crate::platform::{Platform, PlatformKind};
use crate::service::ServiceKind;
use crate::service::spark::{HISTORY, MASTER, Place, Spark, Standalone, WORKER, Workers};
use crate::service::zookeeper::{MEMBER, Members, ZooKeeper};
use crate::topology::{Job, Topology, listeners};
use crate::value::{Address, Identity, MemberId, Name, node_name};

pub use services_on::ServicesOn;

use crate::value::Role;
use crate::value::listener::Listener;

/// A cluster on hosts: who is where.
#[derive(Clone, Debug)]
pub struct Cluster {
    pub name: Name,
    /// Where the topology says what tells this cluster from others.
    pub identity: Option<Identity>,
    pub hosts: BTreeMap<Name, Host>,
    /// By host, then role.
    pub instances: Vec<Instance>,
    /// Where the instances of each role are among them.
    by_role: BTreeMap<Role, Vec<usize>>,
    pub zookeeper: Option<ZooKeeper>,
    pub spark: Option<SparkOnHosts>,
    /// Workers that no file names.
    pub fleet: Option<Fleet>,
    pub listeners: Vec<Listener>,
    /// The first of the nodes' own ports, where they share one address.
    pub own_ports: Option<u16>,
    pub firewall: Firewall,
    pub jobs: BTreeMap<Name, Job>,
}

/// Interchangeable machines that the cloud makes and takes away: workers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fleet {
    pub min: u32,
    pub max: u32,
}

/// For people who look for these machines among the hosts of a plan.
impl std::fmt::Display for Fleet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Fleet { min, max } = self;
        let count = if min == max { max.to_string() } else { format!("{min} to {max}") };
        write!(
            f,
            "{count} workers are the cloud's to make and to take away: nobody names them, so nobody asks them; they are seen through the \
             masters (provision status). They get what Terraform's first boot gives; configuring themselves comes later."
        )
    }
}

impl Fleet {
    fn of(workers: &Workers) -> Fleet {
        let fixed = u32::try_from(workers.place.count().unwrap_or(0)).unwrap_or(u32::MAX);
        let bounds = workers.autoscale.as_ref().map(|scale| (scale.min, scale.max));
        let (min, max) = bounds.unwrap_or((fixed, fixed));
        Fleet { min, max }
    }
}

/// Spark with its masters and workers.
#[derive(Clone, Debug)]
pub struct SparkOnHosts {
    pub service: Spark,
    pub standalone: Standalone,
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
        "{service} is on `{platform}`, a platform of kind {kind}, which this version validates but does not deliver yet; it delivers zookeeper and spark on platforms of kind nodes, local, azureVms or awsVms"
    )]
    Platform { service: ServiceKind, platform: Name, kind: PlatformKind },
    #[error("{service} is not delivered by this version yet: it validates, and `plan` cannot show what it would do")]
    Service { service: ServiceKind },
    #[error("spark is on `{spark}` and zookeeper on `{zookeeper}`: this version delivers them on one platform")]
    Apart { spark: Name, zookeeper: Name },
    #[error("the platform `{platform}` cannot be here: {why}")]
    NotHere { platform: Name, why: String },
}

impl NotDelivered {
    /// Returns true if a later version will deliver it, rather than another place or machine.
    pub fn is_later(&self) -> bool {
        match self {
            NotDelivered::Platform { .. } | NotDelivered::Service { .. } => true,
            NotDelivered::Apart { .. } | NotDelivered::NotHere { .. } => false,
        }
    }
}

/// Names every node; `here` is asked only where a node is on this machine. Fails only for what is validated but not delivered
/// (yet, or here).
pub fn resolve(topology: &Topology, here: impl FnOnce() -> Result<Here, String>) -> Result<Cluster, NotDelivered> {
    let platform = delivered_platform(topology)?;
    let mut instances = Vec::new();
    if let Some(zookeeper) = &topology.zookeeper {
        instances.extend(members(&topology.name, zookeeper));
    }
    let spark = topology.spark.as_ref().and_then(|service| {
        let standalone = service.standalone.clone()?;
        Some(SparkOnHosts { service: service.clone(), standalone })
    });
    if let Some(SparkOnHosts { standalone, .. }) = &spark {
        instances.extend(placed(&topology.name, MASTER, &standalone.masters.place));
        if !makes_fleets(platform) {
            instances.extend(placed(&topology.name, WORKER, &standalone.workers.place));
        }
        if let Some(history) = &standalone.history {
            instances.extend(placed(&topology.name, HISTORY, &history.place));
        }
    }
    instances.sort();
    let mut own_ports = None;
    let (hosts, firewall) = match platform {
        None => (BTreeMap::new(), Firewall::None),
        Some((_, Carrier::Nodes(nodes))) => (machines(nodes, &instances), nodes.firewall),
        Some((name, Carrier::Local(local))) => {
            let not_here = |why| NotDelivered::NotHere { platform: name.clone(), why };
            let here = here().map_err(not_here)?;
            own_ports = here.own_ports(local, &listeners::all(topology)).map_err(not_here)?;
            (folders(&topology.name, &here, own_ports, &instances), Firewall::None)
        }
        // The cloud's own groups of rules stand before them.
        Some((name, Carrier::Made(by))) => (made(&ServicesOn::by(name, topology), &instances, by), Firewall::None),
    };
    let fleet = spark.as_ref().filter(|_| makes_fleets(platform)).map(|spark| Fleet::of(&spark.standalone.workers));
    let mut by_role: BTreeMap<Role, Vec<usize>> = BTreeMap::new();
    for (at, instance) in instances.iter().enumerate() {
        by_role.entry(instance.role).or_default().push(at);
    }
    Ok(Cluster {
        name: topology.name.clone(),
        identity: topology.identity.clone(),
        hosts,
        instances,
        by_role,
        zookeeper: topology.zookeeper.clone(),
        spark,
        fleet,
        listeners: listeners::all(topology),
        own_ports,
        firewall,
        jobs: topology.jobs.clone(),
    })
}

/// The kinds of platform that clusters are delivered on.
#[derive(Clone, Copy)]
enum Carrier<'a> {
    Nodes(&'a Nodes),
    Local(&'a Local),
    Made(&'a dyn Makes),
}

fn delivered_platform(topology: &Topology) -> Result<Option<(&Name, Carrier<'_>)>, NotDelivered> {
    let mut found: Option<(&Name, Carrier<'_>)> = None;
    for (service, platform) in &topology.placement {
        if !matches!(service, ServiceKind::ZooKeeper | ServiceKind::Spark) {
            return Err(NotDelivered::Service { service: *service });
        }
        let carrier = match topology.platforms.get(platform) {
            Some(Platform::Nodes(nodes)) => Carrier::Nodes(nodes),
            Some(Platform::Local(local)) => Carrier::Local(local),
            Some(Platform::AzureVms(azure)) => Carrier::Made(azure),
            Some(Platform::AwsVms(aws)) => Carrier::Made(aws),
            Some(other) => {
                return Err(NotDelivered::Platform {
                    service: *service,
                    platform: platform.clone(),
                    kind: other.kind(),
                });
            }
            None => unreachable!("placement names checked platforms"),
        };
        match found {
            Some((other, _)) if other != platform => {
                return Err(NotDelivered::Apart { spark: platform.clone(), zookeeper: other.clone() });
            }
            _ => found = Some((platform, carrier)),
        }
    }
    Ok(found)
}

/// The machines that carry something.
fn machines(nodes: &Nodes, instances: &[Instance]) -> BTreeMap<Name, Host> {
    let used: BTreeSet<&Name> = instances.iter().map(|instance| &instance.host).collect();
    let used = nodes.hosts.iter().filter(|(name, _)| used.contains(name));
    used.map(|(name, machine)| {
        let reach = Reach::Ssh(Login {
            address: machine.address.clone(),
            ssh_name: SshName::of(&machine.address, machine.ssh_name.as_ref()),
            user: nodes.ssh.user.clone(),
            port: nodes.ssh.port,
        });
        let (address, zone) = (machine.address.clone(), machine.zone.clone());
        let private = "127.0.0.1".parse().expect("an address");
        (name.clone(), Host { name: name.clone(), address, zone, reach, private, owner: None })
    })
    .collect()
}

/// Returns true if the workers are machines that nobody names.
fn makes_fleets(platform: Option<(&Name, Carrier<'_>)>) -> bool {
    matches!(platform, Some((_, Carrier::Made(_))))
}

/// A machine for each node, where the platform puts it.
fn made(services: &ServicesOn<'_>, instances: &[Instance], by: &dyn Makes) -> BTreeMap<Name, Host> {
    let host = |instance: &Instance| {
        let number = number_of(instance);
        let (address, zone) = by.machine(instance.role, number, services.pinned(instance.role, number));
        let (ssh_name, user) = (SshName::of(&address, None), Some(by.user().clone()));
        let reach = Reach::Ssh(Login { address: address.clone(), ssh_name, user, port: None });
        let (name, private) = (instance.host.clone(), "127.0.0.1".parse().expect("an address"));
        let zone = zone.and_then(|zone| zone.parse().ok());
        (name.clone(), Host { name, address, zone, reach, private, owner: None })
    };
    instances.iter().map(host).collect()
}

/// The number that a counted node's name ends with.
fn number_of(instance: &Instance) -> u32 {
    let number = instance.node.rsplit('-').next().and_then(|number| number.parse().ok());
    number.expect("counted nodes end with their number")
}

/// A folder of this machine for each node.
fn folders(cluster: &Name, here: &Here, own_ports: Option<u16>, instances: &[Instance]) -> BTreeMap<Name, Host> {
    let host = |instance: &Instance| {
        let name = instance.host.clone();
        let number = u8::try_from(number_of(instance)).expect("the check has counted them");
        let (address, own_ports) = here.spot(cluster, instance.role, number, own_ports);
        let reach = Reach::Local(Folder { address: address.clone(), own_ports, root: here.root(cluster, &name) });
        // Folders of one machine share 127.0.0.1; their own addresses are as private.
        let private = address.clone();
        let owner = Some(here.owner.clone());
        (name.clone(), Host { name, address, zone: None, reach, private, owner })
    };
    instances.iter().map(host).collect()
}

fn members(cluster: &Name, zookeeper: &ZooKeeper) -> Vec<Instance> {
    let instance = |id: MemberId, host: Option<&Name>| {
        let node = node_name(cluster, MEMBER, id);
        let host = host.cloned().unwrap_or_else(|| own_host(&node));
        Instance { host, role: MEMBER, id: Some(id), node }
    };
    match &zookeeper.members {
        Members::Named(members) => members.iter().map(|(id, host)| instance(*id, Some(host))).collect(),
        Members::Counted(count) => {
            let ids = (1..=*count).filter_map(|id| MemberId::try_from(i64::from(id)).ok());
            ids.map(|id| instance(id, None)).collect()
        }
    }
}

fn placed(cluster: &Name, role: Role, place: &Place) -> Vec<Instance> {
    let instance = |node: String, host: Name| Instance { host, role, id: None, node };
    match place {
        Place::Named(hosts) => {
            hosts.iter().map(|host| instance(node_name(cluster, role, host), host.clone())).collect()
        }
        Place::Counted(count) => (1..=count.unwrap_or(0))
            .map(|number| node_name(cluster, role, number))
            .map(|node| instance(node.clone(), own_host(&node)))
            .collect(),
    }
}

/// The host of a node that has one to itself.
fn own_host(node: &str) -> Name {
    node.parse().expect("the check has left room for the names of nodes")
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

    /// The first port of a role's listener on a host.
    pub fn port(&self, host: &Name, role: Role, name: &str) -> u16 {
        self.hosts.get(host).expect("instances are on declared hosts").port(&self.listeners, role, name)
    }

    /// `10.0.0.1:2181`: where others reach a role's listener on a host.
    pub fn endpoint(&self, host: &Name, role: Role, name: &str) -> String {
        format!("{}:{}", self.address(host), self.port(host, role, name))
    }

    /// Members in the order of their ids.
    pub fn members(&self) -> BTreeMap<MemberId, &Instance> {
        self.of_role(MEMBER).filter_map(|instance| Some((instance.id?, instance))).collect()
    }

    /// The hosts that remember: those of the quorum, else the first three by name. Of fewer than three it is one: two would both be needed.
    pub fn anchors(&self) -> Vec<Name> {
        let quorum: BTreeSet<Name> = self.of_role(MEMBER).map(|instance| instance.host.clone()).collect();
        let count = if self.hosts.len() < 3 { 1 } else { 3 };
        if quorum.is_empty() { self.hosts.keys().take(count).cloned().collect() } else { quorum.into_iter().collect() }
    }

    /// `spark://m1:7077,m2:7077`, every master.
    pub fn master_url(&self) -> Option<String> {
        self.spark.as_ref()?;
        let masters = self.of_role(MASTER).map(|master| self.endpoint(&master.host, MASTER, "master"));
        Some(format!("spark://{}", masters.collect::<Vec<_>>().join(",")))
    }

    /// `m1:2181,m2:2181`, every member.
    pub fn zookeeper_connect(&self) -> Option<String> {
        self.zookeeper.as_ref()?;
        let members = self.members();
        let members = members.values().map(|member| self.endpoint(&member.host, MEMBER, "client"));
        Some(members.collect::<Vec<_>>().join(","))
    }
}
