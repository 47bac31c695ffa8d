//! Holes of a template: `provision.NAME` anywhere in an expression, and `provision_when = provision.NAME` in a block that is
//! there only where the hole holds `true`.

use std::collections::{BTreeMap, BTreeSet};

use hcl_edit::expr::{Array, Expression, Object, ObjectKey, TraversalOperator};
use hcl_edit::structure::{Attribute, BlockLabel, Body, Structure};
use hcl_edit::template::{Element, StringTemplate};
use hcl_edit::visit_mut::{VisitMut, visit_expr_mut};
use hcl_edit::{Decor, Decorate as _, Spanned};

/// The values for the holes of a template.
#[derive(Clone, Debug, Default)]
pub struct Holes(BTreeMap<&'static str, Option<Expression>>);

impl Holes {
    /// Every hole of a template that is reached must be put: another is a mistake of the program's, and panics.
    pub fn put(&mut self, name: &'static str, value: impl Into<Expression>) {
        self.0.insert(name, Some(value.into()));
    }

    /// Without a value an argument, a list's element or an object's entry that is just this hole is not written; within a text
    /// such a hole is a mistake of the template's, and panics.
    pub fn put_if(&mut self, name: &'static str, value: Option<impl Into<Expression>>) {
        self.0.insert(name, value.map(Into::into));
    }

    /// The names of all holes that are put, with a value or without.
    pub fn names(&self) -> BTreeSet<&str> {
        self.0.keys().copied().collect()
    }

    fn get(&self, name: &str) -> Option<&Expression> {
        self.0.get(name).unwrap_or_else(|| panic!("no hole is called {name}")).as_ref()
    }

    fn holds(&self, expression: &Expression) -> bool {
        let name = hole(expression).expect("`provision_when` is followed by a hole");
        self.get(name).and_then(Expression::as_bool).expect("`provision_when` asks a hole that holds true or false")
    }
}

const ROOT: &str = "provision";
const WHEN: &str = "provision_when";

/// The name of a hole, if the expression is one.
fn hole(expression: &Expression) -> Option<&str> {
    let traversal = expression.as_traversal()?;
    let of_ours = traversal.expr.as_variable()?.as_str() == ROOT;
    match traversal.operators.as_slice() {
        [one] if of_ours => match one.value() {
            TraversalOperator::GetAttr(name) => Some(name.as_str()),
            _ => None,
        },
        _ => None,
    }
}

/// The names of the holes in the text of a template.
pub fn names_in(template: &str) -> BTreeSet<&str> {
    let lines = template.lines().filter(|line| !line.trim_start().starts_with('#'));
    let after = lines.flat_map(|line| line.split("provision.").skip(1));
    let name = |rest: &'_ str| {
        rest.find(|c: char| !c.is_ascii_lowercase() && !c.is_ascii_digit() && c != '_').unwrap_or(rest.len())
    };
    after.map(|rest| &rest[..name(rest)]).filter(|name| !name.is_empty()).collect()
}

/// The template with its holes filled.
pub fn fill(template: &Body, holes: &Holes) -> Body {
    let mut filled = Body::new();
    *filled.decor_mut() = template.decor().clone();
    filled.set_prefer_oneline(template.prefer_oneline());
    for structure in template {
        match structure {
            Structure::Attribute(attribute) if attribute.has_key(WHEN) => {}
            Structure::Attribute(attribute) => {
                if let Some(attribute) = fill_attribute(attribute, holes) {
                    filled.push(attribute);
                }
            }
            Structure::Block(block) => {
                if block.body.get_attribute(WHEN).is_none_or(|when| holes.holds(&when.value)) {
                    let mut block = block.clone();
                    block.body = fill(&block.body, holes);
                    block.labels = block.labels.into_iter().map(|label| fill_label(label, holes)).collect();
                    filled.push(block);
                }
            }
        }
    }
    if filled.is_empty() && !template.is_empty() {
        // `{}` rather than braces on two lines.
        filled.set_prefer_oneline(true);
        *filled.decor_mut() = Decor::default();
    }
    filled
}

/// A label has no expressions: the whole of it is the name of a hole, for example `"provision.pool"`.
fn fill_label(label: BlockLabel, holes: &Holes) -> BlockLabel {
    let Some(name) = label.as_str().strip_prefix("provision.") else { return label };
    let text = holes.get(name).and_then(Expression::as_str).expect("a label is a text").to_owned();
    let mut filled = BlockLabel::from(text);
    *filled.decor_mut() = label.decor().clone();
    filled
}

fn fill_attribute(attribute: &Attribute, holes: &Holes) -> Option<Attribute> {
    if hole(&attribute.value).is_some_and(|name| holes.get(name).is_none()) {
        return None;
    }
    let mut attribute = attribute.clone();
    Filler(holes).visit_expr_mut(&mut attribute.value);
    Some(attribute)
}

struct Filler<'a>(&'a Holes);

impl VisitMut for Filler<'_> {
    fn visit_expr_mut(&mut self, expression: &mut Expression) {
        if let Some(name) = hole(expression) {
            let value = self.0.get(name).unwrap_or_else(|| panic!("{name} is absent, and stands within a value"));
            let decor = expression.decor().clone();
            *expression = value.clone().decorated(decor);
            return;
        }
        visit_expr_mut(self, expression);
        if let Expression::StringTemplate(template) = expression {
            let decor = template.decor().clone();
            *expression = fold(template).decorated(decor);
        }
    }

    /// Keys are filled too, which a visitor cannot do in place.
    fn visit_object_mut(&mut self, object: &mut Object) {
        let (decor, trailing) = (object.decor().clone(), object.trailing().clone());
        let mut filled = Object::new();
        for (mut key, mut value) in std::mem::take(object) {
            if let ObjectKey::Expression(key) = &mut key {
                self.visit_expr_mut(key);
            }
            let absent = hole(value.expr()).is_some_and(|name| self.0.get(name).is_none());
            if !absent {
                self.visit_expr_mut(value.expr_mut());
                filled.insert(key, value);
            }
        }
        filled.set_trailing(trailing);
        *filled.decor_mut() = decor;
        *object = filled;
    }

    fn visit_array_mut(&mut self, array: &mut Array) {
        let absent = |value: &Expression| hole(value).is_some_and(|name| self.0.get(name).is_none());
        for at in (0..array.len()).rev() {
            if array.get(at).is_some_and(absent) {
                array.remove(at);
            }
        }
        hcl_edit::visit_mut::visit_array_mut(self, array);
    }
}

/// Text that was filled into text is text, and so are the parts of a template that was.
fn fold(template: &StringTemplate) -> Expression {
    let mut parts: Vec<Element> = Vec::new();
    let inner = |element: &Element| match element {
        Element::Interpolation(of) => match &of.expr {
            Expression::StringTemplate(inner) => inner.iter().cloned().collect(),
            _ => vec![element.clone()],
        },
        _ => vec![element.clone()],
    };
    for element in &template.iter().flat_map(inner).collect::<Vec<Element>>() {
        let text = match element {
            Element::Literal(text) => Some(text.value().clone()),
            Element::Interpolation(of) => match &of.expr {
                Expression::String(text) => Some(text.value().clone()),
                Expression::Number(number) => Some(number.value().to_string()),
                _ => None,
            },
            Element::Directive(_) => None,
        };
        match (text, parts.last_mut()) {
            (Some(text), Some(Element::Literal(before))) => before.value_mut().push_str(&text),
            (Some(text), _) => parts.push(Element::Literal(Spanned::new(text))),
            (None, _) => parts.push(element.clone()),
        }
    }
    match parts.as_slice() {
        [] => Expression::from(""),
        [Element::Literal(text)] => Expression::from(text.value().clone()),
        _ => Expression::StringTemplate(StringTemplate::from(parts)),
    }
}
