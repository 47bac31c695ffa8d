//! Virtual machines on Azure.

mod check;
pub mod file;

use std::collections::BTreeMap;

use crate::platform::cloud::{AzureExisting, Backup, CloudSsh, Image, State};
use crate::platform::provider::MachineProvider;
use crate::platform::subnets::{self, Blocks};
use crate::service::spark::WORKER;
use crate::service::zookeeper::MEMBER;
use crate::value::{Address, Cidr, Label, Name, Role, UserName, Zone};

pub use check::{check, check_login};

/// Virtual machines on Azure, checked.
#[derive(Clone, Debug)]
pub struct AzureVms {
    pub location: Label,
    /// In the order in which machines take them; empty for a region without zones.
    pub zones: Vec<Zone>,
    pub network: Cidr,
    pub existing: AzureExisting,
    pub image: Image,
    pub ssh: CloudSsh,
    pub name_prefix: Option<Name>,
    /// True for locks against deletion on what holds data.
    pub locks: bool,
    pub backup: Option<Backup>,
    /// True if Ubuntu upgrades packages by itself.
    pub automatic_upgrades: bool,
    /// True if extensions may be installed on members and masters.
    pub extensions: bool,
    pub tags: BTreeMap<String, String>,
    pub state: State,
}

/// A bastion's subnet has at least a /26 (learn.microsoft.com, "Azure Bastion FAQ").
pub const BASTION_PREFIX: u8 = 26;
/// Small blocks are at least four bits longer than the network.
const SPLIT: u8 = 4;

/// The address ranges of a network.
#[derive(Clone, Copy, Debug)]
pub struct Subnets {
    pub zookeeper: Cidr,
    pub masters: Cidr,
    pub endpoints: Cidr,
    pub bastion: Cidr,
    pub workers: Cidr,
}

impl Subnets {
    pub fn of(network: Cidr) -> Subnets {
        let blocks = Blocks::of(network, SPLIT);
        Subnets {
            zookeeper: blocks.small(0),
            masters: blocks.small(1),
            endpoints: blocks.small(2),
            bastion: blocks.within(3, BASTION_PREFIX),
            workers: blocks.upper(0, 1),
        }
    }
}

impl AzureVms {
    pub fn subnets(&self) -> Subnets {
        let Subnets { zookeeper, masters, endpoints, bastion, workers } = Subnets::of(self.network);
        let range = |of_use: &str, own: Cidr| self.existing.range(of_use, own);
        Subnets {
            zookeeper: range("zookeeper", zookeeper),
            masters: range("masters", masters),
            endpoints: range("endpoints", endpoints),
            bastion,
            workers: range("workers", workers),
        }
    }

    /// The subnet of a role's machines.
    pub fn block(&self, role: Role) -> Cidr {
        let subnets = self.subnets();
        match role {
            MEMBER => subnets.zookeeper,
            WORKER => subnets.workers,
            // Everything else is where the masters are.
            _ => subnets.masters,
        }
    }
}

impl MachineProvider for AzureVms {
    fn machine(&self, role: Role, number: u32, pinned: Option<&str>) -> (Address, Option<String>) {
        let zone = pinned.or_else(|| Some(subnets::zone(&self.zones, number)?.as_str()));
        (subnets::fixed(self.block(role), number), zone.map(str::to_owned))
    }

    fn user(&self) -> &UserName {
        &self.ssh.user
    }

    /// Small ones with SSD disks.
    fn size(&self, role: Role) -> &'static str {
        match role {
            MEMBER => "Standard_D2s_v5",
            WORKER => "Standard_E8s_v5",
            _ => "Standard_D4s_v5",
        }
    }
}
