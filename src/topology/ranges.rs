//! Ranges of hosts: `w[01-40]` stands for forty hosts, in the order of their numbers.

use crate::value::digits;
use crate::yaml::tree::{Key, Node, Value};
use crate::yaml::{Fault, FaultKind, Span};

/// Says of a line that is not YAML that the range in it needs quotes: within braces and brackets, `[` begins a list.
pub fn point_out_quotes(text: &str, fault: &mut Fault) {
    let start = text.get(..fault.span.start).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
    let line = text[start..].lines().next().unwrap_or_default();
    let is_range = |rest: &str| {
        let inner = rest.split(']').next().unwrap_or_default();
        inner.split_once('-').is_some_and(|(low, high)| digits(low).is_some() && digits(high).is_some())
    };
    if fault.help.is_none() && line.split('[').skip(1).any(is_range) {
        fault.help = Some("put a range of hosts in quotes, for example \"w[01-40]\"".to_owned());
    }
}

/// More than any cluster has hosts.
const MOST: usize = 10_000;

/// A list of hosts may name each of them a few times, in roles and groups.
const MOST_IN_ALL: usize = 100_000;

/// The place at which the ranges of a topology stand for too many hosts in all.
fn too_many(node: &Node, count: &mut usize) -> Option<Span> {
    match &node.value {
        Value::Scalar { text, .. } => adds_too_many(text, node.span, count),
        Value::List(nodes) => nodes.iter().find_map(|node| too_many(node, count)),
        Value::Map(entries) => entries
            .iter()
            .find_map(|(key, node)| adds_too_many(&key.text, key.span, count).or_else(|| too_many(node, count))),
    }
}

fn adds_too_many(text: &str, span: Span, count: &mut usize) -> Option<Span> {
    if let Some(Ok(range)) = Range::of(text) {
        *count += range.count;
    }
    (*count > MOST_IN_ALL).then_some(span)
}

/// A text with a range in it.
struct Range<'a> {
    before: &'a str,
    after: &'a str,
    first: usize,
    count: usize,
    /// The fewest digits of a number: `01` has two.
    width: usize,
}

impl<'a> Range<'a> {
    /// Reads the range of a text: `None` where there is none, an error where it is wrong.
    fn of(text: &'a str) -> Option<Result<Range<'a>, String>> {
        let (before, rest) = text.split_once('[')?;
        let wrong = || format!("`{}` is not a range of hosts (such as w[01-40])", text.escape_default());
        let Some((range, after)) = rest.split_once(']') else { return Some(Err(wrong())) };
        let number = |text: &str| {
            digits(text).filter(|_| (1..=6).contains(&text.len())).and_then(|number| usize::try_from(number).ok())
        };
        let ends = range.split_once('-').and_then(|(low, high)| Some((low, number(low)?, number(high)?)));
        let Some((low, first, last)) = ends.filter(|(_, first, last)| first <= last && !after.contains('[')) else {
            return Some(Err(wrong()));
        };
        let count = last - first + 1;
        if count > MOST {
            return Some(Err(format!(
                "`{}` stands for {count} hosts: at most {MOST} are possible",
                text.escape_default()
            )));
        }
        Some(Ok(Range { before, after, first, count, width: low.len() }))
    }

    /// The text of the n-th host, from 0.
    fn nth(&self, n: usize) -> String {
        let Range { before, after, first, width, .. } = self;
        format!("{before}{:0width$}{after}", first + n)
    }
}

/// Replaces ranges in the hosts of platforms, and in the lists of hosts of services.
pub fn expand(root: &mut Node, faults: &mut Vec<Fault>) {
    // What the file contains is bounded by its size, and ranges are not.
    let mut count = 0;
    if let Some(span) = too_many(root, &mut count) {
        faults.push(fault(span, format!("the ranges of this topology stand for more than {MOST_IN_ALL} hosts")));
        return;
    }
    let Value::Map(entries) = &mut root.value else { return };
    for (key, node) in entries {
        match key.text.as_str() {
            "platforms" => each(node, &mut |platform| {
                each(platform, &mut |kind| each_named(kind, "hosts", &mut |hosts| expand_hosts(hosts, faults)));
            }),
            "services" => lists(node, faults),
            _ => {}
        }
    }
}

fn each(node: &mut Node, work: &mut dyn FnMut(&mut Node)) {
    if let Value::Map(entries) = &mut node.value {
        entries.iter_mut().for_each(|(_, node)| work(node));
    }
}

fn each_named(node: &mut Node, name: &str, work: &mut dyn FnMut(&mut Node)) {
    if let Value::Map(entries) = &mut node.value {
        entries.iter_mut().filter(|(key, _)| key.text == name).for_each(|(_, node)| work(node));
    }
}

/// Hosts by name: each gets its own of whatever ranges are in what is said of them.
fn expand_hosts(node: &mut Node, faults: &mut Vec<Fault>) {
    let Value::Map(entries) = &mut node.value else { return };
    let mut all: Vec<(Key, Node)> = Vec::new();
    for (key, node) in std::mem::take(entries) {
        let text = key.text.clone();
        match Range::of(&text) {
            None => all.push((key, node)),
            Some(Err(message)) => faults.push(fault(key.span, message)),
            Some(Ok(range)) => {
                for n in 0..range.count {
                    let node = nth(&node, n, range.count, faults);
                    all.push((Key { text: range.nth(n), ..key.clone() }, node));
                }
            }
        }
    }
    let mut seen = std::collections::HashSet::new();
    all.retain(|(key, _)| {
        let is_new = seen.insert(key.text.clone());
        if !is_new {
            let message = format!("the host `{}` is declared twice", key.text.escape_default());
            faults.push(Fault { kind: FaultKind::DuplicateKey, ..fault(key.span, message) });
        }
        is_new
    });
    *entries = all;
}

/// The node of the n-th of `count` hosts, with its own of each range in it. A fault is reported for the first of them.
fn nth(node: &Node, n: usize, count: usize, faults: &mut Vec<Fault>) -> Node {
    let value = match &node.value {
        Value::Scalar { text, plain } => match Range::of(text) {
            None => Value::Scalar { text: text.clone(), plain: *plain },
            Some(Ok(range)) => {
                if range.count != count && n == 0 {
                    let message =
                        format!("`{}` has {} values, but there are {count} hosts", text.escape_default(), range.count);
                    faults.push(fault(node.span, message));
                }
                Value::Scalar { text: range.nth(n), plain: false }
            }
            Some(Err(message)) => {
                if n == 0 {
                    faults.push(fault(node.span, message));
                }
                // It is reported once; the hosts are declared all the same.
                Value::Scalar { text: text.replace(['[', ']'], "") + &n.to_string(), plain: false }
            }
        },
        Value::Map(entries) => {
            let entry = |(key, node): &(Key, Node)| (key.clone(), nth(node, n, count, faults));
            Value::Map(entries.iter().map(entry).collect())
        }
        Value::List(nodes) => Value::List(nodes.iter().map(|node| nth(node, n, count, faults)).collect()),
    };
    Node { span: node.span, value }
}

/// Lists named `hosts`, at any depth.
fn lists(node: &mut Node, faults: &mut Vec<Fault>) {
    let Value::Map(entries) = &mut node.value else { return };
    for (key, node) in entries {
        match &mut node.value {
            Value::List(hosts) if key.text == "hosts" => *hosts = expand_list(hosts, faults),
            _ => lists(node, faults),
        }
    }
}

fn expand_list(hosts: &[Node], faults: &mut Vec<Fault>) -> Vec<Node> {
    let mut all = Vec::new();
    for node in hosts {
        let Value::Scalar { text, .. } = &node.value else {
            all.push(node.clone());
            continue;
        };
        match Range::of(text) {
            None => all.push(node.clone()),
            Some(Err(message)) => faults.push(fault(node.span, message)),
            Some(Ok(range)) => all.extend((0..range.count).map(|n| {
                let value = Value::Scalar { text: range.nth(n), plain: false };
                Node { span: node.span, value }
            })),
        }
    }
    all
}

fn fault(span: Span, message: String) -> Fault {
    Fault { kind: FaultKind::Invalid, span, message, help: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_bounded_in_all() {
        let text = "services: { spark: { workers: { hosts: [".to_owned() + &"\"w[1-10000]\",".repeat(11) + "] } } }";
        let mut faults = Vec::new();
        let mut root = crate::yaml::tree::parse(&text, &mut faults).expect("YAML");
        expand(&mut root, &mut faults);
        assert_eq!(faults.len(), 1);
        assert!(faults[0].message.contains("more than 100000 hosts"), "{faults:?}");
    }

    #[test]
    fn a_range_keeps_its_zeros() {
        let all = |text: &str| match Range::of(text) {
            None => vec![text.to_owned()],
            Some(Ok(range)) => (0..range.count).map(|n| range.nth(n)).collect(),
            Some(Err(message)) => vec![message],
        };
        assert_eq!(all("w[08-11].rack"), ["w08.rack", "w09.rack", "w10.rack", "w11.rack"]);
        assert_eq!(all("10.0.0.[9-10]"), ["10.0.0.9", "10.0.0.10"]);
        assert_eq!(all("w1"), ["w1"]);
        for wrong in ["w[2-1]", "w[1]", "w[1-2", "w[a-b]", "w[1-2][3-4]", "w[-1-2]", "w[1-2-3]", "w[+1-3]", "w[1-+3]"] {
            assert_eq!(all(wrong), [format!("`{wrong}` is not a range of hosts (such as w[01-40])")]);
        }
        assert_eq!(all("w[1-99999]"), ["`w[1-99999]` stands for 99999 hosts: at most 10000 are possible"]);
    }
}
