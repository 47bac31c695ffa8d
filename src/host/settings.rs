//! A setting with its value, and the effect of a change.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The effect of a changed setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// Taken up without a restart.
    Live,
    /// Taken up by restarting one node after the other.
    Roll,
    /// Data would have to move, which the plan refuses by name.
    Migrate,
    /// Old and new cannot run side by side: everything stops for a moment.
    Outage,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setting {
    pub class: Class,
    pub value: String,
}

/// All settings by their path in the topology.
pub type Settings = BTreeMap<String, Setting>;
