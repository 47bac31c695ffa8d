//! A serde deserializer over the spanned tree that records an error and goes on.
//!
//! A [`Field`](super::Field) is the unit of recovery: what fails inside one is recorded and leaves it `Bad`; its siblings
//! are still read. Unknown keys are found because serde tells `deserialize_struct` which fields a type has.

use std::cell::RefCell;

use serde::de::{self, Deserializer, Visitor};

use super::access::{Items, Pairs, Spanned, Variant};
use super::error::DecodeError;
use super::field::{RAW, RAW_OR_MAP, SPANNED};
use super::tree::{Key, Node, Plain, Value, classify};
use super::{Fault, FaultKind, suggest};

/// Fills `T` from the tree. `None` only when the outermost value has the wrong type; every fault is in `faults`.
pub fn decode<'de, T: de::Deserialize<'de>>(root: &'de Node, faults: &mut Vec<Fault>) -> Option<T> {
    let sink = RefCell::new(Vec::new());
    let result = T::deserialize(At { node: root, faults: &sink });
    faults.append(&mut sink.into_inner());
    match result {
        Ok(value) => Some(value),
        Err(error) => {
            faults.push(error.at(root.span));
            None
        }
    }
}

/// One node, read as whatever type asks.
#[derive(Clone, Copy)]
pub(super) struct At<'de, 'f> {
    pub(super) node: &'de Node,
    pub(super) faults: &'f RefCell<Vec<Fault>>,
}

impl<'de> At<'de, '_> {
    pub(super) fn child(self, node: &'de Node) -> Self {
        At { node, faults: self.faults }
    }

    fn scalar(self, wanted: &str) -> Result<(&'de str, Plain), DecodeError> {
        match &self.node.value {
            Value::Scalar { text, plain: true } => Ok((text, classify(text))),
            Value::Scalar { text, plain: false } => Ok((text, Plain::Text)),
            _ => Err(self.wrong_type(wanted)),
        }
    }

    fn wrong_type(self, wanted: &str) -> DecodeError {
        DecodeError::new(format!("expected {wanted}, found {}", describe(self.node)), None)
    }

    fn integer(self) -> Result<i64, DecodeError> {
        let wanted = "a whole number";
        let (text, plain) = self.scalar(wanted)?;
        let digits = text.trim_start_matches('+');
        match (plain, digits.parse()) {
            (Plain::Integer, Ok(number)) => Ok(number),
            (Plain::Text, Ok::<i64, _>(_)) => Err(DecodeError::new(
                format!("expected {wanted}, found the text \"{text}\""),
                Some(format!("write {digits} without quotes")),
            )),
            _ => Err(self.wrong_type(wanted)),
        }
    }

    /// Text, refusing what YAML reads as another type: `1.30` would become `1.3` in the hands of any other tool.
    fn text(self) -> Result<&'de str, DecodeError> {
        let (text, plain) = self.scalar("text")?;
        let reads_as = match plain {
            Plain::Text => return Ok(text),
            Plain::Null => return Err(self.wrong_type("text")),
            Plain::Bool(_) => "a boolean",
            Plain::Integer | Plain::Float => "a number",
        };
        Err(DecodeError::new(
            format!("YAML reads {text} as {reads_as}, but text belongs here"),
            Some(format!("write \"{text}\"")),
        ))
    }

    fn entries(self) -> Result<&'de [(Key, Node)], DecodeError> {
        match &self.node.value {
            Value::Map(entries) => Ok(entries),
            _ if self.node.is_nothing() => Ok(&[]),
            _ => Err(self.wrong_type("a map")),
        }
    }

    /// Reports each place of a list or of a map of names where nothing is written: it is no value, and not left out either.
    fn refuse_nothing(self, nodes: impl Iterator<Item = &'de Node>) {
        self.faults.borrow_mut().extend(nodes.filter(|node| node.is_nothing()).map(|node| Fault {
            kind: FaultKind::Invalid,
            span: node.span,
            message: "the value is empty".to_owned(),
            help: Some("write a value ({} for one with all defaults), or leave the entry out".to_owned()),
        }));
    }

    fn report_unknown(self, key: &Key, known: &'static [&'static str]) {
        self.faults.borrow_mut().push(Fault {
            kind: FaultKind::UnknownKey,
            span: key.span,
            message: format!("unknown key `{}`", key.text),
            help: suggest::hint(&key.text, known.iter().copied()),
        });
    }
}

fn describe(node: &Node) -> String {
    match &node.value {
        Value::List(_) => "a list".to_owned(),
        Value::Map(_) => "a map".to_owned(),
        Value::Scalar { text, plain } => match if *plain { classify(text) } else { Plain::Text } {
            Plain::Null => "nothing".to_owned(),
            Plain::Text => format!("the text \"{text}\""),
            _ => text.clone(),
        },
    }
}

impl<'de> Deserializer<'de> for At<'de, '_> {
    type Error = DecodeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match &self.node.value {
            Value::List(_) => self.deserialize_seq(visitor),
            Value::Map(_) => self.deserialize_map(visitor),
            Value::Scalar { .. } => match self.scalar("a value")? {
                (_, Plain::Null) => visitor.visit_unit(),
                (_, Plain::Bool(value)) => visitor.visit_bool(value),
                // A number of more than 64 bits is passed on as text.
                (text, Plain::Integer) => match self.integer() {
                    Ok(number) => visitor.visit_i64(number),
                    Err(_) => visitor.visit_borrowed_str(text),
                },
                (text, Plain::Float | Plain::Text) => visitor.visit_borrowed_str(text),
            },
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match self.scalar("true or false")? {
            (_, Plain::Bool(value)) => visitor.visit_bool(value),
            _ => Err(self.wrong_type("true or false")),
        }
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_i64(self.integer()?)
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        let number = self.integer()?;
        match u64::try_from(number) {
            Ok(number) => visitor.visit_u64(number),
            Err(_) => Err(DecodeError::new(format!("{number} is below zero"), None)),
        }
    }

    fn deserialize_u8<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.deserialize_u64(visitor)
    }
    fn deserialize_u16<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.deserialize_u64(visitor)
    }
    fn deserialize_u32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.deserialize_u64(visitor)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_borrowed_str(self.text()?)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        if self.node.is_nothing() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        match name {
            SPANNED => visitor.visit_seq(Spanned { at: self, part: 0 }),
            RAW_OR_MAP if matches!(self.node.value, Value::Map(_)) => self.deserialize_map(visitor),
            RAW | RAW_OR_MAP => visitor.visit_borrowed_str(self.scalar("one value")?.0),
            _ => visitor.visit_newtype_struct(self),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match &self.node.value {
            Value::List(items) => {
                self.refuse_nothing(items.iter());
                visitor.visit_seq(Items { at: self, items: items.iter() })
            }
            _ => Err(self.wrong_type("a list")),
        }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        let example = || Some("write { name: value, ... }".to_owned());
        let entries: Vec<_> = self.entries().map_err(|error| error.or_help(example()))?.iter().collect();
        self.refuse_nothing(entries.iter().map(|(_, value)| value));
        visitor.visit_map(Pairs { at: self, entries: entries.into_iter(), value: None })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        let entries = self.entries().map_err(|error| error.or_help(suggest::fields(fields)))?;
        let (known, unknown): (Vec<_>, Vec<_>) =
            entries.iter().partition(|(key, _)| fields.contains(&key.text.as_str()));
        for (key, _) in unknown {
            self.report_unknown(key, fields);
        }
        visitor.visit_map(Pairs { at: self, entries: known.into_iter(), value: None })
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        let (text, content) = match &self.node.value {
            Value::Map(entries) if entries.len() == 1 => {
                let (key, value) = &entries[0];
                (key.text.as_str(), Some(self.child(value)))
            }
            _ => (self.text()?, None),
        };
        if !variants.contains(&text) {
            let all: Vec<_> = variants.iter().map(|variant| format!("`{variant}`")).collect();
            return Err(DecodeError::new(
                format!("`{text}` is not one of {}", all.join(", ")),
                suggest::nearest(text, variants.iter().copied()).map(|near| format!("did you mean `{near}`?")),
            ));
        }
        visitor.visit_enum(Variant { name: text, content })
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_unit()
    }

    serde::forward_to_deserialize_any! {
        i8 i16 i32 i128 u128 f32 f64 char bytes byte_buf unit unit_struct tuple tuple_struct identifier
    }
}
