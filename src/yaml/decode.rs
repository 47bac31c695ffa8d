//! A serde deserializer over the spanned tree that records an error and goes on.
//!
//! A [`Field`](super::Field) is the unit of recovery: what fails inside one is recorded and leaves it `Bad`; its siblings
//! are still read. Unknown keys are found because serde tells `deserialize_struct` which fields a type has.

use std::cell::RefCell;
use std::fmt;

use serde::de::{
    self, DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, MapAccess, SeqAccess, VariantAccess, Visitor,
};

use super::field::{RAW, SPANNED};
use super::suggest;
use super::tree::{Key, Node, Plain, Value, classify};
use super::{Fault, FaultKind, Span};

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

/// An error on its way up to the nearest `Field`.
#[derive(Clone, Debug)]
pub struct DecodeError {
    kind: FaultKind,
    span: Option<Span>,
    message: String,
    help: Option<String>,
}

impl DecodeError {
    fn new(message: impl Into<String>, help: Option<String>) -> Self {
        DecodeError { kind: FaultKind::Invalid, span: None, message: message.into(), help }
    }

    fn at(self, span: Span) -> Fault {
        Fault { kind: self.kind, span: self.span.unwrap_or(span), message: self.message, help: self.help }
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for DecodeError {}

/// Separates message and help in the text of a custom serde error, which is all that serde lets a type hand over.
const HELP_MARK: &str = "\u{1f}help:";
/// Starts the text of a custom serde error about a secret written in the file.
const SECRET_MARK: &str = "\u{1f}secret:";

/// The text of an error with a way out, for `Deserialize` implementations and `try_from`.
pub fn with_help(message: impl fmt::Display, help: impl fmt::Display) -> String {
    format!("{message}{HELP_MARK}{help}")
}

/// The text of an error about a secret written as a value.
pub fn inline_secret(message: impl fmt::Display, help: impl fmt::Display) -> String {
    format!("{SECRET_MARK}{message}{HELP_MARK}{help}")
}

/// Message and way out of such a text.
pub fn split_help(text: &str) -> (&str, Option<&str>) {
    text.split_once(HELP_MARK).map_or((text, None), |(message, help)| (message, Some(help)))
}

impl de::Error for DecodeError {
    fn custom<T: fmt::Display>(text: T) -> Self {
        let text = text.to_string();
        let (kind, text) = match text.strip_prefix(SECRET_MARK) {
            Some(rest) => (FaultKind::SecretInline, rest.to_owned()),
            None => (FaultKind::Invalid, text),
        };
        let (message, help) = split_help(&text);
        DecodeError { kind, span: None, message: message.to_owned(), help: help.map(str::to_owned) }
    }
}

#[derive(Clone, Copy)]
struct At<'de, 'f> {
    node: &'de Node,
    faults: &'f RefCell<Vec<Fault>>,
}

impl<'de> At<'de, '_> {
    fn child(self, node: &'de Node) -> Self {
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
            Plain::Bool(_) => "a truth value",
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
            Value::Scalar { text, plain: true } if classify(text) == Plain::Null => Ok(&[]),
            _ => Err(DecodeError { help: Some("write { name: value, … }".to_owned()), ..self.wrong_type("a map") }),
        }
    }

    /// The entries of a map whose keys are known.
    fn fields(self, known: &'static [&'static str]) -> Result<&'de [(Key, Node)], DecodeError> {
        self.entries().map_err(|error| DecodeError { help: suggest::fields(known), ..error })
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
                (_, Plain::Integer) => visitor.visit_i64(self.integer()?),
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
        match &self.node.value {
            Value::Scalar { text, plain: true } if classify(text) == Plain::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        match name {
            SPANNED => visitor.visit_seq(Spanned { at: self, part: 0 }),
            RAW => visitor.visit_borrowed_str(self.scalar("one value")?.0),
            _ => visitor.visit_newtype_struct(self),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match &self.node.value {
            Value::List(items) => visitor.visit_seq(Items { at: self, items: items.iter() }),
            _ => Err(self.wrong_type("a list")),
        }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        let entries: Vec<_> = self.entries()?.iter().collect();
        visitor.visit_map(Pairs { at: self, entries: entries.into_iter(), value: None })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        let (known, unknown): (Vec<_>, Vec<_>) =
            self.fields(fields)?.iter().partition(|(key, _)| fields.contains(&key.text.as_str()));
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
        let text = self.text()?;
        if !variants.contains(&text) {
            let all: Vec<_> = variants.iter().map(|variant| format!("`{variant}`")).collect();
            return Err(DecodeError::new(
                format!("`{text}` is not one of {}", all.join(", ")),
                suggest::nearest(text, variants.iter().copied()).map(|near| format!("did you mean `{near}`?")),
            ));
        }
        visitor.visit_enum(Variant(text))
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_unit()
    }

    serde::forward_to_deserialize_any! {
        i8 i16 i32 i128 u128 f32 f64 char bytes byte_buf unit unit_struct tuple tuple_struct identifier
    }
}

/// Hands a node over as start, end, value; an error in the value is recorded here and the value withheld.
struct Spanned<'de, 'f> {
    at: At<'de, 'f>,
    part: u8,
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

struct Items<'de, 'f> {
    at: At<'de, 'f>,
    items: std::slice::Iter<'de, Node>,
}

impl<'de> SeqAccess<'de> for Items<'de, '_> {
    type Error = DecodeError;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, DecodeError> {
        let Some(node) = self.items.next() else { return Ok(None) };
        seed.deserialize(self.at.child(node)).map(Some).map_err(|error| located(error, node.span))
    }
}

struct Pairs<'de, 'f> {
    at: At<'de, 'f>,
    entries: std::vec::IntoIter<&'de (Key, Node)>,
    value: Option<&'de Node>,
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
        seed.deserialize(self.at.child(node)).map_err(|error| located(error, node.span))
    }
}

fn located(error: DecodeError, span: Span) -> DecodeError {
    DecodeError { span: error.span.or(Some(span)), ..error }
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

struct Variant<'de>(&'de str);

impl<'de> EnumAccess<'de> for Variant<'de> {
    type Error = DecodeError;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), DecodeError> {
        let name: de::value::BorrowedStrDeserializer<'de, DecodeError> =
            de::value::BorrowedStrDeserializer::new(self.0);
        Ok((seed.deserialize(name)?, self))
    }
}

impl<'de> VariantAccess<'de> for Variant<'de> {
    type Error = DecodeError;

    fn unit_variant(self) -> Result<(), DecodeError> {
        Ok(())
    }
    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, _: T) -> Result<T::Value, DecodeError> {
        Err(DecodeError::new("a plain word belongs here", None))
    }
    fn tuple_variant<V: Visitor<'de>>(self, _: usize, _: V) -> Result<V::Value, DecodeError> {
        Err(DecodeError::new("a plain word belongs here", None))
    }
    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], _: V) -> Result<V::Value, DecodeError> {
        Err(DecodeError::new("a plain word belongs here", None))
    }
}
