//! The stages that every service has.

use std::collections::BTreeMap;

use serde::Serialize;

use super::downloads::Downloads;
use super::file::{FileType, ServicesFile};
use super::services::{Checked, Services};
use super::settings::Writer;
use crate::cluster::{Cluster, Fleet, Instance};
use crate::desired::{Desired, Election, Quorum};
use crate::diagnostic::{Code, Diagnostics};
use crate::host::{Ask, Drain, Host, HostFacts, HostQuery, HostState, Seen, ServiceFacts};
use crate::platform::machine::Machine;
use crate::platform::nodes::declared::Hosts;
use crate::platform::{Ground, Platform, PlatformKind, hdinsight};
use crate::topology::Topology;
use crate::value::listener::{Listener, ListenerName};
use crate::value::{Disk, HostPath, Label, MemberId, Name, Role, Zone};
use crate::yaml::{Field, Span};

/// The reason why a setting that places data cannot change, and the way out.
pub const DATA_MOVES: &str = "the data would have to move, which this version of provision cannot do; restore the old value; or, to start with empty data, run `provision destroy --delete-data`, then apply";

/// A service. The stages call it by way of the registry and its roles, and know no service by name.
///
/// A service that is checked and not delivered yet has no roles, and nothing beyond its part of the file.
pub trait Service: Sync {
    /// The type of its part of the file.
    fn file(&self) -> FileType;

    /// Its key in a topology.
    fn key(&self) -> &'static str {
        self.file().key
    }

    /// Its name for operators.
    fn title(&self) -> &'static str;

    /// Its part of the schema, in one sentence.
    fn about(&self) -> &'static str;

    /// Returns true if a platform can run it, delivered today or later.
    fn fits(&self, platform: PlatformKind) -> bool;

    /// The help for a key below its own that the language does not have; `parents` are the keys between its own and that one.
    fn help_for(&self, _key: &str, _parents: &[String]) -> Option<String> {
        None
    }

    /// Reports keys that are missing, whatever the platform.
    fn check_keys(&self, _files: &ServicesFile, _problems: &mut Diagnostics) {}

    /// Checks its part of the file against the platform that runs it.
    fn check(&self, at: &PlatformView<'_>, files: &ServicesFile, problems: &mut Diagnostics) -> Option<Checked>;

    /// The sizes of machines that the file asks for, each with the machine's part in a managed service.
    fn sizes<'f>(&self, _files: &'f ServicesFile) -> Vec<(Span, &'f Label, hdinsight::Node)> {
        Vec::new()
    }

    /// Checks what depends on the platform as a whole, or on other services.
    fn check_on(&self, _: &Whole<'_>, _: &mut Diagnostics) {}

    /// The names of its addresses in the arguments of jobs: `zookeeper.connect`.
    fn placeholders(&self) -> &'static [&'static str] {
        &[]
    }

    /// The addresses that stand for its placeholders, where this version delivers it.
    fn fill(&self, _cluster: &Cluster) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    /// Its roles, in the order in which they start.
    fn roles(&self) -> &'static [Role] {
        &[]
    }

    /// The nodes that the topology asks for.
    fn nodes(&self, _services: &Services) -> Vec<NodeSpec> {
        Vec::new()
    }

    /// The role whose nodes are interchangeable machines without names, on platforms that make machines.
    fn fleet_role(&self) -> Option<Role> {
        None
    }

    /// The number of those machines.
    fn fleet(&self, _services: &Services) -> Option<Fleet> {
        None
    }

    fn listeners(&self, _services: &Services) -> Vec<Listener> {
        Vec::new()
    }

    /// The machines that a cloud makes for it.
    fn machines<'t>(&self, _services: &'t Services, _files: &'t ServicesFile) -> Vec<Machines<'t>> {
        Vec::new()
    }

    /// The zones that the topology pins machines 1 to N of a role to.
    fn zones<'t>(&self, _role: Role, _services: &'t Services) -> Option<&'t [Zone]> {
        None
    }

    /// The place of a role in the file.
    fn span_of(&self, _role: Role, _files: &ServicesFile) -> Option<Span> {
        None
    }

    /// The ports that the file writes.
    fn ports(&self, _files: &ServicesFile) -> Vec<WrittenPort> {
        Vec::new()
    }

    /// Adds each of its settings in the topology, with its class.
    fn settings(&self, _cluster: &Cluster, _all: &mut Writer) {}

    /// Its roles that cannot run with the old value of an outage setting and with the new one side by side.
    fn stops_together(&self) -> &'static [Role] {
        self.roles()
    }

    /// The reason why a setting that moves data cannot change, and the way out.
    fn migration(&self, _setting: &str) -> &'static str {
        DATA_MOVES
    }

    /// The setting for the secret that its nodes share, if they have one, and the file that contains it.
    fn secret(&self) -> Option<(&'static str, HostPath)> {
        None
    }

    /// The quorum whose first start must be recorded.
    fn quorum(&self, _cluster: &Cluster) -> Option<Quorum> {
        None
    }

    /// The names of data in its directories, as patterns of sh. Only what has such a name is data: somebody else may keep things beside it.
    fn data_names(&self) -> &'static [&'static str] {
        &[]
    }

    /// A directory whose content is its own and outlives no process.
    fn scratch(&self) -> Option<HostPath> {
        None
    }

    /// Adds everything that a node needs on its host.
    fn desire(&self, _cluster: &Cluster, _instance: &Instance, _state: &mut HostState) {}

    /// The questions for a node's ports. With `proof` they prove that the node takes part in a committed write.
    fn questions(&self, _role: Role, _host: &Host, _listeners: &[Listener], _proof: bool) -> Vec<Ask> {
        Vec::new()
    }

    /// The health of a role's nodes on these hosts, from one look. `led_elsewhere` means that a node outside of them may lead.
    fn health(
        &self,
        _role: Role,
        _hosts: &[Name],
        _led_elsewhere: bool,
        _desired: &Desired,
        _seen: &BTreeMap<Name, Seen>,
    ) -> ServiceFacts {
        ServiceFacts::default()
    }

    /// The state of a node in a few words, for `status`.
    fn state(&self, _role: Role, _facts: &HostFacts) -> String {
        "unknown".to_owned()
    }

    /// The figures of the whole service, for `status`.
    fn totals(&self, _cluster: &Cluster, _seen: &BTreeMap<Name, Seen>) -> Option<Totals> {
        None
    }

    /// The addresses that people want to know, each with its label.
    fn addresses(&self, _cluster: &Cluster) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    /// Hosts whose claims about their own node contradict what most other nodes say, each with the contradiction. They are set aside.
    fn contradictions(&self, _desired: &Desired, _seen: &BTreeMap<Name, Seen>) -> Vec<(Name, String)> {
        Vec::new()
    }

    /// Nodes that run with the right inputs and do not serve, for a reason that their restart takes away. They are restarted.
    fn ailing(&self, _desired: &Desired, _seen: &BTreeMap<Name, Seen>) -> Vec<(Name, Role, &'static str)> {
        Vec::new()
    }

    /// The port of the node that leads, to which those that follow it stay connected.
    fn followed_at(&self, _role: Role) -> Option<ListenerName> {
        None
    }

    /// The roles whose nodes must be asked to judge this one.
    fn witnesses(&self, role: Role) -> Vec<Role> {
        vec![role]
    }

    /// The milliseconds since a node on the host started, as the node itself says.
    fn uptime(&self, _facts: &HostFacts) -> Option<u64> {
        None
    }

    /// A danger that only this service's facts show.
    fn warning(&self, _facts: &HostFacts) -> Option<String> {
        None
    }

    /// A note for operators about running nodes, before the service is removed.
    fn notes_of_removal(&self, _seen: &BTreeMap<Name, Seen>) -> Option<String> {
        None
    }

    /// Returns true if a member of a quorum runs with another list of members than the topology has; `None` if nobody can tell.
    fn runs_with_others(&self, _state: &HostState, _facts: &HostFacts) -> Option<bool> {
        Some(false)
    }

    /// The way to let a node finish its work before it stops.
    fn drain(&self, _role: Role, _cluster: &Cluster) -> Option<Drain> {
        None
    }

    /// The election by which one node of a role leads.
    fn election(&self, _cluster: &Cluster) -> Option<Election> {
        None
    }

    /// Asks whether a node leads and, where `latches` is given, which latches its election has.
    fn election_query(&self, _state: &HostState, _listeners: &[Listener], _latches: Option<&Election>) -> HostQuery {
        HostQuery::default()
    }

    /// Returns true if the node of the election's role on a host leads.
    fn leads(&self, _facts: &HostFacts) -> bool {
        false
    }

    /// Asks a member of the ensemble (address, port) which latches the election has.
    fn latch_question(&self, _election: &Election, _member: &(String, u16)) -> Option<Ask> {
        None
    }

    /// Asks the members of an ensemble that somebody else runs how they are.
    fn ensemble_questions(&self, _election: &Election) -> Vec<Ask> {
        Vec::new()
    }

    /// Describes what a host sees of that ensemble, and the way out if it cannot be used. `is_first`: no node of this cluster takes part in the election yet.
    fn check_ensemble(&self, _election: &Election, _facts: &HostFacts, _is_first: bool) -> (String, Option<String>) {
        (String::new(), None)
    }

    /// The names of the election's latches, as a host was told.
    fn latches(&self, _facts: &HostFacts) -> Option<Vec<String>> {
        None
    }
}

/// A topology whose parts are right each by itself, as one service sees it.
#[derive(Clone, Copy, Debug)]
pub struct Whole<'a> {
    pub topology: &'a Topology,
    pub files: &'a ServicesFile,
    /// The nodes of all services.
    pub nodes: &'a [NodeSpec],
    /// The platform that runs the service.
    pub on: &'a Platform,
    /// The place of that platform's address range in the file.
    pub network: Span,
}

/// The platform that runs a service.
#[derive(Clone, Copy, Debug)]
pub struct PlatformView<'a> {
    pub kind: PlatformKind,
    /// The hosts that it names.
    pub hosts: &'a Hosts<'a>,
    /// The way of its hosts to downloads.
    pub downloads: &'a Downloads,
}

impl PlatformView<'_> {
    /// Checks a list of hosts, and reports keys that this kind of platform does not use. `counted`: the keys for machines that are made.
    pub fn check_hosts(
        &self,
        names: &Field<Vec<Field<Name>>>,
        counted: &[(&str, Option<Span>)],
        problems: &mut Diagnostics,
    ) {
        let PlatformView { kind, hosts, downloads: _ } = self;
        let named = kind.ground() == Ground::NamedHosts;
        let hosts_key = [("hosts", names.span())];
        for (name, span) in if named { counted } else { &hosts_key } {
            if let Some(span) = span {
                problems.add(Code::T090, *span, format!("`{name}` is not used by a platform of kind {kind}"));
            }
        }
        for (at, host) in names.ok().into_iter().flatten().filter_map(Field::spanned).filter(|_| named) {
            hosts.check_declared(at, host, problems);
        }
    }
}

/// The host of a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NodePlace {
    /// One that the topology names.
    Named(Name),
    /// One of its own: that of the n-th node of its role, from 1.
    Own(u32),
}

/// A node that a topology asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeSpec {
    pub role: Role,
    /// The id of a member of a quorum.
    pub id: Option<MemberId>,
    pub place: NodePlace,
}

/// The machines of one role, on a cloud that makes them.
#[derive(Clone, Debug)]
pub struct Machines<'a> {
    pub role: Role,
    pub span: Span,
    pub count: u64,
    pub machine: &'a Machine,
    pub size_span: Option<Span>,
    pub disk: &'a Field<Disk>,
    /// The zones that they are pinned to.
    pub zones: &'a Field<Vec<Field<Zone>>>,
    /// MiB that run on each at least.
    pub memory: u64,
    /// True if they are interchangeable.
    pub is_fleet: bool,
}

/// A port that the file writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WrittenPort {
    /// The name of its listener.
    pub name: ListenerName,
    pub span: Span,
    /// True if something listens there all the time, and not for jobs alone.
    pub is_lasting: bool,
}

impl WrittenPort {
    /// Those of `ports` that are written.
    pub fn all(ports: &[(ListenerName, Option<Span>)], is_lasting: bool) -> Vec<WrittenPort> {
        ports.iter().filter_map(|&(name, span)| Some(WrittenPort { name, span: span?, is_lasting })).collect()
    }
}

/// The figures of a whole service. As JSON the figures alone.
#[derive(Clone, Debug, Serialize)]
#[serde(into = "serde_json::Value")]
pub struct Totals {
    /// For people.
    pub words: String,
    pub figures: serde_json::Value,
}

impl From<Totals> for serde_json::Value {
    fn from(totals: Totals) -> serde_json::Value {
        totals.figures
    }
}
