//! The recorded fact that an ensemble was born.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::value::{MemberId, Name};

/// Where a host keeps the record of the birth that it took part in.
pub const BIRTH_PATH: &str = "/var/lib/provision/birth.json";

/// Who took part. Written to all of them before the first data directory is marked as new, and never again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Birth {
    pub cluster: Name,
    pub members: BTreeMap<MemberId, Name>,
}
