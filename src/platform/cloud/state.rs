//! The place of Terraform's state.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::diagnostic::{Code, Diagnostics};
use crate::platform::{region, storage_names};
use crate::value::Label;
use crate::yaml::Field;

/// The place of Terraform's state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum State {
    #[default]
    Local,
    Blob {
        resource_group: Label,
        account: Label,
        container: Label,
    },
    Object {
        bucket: Label,
        region: Label,
    },
}

impl State {
    /// Checks it, and reports what is wrong.
    pub fn check(field: &Field<StateFile>, problems: &mut Diagnostics) -> State {
        let Some((span, file)) = field.spanned() else { return State::Local };
        if file.azurerm.is_missing() == file.s3.is_missing() {
            problems
                .add(Code::T012, span, "`state` names no place, or more than one")
                .help("write one of `azurerm` and `s3`");
        }
        let blob = file.azurerm.spanned().and_then(|(at, blob)| {
            let resource_group = problems.need(at, "resourceGroup", &blob.resource_group).cloned();
            problems.need(at, "account", &blob.account);
            problems.need(at, "container", &blob.container);
            let (account, container) =
                (storage_names::account(&blob.account, problems), storage_names::container(&blob.container, problems));
            Some(State::Blob { resource_group: resource_group?, account: account?, container: container? })
        });
        let object = file.s3.spanned().and_then(|(at, object)| {
            problems.need(at, "bucket", &object.bucket);
            let bucket = storage_names::bucket(&object.bucket, problems);
            let region = region::AWS.check(at, &object.region, problems);
            Some(State::Object { bucket: bucket?, region: region? })
        });
        blob.or(object).unwrap_or_default()
    }
}

/// The place of Terraform's state: at most one of these. Default: a file beside the module.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StateFile {
    /// A blob on Azure, locked by its lease.
    pub azurerm: Field<BlobStateFile>,
    /// An object in S3, with a lock beside it.
    pub s3: Field<ObjectStateFile>,
}

/// A blob on Azure.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BlobStateFile {
    /// The resource group of the storage account.
    #[schemars(required)]
    pub resource_group: Field<Label>,
    /// The storage account. Whoever runs Terraform needs access to its blobs; no key is used.
    #[schemars(required)]
    pub account: Field<Label>,
    /// The container in it.
    #[schemars(required)]
    pub container: Field<Label>,
}

/// An object in S3.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ObjectStateFile {
    /// The bucket.
    #[schemars(required)]
    pub bucket: Field<Label>,
    /// The bucket's region.
    #[schemars(required)]
    pub region: Field<Label>,
}
