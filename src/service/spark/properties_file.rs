//! A file of Spark's properties, with the secrets in it.

use std::collections::BTreeMap;

use crate::host::{Content, Escape, Part, Property};
use crate::value::{PropertyValue, SecretRef};

/// Lines of a properties file, and the secrets in them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Properties {
    pub lines: Vec<Property>,
    /// In the order in which [`SECRET`] stands for them.
    secrets: Vec<SecretRef>,
}

/// The place of a secret in a line. No value contains it: control characters are escaped.
const SECRET: char = '\u{1a}';

impl Properties {
    /// Sorted properties, escaped as `java.util.Properties` reads them.
    pub fn of<'a>(pairs: impl IntoIterator<Item = (&'a str, PropertyValue)>) -> Properties {
        let sorted: BTreeMap<_, _> = pairs.into_iter().collect();
        let mut secrets = Vec::new();
        let line = |(key, value)| match value {
            PropertyValue::Plain(text) => Property::of(key, &text),
            PropertyValue::Secret(secret) => {
                secrets.push(secret);
                Property { value: SECRET.to_string(), ..Property::of(key, "") }
            }
        };
        Properties { lines: sorted.into_iter().map(line).collect(), secrets }
    }

    /// The file, once the lines are in its text.
    pub fn content(self, text: String) -> Content {
        if self.secrets.is_empty() {
            return Content::Text(text);
        }
        let places = text.matches(SECRET).count();
        assert!(places == self.secrets.len(), "a template has each line of its properties once");
        let mut texts = text.split(SECRET);
        let first = texts.next().unwrap_or_default().to_owned();
        let parts = self.secrets.into_iter().zip(texts);
        let parts =
            parts.flat_map(|(secret, text)| [Part::Secret(secret, Escape::Property), Part::Text(text.to_owned())]);
        Content::Secret(std::iter::once(Part::Text(first)).chain(parts).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::Secrets;

    #[test]
    fn secrets_are_written_each_in_its_place() {
        let secret = |name: &str| SecretRef::Env(name.to_owned());
        let pairs = [
            ("b", PropertyValue::Secret(secret("B"))),
            ("a", PropertyValue::Secret(secret("A"))),
            ("c", "\u{1a}".to_owned().into()),
        ];
        let properties = Properties::of(pairs);
        let text: String = properties.lines.iter().map(|line| format!("{} {}\n", line.key, line.value)).collect();
        let content = properties.content(text);
        assert_eq!(
            content.public(),
            "a <secret: the environment variable A>\nb <secret: the environment variable B>\nc \\u001a\n"
        );
        let secrets = Secrets([(secret("A"), " p\\q".to_owned()), (secret("B"), "r#ü".to_owned())].into());
        assert_eq!(content.full(&secrets), "a \\ p\\\\q\nb r#\\u00fc\nc \\u001a\n");
    }
}
