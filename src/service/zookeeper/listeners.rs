//! The ports of a member.

use super::ZooKeeper;
use crate::service::spark::MASTER;
use crate::service::zookeeper::MEMBER;
use crate::value::Role;
use crate::value::listener::{Bind, Lasts, Listener};

/// Only masters are clients of `ZooKeeper`; workers and drivers learn of masters from their list.
pub fn listeners(zookeeper: &ZooKeeper) -> Vec<Listener> {
    let settings = &zookeeper.settings;
    let one = |place, name, port: u16, bind, from| Listener {
        role: MEMBER,
        name,
        written: port..=port,
        bind,
        from,
        lasts: Lasts::Always { place },
    };
    let mut all = vec![
        one(0, "client", settings.client_port.get(), Bind::Host, &[MASTER] as &[Role]),
        one(1, "peer", settings.peer_port.get(), Bind::Host, &[MEMBER]),
        one(2, "election", settings.election_port.get(), Bind::Host, &[MEMBER]),
    ];
    if zookeeper.has_admin_server() {
        all.push(one(3, "admin", settings.admin_port.get(), Bind::Loopback, &[]));
    }
    all
}
