//! The clouds' machine sizes, by their naming rules and a few tables of families. A test holds both against recorded lists.

mod aws;
mod azure;
mod listed;

use crate::diagnostic::{Code, Diagnostics};
use crate::value::Label;
use crate::yaml::Span;

pub use aws::{aws, aws_is_arm, aws_problem};
pub use azure::{azure, azure_problem, azure_series};

/// The sizes of a cloud.
#[derive(Clone, Copy, Debug)]
pub struct Catalogue {
    /// The shape of a size, where the rules compute it.
    pub shape: fn(&str) -> Option<Shape>,
    /// The reason why there are no machines of a size.
    problem: fn(&str) -> Option<&'static str>,
    code: Code,
    example: &'static str,
}

pub const AZURE: Catalogue =
    Catalogue { shape: azure, problem: azure_problem, code: Code::AZ001, example: "Standard_D4s_v5" };
pub const AWS: Catalogue = Catalogue { shape: aws, problem: aws_problem, code: Code::T012, example: "m7i.large" };

impl Catalogue {
    /// Reports a size that the cloud does not have, or that nothing of ours boots on.
    pub fn check(&self, at: Span, size: &Label, problems: &mut Diagnostics) {
        if let Some(why) = (self.problem)(size.as_str()) {
            problems
                .add(self.code, at, format!("{size}: {why}"))
                .help(format!("use a current size, for example {}", self.example));
        }
    }
}

/// A machine of a size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    pub vcpus: u32,
    pub mebibytes: u64,
    /// True if it is an ARM machine.
    pub arm: bool,
    pub local_disks: LocalDisks,
    /// True if it takes SSD disks that are billed by size (Azure's premium storage). Always on AWS.
    pub premium_disks: bool,
    /// True if its network card may be handed through to it. Always on AWS since Nitro.
    pub accelerated_networking: bool,
}

/// The disks in a machine, which are empty after it has been stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LocalDisks {
    None,
    /// One that its cloud formats.
    Formatted,
    /// Raw ones behind `NVMe`.
    Nvme,
}

impl Shape {
    /// For people: `1 vCPU`, `4 vCPUs`.
    pub fn cores(self) -> String {
        format!("{} vCPU{}", self.vcpus, if self.vcpus == 1 { "" } else { "s" })
    }

    pub fn gibibytes(self) -> u64 {
        self.mebibytes / 1024
    }
}
