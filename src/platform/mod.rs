//! Platforms: the places where a cluster can run. One folder each, its files named like the stages.

pub mod aks;
pub mod aws_vms;
pub mod azure_vms;
pub mod cloud;
pub mod eks;
mod file;
pub mod hdinsight;
mod kind;
pub mod kubernetes;
pub mod local;
pub mod machine;
pub mod nodes;
pub mod provider;
pub mod region;
pub mod size;
pub mod storage;
pub mod storage_names;
pub mod subnets;

pub use file::PlatformFile;
pub use kind::{Ground, PlatformKind};

use aks::Aks;
use aws_vms::AwsVms;
use azure_vms::AzureVms;
use eks::Eks;
use hdinsight::Hdinsight;
use local::Local;
use nodes::Nodes;

use crate::value::{Name, Zone};

/// A place that was checked.
#[derive(Clone, Debug)]
pub enum Platform {
    Nodes(Nodes),
    Local(Local),
    AzureVms(AzureVms),
    AwsVms(AwsVms),
    Hdinsight(Hdinsight),
    Aks(Aks),
    Eks(Eks),
    /// A Kubernetes that is there already.
    Kubernetes,
}

impl Platform {
    /// Returns true if its machines or services are a cloud's.
    pub fn is_cloud(&self) -> bool {
        match self {
            Platform::AzureVms(_)
            | Platform::AwsVms(_)
            | Platform::Hdinsight(_)
            | Platform::Aks(_)
            | Platform::Eks(_) => true,
            Platform::Nodes(_) | Platform::Local(_) | Platform::Kubernetes => false,
        }
    }

    /// The zones of its machines, where it makes machines for services.
    pub fn zones(&self) -> Option<&[Zone]> {
        match self {
            Platform::AzureVms(azure) => Some(&azure.zones),
            Platform::AwsVms(aws) => Some(&aws.zones),
            _ => None,
        }
    }

    /// The text before the names of what a cloud makes.
    pub fn name_prefix(&self) -> Option<&Name> {
        match self {
            Platform::AzureVms(azure) => azure.name_prefix.as_ref(),
            Platform::AwsVms(aws) => aws.name_prefix.as_ref(),
            Platform::Hdinsight(managed) => managed.name_prefix.as_ref(),
            Platform::Aks(aks) => aks.name_prefix.as_ref(),
            Platform::Eks(eks) => eks.name_prefix.as_ref(),
            Platform::Nodes(_) | Platform::Local(_) | Platform::Kubernetes => None,
        }
    }

    pub fn kind(&self) -> PlatformKind {
        match self {
            Platform::Nodes(_) => PlatformKind::Nodes,
            Platform::Local(_) => PlatformKind::Local,
            Platform::AzureVms(_) => PlatformKind::AzureVms,
            Platform::AwsVms(_) => PlatformKind::AwsVms,
            Platform::Hdinsight(_) => PlatformKind::Hdinsight,
            Platform::Aks(_) => PlatformKind::Aks,
            Platform::Eks(_) => PlatformKind::Eks,
            Platform::Kubernetes => PlatformKind::Kubernetes,
        }
    }
}
