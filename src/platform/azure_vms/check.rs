//! Checks of virtual machines on Azure.

use super::file::AzureVmsFile;
use super::{AzureVms, BASTION_PREFIX, Subnets};
use crate::diagnostic::{Code, Diagnostics};
use crate::platform::cloud::{
    AZURE_IMAGES, AzureExisting, AzureExistingFile, Backup, CloudSsh, CloudSshFile, Image, State, TagRules,
    check_apart, tags, values, warn_open,
};
use crate::platform::{region, subnets};
use crate::value::{Label, UserName};
use crate::yaml::{Field, Span};

/// Names that Azure refuses for the first user (learn.microsoft.com, "Linux VM FAQ" and "OSProfile.adminUsername"; Terraform's provider has them, too).
const RESERVED: &[&str] = &[
    "1",
    "123",
    "a",
    "actuser",
    "adm",
    "admin",
    "admin1",
    "admin2",
    "administrator",
    "aspnet",
    "backup",
    "console",
    "david",
    "guest",
    "john",
    "owner",
    "root",
    "server",
    "sql",
    "support",
    "support_388945a0",
    "sys",
    "test",
    "test1",
    "test2",
    "test3",
    "user",
    "user1",
    "user2",
    "user3",
    "user4",
    "user5",
    "video",
];

/// The user name in the file. Reports one that Azure reserves.
pub fn check_login<'f>(ssh: &'f Field<CloudSshFile>, problems: &mut Diagnostics) -> Option<(Span, &'f UserName)> {
    let (at, user) = ssh.ok()?.user.spanned()?;
    if RESERVED.contains(&user.as_str()) {
        problems
            .add(Code::T012, at, format!("Azure reserves the user name {user}"))
            .help("use another name, for example ops");
        return None;
    }
    Some((at, user))
}

pub fn check(span: Span, file: &AzureVmsFile, problems: &mut Diagnostics) -> Option<AzureVms> {
    let AzureVmsFile {
        location,
        zones,
        network,
        existing,
        image,
        ssh,
        name_prefix,
        locks,
        backup,
        automatic_upgrades,
        extensions,
        tags: labels,
        state,
    } = file;
    let location = region::AZURE.check(span, location, problems);
    problems.need(span, "network", network);
    problems.need(span, "ssh", ssh);
    let name = location.as_ref().map_or("", Label::as_str);
    region::AZURE.check_zones(name, zones, problems);
    if let Some(ssh) = file.ssh.ok() {
        warn_open(&ssh.from, "ssh", problems);
    }
    let image = Image::check(image, &AZURE_IMAGES, problems);
    let ssh = CloudSsh::check(ssh, "ops", problems);
    let state = State::check(state, problems);
    let in_network = AzureExistingFile::names_network(existing);
    AzureExistingFile::check_route_table(existing, problems);
    let existing = AzureExisting::check(existing, problems);
    let tags = tags(labels, TagRules::Azure, problems);
    let (at, network) = subnets::check(network, subnets::AZURE_PREFIX_MIN, problems)?;
    if let Some(ssh) = file.ssh.ok() {
        check_apart(&ssh.from, network, problems);
    }
    if let Some((at, ssh)) = file.ssh.spanned().filter(|(_, ssh)| in_network && ssh.bastion.or(false)) {
        problems
            .add(Code::T012, ssh.bastion.span().unwrap_or(at), "a network can have only one bastion, and that of an existing network is not the cluster's to make")
            .help("remove `bastion`, and reach the machines as you reach others in that network: write from: [10.0.0.0/8], for example");
    }
    existing.check_within(at, network, problems);
    let bastion = Subnets::of(network).bastion;
    if ssh.as_ref().is_some_and(|ssh| ssh.bastion) && bastion.prefix() > BASTION_PREFIX {
        let message = format!("{network} leaves {bastion} for the bastion, which wants a /{BASTION_PREFIX}");
        problems.add(Code::T012, at, message).help("use a /22 or wider");
    }
    if let Some((at, ssh)) = file.ssh.spanned().filter(|(_, ssh)| ssh.from.ok().is_none_or(Vec::is_empty)) {
        let what = if ssh.bastion.or(false) { "the bastion" } else { "the machines" };
        problems
            .add(Code::T003, ssh.bastion.span().unwrap_or(at), format!("`from` is missing: nobody could reach {what}"))
            .help("write the ranges that operators come from: from: [203.0.113.0/24]");
    }
    check_login(&file.ssh, problems);
    Some(AzureVms {
        state,
        location: location?,
        zones: values(zones),
        network,
        existing,
        name_prefix: name_prefix.ok().cloned(),
        locks: locks.or(false),
        backup: Backup::check(backup, problems),
        automatic_upgrades: automatic_upgrades.or(true),
        extensions: extensions.or(false),
        image: image?,
        ssh: ssh?,
        tags,
    })
}
