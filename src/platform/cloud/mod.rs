//! The parts that clouds share in a topology.

mod backup;
mod existing;
mod login;
mod machines;
mod pools;
mod ranges;
mod state;
mod subnets;
mod tags;

pub use backup::{Backup, BackupFile};
pub use existing::{AwsExisting, AwsExistingFile, AwsNetwork, AzureExisting, AzureExistingFile, StorageKey};
pub use login::{CloudSsh, CloudSshFile, check_public_keys};
pub use machines::{AWS_IMAGES, AZURE_IMAGES, Image, ImageFile, check_disk};
pub use pools::{Pool, PoolFile, PoolNodes, check_kubernetes, check_pools, pools};
pub use ranges::{check_apart, check_api_from, values, warn_open};
pub use state::{State, StateFile};
pub use subnets::{AwsSubnets, AzureSubnets, ExistingSubnet};
pub use tags::{TagRules, tags};
