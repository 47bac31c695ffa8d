//! Checks of machines that exist already.

use std::collections::BTreeMap;

use super::file::{AllowFile, FirewallFile, HostFile, NodesFile, SshClient, SshFile};
use super::{Allow, AllowTo, Firewall, Login, Machine, Nodes, Protocol};
use crate::diagnostic::{Code, Diagnostics};
use crate::value::{Address, Name, Port};
use crate::yaml::{Field, Span};

pub fn check(span: Span, file: &NodesFile, problems: &mut Diagnostics) -> Option<Nodes> {
    let NodesFile { ssh, hosts, firewall } = file;
    if hosts.is_missing() {
        problems
            .add(Code::T003, span, "`hosts` is missing")
            .help("name the machines: hosts: { h1: { address: 10.0.0.11 } }");
    }
    let mut machines = BTreeMap::new();
    let mut addresses: BTreeMap<Address, Name> = BTreeMap::new();
    let mut complete = true;
    let several = hosts.ok()?.0.len() > 1;
    for entry in hosts.ok()? {
        let name = entry.key.text.parse::<Name>();
        if let Err(message) = &name {
            problems.add_bad_name(entry.key.span, message);
        }
        let machine = check_host(entry.key.span, &entry.value, problems);
        let (Ok(name), Some(machine)) = (name, machine) else {
            complete = false;
            continue;
        };
        // All on one machine, it may be its own.
        if several && !machine.address.leads_to_one_machine() {
            let message = format!("`{name}` has the address {}, which does not identify one machine", machine.address);
            problems
                .add(Code::T012, entry.value.span().unwrap_or(entry.key.span), message)
                .help("write the address by which the other hosts reach it");
            complete = false;
        }
        if let Some(other) = addresses.insert(machine.address.clone(), name.clone()) {
            let message = format!("`{name}` and `{other}` have the same address, {}", machine.address);
            problems
                .add(Code::T004, entry.key.span, message)
                .help("a machine is named once; put several roles on that name");
        }
        machines.insert(name, machine);
    }
    if matches!(firewall.ok(), Some(FirewallFile::Nftables(_))) {
        for (name, machine) in machines.iter().filter(|(_, machine)| !machine.address.is_ipv4()) {
            let at = hosts.ok().and_then(|hosts| hosts.get(name.as_str())).map_or(span, |entry| entry.key.span);
            let message =
                format!("`{name}` has the address {}, and rules of nftables need IPv4 addresses", machine.address);
            problems.add(Code::T001, at, message).help("write its IPv4 address, or firewall: none");
            complete = false;
        }
    }
    let login = ssh.ok().map_or_else(Login::default, |SshFile { user, port, client }| Login {
        user: user.ok().cloned(),
        port: port.ok().copied(),
        openssh: client.ok() == Some(&SshClient::OpenSsh),
    });
    let firewall = check_firewall(firewall, problems)?;
    complete.then_some(Nodes { ssh: login, hosts: machines, firewall })
}

fn check_firewall(firewall: &Field<FirewallFile>, problems: &mut Diagnostics) -> Option<Firewall> {
    let nftables = match firewall {
        Field::Missing | Field::Ok(_, FirewallFile::None) => return Some(Firewall::None),
        Field::Bad(_) => return None,
        Field::Ok(_, FirewallFile::Nftables(nftables)) => nftables,
    };
    let mut allow = Vec::new();
    let mut complete = !matches!(nftables.allow, Field::Bad(_));
    for field in nftables.allow.ok().into_iter().flatten() {
        let checked = field.spanned().and_then(|(at, file)| check_allow(at, file, problems));
        complete &= checked.is_some();
        allow.extend(checked);
    }
    complete.then_some(Firewall::Nftables { allow })
}

fn check_allow(at: Span, file: &AllowFile, problems: &mut Diagnostics) -> Option<Allow> {
    let from = *problems.need(at, "from", &file.from)?;
    if from.prefix() == 0 {
        let at = file.from.span().unwrap_or(at);
        problems
            .add(Code::SEC01, at, format!("{from} lets the whole internet in"))
            .help("name the networks that need it");
    }
    let given =
        [("to", file.to.is_missing()), ("port", file.port.is_missing()), ("udpPort", file.udp_port.is_missing())];
    let given: Vec<String> =
        given.iter().filter(|(_, is_missing)| !is_missing).map(|(key, _)| format!("`{key}`")).collect();
    if given.len() != 1 {
        let message = match given.as_slice() {
            [] => "none of `to`, `port` and `udpPort` is given".to_owned(),
            several => format!("{} are given, and an entry has one of them", several.join(" and ")),
        };
        problems
            .add(Code::T003, at, message)
            .help("write to: [master-ui, worker-ui] for listeners of the cluster, or port: 9100 (or udpPort) for something else on every host");
        return None;
    }
    if let Some((at, _)) = file.to.spanned().filter(|(_, names)| names.is_empty()) {
        problems.add(Code::T003, at, "`to` names no listener").help("write to: [master-ui, worker-ui], for example");
    }
    let port = |field: &Field<Port>, protocol| field.ok().map(|port| AllowTo::Port(protocol, *port));
    let to = match port(&file.port, Protocol::Tcp).or(port(&file.udp_port, Protocol::Udp)) {
        Some(port) => port,
        None => AllowTo::Listeners(file.to.ok()?.iter().map(|name| name.ok().cloned()).collect::<Option<_>>()?),
    };
    Some(Allow { from, to })
}

fn check_host(span: Span, host: &Field<HostFile>, problems: &mut Diagnostics) -> Option<Machine> {
    if host.is_missing() {
        problems.add(Code::T003, span, "this host has no address").help("write { address: 10.0.0.11 }");
    }
    let (span, HostFile { address, zone, ssh_name }) = host.spanned()?;
    if address.is_missing() {
        problems.add(Code::T003, span, "`address` is missing").help("write { address: 10.0.0.11 }");
    }
    Some(Machine { address: address.ok()?.clone(), zone: zone.ok().cloned(), ssh_name: ssh_name.ok().cloned() })
}
