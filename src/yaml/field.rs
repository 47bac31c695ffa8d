//! The building blocks of file types: a field that may be missing or wrong, a map that keeps its order, a raw scalar.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use super::Span;

/// Names under which [`super::decode`] recognises the types of this file.
pub(super) const SPANNED: &str = "$provision::Spanned";
pub(super) const RAW: &str = "$provision::RawScalar";
/// The same, where a map may be written instead.
pub const RAW_OR_MAP: &str = "$provision::RawScalarOrMap";

/// One field of a file: absent, present but wrong (and already reported), or right.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Field<T> {
    #[default]
    Missing,
    Bad(Span),
    Ok(Span, T),
}

impl<T> Field<T> {
    pub fn ok(&self) -> Option<&T> {
        match self {
            Field::Ok(_, value) => Some(value),
            Field::Missing | Field::Bad(_) => None,
        }
    }

    pub fn spanned(&self) -> Option<(Span, &T)> {
        match self {
            Field::Ok(span, value) => Some((*span, value)),
            Field::Missing | Field::Bad(_) => None,
        }
    }

    pub fn span(&self) -> Option<Span> {
        match self {
            Field::Ok(span, _) | Field::Bad(span) => Some(*span),
            Field::Missing => None,
        }
    }

    pub fn is_missing(&self) -> bool {
        matches!(self, Field::Missing)
    }

    /// The value, or its type's default where the file says nothing.
    pub fn or_default(&self) -> T
    where
        T: Clone + Default,
    {
        self.ok().cloned().unwrap_or_default()
    }

    /// The value, or `default` where the file says nothing (or something wrong, which is reported elsewhere).
    pub fn or(&self, default: T) -> T
    where
        T: Clone,
    {
        self.ok().cloned().unwrap_or(default)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Field<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Present<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Present<T> {
            type Value = Field<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value")
            }

            fn visit_none<E>(self) -> Result<Self::Value, E> {
                Ok(Field::Missing)
            }

            fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
                deserializer.deserialize_newtype_struct(SPANNED, self)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Self::Value, A::Error> {
                let span = read_span(&mut parts)?;
                Ok(match parts.next_element::<T>()? {
                    Some(value) => Field::Ok(span, value),
                    None => Field::Bad(span),
                })
            }
        }
        deserializer.deserialize_option(Present(PhantomData))
    }
}

fn read_span<'de, A: SeqAccess<'de>>(parts: &mut A) -> Result<Span, A::Error> {
    let start = parts.next_element()?.unwrap_or_default();
    let end = parts.next_element()?.unwrap_or_default();
    Ok(Span { start, end })
}

impl<T: JsonSchema> JsonSchema for Field<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }
    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }
    fn schema_id() -> Cow<'static, str> {
        T::schema_id()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
    // A field may be left out unless it says `#[schemars(required)]`; schemars offers no public way to say so.
    fn _schemars_private_is_option() -> bool {
        true
    }
}

/// A map's key with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    pub text: String,
    pub span: Span,
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyVisitor;
        impl<'de> Visitor<'de> for KeyVisitor {
            type Value = Key;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Key, A::Error> {
                let span = read_span(&mut parts)?;
                let text = parts.next_element::<RawScalar>()?.map(|raw| raw.0).unwrap_or_default();
                Ok(Key { text, span })
            }
        }
        deserializer.deserialize_newtype_struct(SPANNED, KeyVisitor)
    }
}

/// One entry of a map whose keys are the user's names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry<V> {
    pub key: Key,
    pub value: Field<V>,
}

/// A map whose keys are the user's names, in the order of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entries<V>(pub Vec<Entry<V>>);

impl<V> Default for Entries<V> {
    fn default() -> Self {
        Entries(Vec::new())
    }
}

impl<V> Entries<V> {
    pub fn iter(&self) -> std::slice::Iter<'_, Entry<V>> {
        self.0.iter()
    }

    pub fn get(&self, name: &str) -> Option<&Entry<V>> {
        self.0.iter().find(|entry| entry.key.text == name)
    }

    pub fn names(&self) -> impl Iterator<Item = &str> + Clone {
        self.0.iter().map(|entry| entry.key.text.as_str())
    }
}

impl<'a, V> IntoIterator for &'a Entries<V> {
    type Item = &'a Entry<V>;
    type IntoIter = std::slice::Iter<'a, Entry<V>>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl<'de, V: Deserialize<'de>> Deserialize<'de> for Entries<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EntriesVisitor<V>(PhantomData<V>);
        impl<'de, V: Deserialize<'de>> Visitor<'de> for EntriesVisitor<V> {
            type Value = Entries<V>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some((key, value)) = map.next_entry()? {
                    entries.push(Entry { key, value });
                }
                Ok(Entries(entries))
            }
        }
        deserializer.deserialize_map(EntriesVisitor(PhantomData))
    }
}

impl<V: JsonSchema> JsonSchema for Entries<V> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        format!("MapOf{}", V::schema_name()).into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let value = generator.subschema_for::<V>();
        schemars::json_schema!({ "type": "object", "additionalProperties": value })
    }
}

/// A scalar of any YAML type, kept as it was written: `1.30` stays `1.30`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RawScalar(pub String);

impl<'de> Deserialize<'de> for RawScalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct RawVisitor;
        impl Visitor<'_> for RawVisitor {
            type Value = RawScalar;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("one value")
            }
            fn visit_str<E>(self, text: &str) -> Result<RawScalar, E> {
                Ok(RawScalar(text.to_owned()))
            }
        }
        deserializer.deserialize_newtype_struct(RAW, RawVisitor)
    }
}

/// Whatever stands there: the key alone matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Anything;

impl<'de> Deserialize<'de> for Anything {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        serde::de::IgnoredAny::deserialize(deserializer).map(|_| Anything)
    }
}

impl JsonSchema for RawScalar {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Scalar".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({ "type": ["string", "number", "boolean"] })
    }
}
