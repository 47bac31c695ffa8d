//! Everything but ssh and the declared listeners is closed, when the topology asks for it.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::cluster::Cluster;
use crate::host::{Access, Content, HostState, OnChange, ServiceUnit, render_template, unit_path};
use crate::platform::nodes::{Allow, AllowTo};
use crate::value::listener::{Bind, Listener};
use crate::value::{HostPath, Role};

pub const UNIT: &str = "provision-firewall";
pub const RULES_PATH: &str = "/etc/provision/firewall.nft";

#[derive(Serialize)]
struct Rules<'a> {
    cluster: &'a str,
    ssh_port: u16,
    rules: Vec<Rule>,
}

#[derive(Serialize)]
struct Rule {
    role: &'static str,
    name: String,
    sources: String,
    ports: String,
}

pub fn desire(cluster: &Cluster, allow: &[Allow], state: &mut HostState) {
    let host = state.host.name.clone();
    let node = host.as_str();
    let roles: BTreeSet<Role> = cluster.on_host(&host).map(|instance| instance.role).collect();
    let here: Vec<&Listener> = cluster
        .listeners
        .iter()
        .filter(|listener| listener.bind == Bind::Host && roles.contains(&listener.role()))
        .collect();
    let declared = here.iter().map(|listener| Rule {
        role: listener.role().title(),
        name: listener.name.to_string(),
        sources: sources(cluster, listener.from),
        ports: listener.written_ports(),
    });
    let allowed = allow.iter().flat_map(|allow| rules_of(allow, &here));
    let rules = declared.filter(|rule| !rule.sources.is_empty()).chain(allowed).collect();
    state.open =
        here.iter().map(|listener| listener.written.clone()).chain(allow.iter().filter_map(Allow::range)).collect();
    state.open.extend(state.host.reach.ssh_port().map(|port| port..=port));
    let ssh_port = state.host.reach.ssh_port().expect("only machines have a firewall");
    let values = Rules { cluster: cluster.name.as_str(), ssh_port, rules };
    let (path, unit) = (HostPath::known(RULES_PATH), unit_path(UNIT));
    let inputs = vec![path.clone(), unit.clone()];
    state.directory(&HostPath::known("/etc/provision"), Access::root(0o755), false, node);
    state.file(&path, Access::root(0o644), Content::Text(render_template("firewall/provision.nft", &values)), node);
    let listed = inputs.iter().map(HostPath::as_str).collect::<Vec<_>>().join(" ");
    let unit_values = serde_json::json!({ "cluster": cluster.name.as_str(), "inputs": listed });
    let text = render_template("firewall/provision-firewall.service", &unit_values);
    state.file(&unit, Access::root(0o644), Content::Text(text), node);
    let service = ServiceUnit {
        role: None,
        node: None,
        inputs,
        secret_inputs: Vec::new(),
        memory_mib: 0,
        change: OnChange::Reload,
    };
    state.services.insert(UNIT.to_owned(), service);
    state.nft = true;
}

/// The rules for what the topology lets in besides.
fn rules_of(allow: &Allow, here: &[&Listener]) -> Vec<Rule> {
    let rule = |name: String, ports| Rule { role: "allowed", name, sources: allow.from.to_string(), ports };
    match &allow.to {
        AllowTo::Port(port) => vec![rule(format!("port {port}"), port.to_string())],
        AllowTo::Listeners(names) => {
            let named = here.iter().filter(|listener| names.iter().any(|name| name.as_str() == listener.name.as_str()));
            named.map(|listener| rule(listener.name.to_string(), listener.written_ports())).collect()
        }
    }
}

fn sources(cluster: &Cluster, from: &[Role]) -> String {
    let addresses: BTreeSet<_> = from
        .iter()
        .flat_map(|role| cluster.of_role(*role))
        .map(|instance| cluster.address(&instance.host).as_str())
        .collect();
    addresses.into_iter().collect::<Vec<_>>().join(", ")
}
