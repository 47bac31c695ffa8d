//! The things that serde walks over: the parts of a spanned node, the items of a list, the pairs of a map, a key, a word.

use serde::de::{
    self, DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, MapAccess, SeqAccess, VariantAccess, Visitor,
};

use serde::de::value::MapDeserializer;

use super::decode::At;
use super::error::DecodeError;
use super::field::SPANNED;
use super::tree::{Key, Node};

/// Hands a node over as start, end, value; an error in the value is recorded here and the value withheld.
pub(super) struct Spanned<'de, 'f> {
    pub(super) at: At<'de, 'f>,
    pub(super) part: u8,
}

impl<'de> SeqAccess<'de> for Spanned<'de, '_> {
    type Error = DecodeError;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, DecodeError> {
        self.part += 1;
        let span = self.at.node.span;
        match self.part {
            1 => seed.deserialize((span.start as u64).into_deserializer()).map(Some),
            2 => seed.deserialize((span.end as u64).into_deserializer()).map(Some),
            _ => match seed.deserialize(self.at) {
                Ok(value) => Ok(Some(value)),
                Err(error) => {
                    self.at.faults.borrow_mut().push(error.at(span));
                    Ok(None)
                }
            },
        }
    }
}

pub(super) struct Items<'de, 'f> {
    pub(super) at: At<'de, 'f>,
    pub(super) items: std::slice::Iter<'de, Node>,
}

impl<'de> SeqAccess<'de> for Items<'de, '_> {
    type Error = DecodeError;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, DecodeError> {
        let Some(node) = self.items.next() else { return Ok(None) };
        seed.deserialize(self.at.child(node)).map(Some).map_err(|error| error.within(node.span))
    }
}

pub(super) struct Pairs<'de, 'f> {
    pub(super) at: At<'de, 'f>,
    pub(super) entries: std::vec::IntoIter<&'de (Key, Node)>,
    pub(super) value: Option<&'de Node>,
}

impl<'de> MapAccess<'de> for Pairs<'de, '_> {
    type Error = DecodeError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, DecodeError> {
        let Some((key, value)) = self.entries.next() else { return Ok(None) };
        self.value = Some(value);
        seed.deserialize(KeyAt(key)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, DecodeError> {
        let node = self.value.take().expect("serde asks for a value after its key");
        seed.deserialize(self.at.child(node)).map_err(|error| error.within(node.span))
    }
}

/// A key as a deserializer: a name for serde's own field matching, or text with its place.
#[derive(Clone, Copy)]
struct KeyAt<'de>(&'de Key);

impl<'de> Deserializer<'de> for KeyAt<'de> {
    type Error = DecodeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_borrowed_str(&self.0.text)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        match name {
            SPANNED => visitor.visit_seq(SpannedKey { key: self, part: 0 }),
            _ => visitor.visit_borrowed_str(&self.0.text),
        }
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

struct SpannedKey<'de> {
    key: KeyAt<'de>,
    part: u8,
}

impl<'de> SeqAccess<'de> for SpannedKey<'de> {
    type Error = DecodeError;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, DecodeError> {
        self.part += 1;
        let span = self.key.0.span;
        match self.part {
            1 => seed.deserialize((span.start as u64).into_deserializer()).map(Some),
            2 => seed.deserialize((span.end as u64).into_deserializer()).map(Some),
            _ => seed.deserialize(self.key).map(Some),
        }
    }
}

/// A word of a closed list, alone or as the only key of a map with more about it.
pub(super) struct Variant<'de, 'f> {
    pub(super) name: &'de str,
    pub(super) content: Option<At<'de, 'f>>,
}

impl<'de> EnumAccess<'de> for Variant<'de, '_> {
    type Error = DecodeError;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), DecodeError> {
        let name: de::value::BorrowedStrDeserializer<'de, DecodeError> =
            de::value::BorrowedStrDeserializer::new(self.name);
        Ok((seed.deserialize(name)?, self))
    }
}

impl<'de> VariantAccess<'de> for Variant<'de, '_> {
    type Error = DecodeError;

    fn unit_variant(self) -> Result<(), DecodeError> {
        match self.content {
            None => Ok(()),
            Some(_) => Err(DecodeError::new(format!("`{}` has no keys of its own", self.name), None)),
        }
    }
    /// The word alone means all of its defaults.
    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, DecodeError> {
        match self.content {
            Some(content) => seed.deserialize(content),
            None => seed.deserialize(MapDeserializer::new(std::iter::empty::<(&str, &str)>())),
        }
    }
    fn tuple_variant<V: Visitor<'de>>(self, _: usize, _: V) -> Result<V::Value, DecodeError> {
        Err(DecodeError::new("a plain word belongs here", None))
    }
    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], _: V) -> Result<V::Value, DecodeError> {
        Err(DecodeError::new("a plain word belongs here", None))
    }
}
