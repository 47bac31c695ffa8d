//! The ports of a member.

use super::ZooKeeper;
use crate::service::listener::{Bind, Listener, Role};

/// Only masters are clients of `ZooKeeper`; workers and drivers learn of masters from their list.
pub fn listeners(zookeeper: &ZooKeeper) -> Vec<Listener> {
    let ports = zookeeper.ports;
    let one = |name, port: u16, bind, from| Listener {
        role: Role::ZooKeeper,
        name,
        ports: port..=port,
        bind,
        from,
        lasting: true,
    };
    let mut all = vec![
        one("client", ports.client.get(), Bind::Host, &[Role::Master] as &[Role]),
        one("peer", ports.peer.get(), Bind::Host, &[Role::ZooKeeper]),
        one("election", ports.election.get(), Bind::Host, &[Role::ZooKeeper]),
    ];
    if zookeeper.has_admin_server() {
        all.push(one("admin", ports.admin.get(), Bind::Loopback, &[]));
    }
    all
}
