//! The declarations of a Terraform file: resources with their keys, and what each refers to.

use std::collections::BTreeSet;

use hcl_edit::expr::{Expression, FuncCall, ObjectKey, Traversal, TraversalOperator};
use hcl_edit::structure::{Block, Body};
use hcl_edit::visit::{Visit, visit_func_call, visit_traversal};

/// A declaration by its type and name: `azurerm_subnet.zookeeper`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Address {
    pub kind: String,
    pub name: String,
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.kind, self.name)
    }
}

/// A resource of a cloud as its provider takes it: a tree of arguments with typed references in it.
#[derive(Clone, Debug)]
pub struct Resource {
    pub address: Address,
    /// True if it is only looked up.
    pub is_data: bool,
    /// The keys of its instances; `None` where there is one.
    pub keys: Option<Vec<String>>,
    pub arguments: Body,
    /// The resources that it names.
    pub refers_to: BTreeSet<Address>,
}

/// The resources of these files; `locals` in any of them hold the tables.
pub fn resources<'a>(files: impl IntoIterator<Item = &'a Body> + Clone) -> Vec<Resource> {
    let tables: Vec<&Body> =
        files.clone().into_iter().flat_map(|file| file.get_blocks("locals")).map(|b| &b.body).collect();
    let blocks = files.into_iter().flat_map(Body::blocks);
    blocks.filter_map(|block| resource(block, &tables)).collect()
}

fn resource(block: &Block, tables: &[&Body]) -> Option<Resource> {
    let is_data = block.has_ident("data");
    let [kind, name] = block.labels.as_slice() else { return None };
    if !is_data && !block.has_ident("resource") {
        return None;
    }
    let mut references = References::default();
    references.visit_body(&block.body);
    // What a dynamic block calls its own.
    let dynamic: Vec<&str> =
        block.body.get_blocks("dynamic").filter_map(|block| Some(block.labels.first()?.as_str())).collect();
    references.0.retain(|address| !dynamic.contains(&address.kind.as_str()));
    Some(Resource {
        address: Address { kind: kind.as_str().to_owned(), name: name.as_str().to_owned() },
        is_data,
        keys: block.body.get_attribute("for_each").map(|each| keys(&each.value, tables)),
        arguments: block.body.clone(),
        refers_to: references.0,
    })
}

/// The keys of a table: of `local.NAME`, of an object, or of `toset([...])`.
fn keys(each: &Expression, tables: &[&Body]) -> Vec<String> {
    match each {
        Expression::Object(object) => object.iter().map(|(key, _)| key_text(key)).collect(),
        Expression::FuncCall(call) => {
            let list = call.args.iter().next().and_then(Expression::as_array);
            list.into_iter().flatten().filter_map(|value| value.as_str().map(str::to_owned)).collect()
        }
        Expression::Traversal(traversal) => {
            let table = path(traversal).and_then(|path| match path.as_slice() {
                ["local", name] => tables.iter().find_map(|table| table.get_attribute(name)),
                _ => None,
            });
            table.map(|table| keys(&table.value, tables)).unwrap_or_default()
        }
        _ => Vec::new(),
    }
}

pub fn key_text(key: &ObjectKey) -> String {
    match key {
        ObjectKey::Ident(ident) => ident.as_str().to_owned(),
        ObjectKey::Expression(expression) => expression.as_str().unwrap_or_default().to_owned(),
    }
}

/// `a.b.c` as far as there are only names.
fn path(traversal: &Traversal) -> Option<Vec<&str>> {
    let mut path = vec![traversal.expr.as_variable()?.as_str()];
    path.extend(traversal.operators.iter().map_while(|operator| match operator.value() {
        TraversalOperator::GetAttr(name) => Some(name.as_str()),
        _ => None,
    }));
    Some(path)
}

#[derive(Default)]
struct References(BTreeSet<Address>);

/// Roots that are no resources.
const NOT_RESOURCES: &[&str] = &["each", "local", "path", "self", "terraform", "var"];

impl Visit for References {
    fn visit_traversal(&mut self, traversal: &Traversal) {
        let found = path(traversal).unwrap_or_default();
        let of = match found.as_slice() {
            ["data", kind, name, ..] => Some((kind, name)),
            [kind, name, ..] if !NOT_RESOURCES.contains(kind) && kind.contains('_') => Some((kind, name)),
            _ => None,
        };
        self.0.extend(of.map(|(kind, name)| Address { kind: (*kind).to_owned(), name: (*name).to_owned() }));
        visit_traversal(self, traversal);
    }
}

/// The first text under a key of an object that a function is given.
pub fn entry(body: &Body, key: &str) -> Option<String> {
    let mut search = Entry { key, found: None };
    search.visit_body(body);
    search.found
}

struct Entry<'a> {
    key: &'a str,
    found: Option<String>,
}

impl Visit for Entry<'_> {
    fn visit_func_call(&mut self, call: &FuncCall) {
        let objects = call.args.iter().filter_map(Expression::as_object);
        let mut texts = objects.flat_map(|object| object.iter()).filter(|(key, _)| key_text(key) == self.key);
        let text = texts.find_map(|(_, value)| value.expr().as_str());
        self.found = self.found.take().or_else(|| text.map(str::to_owned));
        visit_func_call(self, call);
    }
}

/// An argument by its path through blocks, as text: `none` where it is not there.
pub fn argument(body: &Body, path: &[&str]) -> String {
    let found = match path {
        [] => None,
        [name] => body.get_attribute(name).map(|found| found.value.to_string()),
        [block, rest @ ..] => body.get_blocks(block).next().map(|block| argument(&block.body, rest)),
    };
    found.map_or_else(|| "none".to_owned(), |text| text.trim().trim_matches('"').to_owned())
}
