//! YAML with spans, decoded so that every problem is found at once.
//!
//! Nothing here knows what a topology is: [`tree`] turns text into nodes that remember where they stood, [`decode()`]
//! fills ordinary serde types from them and goes on after an error.

mod access;
mod decode;
mod error;
pub mod field;
pub mod suggest;
pub mod tree;

pub use decode::decode;
pub use error::{inline_secret, split_help, with_help};
pub use field::{Anything, Entries, Entry, Field, Key, RAW_OR_MAP, RawScalar};

/// A half-open range of bytes in the source text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    pub start: usize,
    pub end: usize,
}

/// A fault at one place of the text, before it becomes a diagnostic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub kind: FaultKind,
    pub span: Span,
    pub message: String,
    pub help: Option<String>,
}

/// The kinds of fault that text alone can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// Not YAML, or a wrong type or value.
    Invalid,
    UnknownKey,
    DuplicateKey,
    /// A secret stands where a reference to one belongs; its value must not be shown.
    SecretInline,
}
