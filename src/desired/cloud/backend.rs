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
        if let State::Blob { resource_group, account, container } = self {
            holes.put("state_group", resource_group.as_str());
            holes.put("state_account", account.as_str());
            holes.put("state_container", container.as_str());
        }
        if let State::Object { bucket, region } = self {
            holes.put("state_bucket", bucket.as_str());
            holes.put("state_region", region.as_str());
        }
    }
}

/// The holes of Azure that depend on a region's zones: copies of data in each, and a way out that lives in all.
pub fn put_redundancy(location: &Label, zones: &[Zone], holes: &mut Holes) {
    let redundant = azure_zones(location.as_str()).map_or(!zones.is_empty(), |there| !there.is_empty());
    holes.put("replication", if redundant { "ZRS" } else { "LRS" });
    holes.put("zone_redundant", redundant);
    holes.put("nat_sku", if redundant { "StandardV2" } else { "Standard" });
    holes.put_if("nat_zones", redundant.then(|| texts(["1", "2", "3"])));
}
