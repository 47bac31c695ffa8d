//! AWS: `family.size`, the family a letter, a generation and attributes (docs.aws.amazon.com, "instance type naming conventions", 2026).

use super::{LocalDisks, Shape, listed};

/// Families that we compute, on Nitro: letters, generations with their attributes, and in which sizes they come beside
/// `large` and `xlarge`: so many times four vCPUs (November 2026).
const FAMILIES: &[(&str, &str, &str)] = &[
    ("m", "5 5a 5ad 5d 5dn 5n", "2 4 8 12 16 24"),
    ("r", "5 5a 5ad 5b 5d 5dn 5n", "2 4 8 12 16 24"),
    ("c", "5a 5ad", "2 4 8 12 16 24"),
    ("c", "5 5d", "2 4 9 12 18 24"),
    ("m", "5zn", "2 3 6 12"),
    ("mrc", "6g 6gd 7g 7gd", "medium 2 4 8 12 16"),
    ("c", "6gn 7gn", "medium 2 4 8 12 16"),
    ("mrc", "6i 6id 6idn 6in", "2 4 8 12 16 24 32"),
    ("mrc", "6a", "2 4 8 12 16 24 32 48"),
    ("mrc", "7a", "medium 2 4 8 12 16 24 32 48"),
    ("mrc", "7i", "2 4 8 12 16 24 48"),
    ("mrc", "7i-flex 8i-flex", "2 4 8 12 16"),
    ("r", "7iz", "2 4 8 12 16 32"),
    ("mrc", "8a 8g 8gd 8gn", "medium 2 4 8 12 16 24 48"),
    ("mrc", "8gb", "medium 2 4 8 12 16 24"),
    ("mrc", "8i 8ib 8id 8idn 8in", "2 4 8 12 16 24 32 48 96"),
    ("m", "8azn", "medium 2 3 6 12 24"),
    ("i", "4g", "2 4 8 16"),
    ("i", "4i", "2 4 8 12 16 24 32"),
    ("i", "7i 8g", "2 4 8 12 16 24 48"),
    ("i", "7ie 8ge", "2 3 6 12 18 24 48"),
];

/// MiB for each vCPU, from the families' own pages: general, memory and storage, compute.
fn per_vcpu(letter: &str) -> u64 {
    match letter {
        "r" | "i" => 8192,
        "c" => 2048,
        _ => 4096,
    }
}

/// In which sizes a family comes, beside `large` and `xlarge`.
fn steps(letter: &str, generation: &str) -> Option<&'static str> {
    let of = |row: &&(&str, &str, &str)| row.0.contains(letter) && row.1.split(' ').any(|known| known == generation);
    FAMILIES.iter().find(of).map(|row| row.2)
}

/// Families on Nitro that are listed.
const LISTED: &str = include_str!("aws-others.txt");

/// `None` for what AWS does not have, as far as we know.
pub fn aws(size: &str) -> Option<Shape> {
    let size = size.to_ascii_lowercase();
    let (family, size) = size.split_once('.')?;
    let (letter, rest) = family.split_at(family.find(|c: char| c.is_ascii_digit())?);
    if letter == "t" {
        return burstable(rest, size);
    }
    let attributes = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    let shape = |vcpus: u32, mebibytes: u64| Shape {
        vcpus,
        mebibytes,
        arm: aws_is_arm(family),
        local_disks: local_disks(letter, attributes),
        premium_disks: true,
        accelerated_networking: true,
    };
    if let Some((vcpus, mebibytes)) = listed::find(LISTED, family, size) {
        return Some(shape(vcpus, mebibytes));
    }
    let steps = steps(letter, rest)?;
    let times = |times: &str| times.parse::<u32>().ok().filter(|_| steps.split(' ').any(|known| known == times));
    let vcpus = match size {
        "medium" if steps.starts_with("medium") => 1,
        "large" => 2,
        "xlarge" => 4,
        _ => match size.strip_prefix("metal-") {
            // Whole machines: of a half, or of two.
            Some(whole) => {
                4 * whole
                    .strip_suffix("xl")?
                    .parse::<u32>()
                    .ok()
                    .filter(|times| [16, 24, 32, 48, 96].contains(times))?
            }
            None => 4 * times(size.strip_suffix("xlarge")?)?,
        },
    };
    Some(shape(vcpus, u64::from(vcpus) * per_vcpu(letter)))
}

/// docs.aws.amazon.com, "Instance store volumes": behind `NVMe` wherever Nitro is. Those of families that do not say so in their name are not known.
fn local_disks(letter: &str, attributes: &str) -> LocalDisks {
    let says_so = attributes.contains('d') || matches!(letter, "d" | "i" | "im" | "is");
    if says_so { LocalDisks::Nvme } else { LocalDisks::None }
}

/// Returns true if it is an ARM machine: a `g` behind the generation, in families that we do not compute too.
pub fn aws_is_arm(size: &str) -> bool {
    let size = size.to_ascii_lowercase();
    let family = size.split('.').next().unwrap_or_default();
    let attributes = family.split_once(|c: char| c.is_ascii_digit()).map_or("", |(_, rest)| rest);
    // Grace, beside a graphics processor, is one too.
    family == "a1"
        || attributes.trim_start_matches(|c: char| c.is_ascii_digit()).starts_with('g')
        || family.contains("-gb")
}

/// The reason why there are no machines of this size, or none that can be ours.
pub fn aws_problem(size: &str) -> Option<&'static str> {
    let wrong = "no size of AWS is named like this";
    let size = size.to_lowercase();
    let Some((family, step)) = size.split_once('.') else { return Some(wrong) };
    let Some(digit) = family.find(|c: char| c.is_ascii_digit()) else { return Some(wrong) };
    if OLD.split_whitespace().any(|old| old == family) {
        return Some("it predates Nitro: first boot finds data disks by their NVMe names, and it has no such names");
    }
    let (letter, rest) = family.split_at(digit);
    let is_burstable = letter == "t" && BURSTABLE.contains(&rest);
    let is_computed = steps(letter, rest).is_some();
    if !is_burstable && !is_computed && !listed::has_family(LISTED, family) {
        return Some("this version of provision knows no such family of AWS (November 2026)");
    }
    // A whole machine without a hypervisor is as large as its family is.
    let whole = step == "metal" && is_computed && !rest.ends_with("flex");
    (!whole && aws(&size).is_none()).then_some("the family has no such size")
}

/// docs.aws.amazon.com, "Instances built on the AWS Nitro System": what came before has no `NVMe` disks and takes no fast ones.
const OLD: &str = "c1 c3 c4 d2 f1 g2 g3 g3s h1 i2 i3 m1 m2 m3 m4 p2 p3 r3 r4 t1 t2 x1 x1e";

/// T3, T3a, T4g.
const BURSTABLE: &[&str] = &["3", "3a", "4g"];

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
    BURSTABLE.contains(&rest).then_some(Shape {
        vcpus,
        mebibytes,
        arm: rest == "4g",
        local_disks: LocalDisks::None,
        premium_disks: true,
        accelerated_networking: true,
    })
}
