//! Azure: `Standard_[family][vCPUs][features]_v[version]` (learn.microsoft.com, "VM size naming conventions", 2026).

use super::Shape;
use crate::topology::value::Label;

/// Features are lower-case letters: `p` ARM, `d` a local disk, `s` premium storage, `l` less and `m` more memory.
struct Parts<'a> {
    family: &'a str,
    number: u32,
    features: &'a str,
    version: u32,
}

fn parts(size: &str) -> Option<Parts<'_>> {
    let rest = size.strip_prefix("standard_")?;
    let (name, version) = match rest.split_once('_') {
        Some((name, version)) => (name, version.strip_prefix('v')?.parse().ok()?),
        None => (rest, 1),
    };
    let digits = name.find(|c: char| c.is_ascii_digit())?;
    let features = digits + name[digits..].find(|c: char| !c.is_ascii_digit()).unwrap_or(name.len() - digits);
    let number = name[digits..features].parse().ok()?;
    Some(Parts { family: &name[..digits], number, features: &name[features..], version })
}

/// `None` for what is not in the families below.
pub fn azure(size: &str) -> Option<Shape> {
    let size = size.to_ascii_lowercase();
    let Parts { family, number, features, version } = parts(&size)?;
    let has = |feature| features.contains(feature);
    // From the families' own pages: A_v2, B, D, E, F, L.
    let (vcpus, mebibytes) = match (family, version) {
        ("a", 2) => (number, number * if has('m') { 8192 } else { 2048 }),
        ("b", 1) => first_b(number, features)?,
        ("b", _) if has('t') => (number, number * 512),
        ("d" | "ds", 1 | 2) => numbered_d(number)?,
        ("b" | "d", _) => (number, number * if has('l') { 2048 } else { 4096 }),
        // The largest of the first ARM series has less.
        ("e", 5) if has('p') && number == 32 => (number, 208 * 1024),
        ("e" | "l", _) => (number, number * 8192),
        ("f", 1 | 2) => (number, number * 2048),
        ("f", _) => (
            number,
            number
                * if has('l') {
                    2048
                } else if has('m') {
                    8192
                } else {
                    4096
                },
        ),
        _ => return None,
    };
    let old = version <= 3 && matches!(family, "a" | "b" | "d" | "ds" | "e" | "f");
    let shape = Shape {
        vcpus,
        mebibytes: u64::from(mebibytes),
        arm: has('p'),
        temporary_disk: old || has('d') || family == "l",
        premium_disks: has('s') || family == "ds",
    };
    exists(family, version, vcpus).then_some(shape)
}

/// The steps in which sizes come: a power of two, or one of the large ones.
fn exists(family: &str, version: u32, vcpus: u32) -> bool {
    let steps: &[u32] = match family {
        "a" => &[1, 2, 4, 8],
        "b" => &[1, 2, 4, 8, 12, 16, 20, 32],
        "e" => &[2, 4, 8, 16, 20, 32, 48, 64, 80, 96, 104, 112, 128, 160, 192],
        "f" => &[1, 2, 4, 8, 16, 32, 48, 64, 72, 80],
        "l" => &[2, 4, 8, 12, 16, 24, 32, 48, 64, 80, 96],
        _ if version <= 2 => &[1, 2, 4, 8, 16, 20],
        _ => &[2, 4, 8, 16, 32, 48, 64, 96, 128, 160, 192],
    };
    steps.contains(&vcpus)
}

/// The D and Dv2 series number their sizes instead of counting vCPUs.
fn numbered_d(number: u32) -> Option<(u32, u32)> {
    Some(match number {
        1 => (1, 3584),
        2 => (2, 7168),
        3 => (4, 14336),
        4 => (8, 28672),
        5 => (16, 57344),
        11 => (2, 14336),
        12 => (4, 28672),
        13 => (8, 57344),
        14 => (16, 114_688),
        15 => (20, 143_360),
        _ => return None,
    })
}

/// The first B series: `s` has half of what `ms` has.
fn first_b(number: u32, features: &str) -> Option<(u32, u32)> {
    match (number, features) {
        (1, "ls") => Some((1, 512)),
        (1, "s") => Some((1, 1024)),
        (1, "ms") => Some((1, 2048)),
        (2, "s") => Some((2, 4096)),
        (_, "ms") => Some((number, number * 4096)),
        _ => None,
    }
}

/// Whether Azure retired this size or never had it: the Basic tier and the first A series ended in August 2024.
pub fn azure_problem(size: &Label) -> Option<&'static str> {
    let name = size.as_str().to_lowercase();
    if name.starts_with("basic_") {
        return Some("the Basic tier is retired since August 2024");
    }
    let Some(rest) = name.strip_prefix("standard_") else { return Some("Azure's sizes start with Standard_") };
    let first_a = rest.strip_prefix('a').is_some_and(|number| number.parse::<u32>().is_ok());
    if first_a {
        return Some("the first A series is retired since August 2024");
    }
    let known = |family: &str| matches!(family, "a" | "b" | "d" | "ds" | "e" | "f" | "l");
    match parts(&name) {
        Some(Parts { family, .. }) if known(family) => {
            azure(&name).is_none().then_some("no such size is in its family")
        }
        // M, N, H and other families have more rules than a table of ours could keep up with.
        Some(_) => None,
        None => Some("no size of Azure is named like this"),
    }
}
