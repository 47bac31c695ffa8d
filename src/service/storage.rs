//! Where jobs keep checkpoints, event logs and data.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::diagnostic::{Code, Diagnostics};
use crate::topology::value::{Disk, Label};
use crate::yaml::{Field, Span};

/// Where jobs keep checkpoints, event logs and data, checked.
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
    /// `None` where it is wrong, which is reported, or not there.
    pub fn check(field: &Field<StorageFile>, problems: &mut Diagnostics) -> Option<Storage> {
        let (span, file) = field.spanned()?;
        let s3 = file.s3.spanned().and_then(|(span, s3)| check_s3(span, s3, problems));
        let adls = file.adls.spanned().and_then(|(span, adls)| Adls::check(span, adls, problems)).map(Storage::Adls);
        let volume = file.volume.ok().and_then(|volume| Some(Storage::Volume { size: *volume.size.ok()? }));
        let written = [file.s3.span(), file.adls.span(), file.volume.span()];
        if written.iter().flatten().count() > 1 {
            problems.add(Code::T012, span, "data is kept in one place").help("write one of `s3`, `adls`, `volume`");
        }
        s3.or(adls).or(volume)
    }
}

/// S3's rule for names of buckets: 3 to 63 lower-case letters, digits, dots and dashes, a letter or digit at both ends.
fn check_s3(span: Span, file: &S3File, problems: &mut Diagnostics) -> Option<Storage> {
    problems.need(span, "bucket", &file.bucket);
    let (at, bucket) = file.bucket.spanned()?;
    let text = bucket.as_str();
    let edge = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let right = (3..=63).contains(&text.len())
        && text.chars().all(|c| edge(c) || c == '-' || c == '.')
        && text.starts_with(edge)
        && text.ends_with(edge)
        && !text.contains("..");
    if !right {
        let message = format!("`{bucket}` is no name of a bucket: 3 to 63 lower-case letters, digits, dots and dashes");
        problems.add(Code::T012, at, message);
    }
    right.then(|| Storage::S3 { bucket: bucket.clone() })
}

impl Adls {
    /// Azure's rules: an account has 3 to 24 lower-case letters and digits, a container 3 to 63 with single dashes between.
    pub fn check(span: Span, file: &AdlsFile, problems: &mut Diagnostics) -> Option<Adls> {
        problems.need(span, "account", &file.account);
        problems.need(span, "container", &file.container);
        let ((at, account), (there, container)) = (file.account.spanned()?, file.container.spanned()?);
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        if !(3..=24).contains(&account.as_str().len()) || !account.as_str().chars().all(plain) {
            let message = format!("`{account}` is no name of a storage account: 3 to 24 lower-case letters and digits");
            problems.add(Code::T012, at, message);
            return None;
        }
        let text = container.as_str();
        let right = (3..=63).contains(&text.len())
            && text.chars().all(|c| plain(c) || c == '-')
            && text.starts_with(plain)
            && text.ends_with(plain)
            && !text.contains("--");
        if !right {
            let message = format!(
                "`{container}` is no name of a container: 3 to 63 lower-case letters, digits and single dashes"
            );
            problems.add(Code::T012, there, message);
            return None;
        }
        Some(Adls { account: account.clone(), container: container.clone() })
    }
}

/// Where jobs keep checkpoints, event logs and data: exactly one of these.
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

/// Where `EventStore` keeps its files: exactly one of these.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EventStorageFile {
    /// A share of Azure Files.
    pub azure_files: Field<VolumeFile>,
    /// A disk for each member.
    pub disk: Field<VolumeFile>,
    /// The pod itself: the data goes with it.
    pub pod: Field<PodStorageFile>,
}

/// Nothing to choose.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PodStorageFile {}
