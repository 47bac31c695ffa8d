//! Azure: `Standard_[family][vCPUs][features]_v[version]` (learn.microsoft.com, "VM size naming conventions", 2026).

use super::{LocalDisks, Shape, listed};

/// Features are lower-case letters: `p` ARM, `d` a local disk, `s` premium storage, `l` less and `m` more memory.
struct Parts<'a> {
    family: &'a str,
    number: u32,
    /// Fewer vCPUs than the machine has, for licences: the 2 of `E4-2s_v5`.
    constrained: Option<u32>,
    features: &'a str,
    version: u32,
    /// True if the name has an accelerator, or a variant of the family, in the middle: `nc4as_t4_v3`.
    has_middle: bool,
}

fn parts(size: &str) -> Option<Parts<'_>> {
    let rest = size.strip_prefix("standard_")?.trim_end_matches("_promo");
    let (name, version) = match rest.rsplit_once("_v") {
        Some((name, version)) => (name, leading_number(version).filter(|(_, rest)| rest.is_empty())?.0),
        None => (rest, 1),
    };
    let (name, middle) = name.split_once('_').unwrap_or((name, ""));
    let digits = name.find(|c: char| c.is_ascii_digit())?;
    let (family, rest) = name.split_at(digits);
    let (number, rest) = leading_number(rest)?;
    let (constrained, features) = match rest.strip_prefix('-') {
        Some(rest) => leading_number(rest).map(|(fewer, rest)| (Some(fewer), rest))?,
        None => (None, rest),
    };
    let of_letters = features.chars().all(|c| c.is_ascii_lowercase());
    of_letters.then_some(Parts { family, number, constrained, features, version, has_middle: !middle.is_empty() })
}

/// A number, and what is behind it.
fn leading_number(text: &str) -> Option<(u32, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let written = text[..end].parse().ok().filter(|_| !text.starts_with('0'))?;
    Some((written, &text[end..]))
}

/// The family, version and features of a size.
pub fn azure_series(size: &str) -> Option<(String, u32, String)> {
    let size = size.to_ascii_lowercase();
    let Parts { family, version, features, .. } = parts(&size)?;
    Some((family.to_owned(), version, features.to_owned()))
}

/// `None` for what Azure does not have, as far as we know.
pub fn azure(size: &str) -> Option<Shape> {
    let size = size.to_ascii_lowercase();
    let Parts { family, number, constrained, features, version, has_middle } = parts(&size)?;
    if let Some((vcpus, mebibytes)) = listed::find(LISTED, family, size.strip_prefix("standard_")?) {
        return Some(Shape {
            vcpus: constrained.unwrap_or(vcpus),
            mebibytes,
            arm: false,
            local_disks: local_disks(family, version, features.contains('d')),
            premium_disks: features.contains('s') || family == "gs",
            // The first G series are older than it.
            accelerated_networking: !matches!(family, "g" | "gs"),
        });
    }
    let of_series = |row: &&Series| row.0 == family && row.1.contains(&version);
    let of_features = |row: &&Series| row.2.split(' ').any(|known| known == features);
    SERIES.iter().filter(of_series).filter(of_features).find(|row| row.3.contains(&number) && !has_middle)?;
    let has = |feature| features.contains(feature);
    // From the families' own pages: A_v2, B, D, E, F, L.
    let (vcpus, mebibytes) = match (family, version) {
        ("a", 2) => (number, number * if has('m') { 8192 } else { 2048 }),
        ("b", 1) => first_b(number, features)?,
        ("b", _) if has('t') => (number, number * 512),
        ("d" | "ds", 1 | 2) => numbered_d(number)?,
        ("b" | "d", _) => (number, number * if has('l') { 2048 } else { 4096 }),
        ("e", 6) if number == 192 => (number, 1832 * 1024),
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
    let mebibytes = mebibytes.min(most(family, version, features) * 1024);
    // Half or a quarter of the vCPUs.
    if constrained.is_some_and(|fewer| fewer * 2 != vcpus && fewer * 4 != vcpus) {
        return None;
    }
    // Before version 4 all had a temporary disk, and AMD's of version 4 still do.
    let old = version <= 3 || version == 4 && has('a');
    Some(Shape {
        vcpus: constrained.unwrap_or(vcpus),
        mebibytes: u64::from(mebibytes),
        arm: has('p'),
        local_disks: local_disks(family, version, has('d') || family == "l" || old && !(family == "b" && version == 2)),
        premium_disks: has('s') || family == "ds",
        accelerated_networking: accelerates(family, version, vcpus),
    })
}

/// learn.microsoft.com, "FAQ about temporary `NVMe` disks": behind `NVMe` from version 6 on, and in the L series from version 2 on. Of families beside D, E, F, L and
/// the confidential ones it is not known.
fn local_disks(family: &str, version: u32, has_some: bool) -> LocalDisks {
    let from = match family {
        "l" => Some(2),
        "d" | "e" | "f" | "dc" | "ec" => Some(6),
        _ => None,
    };
    match from {
        _ if !has_some => LocalDisks::None,
        Some(from) if version >= from => LocalDisks::Nvme,
        _ => LocalDisks::Formatted,
    }
}

/// learn.microsoft.com, "Accelerated Networking overview" and the series' pages: from two vCPUs on; not on A and the first D, and
/// of the first B only on the three largest.
fn accelerates(family: &str, version: u32, vcpus: u32) -> bool {
    match (family, version) {
        ("a", _) | ("d" | "ds", 1) => false,
        ("b", 1) => vcpus >= 12,
        _ => vcpus >= 2,
    }
}

/// The memory of the largest of a series, in GiB: less than by their vCPUs.
fn most(family: &str, version: u32, features: &str) -> u32 {
    let has = |feature| features.contains(feature);
    match (family, version) {
        ("d" | "e", 5) if has('p') => 208,
        ("e", 3) => 432,
        ("e", 4) if !has('a') => 504,
        ("e", 4 | 5) => 672,
        ("e", 6) if has('a') || has('p') => 672,
        _ => u32::MAX / 1024,
    }
}

/// Family, versions, features where a space in front stands for none, and the numbers of its sizes.
type Series = (&'static str, &'static [u32], &'static str, &'static [u32]);

/// Series that we compute (November 2026).
const SERIES: &[Series] = &[
    ("a", &[2], "", &[1, 2, 4, 8]),
    ("a", &[2], "m", &[2, 4, 8]),
    ("b", &[1], "ls s", &[1, 2]),
    ("b", &[1], "ms", &[1, 2, 4, 8, 12, 16, 20]),
    ("b", &[2], "als as ls s", &[2, 4, 8, 16, 32]),
    ("b", &[2], "pls ps", &[2, 4, 8, 16]),
    ("b", &[2], "ats pts ts", &[2]),
    ("d", &[1], "", &[1, 2, 3, 4, 11, 12, 13, 14]),
    ("ds", &[1], "", &[1, 2, 3, 4, 11, 12, 13, 14]),
    ("d", &[2], "", &[1, 2, 3, 4, 5, 11, 12, 13, 14, 15]),
    ("ds", &[2], "", &[1, 2, 3, 4, 5, 11, 12, 13, 14, 15]),
    ("d", &[3], " s", &[2, 4, 8, 16, 32, 48, 64]),
    ("d", &[4], " d ds s", &[2, 4, 8, 16, 32, 48, 64]),
    ("d", &[4], "a as", &[2, 4, 8, 16, 32, 48, 64, 96]),
    ("d", &[5], " ads as d ds lds ls s", &[2, 4, 8, 16, 32, 48, 64, 96]),
    ("d", &[5], "pds plds pls ps", &[2, 4, 8, 16, 32, 48, 64]),
    ("d", &[6], "ads alds als as pds plds pls ps", &[2, 4, 8, 16, 32, 48, 64, 96]),
    ("d", &[7], "ads alds als as", &[2, 4, 8, 16, 32, 48, 64, 96, 128, 160]),
    ("d", &[6, 7], "ds lds ls nds nlds ns s", &[2, 4, 8, 16, 32, 48, 64, 96, 128, 192]),
    ("e", &[3], " s", &[2, 4, 8, 16, 20, 32, 48, 64]),
    ("e", &[3], "i is", &[64]),
    ("e", &[4], " d ds s", &[2, 4, 8, 16, 20, 32, 48, 64]),
    ("e", &[4], "ids is", &[80]),
    ("e", &[4], "a as", &[2, 4, 8, 16, 20, 32, 48, 64, 96]),
    ("e", &[4], "ias", &[96]),
    ("e", &[5], " ads as bds bs d ds s", &[2, 4, 8, 16, 20, 32, 48, 64, 96]),
    ("e", &[5], "i iads ias ibds ibs id ids is", &[104, 112]),
    ("e", &[5], "pds ps", &[2, 4, 8, 16, 20, 32]),
    ("e", &[6], "ads as pds ps", &[2, 4, 8, 16, 20, 32, 48, 64, 96]),
    ("e", &[7], "ads as", &[2, 4, 8, 16, 32, 48, 64, 96, 128, 160]),
    ("e", &[6, 7], "bds bs ds nds ns s", &[2, 4, 8, 16, 20, 32, 48, 64, 96, 128]),
    ("e", &[6, 7], "ids is", &[192]),
    ("f", &[1], " s", &[1, 2, 4, 8, 16]),
    ("f", &[2], "s", &[2, 4, 8, 16, 32, 48, 64, 72]),
    ("f", &[6], "als ams as", &[2, 4, 8, 16, 32, 48, 64]),
    ("f", &[7], "ads alds als amds ams as", &[1, 2, 4, 8, 16, 32, 48, 64, 80]),
    ("l", &[1], "s", &[4, 8, 16, 32]),
    ("l", &[2], "s", &[8, 16, 32, 48, 64, 80]),
    ("l", &[3], "as s", &[8, 16, 32, 48, 64, 80]),
    ("l", &[4], "as s", &[2, 4, 8, 16, 32, 48, 64, 80, 96]),
    ("l", &[4], "aos", &[2, 4, 8, 12, 16, 24, 32]),
];

/// Families that are listed.
const LISTED: &str = include_str!("azure-others.txt");

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

/// The reason why Azure does not have this size: it was retired, or never was.
pub fn azure_problem(size: &str) -> Option<&'static str> {
    let name = size.to_lowercase();
    if name.starts_with("basic_") {
        return Some("the Basic tier was retired in August 2024");
    }
    if !name.starts_with("standard_") {
        return Some("Azure's sizes start with Standard_");
    }
    let Some(Parts { family, version, .. }) = parts(&name) else { return Some("no size of Azure is named like this") };
    if let Some(why) = retired(family, version, &name) {
        return Some(why);
    }
    let is_computed = SERIES.iter().any(|row| row.0 == family && row.1.contains(&version));
    if !is_computed && !listed::has_family(LISTED, family) {
        return Some("this version of provision knows no such series of Azure (November 2026)");
    }
    azure(&name).is_none().then_some("the series has no such size")
}

/// learn.microsoft.com, "Previous generations of virtual machine sizes" and its pages on retirement.
fn retired(family: &str, version: u32, name: &str) -> Option<&'static str> {
    Some(match (family, version) {
        ("a", 1) => "the first A series was retired in August 2024",
        ("h", 1) => "the H series was retired in September 2022",
        ("hb", 1) => "the first HB series was retired in August 2024",
        ("nc" | "nd", 1) | ("nc", 2) | ("nv", 1 | 2) => "its series was retired in September 2023",
        ("nv", 3 | 4) => "its series was retired in September 2026",
        ("nc", 3) if !name.contains("_t4_") => "the NCv3 series was retired in September 2025",
        _ => return None,
    })
}
