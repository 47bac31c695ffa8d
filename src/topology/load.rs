//! From text to the file's own types.

use super::{TopologyFile, beside, elsewhere, ranges};
use crate::diagnostic::{Code, Diagnostics, Source};
use crate::service::ServicesFile;
use crate::value::{asks_for_secret, carries_secret, is_reference, names_secret};
use crate::yaml::tree::{Node, Value};
use crate::yaml::{self, Fault, FaultKind, Field, Span};

/// Reads a topology. What is wrong with the text is in the diagnostics; what is right is in the file nevertheless.
pub fn load(source: &Source) -> (TopologyFile, Diagnostics) {
    let mut faults = Vec::new();
    let mut root = yaml::tree::parse(&source.text, &mut faults);
    if root.is_none() {
        faults.iter_mut().for_each(|fault| ranges::point_out_quotes(&source.text, fault));
    }
    root.iter_mut().for_each(|root| ranges::expand(root, &mut faults));
    root.iter_mut().for_each(|root| beside::read(root, &source.folder, &mut faults));
    let file = root.as_ref().and_then(|root| {
        let mut file: TopologyFile = yaml::decode(root, &mut faults)?;
        if let (Field::Ok(_, services), Some(node)) = (&mut file.services, services_of(root)) {
            *services = ServicesFile::read(node, &mut faults);
        }
        Some(file)
    });
    root.iter().for_each(|root| elsewhere::point_out(root, &mut faults));
    root.iter().for_each(|root| refuse_secrets(root, &mut faults));
    let mut secrets: Vec<Span> =
        faults.iter().filter(|fault| fault.kind == FaultKind::SecretInline).map(|fault| fault.span).collect();
    root.iter().for_each(|root| find_secrets(root, &mut secrets));
    source.hide(secrets);
    let file = file.unwrap_or_else(TopologyFile::unreadable);
    let mut problems = Diagnostics::default();
    if faults.is_empty() && file.name.span() == Some(Span::default()) {
        problems.add(Code::T001, Span::default(), "the file is empty");
    }
    for fault in faults {
        problems.add_fault(fault);
    }
    (file, problems)
}

/// Refuses values that contain a secret, wherever they are.
fn refuse_secrets(node: &Node, faults: &mut Vec<Fault>) {
    match &node.value {
        Value::Scalar { text, .. } if carries_secret(text) => faults.push(inline_secret(node.span)),
        Value::Scalar { .. } => {}
        Value::Map(entries) => entries.iter().for_each(|(_, node)| refuse_secrets(node, faults)),
        Value::List(nodes) => {
            nodes.iter().for_each(|node| refuse_secrets(node, faults));
            let follows = nodes.windows(2).filter(|pair| word(&pair[0]).is_some_and(asks_for_secret));
            let given = follows.filter(|pair| word(&pair[1]).is_some_and(|word| !is_reference(word)));
            faults.extend(given.map(|pair| inline_secret(pair[1].span)));
        }
    }
}

/// Finds the values of keys that name a secret, in whatever form both are written.
fn find_secrets(node: &Node, all: &mut Vec<Span>) {
    match &node.value {
        Value::Scalar { .. } => {}
        Value::List(nodes) => nodes.iter().for_each(|node| find_secrets(node, all)),
        Value::Map(entries) => {
            for (key, node) in entries {
                match &node.value {
                    // It may say where the secret is.
                    Value::Map(_) => find_secrets(node, all),
                    _ if names_secret(&key.text) => all.push(node.span),
                    _ => find_secrets(node, all),
                }
            }
        }
    }
}

fn word(node: &Node) -> Option<&str> {
    if let Value::Scalar { text, .. } = &node.value { Some(text) } else { None }
}

fn inline_secret(span: Span) -> Fault {
    Fault {
        kind: FaultKind::SecretInline,
        span,
        message: "this value contains a secret, and a topology is shared".to_owned(),
        help: Some(
            "remove it: let the program read the secret from a file or an environment variable on its host, and download archives from a URL without a login. Then change the secret, because it has been in a shared file".to_owned(),
        ),
    }
}

fn services_of(root: &Node) -> Option<&Node> {
    let Value::Map(entries) = &root.value else { return None };
    entries.iter().find(|(key, _)| key.text == "services").map(|(_, node)| node)
}
