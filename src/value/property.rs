//! The value of a property: written, or taken from a secret.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor, value::MapAccessDeserializer};

use super::secret::{SecretFile, SecretRef};
use crate::yaml::{RAW_OR_MAP, RawScalar};

/// The value of a property of a service.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PropertyValue {
    /// As it was written: `1.30` stays `1.30`.
    Plain(String),
    /// Read on the operator's machine by each command that needs it, and written to files that only root and the service's user can read.
    Secret(SecretRef),
}

impl PropertyValue {
    pub fn plain(&self) -> Option<&str> {
        match self {
            PropertyValue::Plain(text) => Some(text),
            PropertyValue::Secret(_) => None,
        }
    }
}

impl From<&str> for PropertyValue {
    fn from(text: &str) -> PropertyValue {
        PropertyValue::Plain(text.to_owned())
    }
}

impl From<String> for PropertyValue {
    fn from(text: String) -> PropertyValue {
        PropertyValue::Plain(text)
    }
}

impl fmt::Display for PropertyValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PropertyValue::Plain(text) => f.write_str(text),
            PropertyValue::Secret(secret) => write!(f, "the secret in {secret}"),
        }
    }
}

impl<'de> Deserialize<'de> for PropertyValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ValueVisitor;

        impl<'de> Visitor<'de> for ValueVisitor {
            type Value = PropertyValue;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("one value, or { env: NAME } or { file: path } for a secret")
            }

            fn visit_str<E>(self, text: &str) -> Result<PropertyValue, E> {
                Ok(PropertyValue::Plain(text.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<PropertyValue, A::Error> {
                SecretFile::deserialize(MapAccessDeserializer::new(map)).map(|secret| PropertyValue::Secret(secret.0))
            }
        }
        deserializer.deserialize_newtype_struct(RAW_OR_MAP, ValueVisitor)
    }
}

impl JsonSchema for PropertyValue {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "PropertyValue".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let (scalar, secret) = (RawScalar::json_schema(generator), SecretFile::json_schema(generator));
        schemars::json_schema!({ "anyOf": [scalar, secret] })
    }
}
