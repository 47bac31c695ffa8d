//! An error on its way from a type's own check up to its place in the file. Serde hands over nothing but a text, so a way
//! out, and that a secret is in the file, travel in it.

use std::fmt;

use serde::de;

use super::{Fault, FaultKind, Span};

/// An error on its way up to the nearest `Field`.
#[derive(Clone, Debug)]
pub struct DecodeError {
    kind: FaultKind,
    span: Option<Span>,
    message: String,
    help: Option<String>,
}

impl DecodeError {
    pub(super) fn new(message: impl Into<String>, help: Option<String>) -> Self {
        DecodeError { kind: FaultKind::Invalid, span: None, message: message.into(), help }
    }

    pub(super) fn at(self, span: Span) -> Fault {
        Fault { kind: self.kind, span: self.span.unwrap_or(span), message: self.message, help: self.help }
    }

    /// The place, unless it has a narrower one.
    pub(super) fn within(self, span: Span) -> DecodeError {
        DecodeError { span: self.span.or(Some(span)), ..self }
    }

    pub(super) fn or_help(self, help: Option<String>) -> DecodeError {
        DecodeError { help: self.help.or(help), ..self }
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
