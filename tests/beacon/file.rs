//! The beacon's part of a topology.

use provision::service::ServiceFile;
use provision::value::{Name, Port};
use provision::yaml::Field;

provision::settings! {
    /// A beacon: keepers that agree, and lamps that follow them.
    BeaconFile => BeaconSettings
    keys {
        /// The platform it lives on. Default: the only one that can carry it.
        platform "platform": Name;
        /// The hosts of the keepers, an odd number.
        keepers "keepers": Vec<Field<Name>>;
        /// The hosts of the lamps.
        lamps "lamps": Vec<Field<Name>>;
    }
    settings {
        /// The TCP port of a keeper.
        port "port": Port = "9000" => Outage;
        /// The brightness of the lamps.
        brightness "brightness": u32 = "1" => Roll;
        /// The seconds between two words of a keeper.
        beat "beat": u32 = "5" => Roll;
    }
}

impl ServiceFile for BeaconFile {
    const KEY: &'static str = "beacon";

    fn platform(&self) -> &Field<Name> {
        &self.platform
    }
}
