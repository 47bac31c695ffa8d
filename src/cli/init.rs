//! `provision init`

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};
use std::path::PathBuf;

use anyhow::Context;
use clap::ValueEnum;

use super::output::{outln, sayln};
use super::{Exit, Failure};
use crate::value::Identity;

/// Writes a small commented topology to start from
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The file to write; an existing file is not changed
    #[arg(default_value = "provision.yaml")]
    file: PathBuf,
    /// The platform of the new topology
    #[arg(long, value_enum, default_value_t = Template::Nodes)]
    template: Template,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Template {
    /// Your own machines, over SSH
    Nodes,
    /// This machine
    Local,
    /// Virtual machines on Azure
    AzureVms,
    /// Instances on AWS
    AwsVms,
    /// Azure's managed Spark
    Hdinsight,
    /// Azure's Kubernetes service
    Aks,
    /// Amazon's Kubernetes service
    Eks,
    /// Kubernetes on this machine
    Minikube,
}

impl Template {
    fn text(self) -> &'static str {
        match self {
            Template::Nodes => include_str!("../../templates/init/nodes.yaml"),
            Template::Local => include_str!("../../topologies/local.yaml"),
            Template::AzureVms => include_str!("../../topologies/azure-vms.yaml"),
            Template::AwsVms => include_str!("../../topologies/aws-vms.yaml"),
            Template::Hdinsight => include_str!("../../topologies/hdinsight.yaml"),
            Template::Aks => include_str!("../../topologies/aks.yaml"),
            Template::Eks => include_str!("../../topologies/eks.yaml"),
            Template::Minikube => include_str!("../../topologies/minikube.yaml"),
        }
    }
}

impl Template {
    /// The text, with an identity where a cloud's resources carry it: they are there before the first apply could make one.
    fn begun(self) -> String {
        let text = self.text();
        match self {
            Template::Nodes | Template::Local | Template::Minikube => text.to_owned(),
            Template::AzureVms | Template::AwsVms | Template::Hdinsight | Template::Aks | Template::Eks => {
                let (head, rest) = text.split_once("\nplatforms:").expect("every template has platforms");
                format!("{head}\nid: {}    # this cluster's alone: never copy it\nplatforms:{rest}", Identity::random())
            }
        }
    }

    /// The next steps, up to the file's name.
    fn next(self) -> &'static str {
        match self {
            Template::Nodes => "Write your own hosts into it, then: provision plan",
            Template::Local => "It needs nothing more: provision plan",
            Template::AzureVms | Template::AwsVms | Template::Hdinsight | Template::Aks | Template::Eks => {
                "Write your own network, names and sizes into it (names of accounts and buckets must be globally unique), then: provision render"
            }
            Template::Minikube => "This version can validate it, but not apply it yet: provision validate",
        }
    }
}

pub fn run(args: &Args) -> Result<Exit, Failure> {
    let Args { file, template } = args;
    match OpenOptions::new().write(true).create_new(true).open(file) {
        Ok(mut new) => new
            .write_all(template.begun().as_bytes())
            .with_context(|| format!("cannot write {}", file.display()))
            .map_err(Failure::error)?,
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            return Err(Failure::say(
                Exit::Error,
                format!("{} exists already and was not changed: choose another name", file.display()),
            ));
        }
        Err(error) => return Err(Failure::say(Exit::Error, format!("cannot write {}: {error}", file.display()))),
    }
    outln!("{}", file.display());
    sayln!("{} {}", template.next(), file.display());
    Ok(Exit::Done)
}
