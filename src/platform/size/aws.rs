//! AWS: `family.size`, the family a letter, a generation and attributes (docs.aws.amazon.com, "instance type naming conventions", 2026).

use super::Shape;

/// Families that we compute, on Nitro: letter, MiB for each vCPU, and generations with their attributes (November 2026). The
/// letters' ratios are on the families' own pages: general, memory, compute, storage.
const FAMILIES: &[(&str, u64, &str)] = &[
    (
        "m",
        4096,
        "5 5a 5ad 5d 5dn 5n 5zn 6a 6g 6gd 6i 6id 6idn 6in 7a 7g 7gd 7i 7i-flex 8a 8g 8gb 8gd 8gn 8i 8i-flex 8id",
    ),
    ("r", 8192, "5 5a 5ad 5b 5d 5dn 5n 6a 6g 6gd 6i 6id 6idn 6in 7a 7g 7gd 7i 7iz 8a 8g 8gb 8gd 8gn 8i 8i-flex 8id"),
    ("c", 2048, "5 5a 5ad 5d 6a 6g 6gd 6gn 6i 6id 6in 7a 7g 7gd 7gn 7i 7i-flex 8a 8g 8gb 8gd 8gn 8i 8i-flex 8id"),
    ("i", 8192, "4g 4i 7i 7ie 8g 8ge"),
];

/// Families on Nitro of which we know that they are there, and no more.
const OTHERS: &str = "c5n d3 d3en dl1 dl2q f2 g4ad g4dn g5 g5g g6 g6e g6f g7e gr6 gr6f hpc6a hpc6id hpc7a hpc7g hpc8a i3en \
                      im4gn inf1 inf2 is4gen p3dn p4d p4de p5 p5e p5en p6-b200 p6-b300 trn1 trn1n trn2 vt1 x2gd x2idn x2iedn \
                      u-12tb1 u-18tb1 u-24tb1 u-3tb1 u-6tb1 u-9tb1 x2iezn x8aedz x8g x8i z1d";

/// The sizes in which families come: so many times four vCPUs.
const TIMES: &[u32] = &[2, 3, 4, 6, 8, 9, 12, 16, 18, 24, 32, 48, 96];

/// `None` for what is not in the families above.
pub fn aws(size: &str) -> Option<Shape> {
    let size = size.to_ascii_lowercase();
    let (family, size) = size.split_once('.')?;
    let (letter, rest) = family.split_at(family.find(|c: char| c.is_ascii_digit())?);
    if letter == "t" {
        return burstable(rest, size);
    }
    let (_, per_vcpu, known) = FAMILIES.iter().find(|(known, _, _)| *known == letter)?;
    if !known.split(' ').any(|known| known == rest) {
        return None;
    }
    let times = |times: &str| times.parse::<u32>().ok().filter(|times| TIMES.contains(times));
    let vcpus = match size {
        "medium" => 1,
        "large" => 2,
        "xlarge" => 4,
        _ => 4 * times(size.strip_suffix("xlarge").or_else(|| size.strip_prefix("metal-")?.strip_suffix("xl"))?)?,
    };
    let attributes = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    Some(Shape {
        vcpus,
        mebibytes: u64::from(vcpus) * per_vcpu,
        arm: attributes.contains('g'),
        temporary_disk: attributes.contains('d') || letter == "i",
        premium_disks: true,
        accelerated_networking: true,
    })
}

/// Why there are no machines of this size, or none that ours could be.
pub fn aws_problem(size: &str) -> Option<&'static str> {
    let wrong = "no size of AWS is named like this";
    let size = size.to_lowercase();
    let Some((family, steps)) = size.split_once('.') else { return Some(wrong) };
    let Some(digit) = family.find(|c: char| c.is_ascii_digit()) else { return Some(wrong) };
    if OLD.split_whitespace().any(|old| old == family) {
        return Some("it is from before Nitro: first boot finds data disks by their NVMe names, which it has none of");
    }
    let (letter, rest) = family.split_at(digit);
    if OTHERS.split_whitespace().any(|other| other == family) || family.starts_with("u7i") {
        return (!is_a_size(steps)).then_some(wrong);
    }
    let is_burstable = letter == "t" && BURSTABLE.contains(&rest);
    let is_computed = FAMILIES.iter().any(|(known, _, all)| *known == letter && all.split(' ').any(|one| one == rest));
    if !is_burstable && !is_computed {
        return Some("AWS has no such family (November 2026)");
    }
    // A whole machine without a hypervisor is as large as its family is.
    (steps != "metal" && aws(&size).is_none()).then_some("no such size is in its family")
}

fn is_a_size(size: &str) -> bool {
    let number = |text: &str| text.parse::<u32>().is_ok();
    matches!(size, "medium" | "large" | "xlarge" | "metal")
        || size.strip_suffix("xlarge").is_some_and(number)
        || size.strip_prefix("metal-").and_then(|size| size.strip_suffix("xl")).is_some_and(number)
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
        temporary_disk: false,
        premium_disks: true,
        accelerated_networking: true,
    })
}
