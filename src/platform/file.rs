//! A platform as the file writes it.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{PlatformKind, aks, aws_vms, azure_vms, eks, hdinsight, kubernetes, local, nodes};
use crate::yaml::{Field, Span};

/// A place, under a name that you choose, with exactly one kind under it.
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
