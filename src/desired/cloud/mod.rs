//! The resources that a cloud must hold for a cluster, as values, computed once. Terraform is one way of writing them out.

mod aks;
mod aws_vms;
mod azure_vms;
mod backend;
mod eks;
mod existing;
mod hdinsight;
mod machines;
mod module;
mod text;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use hcl_edit::structure::Body;

use crate::hcl::{self, Resource};
use crate::platform::Platform;
use crate::topology::Topology;
use crate::value::Name;
use module::{Module, Part};

/// A cloud's part of the desired state.
#[derive(Clone, Debug)]
pub struct Cloud {
    /// The platform of the topology that it is for.
    pub platform: Name,
    /// By the name of the file that each concern is reviewed in.
    pub files: BTreeMap<&'static str, Body>,
    /// The files that are not HCL: first boot, the page beside the module.
    pub texts: BTreeMap<&'static str, String>,
    /// Every file that may be rendered for its platform; others beside them (state, values, overrides) are the operator's.
    pub names: BTreeSet<&'static str>,
}

/// The clouds of a topology, each on its own. `file`: the topology's name in its folder, for the commands of the pages beside the modules.
pub fn of(topology: &Topology, file: &str) -> Vec<Cloud> {
    topology
        .platforms
        .iter()
        .filter_map(|(name, platform)| Some(cloud(name, module(name, platform, topology)?, file)))
        .collect()
}

fn module(name: &Name, platform: &Platform, topology: &Topology) -> Option<Module> {
    match platform {
        Platform::AzureVms(azure) => Some(azure_vms::module(name, azure, topology)),
        Platform::AwsVms(aws) => Some(aws_vms::module(name, aws, topology)),
        Platform::Hdinsight(managed) => hdinsight::module(name, managed, topology),
        Platform::Aks(aks) => Some(aks::module(name, aks, topology)),
        Platform::Eks(eks) => Some(eks::module(name, eks, topology)),
        Platform::Nodes(_) | Platform::Local(_) | Platform::Kubernetes => None,
    }
}

fn cloud(name: &Name, module: Module, file: &str) -> Cloud {
    debug_assert_eq!(module.unmatched(), BTreeSet::new(), "a template's holes and the values for them are one set");
    let mut files: BTreeMap<&'static str, Body> = BTreeMap::new();
    for Part { file, template, holes } in &module.parts {
        let filled = hcl::fill(&hcl::template(template), holes);
        // A concern that this topology has not.
        if !filled.is_empty() {
            let body = files.entry(file).or_default();
            hcl::append(body, filled);
        }
    }
    files.values_mut().for_each(hcl::lay_out);
    let names = module.names.clone();
    Cloud { platform: name.clone(), files, texts: module.texts(file), names }
}

impl Cloud {
    /// Returns true if a file of its folder is rendered, and not the operator's.
    pub fn is_ours(&self, file: &Path) -> bool {
        file.to_str().is_some_and(|name| self.names.contains(name))
    }

    /// Every resource, in the order of files and of their places in them.
    pub fn resources(&self) -> Vec<Resource> {
        hcl::resources(self.files.values())
    }
}
