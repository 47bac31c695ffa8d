//! Checks of machines that exist already.

use std::collections::BTreeMap;

use super::file::{Firewall, HostFile, NodesFile};
use super::{Login, Machine, Nodes};
use crate::diagnostic::{Code, Diagnostics};
use crate::value::{Address, Name};
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
            let message = format!("`{name}` and `{other}` have one address, {}", machine.address);
            problems
                .add(Code::T004, entry.key.span, message)
                .help("a machine is named once; put several roles on that name");
        }
        machines.insert(name, machine);
    }
    if firewall.ok() == Some(&Firewall::Nftables) {
        for (name, machine) in machines.iter().filter(|(_, machine)| !machine.address.is_ipv4()) {
            let at = hosts.ok().and_then(|hosts| hosts.get(name.as_str())).map_or(span, |entry| entry.key.span);
            let message =
                format!("`{name}` has the address {}, and rules of nftables need IPv4 addresses", machine.address);
            problems.add(Code::T001, at, message).help("write its IPv4 address, or firewall: none");
            complete = false;
        }
    }
    let login = ssh
        .ok()
        .map_or_else(Login::default, |ssh| Login { user: ssh.user.ok().cloned(), port: ssh.port.ok().copied() });
    complete.then(|| Nodes { ssh: login, hosts: machines, firewall: firewall.or_default() })
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
