//! Text to a tree of nodes with spans, raw scalar text and style.

use std::collections::HashSet;

use granit_parser::{Event, Parser, ScalarStyle};

use super::{Fault, FaultKind, Span};

/// Deeper nesting than any topology has; a bound so that hostile text cannot exhaust the stack.
const MAX_DEPTH: usize = 64;

#[derive(Clone, Debug)]
pub struct Node {
    pub span: Span,
    pub value: Value,
}

#[derive(Clone, Debug)]
pub enum Value {
    Scalar { text: String, plain: bool },
    List(Vec<Node>),
    Map(Vec<(Key, Node)>),
}

/// A map's key: always a scalar, as written.
#[derive(Clone, Debug)]
pub struct Key {
    pub text: String,
    pub span: Span,
}

/// The meaning of a plain scalar in YAML's core schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plain {
    Null,
    Bool(bool),
    Integer,
    Float,
    Text,
}

impl Node {
    /// Returns true if nothing is written, or `~` or `null`.
    pub fn is_nothing(&self) -> bool {
        matches!(&self.value, Value::Scalar { text, plain: true } if classify(text) == Plain::Null)
    }
}

/// Classifies plain scalar text by the core schema of YAML 1.2.
pub fn classify(text: &str) -> Plain {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Plain::Null,
        "true" | "True" | "TRUE" => Plain::Bool(true),
        "false" | "False" | "FALSE" => Plain::Bool(false),
        _ if is_integer(text) => Plain::Integer,
        _ if is_float(text) => Plain::Float,
        _ => Plain::Text,
    }
}

fn is_integer(text: &str) -> bool {
    let radix = |prefix: &str, ok: fn(&char) -> bool| {
        text.strip_prefix(prefix).is_some_and(|digits| !digits.is_empty() && digits.chars().all(|c| ok(&c)))
    };
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    (!digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()))
        || radix("0x", char::is_ascii_hexdigit)
        || radix("0o", |c| ('0'..='7').contains(c))
}

fn is_float(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    matches!(unsigned, ".inf" | ".Inf" | ".INF" | ".nan" | ".NaN" | ".NAN")
        || (unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.')
            && unsigned.chars().any(|c| c.is_ascii_digit())
            && unsigned.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'+' | b'-'))
            && unsigned.parse::<f64>().is_ok())
}

/// Parses one document. `None` when the text is not YAML at all; duplicate keys are reported and their later values dropped.
pub fn parse(text: &str, faults: &mut Vec<Fault>) -> Option<Node> {
    let mut builder = Builder { text, parser: Parser::new_from_str(text), faults, last: Span::default() };
    builder.document().unwrap_or_default()
}

/// The fault that ended parsing has been recorded.
struct Stop;

struct Builder<'t, 'f> {
    text: &'t str,
    parser: Parser<'t, granit_parser::StrInput<'t>>,
    faults: &'f mut Vec<Fault>,
    last: Span,
}

impl Builder<'_, '_> {
    fn document(&mut self) -> Result<Option<Node>, Stop> {
        let mut root = None;
        while let Some((event, span)) = self.next()? {
            match event {
                Event::StreamStart | Event::DocumentStart(..) | Event::DocumentEnd => {}
                Event::StreamEnd => break,
                _ if root.is_some() => {
                    return self.stop(span, "a second document: one file has one document");
                }
                event => root = Some(self.node(event, span, 0)?),
            }
        }
        Ok(root)
    }

    fn next(&mut self) -> Result<Option<(Event<'static>, Span)>, Stop> {
        loop {
            match self.parser.next_event() {
                None => return Ok(None),
                Some(Ok((event, span))) => {
                    let span = self.span(span.start.byte_offset(), span.end.byte_offset());
                    self.last = span;
                    if let Some(event) = owned(event) {
                        return Ok(Some((event, span)));
                    }
                }
                Some(Err(error)) => {
                    let at = self.span(error.marker().byte_offset(), error.marker().byte_offset());
                    return self.stop(at, &format!("not YAML: {}", error.info()));
                }
            }
        }
    }

    fn span(&self, start: Option<usize>, end: Option<usize>) -> Span {
        let clamp = |at: usize| {
            let mut at = at.min(self.text.len());
            while !self.text.is_char_boundary(at) {
                at -= 1;
            }
            at
        };
        let start = clamp(start.unwrap_or(self.last.end));
        Span { start, end: clamp(end.unwrap_or(start)).max(start) }
    }

    fn stop<T>(&mut self, span: Span, message: &str) -> Result<T, Stop> {
        self.fault(FaultKind::Invalid, span, message.to_owned(), None);
        Err(Stop)
    }

    fn fault(&mut self, kind: FaultKind, span: Span, message: String, help: Option<String>) {
        self.faults.push(Fault { kind, span, message, help });
    }

    fn node(&mut self, event: Event<'static>, span: Span, depth: usize) -> Result<Node, Stop> {
        if depth > MAX_DEPTH {
            return self.stop(span, "nested too deeply");
        }
        self.refuse_anchors(&event, span);
        match event {
            Event::Scalar(text, style, ..) => {
                Ok(Node { span, value: Value::Scalar { text: text.into_owned(), plain: style == ScalarStyle::Plain } })
            }
            Event::SequenceStart(..) => self.list(span, depth),
            Event::MappingStart(..) => self.map(span, depth),
            Event::Alias(_) => Ok(Node { span, value: Value::Scalar { text: String::new(), plain: true } }),
            other => self.stop(span, &format!("unexpected {other:?}")),
        }
    }

    fn refuse_anchors(&mut self, event: &Event<'static>, span: Span) {
        let tagged = event.tag().is_some();
        if event.anchor_id().is_some_and(|id| id != 0) || event.is_alias() || tagged {
            let what = if tagged { "tags" } else { "anchors and aliases" };
            let message = format!("{what} are not supported here");
            self.fault(FaultKind::Invalid, span, message, Some("write the value out".to_owned()));
        }
    }

    fn list(&mut self, start: Span, depth: usize) -> Result<Node, Stop> {
        let mut items = Vec::new();
        while let Some((event, span)) = self.next()? {
            if matches!(event, Event::SequenceEnd) {
                return Ok(Node { span: Span { start: start.start, end: span.end }, value: Value::List(items) });
            }
            items.push(self.node(event, span, depth + 1)?);
        }
        self.stop(start, "this list does not end")
    }

    fn map(&mut self, start: Span, depth: usize) -> Result<Node, Stop> {
        let mut entries: Vec<(Key, Node)> = Vec::new();
        let mut seen = HashSet::new();
        while let Some((event, span)) = self.next()? {
            if matches!(event, Event::MappingEnd) {
                let end = entries.last().map_or(span.end, |(_, node)| node.span.end.max(span.end));
                return Ok(Node { span: Span { start: start.start, end }, value: Value::Map(entries) });
            }
            let Event::Scalar(text, ..) = event else {
                return self.stop(span, "a key must be a plain name");
            };
            let key = Key { text: text.into_owned(), span };
            let Some((event, span)) = self.next()? else { break };
            let value = self.node(event, span, depth + 1)?;
            if seen.insert(normal(&key.text)) {
                entries.push((key, value));
            } else {
                let message = format!("`{}` is written twice", key.text);
                self.fault(FaultKind::DuplicateKey, key.span, message, Some("keep one of them".to_owned()));
            }
        }
        self.stop(start, "this map does not end")
    }
}

/// `1`, `01` and `"1"` are one key.
fn normal(key: &str) -> String {
    match key.parse::<u64>() {
        Ok(number) => number.to_string(),
        Err(_) => key.to_owned(),
    }
}

/// Only what a tree is made of, free of the parser's borrow; comments are dropped.
fn owned(event: Event<'_>) -> Option<Event<'static>> {
    use std::borrow::Cow;
    let tag = |tag: Option<Cow<'_, granit_parser::Tag>>| tag.map(|tag| Cow::Owned(tag.into_owned()));
    Some(match event {
        Event::StreamStart => Event::StreamStart,
        Event::StreamEnd => Event::StreamEnd,
        Event::DocumentStart(explicit, version) => Event::DocumentStart(explicit, version),
        Event::DocumentEnd => Event::DocumentEnd,
        Event::Alias(id) => Event::Alias(id),
        Event::Scalar(text, style, anchor, t) => Event::Scalar(Cow::Owned(text.into_owned()), style, anchor, tag(t)),
        Event::SequenceStart(style, anchor, t) => Event::SequenceStart(style, anchor, tag(t)),
        Event::SequenceEnd => Event::SequenceEnd,
        Event::MappingStart(style, anchor, t) => Event::MappingStart(style, anchor, tag(t)),
        Event::MappingEnd => Event::MappingEnd,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_scalars_follow_the_core_schema() {
        for (text, want) in [
            ("1.30", Plain::Float),
            ("3.9.5", Plain::Text),
            ("12", Plain::Integer),
            ("0x1F", Plain::Integer),
            ("1e3", Plain::Float),
            ("~", Plain::Null),
            ("yes", Plain::Text),
            ("True", Plain::Bool(true)),
            ("-", Plain::Text),
            ("10.77.0.11", Plain::Text),
        ] {
            assert_eq!(classify(text), want, "{text}");
        }
    }

    #[test]
    fn one_and_zero_one_are_the_same_key() {
        let mut faults = Vec::new();
        parse("{1: a, 01: b, \"1\": c}", &mut faults);
        assert_eq!(faults.iter().filter(|f| f.kind == FaultKind::DuplicateKey).count(), 2);
    }
}
