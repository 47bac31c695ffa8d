//! Checks of `HDInsight`.

use super::Hdinsight;
use super::file::{GatewayFile, HdinsightFile};
use crate::diagnostic::{Code, Diagnostics};
use crate::platform::azure_vms::check_login;
use crate::platform::cloud::{
    AzureExisting, AzureExistingFile, CloudSshFile, State, TagRules, check_public_keys, tags,
};
use crate::platform::storage::Adls;
use crate::platform::{region, subnets};
use crate::value::Version;
use crate::yaml::{Field, Span};

/// The versions that Microsoft still creates clusters of (October 2026); the others are retired.
const VERSIONS: &[&str] = &["5.1"];

pub fn check(span: Span, file: &HdinsightFile, problems: &mut Diagnostics) -> Option<Hdinsight> {
    let HdinsightFile {
        location,
        version,
        tier,
        network,
        existing,
        storage,
        gateway,
        ssh,
        name_prefix,
        locks,
        tags: labels,
        state,
    } = file;
    let location = region::AZURE.check(span, location, problems);
    problems.need(span, "version", version);
    problems.need(span, "storage", storage);
    problems.need(span, "gateway", gateway);
    check_version(version, problems);
    check_users(ssh, gateway, problems);
    let storage = storage.ok().and_then(|storage| storage.adls.spanned());
    let storage = storage.and_then(|(span, adls)| Adls::check(span, adls, problems));
    let state = State::check(state, problems);
    let existing_network = AzureExistingFile::names_network(existing);
    if let Some(at) = existing.ok().and_then(|existing| existing.disk_encryption_set.span()) {
        problems.add(
            Code::T090,
            at,
            "`diskEncryptionSet` is not used by a platform of kind hdinsight: its disks have Azure's keys",
        );
    }
    AzureExistingFile::check_route_table(existing, problems);
    let existing = AzureExisting::check(existing, problems);
    let tags = tags(labels, TagRules::Azure, problems);
    let given = !network.is_missing();
    if existing_network {
        problems.need(span, "network", network);
    }
    let network = subnets::check(network, subnets::AZURE_PREFIX_MIN, problems);
    if given && network.is_none() {
        return None;
    }
    if let Some((at, network)) = network {
        existing.check_within(at, network, problems);
    }
    Some(Hdinsight {
        state,
        tags,
        location: location?,
        version: version.ok()?.clone(),
        tier: tier.or_default(),
        network: network.map_or_else(|| "10.30.0.0/16".parse().expect("a range"), |(_, network)| network),
        existing,
        name_prefix: name_prefix.ok().cloned(),
        locks: locks.or(false),
        storage: storage?,
        gateway_user: gateway.ok()?.user.ok()?.clone(),
        // The service cannot be made without one.
        ssh_user: ssh.or_default().user.or("sshops".parse().expect("a user's name")),
    })
}

/// Checks the two users, who log in by ssh and at the gateway.
fn check_users(ssh: &Field<CloudSshFile>, gateway: &Field<GatewayFile>, problems: &mut Diagnostics) {
    let login = check_login(ssh, problems);
    let gateway_user = gateway.ok().and_then(|gateway| gateway.user.ok());
    if let Some((at, user)) = login.filter(|(_, user)| gateway_user == Some(*user)) {
        problems
            .add(Code::T012, at, format!("the users of ssh and of the gateway are both {user}, and must differ"))
            .help("use another name for ssh, for example sshops");
    }
    if let Some(ssh) = ssh.ok() {
        check_public_keys(ssh, problems);
    }
    let unused = ssh.ok().map(|ssh| [("from", ssh.from.span()), ("bastion", ssh.bastion.span())]);
    for (name, at) in unused.into_iter().flatten().filter_map(|(name, at)| Some((name, at?))) {
        problems.add(
            Code::T090,
            at,
            format!("`{name}` is not used by a platform of kind hdinsight: nodes are reached from the network"),
        );
    }
}

fn check_version(version: &Field<Version>, problems: &mut Diagnostics) {
    let Some((span, version)) = version.spanned() else { return };
    if !VERSIONS.contains(&version.as_str()) {
        problems
            .add(Code::AZ002, span, format!("HDInsight {version} is retired or does not exist"))
            .help(format!("take \"{}\"", VERSIONS.join("\" or \"")));
    }
}
