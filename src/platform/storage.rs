//! The storage of jobs for checkpoints, event logs and data.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::diagnostic::{Code, Diagnostics};
use crate::platform::storage_names;
use crate::value::{Disk, Label};
use crate::yaml::{Field, Span};

/// The storage of jobs for checkpoints, event logs and data, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Storage {
    S3 { bucket: Label },
    Adls(Adls),
    Volume { size: Disk },
}

/// A container of Azure Data Lake Storage Gen2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adls {
    pub account: Label,
    pub container: Label,
}

impl Storage {
    /// `None` where it is wrong or not there.
    pub fn check(field: &Field<StorageFile>, problems: &mut Diagnostics) -> Option<Storage> {
        let (span, file) = field.spanned()?;
        let s3 = file.s3.spanned().and_then(|(span, s3)| check_s3(span, s3, problems));
        let adls = file.adls.spanned().and_then(|(span, adls)| Adls::check(span, adls, problems)).map(Storage::Adls);
        let volume = file.volume.spanned().and_then(|(span, volume)| {
            problems.need(span, "size", &volume.size);
            Some(Storage::Volume { size: *volume.size.ok()? })
        });
        let written = [file.s3.span(), file.adls.span(), file.volume.span()];
        check_one_place(span, &written, "write one of `s3`, `adls`, `volume`", problems);
        s3.or(adls).or(volume)
    }
}

/// Data is kept in exactly one place.
pub fn check_one_place(span: Span, written: &[Option<Span>], help: &str, problems: &mut Diagnostics) {
    match written.iter().flatten().count() {
        0 => problems.add(Code::T003, span, "`storage` names no place for the data").help(help),
        1 => {}
        _ => problems.add(Code::T012, span, "`storage` names more than one place for the data").help(help),
    }
}

fn check_s3(span: Span, file: &S3File, problems: &mut Diagnostics) -> Option<Storage> {
    problems.need(span, "bucket", &file.bucket);
    Some(Storage::S3 { bucket: storage_names::bucket(&file.bucket, problems)? })
}

impl Adls {
    /// Checks it, and reports what is missing or wrong.
    pub fn check(span: Span, file: &AdlsFile, problems: &mut Diagnostics) -> Option<Adls> {
        problems.need(span, "account", &file.account);
        problems.need(span, "container", &file.container);
        let (account, container) =
            (storage_names::account(&file.account, problems), storage_names::container(&file.container, problems));
        Some(Adls { account: account?, container: container? })
    }
}

/// The storage of jobs for checkpoints, event logs and data: exactly one of these.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StorageFile {
    /// A bucket of Amazon S3.
    pub s3: Field<S3File>,
    /// A container of Azure Data Lake Storage Gen2.
    pub adls: Field<AdlsFile>,
    /// A volume that all of the service's pods share.
    pub volume: Field<VolumeFile>,
}

/// A bucket.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct S3File {
    /// The bucket's name.
    #[schemars(required)]
    pub bucket: Field<Label>,
}

/// A container of a storage account.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AdlsFile {
    /// The storage account: 3 to 24 lower-case letters and digits.
    #[schemars(required)]
    pub account: Field<Label>,
    /// The container in it.
    #[schemars(required)]
    pub container: Field<Label>,
}

/// A volume.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct VolumeFile {
    /// Its size in GiB.
    #[schemars(required)]
    pub size: Field<Disk>,
}

/// The storage of `EventStore`: exactly one of these.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EventStorageFile {
    /// A share of Azure Files.
    pub azure_files: Field<VolumeFile>,
    /// A disk for each member.
    pub disk: Field<VolumeFile>,
    /// The pod itself: the data is lost when the pod ends.
    pub pod: Field<PodStorageFile>,
}

/// Nothing to choose.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PodStorageFile {}
