//! This machine.

use schemars::JsonSchema;
use serde::Deserialize;

/// This machine: a loopback address for each node, no root. There is nothing to choose.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LocalFile {}
