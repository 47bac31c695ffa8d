//! Checks of Azure Kubernetes Service.

use super::Aks;
use super::file::AksFile;
use crate::diagnostic::{Code, Diagnostics};
use crate::platform::cloud::{State, check_pools, check_zones, pools, tags, values, warn_open};
use crate::platform::{region, size, subnets};
use crate::topology::value::Label;
use crate::yaml::Span;

/// A Linux pool's name has at most 12 lower-case letters and digits and begins with a letter (learn.microsoft.com, "Create node pools").
const POOL_NAME_MAX: usize = 12;

pub fn check(span: Span, file: &AksFile, problems: &mut Diagnostics) -> Option<Aks> {
    let AksFile { location, version, network, zones, registry, api_from, pools: files, tags: labels, state } = file;
    let location = region::check(span, "location", location, problems);
    problems.need(span, "version", version);
    problems.need(span, "network", network);
    problems.need(span, "pools", files);
    let name = location.as_ref().map_or("", Label::as_str);
    check_zones(zones, name, region::azure_zones(name), problems);
    check_pools(files, size::azure, problems);
    for entry in files.ok().into_iter().flatten() {
        let name = entry.key.text.as_str();
        let right = name.len() <= POOL_NAME_MAX
            && name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
        if !right {
            let message =
                format!("`{name}` is no name of a pool: a letter, then at most 11 lower-case letters and digits");
            problems.add(Code::T012, entry.key.span, message);
        }
    }
    warn_open(api_from, "the API server", problems);
    let state = State::check(state, problems);
    let tags = tags(labels, problems);
    let (at, network) = subnets::check(network, subnets::AZURE_PREFIX_MIN, problems)?;
    // As in cluster.tf: of pods, and of services.
    subnets::check_apart(at, network, &["10.244.0.0/16", "10.0.0.0/16"], problems);
    Some(Aks {
        state,
        tags,
        location: location?,
        version: version.ok()?.clone(),
        network,
        zones: values(zones),
        registry: registry.or(false),
        api_from: values(api_from),
        pools: pools(files),
    })
}
