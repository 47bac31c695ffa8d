//! Checks of instances on AWS.

use super::file::AwsVmsFile;
use super::{AwsVms, SUBNET_PREFIX_MAX, Tier, ZONES_MAX, subnet};
use crate::diagnostic::{Code, Diagnostics};
use crate::platform::cloud::{
    AWS_IMAGES, AwsExisting, Backup, CloudSsh, Image, State, TagRules, tags, values, warn_open,
};
use crate::platform::{region, subnets};
use crate::value::{Cidr, Label, Zone};
use crate::yaml::{Field, Span};

pub fn check(span: Span, file: &AwsVmsFile, problems: &mut Diagnostics) -> Option<AwsVms> {
    let AwsVmsFile {
        region,
        zones,
        network,
        existing,
        single_nat_gateway,
        image,
        ssh,
        name_prefix,
        backup,
        automatic_upgrades,
        tags: labels,
        state,
    } = file;
    let region = region::AWS.check(span, region, problems);
    problems.need(span, "network", network);
    problems.need(span, "ssh", ssh);
    let name = region.as_ref().map_or("", Label::as_str);
    region::AWS.check_zones(name, zones, problems);
    let mut list: Vec<Zone> = values(zones);
    if list.is_empty() {
        // A subnet is always in one zone.
        let first = (region::AWS.zones)(name).and_then(|zones| zones.first()).unwrap_or(&"a");
        list.push(first.parse().expect("a letter is a zone"));
    }
    if let Some(at) = zones.span().filter(|_| list.len() > ZONES_MAX) {
        problems
            .add(Code::T012, at, format!("at most {ZONES_MAX} zones have room in a network"))
            .help("three are enough for a quorum");
    }
    if let Some(at) = ssh.ok().and_then(|ssh| ssh.bastion.span()) {
        problems.add(
            Code::T090,
            at,
            "`bastion` is not used by a platform of kind awsVms: Session Manager is the way in",
        );
    }
    if let Some(ssh) = file.ssh.ok() {
        warn_open(&ssh.from, "ssh", problems);
    }
    let image = Image::check(image, &AWS_IMAGES, problems);
    let ssh = CloudSsh::check(ssh, "ubuntu", problems);
    let state = State::check(state, problems);
    let existing = AwsExisting::check(existing, &list, single_nat_gateway, region.as_ref(), problems);
    let tags = tags(labels, TagRules::Aws, problems);
    let (at, network) = check_network(network, problems)?;
    existing.check_within(at, network, problems);
    Some(AwsVms {
        state,
        region: region?,
        zones: list,
        network,
        existing,
        name_prefix: name_prefix.ok().cloned(),
        backup: Backup::check(backup, problems),
        automatic_upgrades: automatic_upgrades.or(true),
        image: image?,
        single_nat_gateway: single_nat_gateway.or(false),
        ssh: ssh?,
        tags,
    })
}

/// The network, where each tier has a subnet that AWS takes in every zone; reports it otherwise.
pub fn check_network(field: &Field<Cidr>, problems: &mut Diagnostics) -> Option<(Span, Cidr)> {
    let (at, network) = subnets::check(field, subnets::AWS_PREFIX_MIN, problems)?;
    let smallest = subnet(network, Tier::Public, 0);
    if smallest.prefix() > SUBNET_PREFIX_MAX {
        let message =
            format!("{network} leaves {smallest} for a subnet, and AWS has none smaller than a /{SUBNET_PREFIX_MAX}");
        problems.add(Code::T012, at, message).help("use a /22 or wider");
        return None;
    }
    Some((at, network))
}
