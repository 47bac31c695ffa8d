//! The source of a distribution.

use schemars::JsonSchema;
use serde::Deserialize;

use super::downloads::Downloads;
use crate::diagnostic::{Code, Diagnostics, Reported};
use crate::platform::PlatformKind;
use crate::value::{HostPath, Version, is_address};
use crate::yaml::{Field, Span};

/// The source of a distribution: exactly one of these.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ArchiveFile {
    /// The host downloads it.
    pub url: Field<UrlFile>,
    /// A file on this machine, copied over.
    pub file: Field<LocalArchiveFile>,
    /// A file that is on every host already; its digest is recorded, and a host without the digest that more than half of them have is refused.
    pub on_host: Field<OnHostFile>,
    /// The `pyspark` package, whose jars contain Spark and `ZooKeeper` (without the `AdminServer`). For `local`.
    pub pypi: Field<PypiFile>,
}

/// An archive to download.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UrlFile {
    /// The address, `https://…` or `http://…`.
    #[schemars(required)]
    pub url: Field<String>,
    /// The SHA-512 of the archive, 128 hexadecimal digits.
    #[schemars(required)]
    pub sha512: Field<String>,
}

/// An archive on the operator's machine.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LocalArchiveFile {
    /// The path, relative to the topology.
    #[schemars(required)]
    pub path: Field<String>,
    /// The SHA-512 that it must have. Default: what it has when it is first copied.
    pub sha512: Field<String>,
}

/// An archive on the hosts.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OnHostFile {
    /// The absolute path on every host.
    #[schemars(required)]
    pub path: Field<HostPath>,
    /// The SHA-512 that it must have. Default: the one found on more than half of the hosts that have
    /// the file; a host whose file has another is refused.
    pub sha512: Field<String>,
}

/// The `pyspark` package of the service's version.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PypiFile {}

/// A checked origin.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Archive {
    /// The host downloads `url`, through a proxy if one is given.
    Url { url: String, sum: UrlSum, proxy: Option<String> },
    /// `path` on the operator's machine.
    File { path: std::path::PathBuf, sha512: Option<Sha512> },
    /// `path` on the host.
    OnHost { path: HostPath, sha512: Option<Sha512> },
    /// The package `pyspark` of this version, which pip downloads and checks.
    Pypi { version: Version },
}

impl Archive {
    /// The folder that it is unpacked to. One that contains several services is there once.
    pub fn home(&self, service: &str, version: &Version) -> HostPath {
        HostPath::known(&match self {
            Archive::Pypi { version } => format!("/opt/provision/pyspark-{version}"),
            Archive::Url { .. } | Archive::File { .. } | Archive::OnHost { .. } => {
                format!("/opt/provision/{service}-{version}")
            }
        })
    }
}

/// The check of a download.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum UrlSum {
    Known(Sha512),
    /// Published beside the archive, at this address.
    Published(String),
}

/// A SHA-512 in lower-case hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sha512(String);

impl Sha512 {
    pub fn parse(text: &str) -> Option<Sha512> {
        (text.len() == 128 && text.bytes().all(|b| b.is_ascii_hexdigit())).then(|| Sha512(text.to_lowercase()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The distribution that a service wants.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    pub platform: PlatformKind,
    /// The version of pyspark that the package would have.
    pub pyspark: &'a Version,
    /// The path of the service's own archive at Apache.
    pub apache: &'a str,
    pub downloads: &'a Downloads,
}

/// Checks an `archive:`. Left out, it is the package on this machine, and Apache's own site elsewhere. `None` where it is wrong.
pub fn check(archive: &Field<ArchiveFile>, wanted: Wanted<'_>, problems: &mut Diagnostics) -> Option<Archive> {
    let Wanted { platform, pyspark, apache, downloads } = wanted;
    let package = || Archive::Pypi { version: pyspark.clone() };
    if archive.is_missing() {
        let url = downloads.apache(apache);
        let sum = UrlSum::Published(format!("{url}.sha512"));
        let local = platform == PlatformKind::Local;
        return Some(if local { package() } else { Archive::Url { url, sum, proxy: downloads.proxy.clone() } });
    }
    let (span, ArchiveFile { url, file, on_host, pypi }) = archive.spanned()?;
    let given = [url.span(), file.span(), on_host.span(), pypi.span()].into_iter().flatten().count();
    if given != 1 {
        problems
            .add(Code::T001, span, format!("an archive has exactly one origin, found {given}"))
            .help("write one of `url`, `file`, `onHost`, `pypi`");
        return None;
    }
    if let Some((span, UrlFile { url, sha512 })) = url.spanned() {
        return check_url(span, url, sha512, downloads, problems);
    }
    if let Some((span, LocalArchiveFile { path, sha512 })) = file.spanned() {
        let sha512 = check_sum(sha512, problems).ok()?;
        let path = problems.need(span, "path", path)?;
        return Some(Archive::File { path: path.into(), sha512 });
    }
    if let Some((span, OnHostFile { path, sha512 })) = on_host.spanned() {
        let sha512 = check_sum(sha512, problems).ok()?;
        let path = problems.need(span, "path", path)?;
        return Some(Archive::OnHost { path: path.clone(), sha512 });
    }
    let (span, PypiFile {}) = pypi.spanned()?;
    if platform != PlatformKind::Local {
        problems
            .add(
                Code::T011,
                span,
                format!("a platform of kind `{platform}` cannot take the package from PyPI: `local` can"),
            )
            .help("write `url`, `file` or `onHost`, or leave `archive` out");
        return None;
    }
    Some(package())
}

fn check_url(
    span: Span,
    url: &Field<String>,
    sha512: &Field<String>,
    downloads: &Downloads,
    problems: &mut Diagnostics,
) -> Option<Archive> {
    if sha512.is_missing() {
        problems
            .add(Code::T030, span, "this download has no checksum")
            .help("add `sha512:` with the checksum that the publisher gives");
    }
    let text = problems.need(span, "url", url)?;
    // The checksum is in the topology: whatever the way, another archive is refused.
    if !is_address(text, false) {
        let at = url.span().unwrap_or(span);
        let problem = problems.add(Code::T030, at, "not an address of the form https://host/path or http://host/path");
        if text.contains("s3") || text.starts_with("gs:") || text.starts_with("abfs") {
            problem.help("hosts download over HTTP: write the https address of the bucket or container, or one that is presigned; `onHost` takes an archive that is there already");
        }
        return None;
    }
    let sum = check_sum(sha512, problems).ok()??;
    Some(Archive::Url { url: text.clone(), sum: UrlSum::Known(sum), proxy: downloads.proxy.clone() })
}

/// The checksum, if one is given.
fn check_sum(field: &Field<String>, problems: &mut Diagnostics) -> Result<Option<Sha512>, Reported> {
    match field {
        Field::Missing => Ok(None),
        Field::Bad(_) => Err(Reported),
        Field::Ok(span, text) => {
            let sum = Sha512::parse(text);
            if sum.is_none() {
                problems.add(Code::T030, *span, "a SHA-512 is 128 hexadecimal digits");
            }
            sum.map(Some).ok_or(Reported)
        }
    }
}
