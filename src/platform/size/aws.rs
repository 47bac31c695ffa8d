//! AWS: `family.size`, the family a letter, a generation and attributes (docs.aws.amazon.com, "instance type naming conventions", 2026).

use super::Shape;

/// `None` for what is not in the families below.
pub fn aws(size: &str) -> Option<Shape> {
    let size = size.to_ascii_lowercase();
    let (family, size) = size.split_once('.')?;
    let letters = family.find(|c: char| c.is_ascii_digit())?;
    let (letter, rest) = family.split_at(letters);
    let attributes = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    // From the families' own pages: general, memory, compute, storage, burstable.
    let per_vcpu = match letter {
        "m" => 4096,
        "r" | "i" => 8192,
        "c" => 2048,
        "t" => return burstable(rest, size),
        _ => return None,
    };
    // Older generations have other steps, and c5n more memory: not for new clusters.
    let oldest = if letter == "i" { 4 } else { 5 };
    if rest.chars().next()?.to_digit(10)? < oldest || family == "c5n" {
        return None;
    }
    let vcpus = match size {
        "medium" => 1,
        "large" => 2,
        "xlarge" => 4,
        _ => size.strip_suffix("xlarge")?.parse::<u32>().ok().filter(|times| *times >= 2)? * 4,
    };
    let shape = Shape {
        vcpus,
        mebibytes: u64::from(vcpus) * per_vcpu,
        arm: attributes.contains('g'),
        temporary_disk: attributes.contains('d') || letter == "i",
        premium_disks: true,
    };
    Some(shape)
}

/// Whether the family is one of ours, so that a size of it that we do not know is none.
pub fn aws_knows(size: &str) -> bool {
    let family = size.split('.').next().unwrap_or_default();
    aws(&format!("{family}.large")).is_some()
}

/// T2, T3, T3a, T4g.
fn burstable(rest: &str, size: &str) -> Option<Shape> {
    let (vcpus, mebibytes) = match size {
        "nano" => (2, 512),
        "micro" => (2, 1024),
        "small" => (2, 2048),
        "medium" => (2, 4096),
        "large" => (2, 8192),
        "xlarge" => (4, 16384),
        "2xlarge" => (8, 32768),
        _ => return None,
    };
    let vcpus = if rest == "2" && mebibytes <= 2048 { 1 } else { vcpus };
    matches!(rest, "2" | "3" | "3a" | "4g").then_some(Shape {
        vcpus,
        mebibytes,
        arm: rest == "4g",
        temporary_disk: false,
        premium_disks: true,
    })
}
