//! Machines that exist already, reached over SSH.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::value::{Address, AddressOrRange, Cidr, Label, Port, UserName, Zone};
use crate::yaml::{Entries, Field};

/// Existing machines, reached over SSH.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NodesFile {
    /// The way to log in. Whatever is left out comes from `~/.ssh/config`.
    pub ssh: Field<SshFile>,
    /// The machines by name. A machine's name is used in the names of the nodes on it and must not change. A range stands for several machines, as in
    /// `w[01-40]: { address: "10.0.2.[1-40]" }`: a range in one of the values must have as many numbers as the range of names,
    /// and each machine gets one of them.
    #[schemars(required)]
    pub hosts: Field<Entries<HostFile>>,
    /// The firewall that closes every port that the topology does not declare: `none`, `nftables`, or `{ nftables: { allow: [...] } }`. Default:
    /// `none`.
    pub firewall: Field<FirewallFile>,
}

/// The way to log in to the machines.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SshFile {
    /// The user to log in as; needs `sudo` without a password unless it is root. Default: as `~/.ssh/config` says, else the operator's own name.
    pub user: Field<UserName>,
    /// The TCP port of sshd. Default: as `~/.ssh/config` says, else 22.
    pub port: Field<Port>,
    /// `openssh`: every host is reached by the operator's own OpenSSH client. Default: only where `~/.ssh/config` asks for what libssh2 does not do
    /// (jump hosts, certificates, hardware keys and the like); libssh2 is faster.
    pub client: Field<SshClient>,
}

/// The client that runs scripts on the machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SshClient {
    /// The `ssh` on the operator's machine.
    OpenSsh,
}

/// One machine.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HostFile {
    /// The address at which the operator and the other machines reach it: IPv4 or a DNS name.
    #[schemars(required, with = "AddressOrRange")]
    pub address: Field<Address>,
    /// The failure zone (rack, room, power feed) it is in. Default: none known.
    pub zone: Field<Zone>,
    /// The name that `~/.ssh/config` and `known_hosts` know it by, where that is not its address. Default: its address.
    #[schemars(with = "Option<AddressOrRange>")]
    pub ssh_name: Field<Label>,
}

/// The firewall on the machines.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FirewallFile {
    /// No firewall from provision: the machines' own, if any, is left alone.
    #[default]
    None,
    /// A table of its own in nftables: ssh and the declared listeners stay open, the rest is dropped.
    Nftables(NftablesFile),
}

/// provision's own nftables table.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NftablesFile {
    /// Further traffic that is let in. Default: nothing beyond ssh and what the cluster's own hosts need of each other.
    pub allow: Field<Vec<Field<AllowFile>>>,
}

/// More that a firewall lets in.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AllowFile {
    /// The range that it comes from, for example `10.0.0.0/8`.
    #[schemars(required)]
    pub from: Field<Cidr>,
    /// The listeners that it may reach: `client`, `peer`, `election` (of `ZooKeeper`); `master`, `master-ui`, `worker`, `worker-ui`, `history-ui`,
    /// `shuffle-service`, `driver`, `driver-ui`, `driver-block-manager`, `block-manager` (Spark). Either this, `port` or `udpPort`.
    pub to: Field<Vec<Field<Label>>>,
    /// A TCP port that it may reach on every host, for example 9100 for a node exporter. Either this, `to` or `udpPort`.
    pub port: Field<Port>,
    /// A UDP port that it may reach on every host, for example 51820 where a host is the end of a `WireGuard` tunnel. Either this, `to` or `port`.
    pub udp_port: Field<Port>,
}

impl JsonSchema for FirewallFile {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "FirewallFile".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let mut nftables = generator.subschema_for::<NftablesFile>();
        let about = "A table of its own in nftables: ssh, the declared listeners and what `allow` lists stay open, the rest is dropped.";
        nftables.insert("description".to_owned(), about.into());
        schemars::json_schema!({
            "oneOf": [
                { "type": "string", "enum": ["none", "nftables"] },
                {
                    "description": "The firewall on the machines: `none` leaves the machines' own firewall alone; `nftables` closes what the topology does not declare.",
                    "type": "object",
                    "properties": { "nftables": nftables },
                    "additionalProperties": false,
                    "required": ["nftables"]
                }
            ]
        })
    }
}
