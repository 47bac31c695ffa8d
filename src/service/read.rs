//! Reading the services of a file: each service's part is a type of its own room.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};

use super::file::ServicesFile;
use super::registry;
use crate::yaml::Fault;
use crate::yaml::tree::{Node, Value};

impl ServicesFile {
    /// Reads every service that is known. (Unknown keys were found when serde read the file.)
    pub fn read(node: &Node, faults: &mut Vec<Fault>) -> ServicesFile {
        let Value::Map(entries) = &node.value else { return ServicesFile::default() };
        let part = |service: &dyn super::Service| {
            let (_, node) = entries.iter().find(|(key, _)| key.text == service.key())?;
            (service.file().read)(node, faults)
        };
        ServicesFile(registry::all().map(part).collect::<Vec<_>>().into_iter().flatten().collect())
    }
}

/// Reports unknown keys only. Serde cannot read a service's part through the registry: [`ServicesFile::read`] does.
impl<'de> Deserialize<'de> for ServicesFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Keys;
        impl<'de> Visitor<'de> for Keys {
            type Value = ServicesFile;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map of services")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(ServicesFile::default())
            }
        }
        deserializer.deserialize_struct("ServicesFile", registry::keys(), Keys)
    }
}

impl JsonSchema for ServicesFile {
    fn schema_name() -> Cow<'static, str> {
        "ServicesFile".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let property = |service: &dyn super::Service| {
            let mut schema = (service.file().schema)(generator);
            schema.insert("description".to_owned(), service.about().into());
            (service.key().to_owned(), serde_json::Value::from(schema))
        };
        let properties: serde_json::Map<_, _> = registry::all().map(property).collect();
        schemars::json_schema!({
            "description": "The services of a cluster, each at most once.",
            "type": "object",
            "properties": properties,
            "additionalProperties": false,
        })
    }
}
