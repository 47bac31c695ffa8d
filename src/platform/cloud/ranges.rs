//! Ranges of addresses in a topology.

use crate::diagnostic::{Code, Diagnostics};
use crate::value::Cidr;
use crate::yaml::Field;

/// Private ranges, which are not routed on the internet (RFC 1918).
const PRIVATE: &[&str] = &["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"];

/// Reports what a public API server does not take as ranges; `most`: how many it takes.
pub fn check_api_from(field: &Field<Vec<Field<Cidr>>>, most: usize, problems: &mut Diagnostics) {
    let private = |range: Cidr| {
        PRIVATE.iter().filter_map(|kept| kept.parse::<Cidr>().ok()).any(|kept| kept.contains(range.first()))
    };
    for (at, range) in field.ok().into_iter().flatten().filter_map(Field::spanned).filter(|(_, range)| private(**range))
    {
        problems
            .add(Code::T012, at, format!("{range} is private: nobody reaches the public API server from it"))
            .help("write public ranges, or leave `apiFrom` out for a private API server");
    }
    if let Some((at, list)) = field.spanned().filter(|(_, list)| list.len() > most) {
        problems
            .add(Code::T012, at, format!("the API server takes at most {most} ranges, not {}", list.len()))
            .help("merge adjacent ranges into wider ones");
    }
}

/// Reports ranges of one rule that overlap each other or the network, which Azure refuses (learn.microsoft.com, "Network security groups").
pub fn check_apart(field: &Field<Vec<Field<Cidr>>>, network: Cidr, problems: &mut Diagnostics) {
    let ranges: Vec<_> = field.ok().into_iter().flatten().filter_map(Field::spanned).collect();
    for (number, (at, range)) in ranges.iter().enumerate() {
        let other =
            ranges[..number].iter().map(|(_, other)| **other).chain([network]).find(|other| range.overlaps(*other));
        if let Some(other) = other {
            let what = if other == network { " (the network)" } else { "" };
            problems
                .add(Code::T012, *at, format!("{range} overlaps {other}{what}, and Azure rejects overlapping ranges"))
                .help(format!("leave {range} out"));
        }
    }
}

/// Warns of a range that is the whole internet.
pub fn warn_open(field: &Field<Vec<Field<Cidr>>>, what: &str, problems: &mut Diagnostics) {
    for (at, range) in
        field.ok().into_iter().flatten().filter_map(Field::spanned).filter(|(_, range)| range.prefix() == 0)
    {
        problems
            .add(Code::SEC01, at, format!("{range} lets the whole internet reach {what}"))
            .help("write your own ranges");
    }
}

/// The valid entries of a list; the others are reported already.
pub fn values<T: Clone>(field: &Field<Vec<Field<T>>>) -> Vec<T> {
    field.ok().into_iter().flatten().filter_map(|value| value.ok().cloned()).collect()
}
