//! Keys that are in the wrong place: the one where they would be right; and keys for what this version cannot do.

use serde_json::Value as Json;

use super::absent;
use super::schema::schema;
use crate::service;
use crate::yaml::tree::{Node, Value};
use crate::yaml::{Fault, FaultKind, Span};

/// Deeper than any key of the language.
const DEEPEST: usize = 12;
/// More unknown keys than a person reads.
const MOST: usize = 50;
/// The key of a map whose keys are the user's names.
const ANY: &str = "NAME";

/// Says of unknown keys what stands in for what they ask, or where they belong, if they are keys of another map.
pub fn point_out(root: &Node, faults: &mut [Fault]) {
    let unknown = faults.iter_mut().filter(|fault| fault.kind == FaultKind::UnknownKey);
    let mut known = None;
    for fault in unknown.take(MOST) {
        let Some(path) = path_to(root, fault.span) else { continue };
        let Some((key, parents)) = path.split_last() else { continue };
        if let Some(help) = absent::help(key, parents) {
            fault.help = Some(help.to_owned());
            continue;
        }
        if has_near_name(fault) {
            continue;
        }
        if let Some(help) = of_its_service(key, parents) {
            fault.help = Some(help);
            continue;
        }
        let schema: &Json = known.get_or_insert_with(|| serde_json::from_str(&schema()).expect("a schema is JSON"));
        let mut places = Vec::new();
        find(schema, schema, key, &mut Vec::new(), &mut places);
        let shared =
            |place: &Vec<String>| place.iter().zip(parents).take_while(|(a, b)| a == b || a.as_str() == ANY).count();
        places.retain(|place| is_likely(place, parents));
        // Of a key at the top, hosts are meant before services.
        let best = places.into_iter().max_by_key(|place| {
            (shared(place), parents.is_empty() && is_of_hosts(place), std::cmp::Reverse(place.len()))
        });
        if let Some(mut place) = best {
            // Names as the file has them, as far as the way is the same.
            let same = shared(&place);
            place.iter_mut().zip(parents).take(same).for_each(|(part, own)| part.clone_from(own));
            fault.help = Some(if place.is_empty() {
                format!("`{key}` belongs to the topology itself, beside `name`")
            } else {
                format!("`{key}` belongs under `{}`", place.join(": "))
            });
        }
    }
}

fn is_of_hosts(place: &[String]) -> bool {
    matches!(place, [platforms, _, kind, ..] if platforms == "platforms" && kind == "nodes")
}

/// The words of the service that a key was written for.
fn of_its_service(key: &str, parents: &[String]) -> Option<String> {
    let [services, name, rest @ ..] = parents else { return None };
    let mut written = service::all().filter(|service| services == "services" && service.key() == name);
    written.find_map(|service| service.help_for(key, rest))
}

/// Returns true if whoever wrote a key below `parents` may have meant it here: in the same service, on the same platform, or on hosts that are there
/// already. Anybody else's key of that name is a chance.
fn is_likely(place: &[String], parents: &[String]) -> bool {
    let part = |of: &[String], at: usize| of.get(at).map(String::as_str).unwrap_or_default().to_owned();
    let of_hosts = is_of_hosts(place);
    let same = |depth: usize| (0..depth).all(|at| part(place, at) == part(parents, at) || part(place, at) == ANY);
    match part(parents, 0).as_str() {
        "services" => of_hosts || place.len() < 2 || same(2),
        "platforms" => place.len() < 2 || same(3) || part(place, 0) == "services" && part(place, 1) == "spark",
        "jobs" => same(1) || part(place, 0) == "services" && part(place, 1) == "spark",
        _ => of_hosts || ["zookeeper", "spark"].contains(&part(place, 1).as_str()) || part(place, 0) == "jobs",
    }
}

fn has_near_name(fault: &Fault) -> bool {
    fault.help.as_ref().is_some_and(|help| help.starts_with("did you mean"))
}

/// The keys that lead to the one at a place of the file, and that one.
fn path_to(node: &Node, at: Span) -> Option<Vec<String>> {
    let below = |key: &str, node: &Node| {
        let mut path = path_to(node, at)?;
        path.insert(0, key.to_owned());
        Some(path)
    };
    match &node.value {
        Value::Scalar { .. } => None,
        Value::List(nodes) => nodes.iter().find_map(|node| path_to(node, at)),
        Value::Map(entries) => entries
            .iter()
            .find_map(|(key, node)| if key.span == at { Some(vec![key.text.clone()]) } else { below(&key.text, node) }),
    }
}

/// The maps of the schema that have a key, each by the keys that lead to it.
fn find(schema: &Json, at: &Json, key: &str, path: &mut Vec<String>, places: &mut Vec<Vec<String>>) {
    if path.len() > DEEPEST {
        return;
    }
    let at = match at.get("$ref").and_then(Json::as_str) {
        Some(reference) => schema.pointer(reference.trim_start_matches('#')).unwrap_or(at),
        None => at,
    };
    let properties = at.get("properties").and_then(Json::as_object);
    if properties.is_some_and(|properties| properties.contains_key(key)) {
        places.push(path.clone());
    }
    let mut below = |name: &str, inner: &Json| {
        path.push(name.to_owned());
        find(schema, inner, key, path, places);
        path.pop();
    };
    properties.into_iter().flatten().for_each(|(name, inner)| below(name, inner));
    if let Some(inner) = at.get("additionalProperties").filter(|inner| inner.is_object()) {
        below(ANY, inner);
    }
    let alternatives = ["oneOf", "anyOf"].iter().filter_map(|name| at.get(*name)).filter_map(Json::as_array).flatten();
    for inner in alternatives.chain(at.get("items")) {
        find(schema, inner, key, path, places);
    }
}
