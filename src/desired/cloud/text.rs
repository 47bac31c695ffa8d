//! The names, tags and files that the modules of all clouds share.

use std::collections::BTreeMap;

use hcl_edit::expr::Expression;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::cluster::ServicesOn;
use crate::hcl::object;
use crate::host::render_template;
use crate::topology::{Topology, listeners};
use crate::value::listener::{Bind, Listener};
use crate::value::{Name, Role, Zone};

impl ServicesOn<'_> {
    /// The listeners of a role that other machines must reach.
    pub fn listeners(&self, role: Role) -> Vec<Listener> {
        let all = listeners::all(self.topology);
        all.into_iter().filter(|listener| listener.role() == role && listener.bind == Bind::Host).collect()
    }

    /// The tiers on this platform that must reach a listener.
    pub fn from(&self, listener: &Listener) -> Vec<&'static str> {
        listener.from.iter().filter(|role| self.has(**role)).map(|role| role.tier()).collect()
    }

    /// The files other than HCL for the services on this platform.
    pub fn files(&self, all: &[(&'static str, &str)]) -> BTreeMap<&'static str, String> {
        let is_wanted = |name: &str| match name {
            "cloud-init/zookeeper.yaml" => self.zookeeper.is_some(),
            "cloud-init/masters.yaml" | "cloud-init/workers.yaml" => self.spark.is_some(),
            _ => true,
        };
        all.iter().filter(|(name, _)| is_wanted(name)).map(|(name, text)| (*name, (*text).to_owned())).collect()
    }

    /// Fills the first boots, as far as they are there, from their templates in a folder.
    pub fn fill_first_boots(&self, folder: &str, automatic_upgrades: bool, files: &mut BTreeMap<&'static str, String>) {
        for (name, text) in files.iter_mut().filter(|(name, _)| name.starts_with("cloud-init/")) {
            let mut values = json!({ "by_plan": !automatic_upgrades });
            if *name == "cloud-init/workers.yaml" {
                values["local_disks"] = self.spark.is_some_and(|spark| spark.workers.local_disks).into();
            }
            *text = render_template(&format!("{folder}/{name}"), &values);
        }
    }
}

/// The cluster's name as a cloud can take it in front of its resources' names, with the platform's prefix: at most `max` letters, shortened with a
/// digest of the whole, so that it stays what it is and two clusters never share one.
pub fn cloud_name(prefix: Option<&Name>, cluster: &Name, max: usize) -> String {
    let name = prefixed(prefix, cluster.as_str());
    if name.len() <= max {
        return name;
    }
    let digest = Sha256::digest(&name);
    let tail = format!("{:02x}{:02x}{:02x}", digest[0], digest[1], digest[2]);
    format!("{}-{tail}", name[..max - tail.len() - 1].trim_end_matches('-'))
}

/// A name with the platform's prefix before it.
pub fn prefixed(prefix: Option<&Name>, name: &str) -> String {
    prefix.map_or_else(|| name.to_owned(), |prefix| format!("{prefix}-{name}"))
}

/// The topology's tags and the tool's own, one a line. What Terraform makes is there before the first apply makes an identity: it carries
/// the one that the topology says.
pub fn tags(tags: &BTreeMap<String, String>, topology: &Topology) -> Expression {
    let own = [("provision-cluster", topology.name.to_string()), ("managed-by", "provision".to_owned())];
    let identity = topology.identity.as_ref().map(|identity| ("provision-id", identity.to_string()));
    let own = own.into_iter().chain(identity).map(|(key, value)| (key.to_owned(), value));
    crate::hcl::on_lines(object(tags.clone().into_iter().chain(own)))
}

/// The zone of the NAT gateway that each zone's machines go out through.
pub fn gateway_zones(zones: &[Zone], single: bool) -> Expression {
    object(zones.iter().map(|zone| (zone.as_str(), if single { zones[0].as_str() } else { zone.as_str() })))
}

#[cfg(test)]
mod tests {
    use super::cloud_name;

    #[test]
    fn long_names_are_cut_with_a_digest_of_the_whole() {
        let name = |text: &str| cloud_name(None, &text.parse().expect("a name"), 35);
        assert_eq!(name("analytics"), "analytics");
        let long = "analytics-of-the-north-and-of-the-south-1";
        assert_eq!(name(long), name(long));
        assert!(name(long).len() <= 35 && name(long).starts_with("analytics-of-the-north-"), "{}", name(long));
        assert_ne!(name(long), name("analytics-of-the-north-and-of-the-south-2"));
        let prefix = "prod".parse().expect("a name");
        assert_eq!(cloud_name(Some(&prefix), &"analytics".parse().expect("a name"), 35), "prod-analytics");
    }
}
