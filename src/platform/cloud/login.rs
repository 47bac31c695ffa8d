//! The login of operators on machines that a cloud makes.

use schemars::JsonSchema;
use serde::Deserialize;

use super::values;
use crate::diagnostic::{Code, Diagnostics};
use crate::value::{Cidr, UserName};
use crate::yaml::Field;

/// The login of operators on machines that a cloud makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloudSsh {
    pub user: UserName,
    /// Paths, for the commands that hand the keys to Terraform.
    pub public_keys: Vec<String>,
    pub from: Vec<Cidr>,
    pub bastion: bool,
}

impl CloudSsh {
    /// `user`: whom the cloud's images know.
    pub fn check(field: &Field<CloudSshFile>, user: &str, problems: &mut Diagnostics) -> Option<CloudSsh> {
        let file = field.ok()?;
        check_public_keys(file, problems);
        let default = user.parse().expect("a user's name");
        Some(CloudSsh {
            user: file.user.or(default),
            public_keys: values(&file.public_keys),
            from: values(&file.from),
            bastion: file.bastion.or(false),
        })
    }
}

/// The paths go into a command in the README, which they must not alter.
pub fn check_public_keys(file: &CloudSshFile, problems: &mut Diagnostics) {
    let is_plain = |path: &str| path.chars().all(|c| c.is_ascii_alphanumeric() || "_./~-".contains(c));
    let paths = file.public_keys.ok().into_iter().flatten().filter_map(Field::spanned);
    for (at, path) in paths.filter(|(_, path)| path.is_empty() || !is_plain(path)) {
        let message = format!("`{}` has characters that must be quoted on a command line", path.escape_default());
        problems
            .add(Code::T012, at, message)
            .help("write a path without spaces or quotes, for example ~/.ssh/id_ed25519.pub");
    }
}

/// The login of operators on machines that a cloud makes.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CloudSshFile {
    /// The user to log in as. Default: `ops` on Azure, `ubuntu` on AWS, `sshops` on `HDInsight`.
    pub user: Field<UserName>,
    /// Paths of public key files. They appear in the printed commands that pass the keys to Terraform; rendering reads no key file.
    pub public_keys: Field<Vec<Field<String>>>,
    /// The ranges that may reach port 22, or the bastion where there is one. Azure's machines need at least one; on AWS, Session Manager is
    /// a way in by itself. Not used by `hdinsight`.
    pub from: Field<Vec<Field<Cidr>>>,
    /// True for a bastion in front of the machines. Used by `azureVms` alone. Default: false.
    pub bastion: Field<bool>,
}
