//! Instances on AWS.

mod check;
pub mod file;

use std::collections::BTreeMap;

use crate::platform::cloud::{AwsExisting, Backup, CloudSsh, ExistingSubnet, Image, State};
use crate::platform::provider::MachineProvider;
use crate::platform::subnets::{self, Blocks};
use crate::service::spark::{MASTER, WORKER};
use crate::service::zookeeper::MEMBER;
use crate::value::{Address, Cidr, Label, Name, Role, UserName, Zone};

pub use check::{check, check_network};

/// Instances on AWS, checked.
#[derive(Clone, Debug)]
pub struct AwsVms {
    pub region: Label,
    /// Zones by their letter, in the order in which machines take them; never empty.
    pub zones: Vec<Zone>,
    pub network: Cidr,
    pub existing: AwsExisting,
    pub image: Image,
    /// True if all zones go out through the first one.
    pub single_nat_gateway: bool,
    pub ssh: CloudSsh,
    pub name_prefix: Option<Name>,
    pub backup: Option<Backup>,
    /// True if Ubuntu upgrades packages by itself.
    pub automatic_upgrades: bool,
    pub tags: BTreeMap<String, String>,
    pub state: State,
}

/// So many zones a tier has room for: a subnet is in one zone.
pub const ZONES_MAX: usize = 4;
/// Small blocks are at least five bits longer than the network: four for each of three tiers, and room for a fourth.
const SPLIT: u8 = 5;
/// The smallest subnet (docs.aws.amazon.com, "Subnet CIDR blocks").
const SUBNET_PREFIX_MAX: u8 = 28;

/// The tiers of the network; each has a subnet in every zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tier {
    /// The way out.
    Public,
    Of(Role),
}

/// The subnet of a tier in the n-th zone of the list.
pub fn subnet(network: Cidr, tier: Tier, zone: usize) -> Cidr {
    let blocks = Blocks::of(network, SPLIT);
    let zone = u32::try_from(zone).expect("a few zones");
    let zones = u32::try_from(ZONES_MAX).expect("a few zones");
    match tier {
        Tier::Public => blocks.small(zone),
        Tier::Of(MEMBER) => blocks.small(zones + zone),
        Tier::Of(WORKER) => blocks.upper(zone, zones),
        // Everything else is where the masters are.
        Tier::Of(_) => blocks.small(2 * zones + zone),
    }
}

impl AwsVms {
    pub fn subnet(&self, tier: Tier, zone: usize) -> Cidr {
        self.existing_subnet(tier, zone).map_or_else(|| subnet(self.network, tier, zone), |subnet| subnet.range)
    }

    /// The subnet of a tier that is there already.
    pub fn existing_subnet(&self, tier: Tier, zone: usize) -> Option<&ExistingSubnet> {
        let of_use = match tier {
            Tier::Public => return None,
            Tier::Of(role) if matches!(role, MEMBER | WORKER) => role.tier(),
            Tier::Of(_) => MASTER.tier(),
        };
        self.existing.subnets()?.get(of_use)?.get(self.zones.get(zone)?)
    }
}

impl MachineProvider for AwsVms {
    fn machine(&self, role: Role, number: u32, pinned: Option<&str>) -> (Address, Option<String>) {
        let zone = pinned
            .unwrap_or_else(|| subnets::zone(&self.zones, number).expect("the check has seen to a zone").as_str());
        let at = self.zones.iter().position(|there| there.as_str() == zone).unwrap_or(0);
        (subnets::fixed(self.subnet(Tier::Of(role), at), number), Some(zone.to_owned()))
    }

    fn user(&self) -> &UserName {
        &self.ssh.user
    }

    fn size(&self, role: Role) -> &'static str {
        match role {
            MEMBER => "m7i.large",
            WORKER => "r7i.2xlarge",
            _ => "m7i.xlarge",
        }
    }

    fn spelled(&self, size: &str) -> String {
        size.to_lowercase()
    }
}
