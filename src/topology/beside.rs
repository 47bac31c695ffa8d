//! Files beside the topology whose text becomes a part of it: `files: { PATH: { from: FILE } }`.

use std::path::Path;

use crate::service::given::{WRITE_SECRET, line_with_secret, text_of};
use crate::yaml::tree::{Key, Node, Value};
use crate::yaml::{Fault, FaultKind, Span};

/// Puts the text of each file of a service beside its `from`, unless it is private.
pub fn read(root: &mut Node, folder: &Path, faults: &mut Vec<Fault>) {
    for service in of(root, "services").into_iter().flat_map(values) {
        for file in of(service, "files").into_iter().flat_map(values) {
            let Value::Map(entries) = &mut file.value else { continue };
            let written = |name: &str| entries.iter().find(|(key, _)| key.text == name).map(|(_, node)| node);
            let is_private =
                written("private").and_then(scalar).is_some_and(|(text, _)| text.eq_ignore_ascii_case("true"));
            let Some((from, span)) = written("from").and_then(scalar).filter(|_| !is_private) else { continue };
            if written("text").is_some() {
                faults
                    .push(fault(span, "a file takes its content from `from` or from `text`, not from both".to_owned()));
                continue;
            }
            match text_of(&folder.join(from)) {
                Ok(text) => {
                    if let Some(line) = line_with_secret(&text) {
                        let message = format!("line {line} of {from} looks like a secret");
                        faults.push(Fault { help: Some(WRITE_SECRET.to_owned()), ..fault(span, message) });
                    } else {
                        let node = Node { span, value: Value::Scalar { text, plain: false } };
                        entries.push((Key { text: "text".to_owned(), span }, node));
                    }
                }
                Err(why) => faults.push(fault(span, format!("cannot use {from}: {why}"))),
            }
        }
    }
}

fn of<'a>(node: &'a mut Node, name: &str) -> Option<&'a mut Node> {
    let Value::Map(entries) = &mut node.value else { return None };
    entries.iter_mut().find(|(key, _)| key.text == name).map(|(_, node)| node)
}

fn values(node: &mut Node) -> impl Iterator<Item = &mut Node> {
    let entries: &mut [(Key, Node)] = if let Value::Map(entries) = &mut node.value { entries } else { &mut [] };
    entries.iter_mut().map(|(_, node)| node)
}

fn scalar(node: &Node) -> Option<(&str, Span)> {
    if let Value::Scalar { text, .. } = &node.value { Some((text, node.span)) } else { None }
}

fn fault(span: Span, message: String) -> Fault {
    Fault { kind: FaultKind::Invalid, span, message, help: None }
}
