//! The kinds of platform.

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

/// The kind of place that a platform offers to a service.
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

    /// Returns true if `plan` and `apply` reach it today. The others validate, and say so.
    pub fn delivered(self) -> bool {
        matches!(self, PlatformKind::Nodes | PlatformKind::Local | PlatformKind::AzureVms | PlatformKind::AwsVms)
    }
}

impl std::fmt::Display for PlatformKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.key())
    }
}
