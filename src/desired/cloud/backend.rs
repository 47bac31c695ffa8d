//! The place of Terraform's state, and the effect of a region's zones.

use crate::hcl::{Holes, texts};
use crate::platform::cloud::State;
use crate::platform::region::azure_zones;
use crate::value::{Label, Name, Zone};

impl State {
    /// The holes of `backend.tf`.
    pub fn put(&self, cluster: &Name, platform: &Name, holes: &mut Holes) {
        holes.put("state_local", *self == State::Local);
        holes.put("state_blob", matches!(self, State::Blob { .. }));
        holes.put("state_object", matches!(self, State::Object { .. }));
        // Two platforms of one cluster have a state each.
        holes.put("state_key", format!("{cluster}/{platform}.tfstate"));
        let blob = if let State::Blob { resource_group, account, container } = self {
            Some([resource_group.as_str(), account.as_str(), container.as_str()])
        } else {
            None
        };
        let names = ["state_group", "state_account", "state_container"];
        names.iter().enumerate().for_each(|(at, name)| holes.put_if(name, blob.map(|all| all[at])));
        let object = if let State::Object { bucket, region } = self { Some((bucket, region)) } else { None };
        holes.put_if("state_bucket", object.map(|(bucket, _)| bucket.as_str()));
        holes.put_if("state_region", object.map(|(_, region)| region.as_str()));
    }
}

/// Returns true if a region of Azure has zones.
pub fn has_zones(location: &Label, zones: &[Zone]) -> bool {
    azure_zones(location.as_str()).map_or(!zones.is_empty(), |there| !there.is_empty())
}

/// The replication of a storage account: copies in each zone of a region that has some.
pub fn replication(location: &Label, zones: &[Zone]) -> &'static str {
    if has_zones(location, zones) { "ZRS" } else { "LRS" }
}

/// The holes of a network's way out, which lives in all zones of a region that has some.
pub fn put_way_out(location: &Label, zones: &[Zone], holes: &mut Holes) {
    let redundant = has_zones(location, zones);
    holes.put("nat_sku", if redundant { "StandardV2" } else { "Standard" });
    holes.put_if("nat_zones", redundant.then(|| texts(["1", "2", "3"])));
}
