//! What the clouds' machine sizes are, by their naming rules and a few tables of families. A test holds both against recorded lists.

mod aws;
mod azure;

pub use aws::{aws, check_aws};
pub use azure::{azure, azure_problem};

/// A machine of a size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    pub vcpus: u32,
    pub mebibytes: u64,
    /// Whether it is an ARM machine.
    pub arm: bool,
    /// Whether it has a disk of its own that goes with it.
    pub temporary_disk: bool,
    /// Whether it takes SSD disks that are billed by size (Azure's premium storage). Always on AWS.
    pub premium_disks: bool,
}

impl Shape {
    pub fn gibibytes(self) -> u64 {
        self.mebibytes / 1024
    }
}
