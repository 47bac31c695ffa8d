//! The settings of a service.
//!
//! A setting stands once, in `settings!` of its service's room: its key, type with bounds, default, class, name in the file that the process
//! reads, and meaning. The file's type, the schema, the pages, the checks of bounds, the defaults, what is rendered, and what a change does
//! all follow from there.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use super::archive::Archive;
use crate::host::{Class, Setting, Settings};
use crate::platform::PlatformKind;

/// A setting that has a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Valued {
    /// Its key in the topology, for example `purgeInterval`.
    pub key: &'static str,
    /// Its name in the file that the process reads, for example `autopurge.purgeInterval`.
    pub written: &'static str,
    pub class: Class,
    pub value: String,
}

/// The values of settings by their keys, for a template. One without a value is left out, so that `is defined` tells.
pub fn holes(settings: Vec<Valued>) -> serde_json::Map<String, serde_json::Value> {
    settings.into_iter().map(|setting| (setting.key.to_owned(), setting.value.into())).collect()
}

/// Defines a map of a topology (`FILE`) and its settings with their defaults filled in (`SETTLED`).
///
/// `keys` are those that are not settings: what they say is for the service's own checks. A setting reads
///
/// ```text
/// /// Meaning and unit.
/// field "key": Type = "default" ("default on local" on local) => Class, written "its name in the file";
/// ```
///
/// Without a default it may have no value, and its meaning says what happens then. The name in the file is the key unless it is given.
///
/// `refused` are keys that somebody may write and that are not carried out, each with the reason and the way out. The schema has none of them.
#[macro_export]
macro_rules! settings {
    (
        $(#[$($about:tt)*])*
        $file:ident => $settled:ident
        keys { $( $(#[$($key_doc:tt)*])* $key_name:ident $key:literal: $key_type:ty; )* }
        settings { $(
            $(#[$($doc:tt)*])*
            $name:ident $path:literal: $type:ty $(= $default:literal $(($local:literal on local))?)? => $class:ident
            $(, written $written:literal)?;
        )* }
        $(refused { $( $refused_name:ident $refused_key:literal: $refused_why:expr; )* })?
    ) => {
        $(#[$($about)*])*
        #[derive(Clone, Debug, Default, PartialEq, serde::Deserialize, schemars::JsonSchema)]
        #[serde(deny_unknown_fields)]
        pub struct $file {
            $( $(#[$($key_doc)*])* #[serde(rename = $key)] pub $key_name: $crate::yaml::Field<$key_type>, )*
            $(
                $(#[$($doc)*])*
                #[doc = $crate::settings!(@note $class $(, $default $(, $local)?)?)]
                #[serde(rename = $path)]
                pub $name: $crate::yaml::Field<$type>,
            )*
            $($( #[serde(rename = $refused_key)] #[schemars(skip)] pub $refused_name: $crate::yaml::Field<$crate::yaml::Anything>, )*)?
        }

        impl $file {
            /// The keys that are not carried out, each with the reason.
            pub const REFUSED: &'static [(&'static str, &'static str)] = &[$($( ($refused_key, $refused_why), )*)?];
            /// The keys of settings.
            pub const KEYS: &'static [&'static str] = &[$( $path, )*];

            /// All keys that are written, each with its place.
            pub fn written(&self) -> Vec<(&'static str, $crate::yaml::Span)> {
                let all = [$( ($key, self.$key_name.span()), )* $( ($path, self.$name.span()), )*];
                all.into_iter().filter_map(|(key, at)| Some((key, at?))).collect()
            }

            /// The keys that are written and cannot be carried out: place, key, reason.
            pub fn refused(&self) -> Vec<($crate::yaml::Span, &'static str, &'static str)> {
                let all: &[(Option<$crate::yaml::Span>, &'static str, &'static str)] =
                    &[$($( (self.$refused_name.span(), $refused_key, $refused_why), )*)?];
                all.iter().filter_map(|&(at, key, why)| Some((at?, key, why))).collect()
            }

            /// The settings on a platform of `kind`, with their defaults.
            pub fn settings(&self, kind: $crate::platform::PlatformKind) -> $settled {
                let _ = kind;
                $settled { $( $name: $crate::settings!(@settle self.$name, kind $(, $default $(, $local)?)?), )* }
            }
        }

        #[doc = concat!("The settings of [`", stringify!($file), "`], with their defaults.")]
        #[derive(Clone, Debug, PartialEq)]
        pub struct $settled {
            $( $(#[$($doc)*])* pub $name: $crate::settings!(@type $type $(, $default)?), )*
        }

        impl $settled {
            /// The settings that have a value.
            pub fn each(&self) -> Vec<$crate::service::settings::Valued> {
                let each = [$( $crate::settings!(@text self.$name $(, $default)?).map(|value| $crate::service::settings::Valued {
                    key: $path,
                    written: $crate::settings!(@written $path $(, $written)?),
                    class: $crate::host::Class::$class,
                    value,
                }), )*];
                each.into_iter().flatten().collect()
            }
        }
    };
    (@type $type:ty) => { Option<$type> };
    (@type $type:ty, $default:literal) => { $type };
    (@settle $field:expr, $kind:ident) => { $field.ok().cloned() };
    (@settle $field:expr, $kind:ident, $default:literal $(, $local:literal)?) => {
        $field.ok().cloned().unwrap_or_else(|| {
            $crate::service::settings::default($kind, $default, &[$($local)?])
        })
    };
    (@text $field:expr) => { $field.as_ref().map(ToString::to_string) };
    (@text $field:expr, $default:literal) => { Some($field.to_string()) };
    (@written $path:literal) => { $path };
    (@written $path:literal, $written:literal) => { $written };
    (@note $class:ident) => { $crate::settings!(@change $class) };
    (@note $class:ident, $default:literal) => {
        concat!("Default: `", $default, "`. ", $crate::settings!(@change $class))
    };
    (@note $class:ident, $default:literal, $local:literal) => {
        concat!("Default: `", $default, "`; on `local` `", $local, "`. ", $crate::settings!(@change $class))
    };
    (@change Live) => { "A change needs no restart." };
    (@change Roll) => { "A change is rolled out node by node." };
    (@change Migrate) => { "A running cluster refuses a change." };
    (@change Outage) => { "A change needs an outage." };
}

/// The default on a platform of `kind`. `on_local`: another one on this machine, if there is one.
pub fn default<T: FromStr<Err: fmt::Debug>>(kind: PlatformKind, default: &str, on_local: &[&str]) -> T {
    let own = on_local.first().filter(|_| kind == PlatformKind::Local);
    own.unwrap_or(&default).parse().expect("a default is valid")
}

/// The settings as they are collected.
#[derive(Debug, Default)]
pub struct Writer(Settings);

impl Writer {
    pub fn put(&mut self, path: impl Into<String>, class: Class, value: impl fmt::Display) {
        self.0.insert(path.into(), Setting { class, value: value.to_string() });
    }

    pub fn maybe(&mut self, path: &str, class: Class, value: Option<impl fmt::Display>) {
        if let Some(value) = value {
            self.put(path, class, value);
        }
    }

    /// Adds the settings of the map at `path`.
    pub fn each(&mut self, path: &str, settings: Vec<Valued>) {
        for Valued { key, written: _, class, value } in settings {
            self.put(format!("{path}.{key}"), class, value);
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
