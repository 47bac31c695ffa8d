//! The bytes of a file, with the secrets in it.

use super::{Secrets, property_value};
use crate::value::SecretRef;

/// The bytes of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    Text(String),
    /// A text with secrets in it.
    Secret(Vec<Part>),
}

/// A part of a text with secrets in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    Text(String),
    Secret(SecretRef, Escape),
}

/// The way in which a secret is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Escape {
    /// In a double-quoted word, which sh and systemd read alike.
    Quoted,
    /// As a value of Java properties.
    Property,
    /// As it is: the secret is all of a file.
    Whole,
}

impl Escape {
    fn write(self, secret: &str) -> String {
        match self {
            Escape::Quoted => quoted(secret),
            Escape::Property => property_value(secret),
            Escape::Whole => secret.to_owned(),
        }
    }
}

fn quoted(secret: &str) -> String {
    let escape = |c: char| if matches!(c, '"' | '\\' | '$' | '`') { vec!['\\', c] } else { vec![c] };
    secret.chars().flat_map(escape).collect()
}

impl Content {
    /// The text that people may see of it.
    pub fn public(&self) -> String {
        self.with(|secret, _| format!("<secret: {secret}>"))
    }

    /// The text with its secrets, which must have been read before.
    pub fn full(&self, secrets: &Secrets) -> String {
        self.with(|secret, escape| escape.write(secrets.of(secret)))
    }

    pub fn secrets(&self) -> impl Iterator<Item = (&SecretRef, Escape)> {
        let parts: &[Part] = if let Content::Secret(parts) = self { parts } else { &[] };
        parts
            .iter()
            .filter_map(|part| if let Part::Secret(secret, escape) = part { Some((secret, *escape)) } else { None })
    }

    fn with(&self, written: impl Fn(&SecretRef, Escape) -> String) -> String {
        match self {
            Content::Text(text) => text.clone(),
            Content::Secret(parts) => {
                let text = |part: &Part| match part {
                    Part::Text(text) => text.clone(),
                    Part::Secret(secret, escape) => written(secret, *escape),
                };
                parts.iter().map(text).collect()
            }
        }
    }
}
