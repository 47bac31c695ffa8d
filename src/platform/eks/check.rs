//! Checks of Amazon's Kubernetes service.

use super::Eks;
use super::file::EksFile;
use crate::diagnostic::{Code, Diagnostics};
use crate::platform::aws_vms::{ZONES_MAX, check_network};
use crate::platform::cloud::{State, check_pools, check_zones, pools, tags, values, warn_open};
use crate::platform::{region, size, subnets};
use crate::topology::value::Label;
use crate::yaml::Span;

pub fn check(span: Span, file: &EksFile, problems: &mut Diagnostics) -> Option<Eks> {
    let EksFile { region, version, network, zones, registry, api_from, pools: files, tags: labels, state } = file;
    let region = region::check(span, "region", region, problems);
    problems.need(span, "version", version);
    problems.need(span, "network", network);
    problems.need(span, "zones", zones);
    problems.need(span, "pools", files);
    let name = region.as_ref().map_or("", Label::as_str);
    check_zones(zones, name, region::aws_zones(name), problems);
    check_pools(files, size::aws, problems);
    if let Some((at, list)) = zones.spanned().filter(|(_, list)| !(2..=ZONES_MAX).contains(&list.len())) {
        let message = format!(
            "EKS wants subnets in at least two zones, and the network has room for {ZONES_MAX}, not {}",
            list.len()
        );
        problems.add(Code::T012, at, message);
    }
    for entry in files.ok().into_iter().flatten() {
        if let Some((at, size)) = entry.value.ok().and_then(|pool| pool.size.spanned()) {
            size::check_aws(at, size, problems);
        }
        let name = entry.key.text.as_str();
        // With `-a` behind it a node group's name has at most 63, and it is a name in Terraform too.
        if name.len() > 61 || !name.starts_with(|c: char| c.is_ascii_lowercase()) {
            let message =
                format!("`{name}` is no name of a pool: a letter, then at most 60 letters, digits and dashes");
            problems.add(Code::T012, entry.key.span, message);
        }
    }
    warn_open(api_from, "the API server", problems);
    let state = State::check(state, problems);
    let tags = tags(labels, problems);
    let (at, network) = check_network(network, problems)?;
    // As in cluster.tf, of services; and Docker's own.
    subnets::check_apart(at, network, &["172.20.0.0/16", "172.17.0.0/16"], problems);
    Some(Eks {
        state,
        tags,
        region: region?,
        version: version.ok()?.clone(),
        network,
        zones: values(zones),
        registry: registry.or(false),
        api_from: values(api_from),
        pools: pools(files),
    })
}
