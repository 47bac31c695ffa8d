//! The settings of a service, each with the effect of a change.

use std::collections::BTreeMap;

use super::archive::Archive;
use crate::host::{Class, Setting, Settings};

/// The settings as they are collected.
#[derive(Debug, Default)]
pub struct Writer(Settings);

impl Writer {
    pub fn put(&mut self, path: impl Into<String>, class: Class, value: impl std::fmt::Display) {
        self.0.insert(path.into(), Setting { class, value: value.to_string() });
    }

    pub fn maybe(&mut self, path: &str, class: Class, value: Option<impl std::fmt::Display>) {
        if let Some(value) = value {
            self.put(path, class, value);
        }
    }

    pub fn all(self) -> BTreeMap<String, Setting> {
        self.0
    }
}

/// The place that a distribution comes from.
pub fn origin(archive: &Archive) -> String {
    match archive {
        Archive::Url { url, .. } => url.clone(),
        Archive::File { path, .. } => format!("file {}", path.display()),
        Archive::OnHost { path, .. } => path.to_string(),
        Archive::Pypi { version } => format!("pyspark {version}"),
    }
}
