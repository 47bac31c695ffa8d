//! Keys for what this version cannot do, as operators of other tools write them: the reason, and the way round.

/// Keys, the keys that one of must lead to them, and the help.
type Absent = (&'static [&'static str], &'static [&'static str], &'static str);

const ABSENT: &[Absent] = &[
    (
        &["labels", "label", "nodeLabels", "selector", "nodeSelector"],
        &["hosts", "nodes", "masters", "workers", "zookeeper"],
        "hosts have no labels: list them by name or by range, such as h[01-40]; workers that differ are a group (`workers: { groups: ... }`)",
    ),
    (
        &["vars", "hostVars", "host_vars", "groupVars", "group_vars"],
        &["hosts", "nodes", "services"],
        "there are no variables: workers with values of their own are a group, even of one host (`workers: { groups: { big: { hosts: [h7], memory: 64g } } }`)",
    ),
    (
        &["tls", "ssl", "https", "keystore", "keyStore", "truststore", "trustStore", "certificate", "certificates"],
        &["services"],
        "TLS for the services is not supported: keep their ports within the cluster's network (`firewall: nftables`), and put a proxy with TLS in front of the pages; traffic between Spark's own processes is encrypted with `config: { spark.network.crypto.enabled: \"true\" }`",
    ),
    (
        &["kerberos", "sasl", "jaas", "keytab", "principal"],
        &["services"],
        "Kerberos and SASL are not supported: `authenticate` gives Spark a shared secret, and `firewall: nftables` closes ZooKeeper to others",
    ),
    (
        &["login", "ldap", "acl", "acls", "users"],
        &["services"],
        "a login for the services' pages is not supported: put a proxy with a login in front of them",
    ),
    (&["hosts", "host"], &["zookeeper"], "members are named by their ids: `members: { 1: h1, 2: h2, 3: h3 }`"),
    (&["port"], &["zookeeper"], "`zookeeper` has `clientPort`, `peerPort` and `electionPort`"),
    (&["memory"], &["zookeeper"], "the memory of members is the `heap` of their JVM"),
    (
        &["user", "group", "runAs"],
        &["services"],
        "services run as users of their own (`zookeeper`, `spark`), which provision makes",
    ),
    (
        &["key", "keyFile", "identityFile", "privateKey", "privateKeyFile", "password"],
        &["ssh"],
        "keys and everything else about the way to a host are OpenSSH's: write `IdentityFile` for the hosts in ~/.ssh/config",
    ),
    (
        &["logLevel", "logging", "log4j", "log4j2", "logback"],
        &["services"],
        "levels of logs are not set in a topology: for Spark's jobs write `config: { spark.log.level: DEBUG }`; daemons log at INFO",
    ),
    (
        &["noProxy", "no_proxy"],
        &["downloads"],
        "everything that hosts download goes through the `proxy`: leave it out where the `mirror` is reached directly",
    ),
    (&["observers", "observer"], &["zookeeper"], "observers are not supported: every member votes"),
    (
        &["ipv6"],
        &["platforms", "services"],
        "IPv6 is not supported: Spark's list of masters cannot hold such addresses",
    ),
    (
        &["spread", "cache", "peers", "p2p", "torrent"],
        &["downloads", "archive"],
        "each host downloads for itself: use a `mirror` near the hosts, or archives that are there already (`archive: { onHost: { path: ... } }`), or let this machine send them (`archive: { file: { path: ... } }`)",
    ),
];

/// The keys that a host may seem to have, because the services have them.
const OF_SERVICES: &[&str] =
    &["cores", "memory", "heap", "localDirs", "workDir", "jvmOptions", "environment", "tags", "role", "roles"];
const OF_A_HOST: &str = "a host has no settings of its own: workers that differ are a group, even of one host (`workers: { groups: { big: { hosts: [h7], memory: 64g } } }`)";

/// The help for a key that the language does not have; `parents` are the keys that lead to it.
pub fn help(key: &str, parents: &[String]) -> Option<&'static str> {
    let in_a_host = parents.len() > 1 && parents[parents.len() - 2] == "hosts";
    if in_a_host && OF_SERVICES.contains(&key) {
        return Some(OF_A_HOST);
    }
    let leads = |places: &[&str]| parents.iter().any(|parent| places.contains(&parent.as_str()));
    ABSENT.iter().find(|(keys, places, _)| keys.contains(&key) && leads(places)).map(|(.., help)| *help)
}
