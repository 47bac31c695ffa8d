//! The sizes that we compute, against the clouds' published tables.

use provision::platform::size::{Shape, aws, aws_problem, azure, azure_problem};

use crate::tool;

struct Recorded {
    size: String,
    vcpus: u32,
    mebibytes: u64,
    arm: bool,
}

fn recorded(cloud: &str) -> Vec<Recorded> {
    let Some(shared) = tool::shared() else {
        println!("SKIPPED sizes of {cloud}: the recorded tables are not beside the checkout");
        return Vec::new();
    };
    let text = std::fs::read_to_string(shared.join(format!("schemas/sizes/{cloud}.csv"))).expect("the table");
    let row = |line: &str| {
        let columns: Vec<&str> = line.split(',').collect();
        let [size, vcpus, memory, _, architecture] = columns.as_slice() else { panic!("{line}") };
        let (vcpus, mebibytes) = (vcpus.parse().expect("a number"), memory.parse().expect("a number"));
        Recorded { size: (*size).to_owned(), vcpus, mebibytes, arm: *architecture == "arm64" }
    };
    text.lines().skip(1).map(row).collect()
}

/// Compares every size that our rules know with the table. Sizes above this have exceptions of their own.
fn compare(cloud: &str, shape: fn(&str) -> Option<Shape>, known: usize) {
    const LARGEST: u32 = 48;
    let mut compared = 0;
    for Recorded { size, vcpus, mebibytes, arm } in recorded(cloud) {
        // A table of rounded gibibytes has 0 for half of one.
        let Some(ours) = shape(&size).filter(|_| vcpus <= LARGEST && mebibytes > 0) else { continue };
        // Constrained sizes (`-2`) and promotions are not ours to compute.
        if size.contains('-') && cloud == "azure" {
            continue;
        }
        compared += 1;
        assert_eq!(ours.vcpus, vcpus, "{size}");
        assert!(ours.mebibytes.abs_diff(mebibytes) <= 512, "{size}: {} and {mebibytes}", ours.mebibytes);
        assert_eq!(ours.arm, arm, "{size}");
    }
    assert!(
        compared == 0 && tool::shared().is_none() || compared > known,
        "only {compared} sizes of {cloud} were compared"
    );
}

#[test]
fn azures_sizes_are_what_its_table_says() {
    compare("azure", azure, 350);
}

#[test]
fn awss_sizes_are_what_its_table_says() {
    compare("aws", aws, 350);
}

/// What is on the recorded list and not for us: retired since, from before Nitro, or no Linux.
fn is_gone(size: &str) -> bool {
    let aws = [
        "c1", "c3", "c4", "d2", "f1", "g2", "g3", "h1", "i2", "i3", "m1", "m2", "m3", "m4", "p3", "r3", "r4", "t1",
        "t2", "x1", "x1e",
    ];
    let family = size.split('.').next().unwrap_or_default();
    aws.contains(&family)
        || family == "a1"
        || family.starts_with("mac")
        || size.starts_with("Standard_NV") && size.ends_with("s_v2")
        || size.starts_with("Standard_NC") && size.contains("s_v3")
}

#[test]
fn every_size_that_there_is_is_taken_and_no_other() {
    for (cloud, problem) in [("azure", azure_problem as fn(&str) -> _), ("aws", aws_problem)] {
        for Recorded { size, .. } in recorded(cloud) {
            assert_eq!(problem(&size).is_some(), is_gone(&size), "{size}: {:?}", problem(&size));
        }
    }
    let wrong = [
        "Standard_ZZ99",
        "Standard_D2s_v9",
        "Standard_D3s_v5",
        "Standard_D2xs_v5",
        "Standard_NC6",
        "Standard_H16r",
        "Standard_NV12s_v2",
        "Standard_A2",
        "Basic_A1",
        "D4s_v5",
        "Standard_",
        "Standard_D4s_vier",
        "Standard_F2_v2",
    ];
    for size in wrong {
        assert!(azure_problem(size).is_some(), "{size}");
    }
    for size in
        ["zz9.large", "r99.2xlarge", "m7i.5xlarge", "m7i.huge", "m7i", "m4.large", "t2.medium", "t5.large", "c5n.tiny"]
    {
        assert!(aws_problem(size).is_some(), "{size}");
    }
}

#[test]
fn what_a_size_lacks_is_known() {
    let shape = |size| azure(size).expect("a size");
    for (size, temporary, accelerated) in [
        ("Standard_D4s_v5", false, true),
        ("Standard_D4ds_v5", true, true),
        ("Standard_D4s_v3", true, true),
        ("Standard_D4a_v4", true, true),
        ("Standard_D4s_v4", false, true),
        ("Standard_L8s_v3", true, true),
        ("Standard_B2s_v2", false, true),
        ("Standard_B2s", true, false),
        ("Standard_B2ms", true, false),
        ("Standard_B16ms", true, true),
        ("Standard_F1s", true, false),
    ] {
        let shape = shape(size);
        assert_eq!((shape.temporary_disk, shape.accelerated_networking), (temporary, accelerated), "{size}");
    }
}
