//! The way to downloads.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::diagnostic::{Code, Diagnostics};
use crate::value::is_address;
use crate::yaml::Field;

/// The sources of downloads on hosts.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DownloadsFile {
    /// A mirror of Apache's archive, `https://…`, with the same folders below it (`spark/spark-4.3.0/…`) and the checksums beside the archives, for every
    /// service without an `archive` of its own. Default: `https://archive.apache.org/dist`.
    pub mirror: Field<String>,
    /// The proxy that hosts download archives through, for example `http://proxy.example.com:3128`. (pip and apt do not use it.) Default: none.
    pub proxy: Field<String>,
}

/// The way to downloads, checked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Downloads {
    mirror: Option<String>,
    pub proxy: Option<String>,
}

impl Downloads {
    /// Checks it. What is wrong is reported and left out.
    pub fn check(file: &Field<DownloadsFile>, problems: &mut Diagnostics) -> Downloads {
        let DownloadsFile { mirror, proxy } = file.or_default();
        let mut checked = |field: &Field<String>, secure: bool, way_out: &str| {
            let (at, text) = field.spanned()?;
            if is_address(text, secure) {
                return Some(text.trim_end_matches('/').to_owned());
            }
            let form = if secure { "https://host/path" } else { "http://host:port" };
            problems
                .add(Code::T030, at, format!("`{}` is not an address of the form {form}", text.escape_default()))
                .help(way_out);
            None
        };
        Downloads {
            mirror: checked(&mirror, true, "use a mirror over https: the checksums come from there, too"),
            proxy: checked(&proxy, false, "write the scheme and the port as well"),
        }
    }

    /// The address of a file in Apache's archive, or in its mirror.
    pub fn apache(&self, path: &str) -> String {
        format!("{}/{path}", self.mirror.as_deref().unwrap_or("https://archive.apache.org/dist"))
    }
}
