//! The recorded fact that an ensemble was born.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::value::{MemberId, Name};

/// The file with the record of the birth that a host took part in.
pub const BIRTH_PATH: &str = "/var/lib/provision/birth.json";

/// The members that took part. Written to all of them before the first data directory is marked as new, and never again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Birth {
    pub cluster: Name,
    pub members: BTreeMap<MemberId, Name>,
}
