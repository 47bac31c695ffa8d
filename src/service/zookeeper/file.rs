//! `ZooKeeper`'s part of a topology, and its settings.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::service::archive::ArchiveFile;
use crate::service::file::ServiceFile;
use crate::settings;
use crate::value::{Disk, HostPath, JavaInt, JvmSize, Label, Name, Port, Version, Zone};
use crate::yaml::{Entries, Field};

settings! {
    /// A `ZooKeeper` ensemble.
    ZooKeeperFile => ZooKeeperSettings
    keys {
        /// The platform it lives on. Default: the only one that can carry it.
        platform "platform": Name;
        /// The source of the distribution. Default: Apache's own download site with the checksum published beside it; on `local`
        /// the package `pyspark`.
        archive "archive": ArchiveFile;
        /// The number of members, on platforms that make their machines: ids 1 to N. An odd number is best (ZK001). Default: 3.
        nodes "nodes": u32;
        /// The members by id (1 to 255), as in `{ 1: h1, 2: h2, 3: h3 }`. An id stays with its data for good.
        members "members": Entries<Name>;
        /// The zones of members 1 to N, in order. They then stay where they are when the platform's `zones` change.
        zones "zones": Vec<Field<Zone>>;
        /// The size of the machines, in the cloud's own names (case does not matter).
        size "size": Label;
        /// The data disk in GiB, on platforms that make their machines.
        disk "disk": Disk;
        /// Settings of `zoo.cfg`.
        config "config": ZooCfgFile;
        /// A load balancer for other clients; Spark always gets the member list. Default: none.
        load_balancer "loadBalancer": LoadBalancer;
    }
    settings {
        // The lab proves this version every day.
        /// The version.
        version "version": Version = "3.9.5" => Migrate;
        /// The directory of snapshots (and of transactions, unless `dataLogDir` is given).
        data_dir "dataDir": HostPath = "/var/lib/zookeeper" => Migrate;
        /// The directory of transaction logs, best on a disk of its own. Default: `dataDir` itself.
        data_log_dir "dataLogDir": HostPath => Migrate;
        /// The JVM's heap.
        heap "heap": JvmSize = "512m" ("128m" on local) => Roll;
        // Every client knows the old ports, and members know each other's: old and new lists do not talk.
        /// The TCP port for clients.
        client_port "clientPort": Port = "2181" => Outage;
        /// The TCP port on which the leader serves followers.
        peer_port "peerPort": Port = "2888" => Outage;
        /// The TCP port of elections.
        election_port "electionPort": Port = "3888" => Outage;
        /// The TCP port of the `AdminServer`, on 127.0.0.1 only. (`ZooKeeper`'s own default is 8080, which Spark's master has too.)
        admin_port "adminPort": Port = "8070" => Roll;
    }
}

settings! {
    /// Settings of `zoo.cfg` under their own names.
    ZooCfgFile => ZooCfg
    keys {}
    settings {
        /// The unit of time, in milliseconds.
        tick_time "tickTime": JavaInt<100> = "2000" => Roll;
        /// The number of ticks that a follower may take to connect and sync.
        init_limit "initLimit": JavaInt<1> = "10" => Roll;
        /// The number of ticks that a follower may lag behind.
        sync_limit "syncLimit": JavaInt<1> = "5" => Roll;
        /// The number of connections that one source address may hold; 0 for no limit.
        max_client_cnxns "maxClientCnxns": JavaInt<0> = "60" => Roll;
        /// The shortest session that a client may ask for, in milliseconds. Default: 2 ticks.
        min_session_timeout "minSessionTimeout": JavaInt<1> => Roll;
        /// The longest session that a client may ask for, in milliseconds. Default: 20 ticks.
        max_session_timeout "maxSessionTimeout": JavaInt<1> => Roll;
        /// The number of transactions between two snapshots. Default: 100000.
        snap_count "snapCount": JavaInt<2> => Roll;
        /// The number of snapshots that the purge keeps.
        snap_retain_count "snapRetainCount": JavaInt<3> = "3" => Roll, written "autopurge.snapRetainCount";
        // ZooKeeper's own default, 0, fills the disk.
        /// The hours between two purges; 0 never purges and fills the disk.
        purge_interval "purgeInterval": JavaInt<0> = "1" => Roll, written "autopurge.purgeInterval";
    }
}

/// The clients of a load balancer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LoadBalancer {
    /// Only the network it stands in.
    Internal,
}

/// Its key in a topology.
pub const KEY: &str = "zookeeper";

impl ServiceFile for ZooKeeperFile {
    const KEY: &'static str = KEY;

    fn platform(&self) -> &Field<Name> {
        &self.platform
    }
}
