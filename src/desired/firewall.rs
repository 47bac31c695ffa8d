//! Everything but ssh and the declared listeners is closed, when the topology asks for it.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::cluster::Cluster;
use crate::host::{Access, Content, HostState, OnChange, ServiceUnit, render_template, unit_path};
use crate::platform::nodes::{Allow, AllowTo, Protocol};
use crate::value::listener::{Bind, Listener};
use crate::value::{HostPath, Role};

pub const UNIT: &str = "provision-firewall";
/// The ports on which a host hears answers to its own requests for an address: RFC 2131 and RFC 8415.
const DHCP_CLIENT: u16 = 68;
const DHCP6_CLIENT: u16 = 546;
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
    protocol: &'static str,
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
        protocol: "tcp",
        ports: listener.declared_ports(),
    });
    let allowed = allow.iter().flat_map(|allow| rules_of(allow, &here));
    let rules = declared.filter(|rule| !rule.sources.is_empty()).chain(allowed).collect();
    let allowed = |protocol| allow.iter().filter_map(move |allow| allow.port(protocol)).map(|port| port..=port);
    state.open = here.iter().map(|listener| listener.declared.clone()).chain(allowed(Protocol::Tcp)).collect();
    state.open_to_udp =
        allowed(Protocol::Udp).chain([DHCP_CLIENT..=DHCP_CLIENT, DHCP6_CLIENT..=DHCP6_CLIENT]).collect();
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

/// The new rules, and behind them those of the old ones that the new ones lack: for as long as something runs that needs them. None if there are no such.
pub fn with_old(new: &str, old: &str) -> Option<String> {
    let mut is_allowed = false;
    let mut kept: Vec<&str> = Vec::new();
    for line in old.lines() {
        // What somebody was let in for besides is closed at once.
        if line.starts_with("    # ") {
            is_allowed = line.starts_with("    # allowed:");
        }
        if is_rule(line) && !is_allowed && !new.lines().any(|other| other == line) {
            kept.push(line);
        }
    }
    let (head, end) = new.rsplit_once("\n  }\n}").filter(|_| !kept.is_empty())?;
    Some(format!(
        "{head}\n    # for what is about to leave, or to move to another port\n{}\n  }}\n}}{end}",
        kept.join("\n")
    ))
}

/// Returns true for a rule as the template writes it: from addresses to a port or a range.
fn is_rule(line: &str) -> bool {
    let rule = line.strip_prefix("    ip saddr { ").and_then(|rest| rest.strip_suffix(" accept"));
    let parts = rule.and_then(|rule| rule.split_once(" } tcp dport ").or_else(|| rule.split_once(" } udp dport ")));
    let of = |text: &str, also: &str| text.chars().all(|c| c.is_ascii_hexdigit() || also.contains(c));
    parts.is_some_and(|(sources, ports)| of(sources, ".:/, ") && of(ports, "-"))
}

/// The rules for what the topology lets in besides.
fn rules_of(allow: &Allow, here: &[&Listener]) -> Vec<Rule> {
    let rule = |name: String, protocol, ports| Rule {
        role: "allowed",
        name,
        sources: allow.from.to_string(),
        protocol,
        ports,
    };
    match &allow.to {
        AllowTo::Port(Protocol::Tcp, port) => vec![rule(format!("port {port}"), "tcp", port.to_string())],
        AllowTo::Port(Protocol::Udp, port) => vec![rule(format!("UDP port {port}"), "udp", port.to_string())],
        AllowTo::Listeners(names) => {
            let named = here.iter().filter(|listener| names.iter().any(|name| name.as_str() == listener.name.as_str()));
            named.map(|listener| rule(listener.name.to_string(), "tcp", listener.declared_ports())).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_rules_stay_for_what_leaves_and_nothing_else_does() {
        let text = |rules: &str| {
            format!("table inet provision {{\n  chain input {{\n    tcp dport 22 accept\n{rules}  }}\n}}\n")
        };
        let rule = |from: &str, port: &str| format!("    ip saddr {{ {from} }} tcp dport {port} accept\n");
        let new = text(&rule("10.0.0.1, 10.0.0.2", "7077"));
        assert_eq!(with_old(&new, &new), None);
        assert_eq!(with_old(&new, &text("")), None);
        let old = text(
            &(rule("10.0.0.1, 10.0.0.2", "7077") + &rule("10.0.0.3", "7100-7116") + "    tcp dport 9999 accept\n"),
        );
        let wide = text(
            &(rule("10.0.0.1, 10.0.0.2", "7077")
                + "    # for what is about to leave, or to move to another port\n"
                + &rule("10.0.0.3", "7100-7116")),
        );
        assert_eq!(with_old(&new, &old), Some(wide.clone()));
        // What the topology let in besides is closed at once.
        let allowed = text(&format!("    # allowed: port 9100\n{}", rule("10.0.0.9", "9100")));
        assert_eq!(with_old(&new, &allowed), None);
        // Begun again, it is the same.
        assert_eq!(with_old(&new, &wide), Some(wide));
        for foreign in ["0.0.0.0/0 } drop; ip saddr { 10.0.0.1", "@set", "\"", "10.0.0.1 }; include \"x"] {
            assert_eq!(with_old(&new, &text(&rule(foreign, "1"))), None, "{foreign}");
        }
    }
}
