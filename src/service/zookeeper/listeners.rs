//! The ports of a member.

use super::ZooKeeper;
use crate::service::spark::MASTER;
use crate::service::zookeeper::MEMBER;
use crate::value::Role;
use crate::value::listener::{Bind, Lasts, Listener, ListenerName};

/// The port for clients.
pub const CLIENT: ListenerName = ListenerName::new(MEMBER, "client");
/// The port on which the leader serves followers.
pub const PEER: ListenerName = ListenerName::new(MEMBER, "peer");
pub const ELECTION: ListenerName = ListenerName::new(MEMBER, "election");
pub const ADMIN: ListenerName = ListenerName::new(MEMBER, "admin");

/// Only masters are clients of `ZooKeeper`; workers and drivers learn of masters from their list.
pub fn listeners(zookeeper: &ZooKeeper) -> Vec<Listener> {
    let settings = &zookeeper.settings;
    let one = |place, name, port: u16, bind, from| Listener {
        name,
        declared: port..=port,
        bind,
        from,
        lasts: Lasts::Always { place },
    };
    let mut all = vec![
        one(0, CLIENT, settings.client_port.get(), Bind::Host, &[MASTER] as &[Role]),
        one(1, PEER, settings.peer_port.get(), Bind::Host, &[MEMBER]),
        one(2, ELECTION, settings.election_port.get(), Bind::Host, &[MEMBER]),
    ];
    if zookeeper.has_admin_server() {
        all.push(one(3, ADMIN, settings.admin_port.get(), Bind::Loopback, &[]));
    }
    all
}
