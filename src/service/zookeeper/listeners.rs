//! The ports of a member.

use super::ZooKeeper;
use crate::service::spark::MASTER;
use crate::service::zookeeper::MEMBER;
use crate::value::Role;
use crate::value::listener::{Bind, Lasts, Listener};

/// Only masters are clients of `ZooKeeper`; workers and drivers learn of masters from their list.
pub fn listeners(zookeeper: &ZooKeeper) -> Vec<Listener> {
    let ports = zookeeper.ports;
    let one = |place, name, port: u16, bind, from| Listener {
        role: MEMBER,
        name,
        written: port..=port,
        bind,
        from,
        lasts: Lasts::Always { place },
    };
    let mut all = vec![
        one(0, "client", ports.client.get(), Bind::Host, &[MASTER] as &[Role]),
        one(1, "peer", ports.peer.get(), Bind::Host, &[MEMBER]),
        one(2, "election", ports.election.get(), Bind::Host, &[MEMBER]),
    ];
    if zookeeper.has_admin_server() {
        all.push(one(3, "admin", ports.admin.get(), Bind::Loopback, &[]));
    }
    all
}
