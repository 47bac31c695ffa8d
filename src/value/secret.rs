//! Secrets are referred to, never written.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor, value::MapAccessDeserializer};

/// The source of a secret: `{ env: NAME }` or `{ file: path }`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SecretRef {
    /// An environment variable of the operator's shell.
    Env(String),
    /// A file of mode 0600 or stricter, relative to the topology.
    File(PathBuf),
}

impl std::fmt::Display for SecretRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            SecretRef::Env(name) => write!(f, "the environment variable {name}"),
            SecretRef::File(path) => write!(f, "the file {}", path.display()),
        }
    }
}

/// A reference to a secret, never its value.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema)]
#[schemars(transparent)]
pub struct SecretFile(#[schemars(with = "SecretParts")] pub SecretRef);

/// Exactly one of the two.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SecretParts {
    /// The name of an environment variable that holds the secret.
    env: Option<String>,
    /// The path of a file (mode 0600 or stricter) that holds the secret, relative to the topology.
    file: Option<String>,
}

impl<'de> Deserialize<'de> for SecretFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SecretVisitor)
    }
}

struct SecretVisitor;

impl SecretVisitor {
    fn inline<E: serde::de::Error>() -> E {
        E::custom(crate::yaml::inline_secret(
            "a secret is written here as a value; only a reference to one is allowed",
            "write { env: NAME } or { file: path }, and change the value: it has been in a file that is shared",
        ))
    }
}

impl<'de> Visitor<'de> for SecretVisitor {
    type Value = SecretFile;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("{ env: NAME } or { file: path }")
    }

    fn visit_str<E: serde::de::Error>(self, _: &str) -> Result<SecretFile, E> {
        Err(Self::inline())
    }
    fn visit_i64<E: serde::de::Error>(self, _: i64) -> Result<SecretFile, E> {
        Err(Self::inline())
    }
    fn visit_bool<E: serde::de::Error>(self, _: bool) -> Result<SecretFile, E> {
        Err(Self::inline())
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<SecretFile, A::Error> {
        use serde::de::Error;
        match SecretParts::deserialize(MapAccessDeserializer::new(map))? {
            SecretParts { env: Some(name), file: None } => {
                let ok = !name.is_empty()
                    && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
                    && !name.starts_with(|c: char| c.is_ascii_digit());
                if !ok {
                    return Err(A::Error::custom(
                        "this is not the name of an environment variable: letters, digits and _",
                    ));
                }
                Ok(SecretFile(SecretRef::Env(name)))
            }
            SecretParts { env: None, file: Some(path) } if !path.is_empty() => {
                Ok(SecretFile(SecretRef::File(path.into())))
            }
            _ => Err(A::Error::custom("a secret is exactly one of { env: NAME } and { file: path }")),
        }
    }
}
