//! Any Kubernetes that a kubeconfig context reaches.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::value::Label;
use crate::yaml::Field;

/// Any Kubernetes: minikube, kind, or a cluster of your own.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KubernetesFile {
    /// The context of the kubeconfig.
    #[schemars(required)]
    pub context: Field<Label>,
    /// The registry of images whose names do not include one. Default: none.
    pub registry: Field<Label>,
}
