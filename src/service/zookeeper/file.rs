//! `ZooKeeper`'s part of a topology, and its settings.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::service::archive::ArchiveFile;
use crate::service::file::ServiceFile;
use crate::service::process::{JavaFile, UnitFile};
use crate::settings;
use crate::value::{
    Disk, Endpoint, EnvironmentValue, HostPath, JavaInt, JvmOption, JvmSize, Label, Name, ServicePort, Version, Zone,
    text_value,
};
use crate::yaml::{Entries, Field};

settings! {
    /// A `ZooKeeper` ensemble.
    ZooKeeperFile => ZooKeeperSettings
    keys {
        /// The platform it runs on. Default: the only one that can run it.
        platform "platform": Name;
        /// An ensemble that somebody else runs, in place of all other keys but `platform`. It is asked whether it serves, and never changed.
        external "external": ExternalFile;
        /// The source of the distribution. Default: Apache's own download site with the checksum published beside it; on `local`
        /// the package `pyspark`.
        archive "archive": ArchiveFile;
        /// The number of members (1 to 255), on platforms that make their machines: ids 1 to N. An odd number is best (ZK001). Default: 3.
        nodes "nodes": u32;
        /// The members by id (1 to 255), for example `{ 1: h1, 2: h2, 3: h3 }`. An id stays with its data for good.
        members "members": Entries<Name>;
        /// The zones of members 1 to N, in order. They then stay where they are when the platform's `zones` change.
        zones "zones": Vec<Field<Zone>>;
        /// The size of the machines, in the cloud's own names (case does not matter).
        size "size": Label;
        /// The data disk in GiB, on platforms that make their machines.
        disk "disk": Disk;
        /// Settings of `zoo.cfg`.
        config "config": ZooCfgFile;
        /// The Java of members.
        java "java": JavaFile;
        /// Environment variables of members. A change is rolled out node by node.
        environment "environment": Entries<EnvironmentValue>;
        /// Options of the JVM, for example `["-Xlog:gc*:file=/var/log/zookeeper/gc.log"]`. A directory `/var/log/zookeeper` is made for members where an
        /// option names a file in it. A change is rolled out node by node.
        jvm_options "jvmOptions": Vec<Field<JvmOption>>;
        /// Limits of the unit.
        unit "unit": UnitFile;
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
        client_port "clientPort": ServicePort = "2181" => Outage;
        /// The TCP port on which the leader serves followers.
        peer_port "peerPort": ServicePort = "2888" => Outage;
        /// The TCP port of elections.
        election_port "electionPort": ServicePort = "3888" => Outage;
        /// The TCP port of the `AdminServer`, on 127.0.0.1 only. (`ZooKeeper`'s own default is 8080, which Spark's master has too.)
        admin_port "adminPort": ServicePort = "8070" => Roll;
    }
}

const NO_TLS: &str = "TLS is not supported: keep ZooKeeper within the cluster's network, or encrypt that network";
const NO_SASL: &str = "SASL and Kerberos are not supported: keep ZooKeeper within the cluster's network, and let a firewall decide who reaches it";

settings! {
    /// Settings of `zoo.cfg` under their own names. Others that `ZooKeeper` knows are options of its JVM (`jvmOptions`).
    ZooCfgFile => ZooCfg
    keys {}
    settings {
        /// The unit of time, in milliseconds.
        tick_time "tickTime": JavaInt<100> = "2000" => Roll;
        /// The number of ticks that a follower may take to connect and sync.
        init_limit "initLimit": JavaInt<1> = "10" => Roll;
        /// The number of ticks that a follower may lag behind.
        sync_limit "syncLimit": JavaInt<1> = "5" => Roll;
        /// The number of ticks that a follower may take to connect to a new leader. Default: as `initLimit`.
        connect_to_learner_master_limit "connectToLearnerMasterLimit": JavaInt<1> => Roll;
        /// The number of connections that one source address may hold; 0 for no limit.
        max_client_cnxns "maxClientCnxns": JavaInt<0> = "60" => Roll;
        /// The number of connections that a member takes in all; 0 for no limit. Default: no limit.
        max_cnxns "maxCnxns": JavaInt<0> => Roll;
        /// The length of the kernel's queue of connections that a member has not accepted yet. Default: 50.
        backlog "clientPortListenBacklog": JavaInt<1> => Roll;
        /// The shortest session that a client may ask for, in milliseconds. Default: 2 ticks.
        min_session_timeout "minSessionTimeout": JavaInt<1> => Roll;
        /// The longest session that a client may ask for, in milliseconds. Default: 20 ticks.
        max_session_timeout "maxSessionTimeout": JavaInt<1> => Roll;
        /// The number of transactions between two snapshots. Default: 100000.
        snap_count "snapCount": JavaInt<2> => Roll;
        /// The size of the transaction log between two snapshots, in KiB. Default: 4 GiB.
        snap_size_limit "snapSizeLimitInKb": JavaInt<1> => Roll;
        /// The size at which a new file of the transaction log begins, in KiB. Default: no limit.
        txn_log_size_limit "txnLogSizeLimitInKb": JavaInt<1> => Roll;
        /// The size by which a file of the transaction log grows, in KiB. Default: 64 MiB.
        pre_alloc_size "preAllocSize": JavaInt<1> => Roll;
        /// The number of snapshots that the purge keeps.
        snap_retain_count "snapRetainCount": JavaInt<3> = "3" => Roll, written "autopurge.snapRetainCount";
        // ZooKeeper's own default, 0, fills the disk.
        /// The hours between two purges; 0 never purges and fills the disk.
        purge_interval "purgeInterval": JavaInt<0> = "1" => Roll, written "autopurge.purgeInterval";
        /// The number of recent transactions in memory, from which a follower is brought up to date. Default: 500.
        commit_log_count "commitLogCount": JavaInt<1> => Roll;
        /// The milliseconds after which a slow write to the transaction log is logged. Default: 1000.
        fsync_warning "fsync.warningthresholdms": JavaInt<1> => Roll;
        /// The largest znode that a client may write, in bytes, and the largest answer; the same on every member, and clients must allow it, too. Default: 1048575.
        jute_max_buffer "jute.maxbuffer": JavaInt<1_048_575> => Roll, written "-Djute.maxbuffer";
        /// The number of waiting requests above which a member stops reading from clients. Default: 1000.
        outstanding "globalOutstandingLimit": JavaInt<1> => Roll;
        /// The bytes of large requests that a member works on at once. Default: 100 MiB.
        large_request_max "largeRequestMaxBytes": JavaInt<1> => Roll;
        /// The bytes from which a request is a large one. Default: no request is large.
        large_request_threshold "largeRequestThreshold": JavaInt<1> => Roll;
        /// The number of answers to reads that a member caches; 0 for none. Default: 400.
        response_cache "maxResponseCacheSize": JavaInt<0> => Roll;
        /// The number of lists of children that a member caches; 0 for none. Default: 400.
        children_cache "maxGetChildrenResponseCacheSize": JavaInt<0> => Roll;
        /// The most transactions that are written to the disk together. Default: 1000.
        max_batch_size "maxBatchSize": JavaInt<1> => Roll;
        /// The milliseconds that a write may wait for others, to be written with them. Default: 0.
        flush_delay "flushDelay": JavaInt<0> => Roll;
        /// The threads that commit. Default: the machine's cores.
        commit_threads "commitProcessor.numWorkerThreads": JavaInt<0> => Roll;
        /// The threads that wait for clients' requests. Default: the square root of half the cores.
        selector_threads "nio.numSelectorThreads": JavaInt<1> => Roll;
        /// The threads that read and write for clients. Default: twice the cores.
        nio_threads "nio.numWorkerThreads": JavaInt<0> => Roll;
        /// The milliseconds after which a connection without a session is closed. Default: 10000.
        sessionless_timeout "nio.sessionlessCnxnTimeout": JavaInt<1> => Roll;
        /// The milliseconds that a connection for an election may take. Default: 5000.
        cnx_timeout "cnxTimeout": JavaInt<1> => Roll;
        /// The milliseconds that a new connection for elections may be silent before it is set up. Default: `syncLimit` ticks.
        quorum_cnxn_timeout "quorumCnxnTimeoutMs": JavaInt<1> => Roll;
        /// The most milliseconds between two notifications of an election. Default: 60000.
        max_notification "fastleader.maxNotificationInterval": JavaInt<200> => Roll;
        /// True if the kernel probes connections between members. Default: `false`.
        tcp_keep_alive "tcpKeepAlive": bool => Roll;
        /// True if the kernel probes clients' connections. Default: `false`.
        client_tcp_keep_alive "clientTcpKeepAlive": bool => Roll;
        /// True if a client's session is local to its member at first, which costs no write. Default: `false`.
        local_sessions "localSessionsEnabled": bool => Roll;
        /// True if a local session becomes a global one when it creates an ephemeral node. Default: `false`.
        local_sessions_upgrading "localSessionsUpgradingEnabled": bool => Roll;
        /// True if clients may create znodes with a time to live (TTL). Default: `false`.
        extended_types "extendedTypesEnabled": bool => Roll;
        /// True if quotas are enforced, not only logged. Default: `false`.
        enforce_quota "enforceQuota": bool => Roll;
        /// True if every operation is logged for an audit. Default: `false`.
        audit "audit.enable": bool => Roll;
        /// True if members compare digests of their data. Default: `true`.
        digest "digest.enabled": bool => Roll;
        /// True if a member logs pauses of its JVM. Default: `false`.
        pause_monitor "jvm.pause.monitor": bool => Roll;
        /// The milliseconds from which a pause is logged as a warning. Default: 10000.
        pause_warn "jvm.pause.warn-threshold.ms": JavaInt<1> => Roll;
        /// The milliseconds from which a pause is logged. Default: 1000.
        pause_info "jvm.pause.info-threshold.ms": JavaInt<1> => Roll;
        /// The four-letter words that clients may send, besides `srvr` and `mntr`, which the gates use; for example `ruok,conf,cons`. Behind a firewall, a monitoring system also needs an `allow` entry for `client`. Default: none.
        four_letter_words "fourLetterWords": FourLetterWords => Roll, written "4lw.commands.whitelist";
    }
    refused {
        no_4lw_commands_whitelist "4lw.commands.whitelist": "write `fourLetterWords`: the gates need `srvr` and `mntr` besides yours";
        no_autopurge_purgeinterval "autopurge.purgeInterval": "write `purgeInterval`";
        no_autopurge_snapretaincount "autopurge.snapRetainCount": "write `snapRetainCount`";
        no_clientport "clientPort": "write `clientPort` of `zookeeper`, one level up";
        no_datadir "dataDir": "write `dataDir` of `zookeeper`, one level up";
        no_datalogdir "dataLogDir": "write `dataLogDir` of `zookeeper`, one level up";
        no_admin_serverport "admin.serverPort": "write `adminPort` of `zookeeper`, one level up";
        no_clientportaddress "clientPortAddress": "it follows from the topology: members listen on their own address, and the AdminServer on 127.0.0.1";
        no_admin_serveraddress "admin.serverAddress": "it follows from the topology: members listen on their own address, and the AdminServer on 127.0.0.1";
        no_admin_enableserver "admin.enableServer": "it follows from the topology: members listen on their own address, and the AdminServer on 127.0.0.1";
        no_quorumlistenonallips "quorumListenOnAllIPs": "it follows from the topology: members listen on their own address, and the AdminServer on 127.0.0.1";
        no_dynamicconfigfile "dynamicConfigFile": "members are those of the topology: changes that an ensemble makes by itself would be reverted";
        no_reconfigenabled "reconfigEnabled": "members are those of the topology: changes that an ensemble makes by itself would be reverted";
        no_standaloneenabled "standaloneEnabled": "members are those of the topology: changes that an ensemble makes by itself would be reverted";
        no_skipreconfigacl "skipReconfigACL": "members are those of the topology: changes that an ensemble makes by itself would be reverted";
        no_peertype "peerType": "observers are not supported: every member votes";
        no_observermasterport "observerMasterPort": "observers are not supported: every member votes";
        no_syncenabled "syncEnabled": "observers are not supported: every member votes";
        no_electionalg "electionAlg": "ZooKeeper has only one algorithm left";
        no_multiaddress_enabled "multiAddress.enabled": "a member has one address";
        no_oraclepath "oraclePath": "an ensemble of two with an oracle is not supported: use 3 members";
        no_leaderserves "leaderServes": "a leader that serves no clients could not be asked whether it is healthy";
        no_forcesync "forceSync": "leave it out: without forced writes a power failure loses transactions that clients were told are safe";
        no_snapshot_trust_empty "snapshot.trust.empty": "a member that trusts an empty directory can lose data: it is only for upgrades from 3.4";
        no_skipacl "skipACL": "everybody could change everything: remove the ACLs instead";
        no_db_autocreate "db.autocreate": "a member that lost its disk must not help to form a quorum without the committed data: the unit always sets it to false";
        no_metricsprovider_classname "metricsProvider.className": "a port for metrics is not supported yet: ask `mntr`, or the AdminServer on 127.0.0.1";
        no_secureclientport "secureClientPort": NO_TLS;
        no_secureclientportaddress "secureClientPortAddress": NO_TLS;
        no_sslquorum "sslQuorum": NO_TLS;
        no_portunification "portUnification": NO_TLS;
        no_sslquorumreloadcertfiles "sslQuorumReloadCertFiles": NO_TLS;
        no_servercnxnfactory "serverCnxnFactory": NO_TLS;
        no_client_portunification "client.portUnification": NO_TLS;
        no_quorum_auth_enablesasl "quorum.auth.enableSasl": NO_SASL;
        no_quorum_auth_learnerrequiresasl "quorum.auth.learnerRequireSasl": NO_SASL;
        no_quorum_auth_serverrequiresasl "quorum.auth.serverRequireSasl": NO_SASL;
        no_sessionrequireclientsaslauth "sessionRequireClientSASLAuth": NO_SASL;
        no_enforce_auth_enabled "enforce.auth.enabled": NO_SASL;
        no_enforce_auth_schemes "enforce.auth.schemes": NO_SASL;
        no_authprovider_sasl "authProvider.sasl": NO_SASL;
        no_digestauthenticationprovider_superdigest "DigestAuthenticationProvider.superDigest": NO_SASL;
    }
}

/// Families of keys that are not supported, by their beginning, with the reason.
const FAMILIES: &[(&str, &str)] = &[
    ("server.", MEMBERS),
    ("group.", MEMBERS),
    ("weight.", MEMBERS),
    ("metricsprovider.", "a port for metrics is not supported yet: ask `mntr`, or the AdminServer on 127.0.0.1"),
    ("ssl.", NO_TLS),
    ("fips-mode", NO_TLS),
    ("authprovider.", NO_SASL),
    ("kerberos.", NO_SASL),
    ("sasl", NO_SASL),
    ("requireclientauthscheme", NO_SASL),
];
const MEMBERS: &str = "members are those of the topology (`members`), and every one has one vote";

/// The reason why a key of a family is not supported.
pub fn unsupported(key: &str) -> Option<&'static str> {
    let key = key.to_lowercase();
    FAMILIES.iter().find(|(begin, _)| key.starts_with(begin)).map(|(_, why)| *why)
}

/// The help for a key of `zoo.cfg` that has no descriptor. A member makes each such key an option of its JVM (`QuorumPeerConfig.parseProperties`).
pub fn help_for_unknown(key: &str) -> String {
    unsupported(key).map_or_else(
        || format!("a setting of ZooKeeper's that is not listed is an option of its JVM: jvmOptions: [\"-Dzookeeper.{key}=...\"]"),
        str::to_owned,
    )
}

/// The four-letter words of `ZooKeeper` 3.8 and 3.9.
const FOUR_LETTER_WORDS: &[&str] = &[
    "conf", "cons", "crst", "dirs", "dump", "envi", "gtmk", "hash", "icfg", "isro", "lead", "mntr", "orst", "ruok",
    "srst", "srvr", "stat", "stmk", "sysp", "wchc", "wchp", "wchs",
];

text_value!(
    /// Four-letter words, separated by commas.
    FourLetterWords,
    pattern "^[a-z]{4}( *, *[a-z]{4})*$",
    |text| match text.split(',').find(|word| !FOUR_LETTER_WORDS.contains(&word.trim())) {
        None => Ok(()),
        Some(word) => Err(format!("`{}` is not one of ZooKeeper's four-letter words, such as ruok,conf,cons", word.trim().escape_default())),
    }
);

impl FourLetterWords {
    /// The words, without those that are there anyway.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.as_str().split(',').map(str::trim).filter(|word| !["srvr", "mntr"].contains(word))
    }
}

/// An ensemble that somebody else runs. Before the first change the preflight asks its members, from every master's host, whether they serve and which
/// version they run (3.5 or later). The masters hold their election and keep what they recover below the znode `/spark-NAME-ID` (ID is the
/// `id`, which such a topology must have). Nothing in the ensemble is removed, not even an ended master's latch, so the next master takes over only after up to 43 s; and
/// after `destroy` that znode stays, so that a cluster with the same `id` recovers what is there. A running cluster cannot move from its own ensemble to an
/// external one, or back.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExternalFile {
    /// Its members (1 to 9), each with its client port: `[zk1.example.com:2181, zk2.example.com:2181, zk3.example.com:2181]`. A change needs an outage of
    /// Spark's masters.
    pub connect: Field<Vec<Field<Endpoint>>>,
}

/// The clients of a load balancer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LoadBalancer {
    /// Only the network that it is in.
    Internal,
}

/// The directory for files that the JVM's options name.
pub const LOGS: &str = "/var/log/zookeeper";

/// Its key in a topology.
pub const KEY: &str = "zookeeper";

impl ServiceFile for ZooKeeperFile {
    const KEY: &'static str = KEY;

    fn platform(&self) -> &Field<Name> {
        &self.platform
    }
}
