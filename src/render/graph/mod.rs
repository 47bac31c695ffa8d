//! A cluster as a picture: hosts with their services and ports, who talks to whom, and what a plan would do to it.

mod dot;
mod svg;

use std::collections::{BTreeMap, BTreeSet};

use crate::cluster::Fleet;
use crate::desired::Desired;
use crate::desired::cloud::Cloud;
use crate::plan::Plan;
use crate::value::listener::{Bind, Listener, Numbering};
use crate::value::{Name, Role};

pub use dot::dot;
pub use svg::svg;

/// So many hosts with the same roles are drawn; the rest is counted.
const DRAWN: usize = 12;

/// The picture, independent of its format.
#[derive(Clone, Debug)]
pub struct Picture {
    pub cluster: String,
    /// All hosts together where they are few, else those with the same roles.
    pub groups: Vec<Group>,
    pub talks: Vec<Talk>,
    /// The phases of a plan; `None` where none was asked for.
    pub steps: Option<Vec<String>>,
}

/// Hosts that are drawn together.
#[derive(Clone, Debug)]
pub struct Group {
    pub title: String,
    pub cards: Vec<Card>,
    /// The number of further hosts like the last.
    pub more: usize,
}

/// A host.
#[derive(Clone, Debug)]
pub struct Card {
    pub name: String,
    /// Address and zone.
    pub place: String,
    /// By role: the ports that are open to others all the time.
    pub services: Vec<(Role, String)>,
    pub change: Change,
}

/// The change of a host in a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    None,
    /// A plan lays files or touches services here.
    Changed,
    /// It could not be asked.
    Unknown,
}

impl Change {
    fn note(self) -> &'static str {
        match self {
            Change::None => "",
            Change::Changed => ", to change",
            Change::Unknown => ", not known",
        }
    }
}

/// The hosts of one role reach those of another at these ports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Talk {
    pub from: Role,
    pub to: Role,
    pub ports: Vec<String>,
}

/// Draws up the picture of a goal, with what a plan says of it.
pub fn picture(desired: &Desired, plan: Option<&Plan>) -> Picture {
    let few = desired.hosts.len() <= DRAWN;
    let mut groups: BTreeMap<(Vec<Role>, Change), Group> = BTreeMap::new();
    for (name, state) in &desired.hosts {
        let roles: BTreeSet<Role> = state.services.values().filter_map(|service| service.role).collect();
        let roles: Vec<Role> = roles.into_iter().collect();
        let change = change(name, plan);
        // Hosts that change must not disappear among the many that do not.
        let alike = if few { (Vec::new(), Change::None) } else { (roles.clone(), change) };
        let group = groups.entry(alike).or_insert_with(|| Group { title: String::new(), cards: Vec::new(), more: 0 });
        let count = group.cards.len() + group.more + 1;
        group.title = match (few, count) {
            (true, 1) => "1 host".to_owned(),
            (true, _) => format!("{count} hosts"),
            (false, _) => format!("{count} × {}{}", title(&roles), change.note()),
        };
        if group.cards.len() == DRAWN {
            group.more += 1;
            continue;
        }
        let zone = state.host.zone.as_ref().map(|zone| format!(" · zone {}", zone.as_str())).unwrap_or_default();
        let ports = |role: &Role| (*role, ports(&desired.listeners, *role, state.host.reach.numbering()));
        group.cards.push(Card {
            name: name.to_string(),
            place: format!("{}{zone}", state.host.address),
            services: roles.iter().map(ports).collect(),
            change,
        });
    }
    for group in groups.values_mut() {
        group.cards.sort_by_key(|card| card.services.iter().map(|(role, _)| *role).collect::<Vec<_>>());
    }
    let written = desired.hosts.values().all(|state| state.host.reach.numbering() == Numbering::Written);
    let steps = plan.map(|plan| plan.phases.iter().map(crate::plan::show::headline).collect());
    Picture {
        cluster: desired.cluster.to_string(),
        groups: groups.into_values().collect(),
        talks: talks(&desired.listeners, &roles(desired), written),
        steps,
    }
}

impl Picture {
    /// Of a cluster without hosts.
    pub fn of(cluster: &Name) -> Picture {
        Picture { cluster: cluster.to_string(), groups: Vec::new(), talks: Vec::new(), steps: None }
    }

    /// The things that a cloud makes: machines without names of their own, and its resources by concern.
    pub fn add_cloud(&mut self, fleet: Option<&Fleet>, listeners: &[Listener], cloud: &Cloud) {
        if let Some(Fleet { role, min, max }) = fleet {
            let there = self.groups.iter().flat_map(|group| &group.cards).flat_map(|card| &card.services);
            let there = there.map(|(role, _)| *role).chain([*role]).collect();
            self.talks = talks(listeners, &there, true);
            let place =
                if min == max { format!("{max} machines") } else { format!("{min} to {max} machines, by load") };
            let services = vec![(*role, ports(listeners, *role, Numbering::Written))];
            let name = format!("{}-{}", self.cluster, role.slug());
            let card = Card { name, place, services, change: Change::None };
            self.groups.push(Group { title: "a fleet".to_owned(), cards: vec![card], more: 0 });
        }
        let mut cards = Vec::new();
        for (file, body) in &cloud.files {
            let count: usize = crate::hcl::resources([body]).iter().filter(|resource| !resource.is_data).count();
            if count > 0 {
                let name = file.trim_end_matches(".tf").to_owned();
                let place = format!("{count} {}", if count == 1 { "resource" } else { "resources" });
                cards.push(Card { name, place, services: Vec::new(), change: Change::None });
            }
        }
        self.groups.push(Group { title: format!("`{}`, by Terraform", cloud.platform), cards, more: 0 });
    }
}

fn change(host: &Name, plan: Option<&Plan>) -> Change {
    match plan {
        Some(plan) if plan.unknown.contains_key(host) => Change::Unknown,
        Some(plan) if plan.changes.get(host).is_some_and(|change| !change.is_empty()) => Change::Changed,
        _ => Change::None,
    }
}

fn ports(listeners: &[Listener], role: Role, numbering: Numbering) -> String {
    let shown = |listener: &&Listener| listener.role() == role && listener.is_lasting() && listener.bind == Bind::Host;
    let lasting = listeners.iter().filter(shown);
    lasting.map(|listener| port(listener, numbering)).collect::<Vec<_>>().join(" · ")
}

fn port(listener: &Listener, numbering: Numbering) -> String {
    let (first, last) = listener.on(numbering).into_inner();
    let range = if first == last { first.to_string() } else { format!("{first}–{last}") };
    format!("{} {range}", listener.name)
}

/// The roles on hosts.
fn roles(desired: &Desired) -> BTreeSet<Role> {
    desired.hosts.values().flat_map(|state| state.services.values()).filter_map(|service| service.role).collect()
}

/// Only between roles that are there. `written`: whether their ports are the topology's, and not each host's own.
fn talks(listeners: &[Listener], there: &BTreeSet<Role>, written: bool) -> Vec<Talk> {
    let mut ports: BTreeMap<(Role, Role), Vec<String>> = BTreeMap::new();
    for listener in listeners.iter().filter(|listener| there.contains(&listener.role())) {
        for from in listener.from.iter().filter(|from| there.contains(*from)) {
            let is_said = written || !listener.is_lasting();
            let text = if is_said { port(listener, Numbering::Written) } else { listener.name.to_string() };
            ports.entry((*from, listener.role())).or_default().push(text);
        }
    }
    ports.into_iter().map(|((from, to), ports)| Talk { from, to, ports }).collect()
}

/// The title of a group of hosts.
fn title(roles: &[Role]) -> String {
    roles.iter().map(|role| role.title()).collect::<Vec<_>>().join(" + ")
}
