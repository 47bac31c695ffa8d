//! `ZooKeeper`'s part of a topology.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::service::archive::ArchiveFile;
use crate::service::file::ServiceFile;
use crate::value::{Disk, HostPath, JvmSize, Label, Name, Port, Version, Zone};
use crate::yaml::{Entries, Field};

/// A `ZooKeeper` ensemble.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ZooKeeperFile {
    /// The platform it lives on. Default: the only one that can carry it.
    pub platform: Field<Name>,
    /// The version, as in `3.9.5`. Default: 3.9.5.
    pub version: Field<Version>,
    /// Where the distribution comes from. Default: Apache's own download site with the checksum published beside it; on `local`
    /// the package `pyspark`.
    pub archive: Field<ArchiveFile>,
    /// How many members, on platforms that make their machines: ids 1 to N, growing and shrinking at the end. Odd. Default: 3.
    pub nodes: Field<u32>,
    /// The members by id (1 to 255), as in `{ 1: h1, 2: h2, 3: h3 }`. An id stays with its data for good.
    pub members: Field<Entries<Name>>,
    /// The zones of members 1 to N, in order, where the platform's own order must not move them.
    pub zones: Field<Vec<Field<Zone>>>,
    /// The size of the machines, in the cloud's own names (case does not matter).
    pub size: Field<Label>,
    /// The data disk in GiB, on platforms that make their machines.
    pub disk: Field<Disk>,
    /// The directory of snapshots (and of transactions, unless `dataLogDir` is given). Default: `/var/lib/zookeeper`.
    pub data_dir: Field<HostPath>,
    /// The directory of transaction logs, best on a disk of its own. Default: within `dataDir`.
    pub data_log_dir: Field<HostPath>,
    /// The JVM's heap. Default: `512m`; on `local` `128m`.
    pub heap: Field<JvmSize>,
    /// The TCP port for clients. Default: 2181.
    pub client_port: Field<Port>,
    /// The TCP port on which the leader serves followers. Default: 2888.
    pub peer_port: Field<Port>,
    /// The TCP port of elections. Default: 3888.
    pub election_port: Field<Port>,
    /// The TCP port of the `AdminServer`, on 127.0.0.1 only. Default: 8070 (`ZooKeeper`'s own 8080 is Spark's master's too).
    pub admin_port: Field<Port>,
    /// Settings of `zoo.cfg`.
    pub config: Field<ZooKeeperConfigFile>,
    /// A load balancer for other clients; Spark always gets the member list. Default: none.
    pub load_balancer: Field<LoadBalancer>,
}

/// Settings of `zoo.cfg` under their own names.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ZooKeeperConfigFile {
    /// The unit of time, in milliseconds. Default: 2000.
    pub tick_time: Field<u32>,
    /// How many ticks a follower may take to connect and sync. Default: 10.
    pub init_limit: Field<u32>,
    /// How many ticks a follower may lag behind. Default: 5.
    pub sync_limit: Field<u32>,
    /// How many connections one source address may hold; 0 for no limit. Default: 60.
    pub max_client_cnxns: Field<u32>,
    /// The shortest session that a client may ask for, in milliseconds. Default: 2 ticks.
    pub min_session_timeout: Field<u32>,
    /// The longest session that a client may ask for, in milliseconds. Default: 20 ticks.
    pub max_session_timeout: Field<u32>,
    /// How many transactions lie between two snapshots. Default: 100000.
    pub snap_count: Field<u32>,
    /// How many snapshots the purge keeps, at least 3. Default: 3.
    pub snap_retain_count: Field<u32>,
    /// The hours between two purges; 0 never purges and fills the disk. Default: 1.
    pub purge_interval: Field<u32>,
}

/// Who may reach a load balancer.
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
