//! Checks of virtual machines on Azure.

use super::file::AzureVmsFile;
use super::{AzureVms, BASTION_PREFIX, Subnets};
use crate::diagnostic::{Code, Diagnostics};
use crate::platform::cloud::{CloudSsh, Image, State, check_zones, tags, values};
use crate::platform::region::azure_zones;
use crate::platform::subnets;
use crate::yaml::Span;

pub fn check(span: Span, file: &AzureVmsFile, problems: &mut Diagnostics) -> Option<AzureVms> {
    let AzureVmsFile { location, zones, network, image, ssh, tags: labels, state } = file;
    for (name, missing) in
        [("location", location.is_missing()), ("network", network.is_missing()), ("ssh", ssh.is_missing())]
    {
        if missing {
            problems.add(Code::T003, span, format!("`{name}` is missing"));
        }
    }
    let region = location.ok().map(|name| name.as_str().to_lowercase());
    let there = region.as_deref().and_then(azure_zones);
    check_zones(zones, region.as_deref().unwrap_or_default(), there, problems);
    let image = Image::check(image, problems);
    let ssh = CloudSsh::of(ssh, "ops");
    let state = State::check(state, problems);
    let (at, network) = subnets::check(network, problems)?;
    let bastion = Subnets::of(network).bastion;
    if ssh.as_ref().is_some_and(|ssh| ssh.bastion) && bastion.prefix() > BASTION_PREFIX {
        let message = format!("{network} leaves {bastion} for the bastion, which wants a /{BASTION_PREFIX}");
        problems.add(Code::T012, at, message).help("take a /22 or wider");
    }
    Some(AzureVms {
        state,
        location: location.ok()?.clone(),
        zones: values(zones),
        network,
        image: image?,
        ssh: ssh?,
        tags: tags(labels),
    })
}
