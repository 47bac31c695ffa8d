//! What a cloud must hold for a cluster: resources as values, computed once. Terraform is one way of writing them out.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::rc::Rc;

use hcl_edit::structure::Body;

use crate::hcl::{self, Holes, Resource};
use crate::host::render_template;
use crate::platform::{aks, aws_vms, azure_vms, eks, hdinsight};
use crate::topology::{Platform, Topology};
use crate::value::Name;

/// A cloud's part of the desired state.
#[derive(Clone, Debug)]
pub struct Cloud {
    /// The platform of the topology that it is for.
    pub platform: Name,
    /// By the name of the file that each concern is reviewed in.
    pub files: BTreeMap<&'static str, Body>,
    /// What is no HCL: first boot, the page beside the module.
    pub texts: BTreeMap<&'static str, String>,
    /// Every file that may be rendered for its platform; others beside them (state, values, overrides) are the operator's.
    pub names: BTreeSet<&'static str>,
}

/// A platform's resources with holes, and what fills them.
#[derive(Debug, Default)]
pub struct Module {
    pub parts: Vec<Part>,
    pub texts: BTreeMap<&'static str, String>,
    /// Every file that may be rendered here, whatever the topology says.
    pub names: BTreeSet<&'static str>,
}

/// Some resources of one file.
#[derive(Debug)]
pub struct Part {
    pub file: &'static str,
    pub template: &'static str,
    pub holes: Rc<Holes>,
}

/// The same for every cloud.
const BACKEND: (&str, &str) = ("backend.tf", include_str!("../../templates/terraform/backend.tf"));

impl Module {
    /// Files that another topology of this platform would have.
    pub fn may_have(&mut self, names: impl IntoIterator<Item = &'static str>) {
        self.names.extend(names);
    }

    /// The page beside the module.
    pub fn readme(&mut self, template: &str, values: &serde_json::Value) {
        let page = render_template(template, values);
        // Conditions leave their line breaks at the end.
        self.texts.insert("README.md", format!("{}\n", page.trim_end()));
    }

    /// A file for each template, all with the same holes; and where the state is.
    pub fn of(
        templates: &[(&'static str, &'static str)],
        holes: Holes,
        texts: BTreeMap<&'static str, String>,
    ) -> Module {
        let holes = Rc::new(holes);
        let part = |(file, template): &(&'static str, &'static str)| Part { file, template, holes: holes.clone() };
        let mut texts = texts;
        texts.insert(".gitignore", include_str!("../../templates/terraform/gitignore").to_owned());
        let templates: Vec<_> = templates.iter().chain([&BACKEND]).copied().collect();
        let names = templates.iter().map(|(name, _)| *name).chain(texts.keys().copied()).chain(["README.md"]).collect();
        Module { parts: templates.iter().map(part).collect(), texts, names }
    }
}

/// The clouds of a topology, each on its own.
pub fn of(topology: &Topology) -> Vec<Cloud> {
    topology
        .platforms
        .iter()
        .filter_map(|(name, platform)| Some(cloud(name, module(name, platform, topology)?)))
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

fn cloud(name: &Name, module: Module) -> Cloud {
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
    Cloud { platform: name.clone(), files, texts: module.texts, names: module.names }
}

impl Cloud {
    /// Whether a file of its folder is rendered, and not the operator's.
    pub fn is_ours(&self, file: &Path) -> bool {
        file.to_str().is_some_and(|name| self.names.contains(name))
    }

    /// Every resource, in the order of files and of their places in them.
    pub fn resources(&self) -> Vec<Resource> {
        hcl::resources(self.files.values())
    }
}

/// What Terraform would own, for a plan: a line for each file, a resource with the number of its instances.
impl std::fmt::Display for Cloud {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "Terraform owns on `{}` (the cloud itself was not asked):", self.platform)?;
        let resources = self.resources();
        for (file, body) in &self.files {
            let here: BTreeSet<_> = hcl::resources([body]).into_iter().map(|resource| resource.address).collect();
            let of_file = resources.iter().filter(|resource| !resource.is_data && here.contains(&resource.address));
            let all: Vec<String> = of_file
                .map(|resource| match &resource.keys {
                    Some(keys) if !keys.is_empty() => format!("{} × {}", resource.address, keys.len()),
                    _ => resource.address.to_string(),
                })
                .collect();
            if !all.is_empty() {
                writeln!(f, "  {file}: {}", all.join(", "))?;
            }
        }
        writeln!(f)
    }
}

/// The files of a folder of `templates/terraform`.
macro_rules! templates {
    ($folder:literal: $($file:literal)*) => {
        &[$(($file, include_str!(concat!("../../../templates/terraform/", $folder, "/", $file)))),*]
    };
}
pub(crate) use templates;
