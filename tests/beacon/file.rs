//! The beacon's part of a topology.

use provision::service::ServiceFile;
use provision::value::{Name, Port};
use provision::yaml::Field;
use schemars::JsonSchema;
use serde::Deserialize;

/// A beacon: keepers that agree, and lamps that follow them.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BeaconFile {
    /// The platform it lives on. Default: the only one that can carry it.
    pub platform: Field<Name>,
    /// The hosts of the keepers, an odd number.
    #[schemars(required)]
    pub keepers: Field<Vec<Field<Name>>>,
    /// The hosts of the lamps.
    #[schemars(required)]
    pub lamps: Field<Vec<Field<Name>>>,
    /// The TCP port of a keeper. Default: 9000.
    pub port: Field<Port>,
    /// The brightness of the lamps. Default: 1.
    pub brightness: Field<u32>,
    /// The seconds between two words of a keeper. Default: 5.
    pub beat: Field<u32>,
}

impl ServiceFile for BeaconFile {
    const KEY: &'static str = "beacon";

    fn platform(&self) -> &Field<Name> {
        &self.platform
    }
}
