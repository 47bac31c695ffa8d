//! Where a cluster can live. One folder a platform, its files named like the stages.

pub mod aks;
pub mod aws_vms;
pub mod azure_vms;
pub mod carried;
pub mod cloud;
pub mod eks;
pub mod hdinsight;
pub mod kubernetes;
pub mod local;
pub mod made;
pub mod nodes;
pub mod region;
pub mod size;
pub mod stored;
pub mod subnets;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::yaml::{Field, Span};

/// A place of your own name, with exactly one kind under it.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("minProperties" = 1, "maxProperties" = 1))]
pub struct PlatformFile {
    /// Existing machines over SSH.
    pub nodes: Field<nodes::file::NodesFile>,
    /// This machine, without root.
    pub local: Field<local::file::LocalFile>,
    /// Virtual machines on Azure.
    pub azure_vms: Field<azure_vms::file::AzureVmsFile>,
    /// Instances on AWS.
    pub aws_vms: Field<aws_vms::file::AwsVmsFile>,
    /// Spark as Azure's managed service.
    pub hdinsight: Field<hdinsight::file::HdinsightFile>,
    /// Azure Kubernetes Service.
    pub aks: Field<aks::file::AksFile>,
    /// Amazon's Kubernetes service.
    pub eks: Field<eks::file::EksFile>,
    /// Any Kubernetes that a kubeconfig context reaches.
    pub kubernetes: Field<kubernetes::file::KubernetesFile>,
}

/// The kinds of platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PlatformKind {
    Nodes,
    Local,
    AzureVms,
    AwsVms,
    Hdinsight,
    Aks,
    Eks,
    Kubernetes,
}

/// What a platform puts under a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ground {
    /// Machines that exist and have names of their own.
    NamedHosts,
    /// Machines or processes that are made and counted.
    CountedHosts,
    /// A Kubernetes API.
    Kubernetes,
    /// The cloud runs the service.
    Managed,
}

impl PlatformKind {
    pub const ALL: [PlatformKind; 8] = [
        PlatformKind::Nodes,
        PlatformKind::Local,
        PlatformKind::AzureVms,
        PlatformKind::AwsVms,
        PlatformKind::Hdinsight,
        PlatformKind::Aks,
        PlatformKind::Eks,
        PlatformKind::Kubernetes,
    ];

    /// Its key in a topology.
    pub fn key(self) -> &'static str {
        match self {
            PlatformKind::Nodes => "nodes",
            PlatformKind::Local => "local",
            PlatformKind::AzureVms => "azureVms",
            PlatformKind::AwsVms => "awsVms",
            PlatformKind::Hdinsight => "hdinsight",
            PlatformKind::Aks => "aks",
            PlatformKind::Eks => "eks",
            PlatformKind::Kubernetes => "kubernetes",
        }
    }

    pub fn ground(self) -> Ground {
        match self {
            PlatformKind::Nodes => Ground::NamedHosts,
            PlatformKind::Local | PlatformKind::AzureVms | PlatformKind::AwsVms => Ground::CountedHosts,
            PlatformKind::Aks | PlatformKind::Eks | PlatformKind::Kubernetes => Ground::Kubernetes,
            PlatformKind::Hdinsight => Ground::Managed,
        }
    }

    /// Whether `plan` and `apply` reach it today. The others validate, and say so.
    pub fn delivered(self) -> bool {
        matches!(self, PlatformKind::Nodes | PlatformKind::Local | PlatformKind::AzureVms | PlatformKind::AwsVms)
    }
}

impl std::fmt::Display for PlatformKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.key())
    }
}

impl PlatformFile {
    /// The kinds written under this name, with their places.
    pub fn kinds(&self) -> Vec<(PlatformKind, Span)> {
        let PlatformFile { nodes, local, azure_vms, aws_vms, hdinsight, aks, eks, kubernetes } = self;
        [
            (PlatformKind::Nodes, nodes.span()),
            (PlatformKind::Local, local.span()),
            (PlatformKind::AzureVms, azure_vms.span()),
            (PlatformKind::AwsVms, aws_vms.span()),
            (PlatformKind::Hdinsight, hdinsight.span()),
            (PlatformKind::Aks, aks.span()),
            (PlatformKind::Eks, eks.span()),
            (PlatformKind::Kubernetes, kubernetes.span()),
        ]
        .into_iter()
        .filter_map(|(kind, span)| span.map(|span| (kind, span)))
        .collect()
    }
}
