//! A small service of the tests' own: keepers are a quorum, lamps a pool that stands on it. All that the program needs to know of a service
//! is in this folder.

mod file;

use std::collections::BTreeMap;
use std::sync::Arc;

use file::{BeaconFile, BeaconSettings};
use provision::cluster::{Cluster, Instance};
use provision::desired::Desired;
use provision::diagnostic::{Code, Diagnostics};
use provision::host::{
    Access, Ask, Content, Health, Host, HostFacts, HostState, Lines, NodeFacts, OnChange, Seen, ServiceFacts,
    ServiceUnit, UnitFacts, unit_path,
};
use provision::plan::compare::stale_inputs;
use provision::platform::{Ground, PlatformKind};
use provision::service::settings::Writer;
use provision::service::{Checked, FileType, NodePlace, NodeSpec, PlatformView, Service, Services, ServicesFile};
use provision::value::listener::{Bind, Lasts, Listener, ListenerName};
use provision::value::{HostPath, Interruption, Name, Redundancy, Role, RoleData, Slots};
use provision::yaml::Field;

pub const KEEPER: Role = Role::new(&RoleData {
    order: 200,
    key: "keeper",
    service: "beacon",
    slug: "keeper",
    unit: "beacon-keeper",
    title: "beacon keeper",
    user: "beacon",
    tier: "keepers",
    redundancy: Redundancy::Majority,
    stands_on: None,
    healthy_within: 60,
    wait: "wait until every keeper has spoken",
    interruption: Some(Interruption { what: "the beacon", seconds: 2, why: "too few keepers stay while one restarts" }),
    lost_together: None,
    takeover: None,
    slots: Slots { after: 0, most: 0 },
    colours: ("#fff", "#000"),
});

pub const LAMP: Role = Role::new(&RoleData {
    order: 210,
    key: "lamp",
    service: "beacon",
    slug: "lamp",
    unit: "beacon-lamp",
    title: "beacon lamp",
    user: "beacon",
    tier: "lamps",
    redundancy: Redundancy::Pool,
    stands_on: Some(KEEPER),
    healthy_within: 30,
    wait: "wait until every lamp is lit",
    interruption: None,
    lost_together: None,
    takeover: None,
    slots: Slots { after: 0, most: 0 },
    colours: ("#fff", "#000"),
});

const KEEPER_PORT: ListenerName = ListenerName::new(KEEPER, "keeper");
const LAMP_PORT: ListenerName = ListenerName::new(LAMP, "lamp");

/// A beacon, checked.
#[derive(Clone, Debug)]
struct Beacon {
    keepers: Vec<Name>,
    lamps: Vec<Name>,
    settings: BeaconSettings,
}

#[derive(Clone, Copy, Debug)]
pub struct OnHosts;

impl Service for OnHosts {
    fn file(&self) -> FileType {
        FileType::of::<BeaconFile>()
    }

    fn title(&self) -> &'static str {
        "Beacon"
    }

    fn about(&self) -> &'static str {
        "A beacon of the tests."
    }

    fn fits(&self, platform: PlatformKind) -> bool {
        platform.ground() == Ground::NamedHosts
    }

    fn check(&self, at: &PlatformView<'_>, files: &ServicesFile, problems: &mut Diagnostics) -> Option<Checked> {
        let (span, file) = files.spanned::<BeaconFile>()?;
        at.check_hosts(&file.keepers, &[], problems);
        at.check_hosts(&file.lamps, &[], problems);
        let hosts = |list: &Field<Vec<Field<Name>>>| -> Vec<Name> {
            list.ok().into_iter().flatten().filter_map(|host| host.ok().cloned()).collect()
        };
        let (keepers, lamps) = (hosts(&file.keepers), hosts(&file.lamps));
        if keepers.len() % 2 == 0 {
            problems.add(Code::T012, span, format!("{} keepers: an odd number can agree", keepers.len()));
            return None;
        }
        Some(Arc::new(Beacon { keepers, lamps, settings: file.settings(at.kind) }))
    }

    fn roles(&self) -> &'static [Role] {
        &[KEEPER, LAMP]
    }

    fn nodes(&self, services: &Services) -> Vec<NodeSpec> {
        let Some(beacon) = services.get::<Beacon>() else { return Vec::new() };
        let all = [(KEEPER, &beacon.keepers), (LAMP, &beacon.lamps)];
        let node = |role, host: &Name| NodeSpec { role, id: None, place: NodePlace::Named(host.clone()) };
        all.into_iter().flat_map(|(role, hosts)| hosts.iter().map(move |host| node(role, host))).collect()
    }

    fn listeners(&self, services: &Services) -> Vec<Listener> {
        let Some(beacon) = services.get::<Beacon>() else { return Vec::new() };
        let one = |name, port: u16, from| Listener {
            name,
            declared: port..=port,
            bind: Bind::Host,
            from,
            lasts: Lasts::Always { place: 0 },
        };
        let port = beacon.settings.port.get();
        vec![one(KEEPER_PORT, port, &[KEEPER, LAMP]), one(LAMP_PORT, port + 1, &[])]
    }

    fn settings(&self, cluster: &Cluster, all: &mut Writer) {
        let Some(beacon) = cluster.services.get::<Beacon>() else { return };
        all.each("beacon", beacon.settings.each());
    }

    fn desire(&self, cluster: &Cluster, instance: &Instance, state: &mut HostState) {
        let Some(beacon) = cluster.services.get::<Beacon>() else { return };
        let (node, unit) = (instance.node.as_str(), instance.role.unit());
        let config = HostPath::known(&format!("/etc/beacon/{unit}.conf"));
        let keepers: Vec<_> = beacon.keepers.iter().map(Name::as_str).collect();
        let BeaconSettings { port, brightness, beat } = &beacon.settings;
        let own = if instance.role == KEEPER { ("beat", beat) } else { ("brightness", brightness) };
        let text = format!("keepers {}\nport {}\n{} {}\n", keepers.join(" "), port, own.0, own.1);
        state.user("beacon", "/var/lib/beacon", node);
        state.directory(&HostPath::known("/etc/beacon"), Access::root(0o755), false, node);
        state.directory(&HostPath::known("/var/lib/beacon"), Access::of("beacon", 0o750), true, node);
        state.file(&config, Access::root(0o644), Content::Text(text), node);
        let inputs = vec![config, unit_path(unit)];
        let all: Vec<_> = inputs.iter().map(HostPath::as_str).collect();
        let text = format!(
            "[Service]\nUser=beacon\nExecStartPre=+/bin/sh -c 'sha256sum {} >/run/provision/%n.started'\nExecStart=/usr/bin/beacon\n",
            all.join(" ")
        );
        state.file(&unit_path(unit), Access::root(0o644), Content::Text(text), node);
        let service = ServiceUnit {
            role: Some(instance.role),
            node: Some(node.to_owned()),
            inputs,
            secret_inputs: Vec::new(),
            memory_mib: 1,
            change: OnChange::Restart,
        };
        state.services.insert(unit.to_owned(), service);
    }

    fn questions(&self, role: Role, host: &Host, listeners: &[Listener], _proof: bool) -> Vec<Ask> {
        let name = if role == KEEPER { KEEPER_PORT } else { LAMP_PORT };
        let (address, port) = (host.address.to_string(), host.port(listeners, name));
        vec![Ask { name: role.unit(), address, port, bytes: b"config\n".to_vec(), most: Ask::SHORT, lines: Lines::All }]
    }

    /// Keepers serve when more than half of their list run with one list; the first of those leads. A lamp is lit if it answers.
    fn health(
        &self,
        role: Role,
        hosts: &[Name],
        _led_elsewhere: bool,
        desired: &Desired,
        seen: &BTreeMap<Name, Seen>,
    ) -> ServiceFacts {
        let mut facts = ServiceFacts::default();
        let nodes = desired
            .hosts
            .iter()
            .filter(|(name, state)| hosts.contains(name) && state.services.contains_key(role.unit()));
        let answers =
            |name: &Name| seen.get(name).and_then(Seen::facts).is_some_and(|facts| word(role, facts).is_some());
        let all: Vec<_> = nodes.collect();
        let serving: Vec<&Name> = all.iter().map(|(name, _)| *name).filter(|name| answers(name)).collect();
        let enough = role == LAMP || serving.len() * 2 > all.len();
        for (name, state) in &all {
            let host = seen.get(*name).and_then(Seen::facts);
            let unit = host.and_then(|host| host.units.get(role.unit()));
            let health = match (host, answers(name) && enough) {
                (None, _) => Health::Unknown,
                (Some(_), true) if role == KEEPER && serving.first() == Some(name) => Health::Leading,
                (Some(_), true) => Health::Serving,
                (Some(_), false) if unit.is_some_and(UnitFacts::is_running) => Health::Unsettled,
                (Some(_), false) => Health::Down,
            };
            let current = host.zip(unit).is_some_and(|(host, unit)| {
                unit.is_running() && stale_inputs(&state.services[role.unit()], unit, state, host).is_empty()
            });
            if !health.serves() {
                facts.missing.push(format!("the {} on {name} does not answer", role.title()));
            }
            facts.nodes.insert((*name).clone(), NodeFacts { health, current, counts: true });
        }
        facts
    }

    fn state(&self, role: Role, facts: &HostFacts) -> String {
        word(role, facts).unwrap_or_else(|| "dark".to_owned())
    }
}

/// The configuration that a node says it runs with.
fn word(role: Role, facts: &HostFacts) -> Option<String> {
    let text = String::from_utf8_lossy(facts.answer(role.unit())).trim().replace('\n', ", ");
    (!text.is_empty()).then_some(text)
}
