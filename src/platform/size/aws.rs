//! AWS: `family.size`, the family a letter, a generation and attributes (docs.aws.amazon.com, "instance type naming conventions", 2026).

use super::Shape;
use crate::diagnostic::{Code, Diagnostics};
use crate::topology::value::Label;
use crate::yaml::Span;

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

/// Reports a size that AWS does not have, or that nothing of ours boots on.
pub fn check_aws(at: Span, size: &Label, problems: &mut Diagnostics) {
    if let Some(why) = problem(&size.as_str().to_lowercase()) {
        problems
            .add(Code::T012, at, format!("{size}: {why}"))
            .help("take a current family and a size, as in m7i.large");
    }
}

/// Families beyond our table are AWS's to judge.
fn problem(size: &str) -> Option<&'static str> {
    let Some((family, _)) = size.split_once('.') else { return Some("no size of AWS is named like this") };
    let digit = family.find(|c: char| c.is_ascii_digit())?;
    let generation = family[digit..].split(|c: char| !c.is_ascii_digit()).next()?.parse::<u32>().ok()?;
    // docs.aws.amazon.com, "Instances built on the AWS Nitro System": what came before has no NVMe disks and takes no fast ones.
    let nitro = match &family[..digit] {
        "t" | "x" => generation >= 2 && family != "t2",
        "m" | "r" | "c" => generation >= 5,
        "i" => generation >= 4 || family == "i3en",
        "d" | "g" | "z" => generation >= 3 || family == "z1d",
        _ => true,
    };
    if !nitro {
        return Some("it is from before Nitro: first boot finds data disks by their NVMe names, which it has none of");
    }
    let known = aws(&format!("{family}.large")).is_some();
    (known && aws(size).is_none()).then_some("no such size is in its family")
}

/// T3, T3a, T4g.
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
    matches!(rest, "3" | "3a" | "4g").then_some(Shape {
        vcpus,
        mebibytes,
        arm: rest == "4g",
        temporary_disk: false,
        premium_disks: true,
    })
}
