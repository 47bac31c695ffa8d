//! The services as the file writes them.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::DeserializeOwned;

use crate::value::Name;
use crate::yaml::tree::Node;
use crate::yaml::{Fault, Field, Span, decode};

/// A service's part of a topology.
pub trait ServiceFile: DeserializeOwned + JsonSchema + Send + Sync + 'static {
    /// Its key in a topology.
    const KEY: &'static str;

    /// The platform that it names.
    fn platform(&self) -> &Field<Name>;
}

/// The type of a service's part, as a value: the registry holds services of many types.
#[derive(Clone, Copy, Debug)]
pub struct FileType {
    pub key: &'static str,
    pub(super) schema: fn(&mut SchemaGenerator) -> Schema,
    pub(super) read: fn(&Node, &mut Vec<Fault>) -> Option<Part>,
}

impl FileType {
    pub fn of<T: ServiceFile>() -> FileType {
        FileType { key: T::KEY, schema: SchemaGenerator::subschema_for::<T>, read: Part::read::<T> }
    }
}

/// The services of a topology, each at most once, in the order of the registry.
#[derive(Clone, Debug, Default)]
pub struct ServicesFile(pub(super) Vec<Part>);

/// One service as it is written.
#[derive(Clone)]
pub struct Part {
    pub key: &'static str,
    pub span: Span,
    /// The platform that it names. `Bad` also where the whole part is.
    pub platform: Field<Name>,
    /// `None` where it is wrong.
    file: Option<Arc<dyn Any + Send + Sync>>,
}

impl fmt::Debug for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {:?}", self.key, self.span)
    }
}

impl Part {
    /// Reads a service's part; `None` where nothing is written.
    fn read<T: ServiceFile>(node: &Node, faults: &mut Vec<Fault>) -> Option<Part> {
        match decode::<Field<T>>(node, faults)? {
            Field::Missing => None,
            Field::Bad(span) => Some(Part { key: T::KEY, span, platform: Field::Bad(span), file: None }),
            Field::Ok(span, file) => {
                let platform = file.platform().clone();
                Some(Part { key: T::KEY, span, platform, file: Some(Arc::new(file)) })
            }
        }
    }
}

impl ServicesFile {
    /// Every service that is written, also one that is wrong.
    pub fn parts(&self) -> &[Part] {
        &self.0
    }

    pub fn part(&self, key: &str) -> Option<&Part> {
        self.0.iter().find(|part| part.key == key)
    }

    /// A service's part, where it is written and could be read.
    pub fn get<T: ServiceFile>(&self) -> Option<&T> {
        self.spanned::<T>().map(|(_, file)| file)
    }

    pub fn spanned<T: ServiceFile>(&self) -> Option<(Span, &T)> {
        let part = self.part(T::KEY)?;
        Some((part.span, part.file.as_ref()?.downcast_ref()?))
    }

    /// The place of a service, also of one that is wrong.
    pub fn span<T: ServiceFile>(&self) -> Option<Span> {
        self.part(T::KEY).map(|part| part.span)
    }
}
