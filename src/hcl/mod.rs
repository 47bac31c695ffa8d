//! Terraform's language as values: templates are trees with holes, which are filled with typed values, laid out as
//! `terraform fmt` does, and asked which resources they hold. Knows nothing of topologies.

mod fill;
mod layout;
mod resource;

use std::collections::BTreeMap;

use hcl_edit::expr::{Array, Expression, Object, ObjectKey, ObjectValue, Traversal, TraversalOperator};
use hcl_edit::structure::Body;
use hcl_edit::{Decorate as _, Decorated, Ident};

pub use fill::{Holes, fill, names_in};
pub use layout::{lay_out, on_lines};
use resource::key_text;
pub use resource::{Address, Resource, argument, resources};

/// A template, which is a part of this program.
pub fn template(text: &str) -> Body {
    text.parse().expect("templates are HCL: a test reads each")
}

/// The rows of a table in `locals`, as far as they hold texts and numbers.
pub fn table(body: &Body, name: &str) -> BTreeMap<String, BTreeMap<String, String>> {
    let tables = body.get_blocks("locals").filter_map(|block| block.body.get_attribute(name)?.value.as_object());
    let cell = |value: &Expression| match value {
        Expression::Number(number) => Some(number.value().to_string()),
        other => other.as_str().map(str::to_owned),
    };
    let text = |(key, value): (&ObjectKey, &ObjectValue)| Some((key_text(key), cell(value.expr())?));
    let row = |(key, value): (&ObjectKey, &ObjectValue)| {
        Some((key_text(key), value.expr().as_object()?.iter().filter_map(text).collect()))
    };
    tables.flatten().filter_map(row).collect()
}

/// The first text that an argument of this name holds, in any block.
pub fn find(body: &Body, argument: &str) -> Option<String> {
    let texts = body.blocks().filter_map(|block| block.body.get_attribute(argument)?.value.as_str());
    texts.map(str::to_owned).next()
}

/// The first text under a key of an object that a function is given, anywhere in a file.
pub fn entry(body: &Body, key: &str) -> Option<String> {
    resource::entry(body, key)
}

/// Adds the blocks of one file behind those of another, a blank line between.
pub fn append(body: &mut Body, more: Body) {
    for mut structure in more {
        if !body.is_empty() && !structure.decor().prefix().is_some_and(|text| text.starts_with('\n')) {
            let prefix = structure.decor().prefix().map(|text| text.to_string()).unwrap_or_default();
            structure.decor_mut().set_prefix(format!("\n{prefix}"));
        }
        body.push(structure);
    }
}

/// `{ key = value, … }` in this order. What is no identifier is quoted.
pub fn object<K: AsRef<str>, V: Into<Expression>>(entries: impl IntoIterator<Item = (K, V)>) -> Expression {
    let entries = entries.into_iter().map(|(key, value)| (object_key(key.as_ref()), value.into()));
    Expression::Object(entries.collect::<Object>())
}

fn object_key(key: &str) -> ObjectKey {
    // Ours begin with a letter; others (`1`, `a/b`) are written in quotes.
    let plain = key.starts_with(|c: char| c.is_ascii_alphabetic())
        && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    match Ident::try_new(key) {
        Ok(ident) if plain => ObjectKey::from(ident),
        _ => ObjectKey::from(Expression::from(key)),
    }
}

/// `a.b.c`.
pub fn reference(path: &[&str]) -> Expression {
    let (root, rest) = path.split_first().expect("a reference has a root");
    let step = |name: &&str| Decorated::new(TraversalOperator::GetAttr(Decorated::new(Ident::new(*name))));
    Traversal::new(Expression::Variable(Decorated::new(Ident::new(*root))), rest.iter().map(step).collect()).into()
}

/// An expression that is a part of this program.
pub fn expression(text: &str) -> Expression {
    text.parse().expect("expressions of the program are HCL")
}

/// `[value, …]` in this order.
pub fn list<V: Into<Expression>>(values: impl IntoIterator<Item = V>) -> Expression {
    Expression::Array(values.into_iter().map(Into::into).collect::<Array>())
}

/// A list of texts: `["…", …]`.
pub fn texts<T: ToString>(values: impl IntoIterator<Item = T>) -> Expression {
    list(values.into_iter().map(|value| value.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(text: &str, holes: &Holes) -> String {
        let mut body = fill(&template(text), holes);
        lay_out(&mut body);
        body.to_string()
    }

    #[test]
    fn holes_are_filled_and_lines_aligned_again() {
        let mut holes = Holes::default();
        holes.put("name", "analytics");
        holes.put("zone", 2);
        holes.put_if("tier", None::<&str>);
        holes.put("bastion", false);
        let row = |zone: &str| object([("zone", zone)]);
        holes.put("members", object([("1", row("a")), ("10", row("b"))]));
        let text = r#"locals {
  members = provision.members
}

# Why it is here.
resource "cloud_machine" "member" {
  for_each         = local.members
  name             = "${provision.name}-zk-${each.key}"
  group            = "${provision.name}-${provision.zone}"
  performance_tier = provision.tier
  zones            = [provision.zone, provision.tier]
}

resource "cloud_bastion" "main" {
  provision_when = provision.bastion
  name           = "x"
}
"#;
        let expected = r#"locals {
  members = {
    "1"  = { zone = "a" }
    "10" = { zone = "b" }
  }
}

# Why it is here.
resource "cloud_machine" "member" {
  for_each = local.members
  name     = "analytics-zk-${each.key}"
  group    = "analytics-2"
  zones    = [2]
}
"#;
        assert_eq!(filled(text, &holes), expected);
    }

    #[test]
    fn whatever_is_filled_in_comes_back_as_it_was() {
        for hostile in [
            "a\"b",
            "${var.x}",
            "%{ if true }",
            "line\nline",
            "<<EOT\nEOT",
            "$${x}",
            "\\",
            "#",
            "\u{1}",
            "ß",
            "$",
            "%{",
        ] {
            let mut holes = Holes::default();
            holes.put("text", hostile);
            holes.put("table", object([(hostile, hostile)]));
            let text = filled("a = provision.text\nb = \"<${provision.text}>${var.x}\"\nc = provision.table\n", &holes);
            let again: Body = text.parse().unwrap_or_else(|error| panic!("{error}\n{text}"));
            assert_eq!(again.get_attribute("a").and_then(|a| a.value.as_str()), Some(hostile), "{text}");
            let table = again.get_attribute("c").and_then(|c| c.value.as_object()).expect("a table");
            let (_, value) = table.iter().next().expect("a row");
            assert_eq!(value.expr().as_str(), Some(hostile), "{text}");
            let found =
                again.get_attribute("b").expect("text").value.as_string_template().expect("with a reference in it");
            let literal = found.iter().next().and_then(|part| part.as_literal()).expect("text first");
            assert_eq!(literal.value(), &format!("<{hostile}>"), "{text}");
        }
    }

    #[test]
    fn resources_are_found_with_their_keys_and_references() {
        let body = template(
            "locals {\n  t = { \"1\" = {}, b = {} }\n}\nresource \"a_x\" \"m\" {\n  for_each = local.t\n  id = a_y.n[each.key].id\n  of = \"${data.a_z.o.id}\"\n}\n",
        );
        let found = resources([&body]);
        let texts: Vec<_> = found[0].refers_to.iter().map(ToString::to_string).collect();
        assert_eq!(
            (found[0].address.to_string(), texts),
            ("a_x.m".to_owned(), vec!["a_y.n".to_owned(), "a_z.o".to_owned()])
        );
        assert_eq!(found[0].keys.as_deref(), Some(&["1".to_owned(), "b".to_owned()][..]));
    }
}
