//! From text to the file's own types.

use super::TopologyFile;
use crate::diagnostic::{Code, Diagnostics, Source};
use crate::service::ServicesFile;
use crate::yaml::tree::{Node, Value};
use crate::yaml::{self, Field, Span};

/// Reads a topology. What is wrong with the text is in the diagnostics; what is right is in the file nevertheless.
pub fn load(source: &Source) -> (TopologyFile, Diagnostics) {
    let mut faults = Vec::new();
    let root = yaml::tree::parse(&source.text, &mut faults);
    let file = root.as_ref().and_then(|root| {
        let mut file: TopologyFile = yaml::decode(root, &mut faults)?;
        if let (Field::Ok(_, services), Some(node)) = (&mut file.services, services_of(root)) {
            *services = ServicesFile::read(node, &mut faults);
        }
        Some(file)
    });
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

fn services_of(root: &Node) -> Option<&Node> {
    let Value::Map(entries) = &root.value else { return None };
    entries.iter().find(|(key, _)| key.text == "services").map(|(_, node)| node)
}
