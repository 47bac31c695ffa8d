//! The sizes that we compute, against the clouds' published tables.

use provision::platform::size::{LocalDisks, Shape, aws, aws_is_arm, aws_problem, azure, azure_problem};

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

/// Compares every size that our rules know with the table.
fn compare(cloud: &str, shape: fn(&str) -> Option<Shape>, known: usize) {
    let mut compared = 0;
    for Recorded { size, vcpus, mebibytes, arm } in recorded(cloud) {
        // A table of rounded gibibytes has 0 for half of one.
        let Some(ours) = shape(&size).filter(|_| mebibytes > 0) else { continue };
        compared += 1;
        // Of constrained sizes (`E4-2s`) Azure's table has what the machine has.
        assert!(ours.vcpus == vcpus || cloud == "azure" && size.contains('-') && ours.vcpus < vcpus, "{size}");
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
    compare("azure", azure, 950);
}

#[test]
fn awss_sizes_are_what_its_table_says() {
    compare("aws", aws, 750);
}

/// Sizes on the recorded list that are not for us: retired since, from before Nitro, or no Linux.
fn is_gone(size: &str) -> bool {
    let aws = [
        "c1", "c3", "c4", "d2", "f1", "g2", "g3", "h1", "i2", "i3", "m1", "m2", "m3", "m4", "p3", "r3", "r4", "t1",
        "t2", "x1", "x1e",
    ];
    let family = size.split('.').next().unwrap_or_default();
    aws.contains(&family)
        || family.starts_with("mac")
        || size.starts_with("Standard_NV") && ["s_v2", "s_v3", "s_v4"].iter().any(|end| size.ends_with(end))
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
        "Standard_E999999999s_v5",
        "Standard_D4294967295s_v5",
        "Standard_B2147483648ms",
        "Standard_D128s_v5",
        "Standard_E4-9s_v5",
        "Standard_D04s_v5",
        "Standard_D4s_v05",
        "Standard_D4s_foo_v5",
        "Standard_D4s_v6_v5",
        "Standard_NV12s_v3",
        "Standard_M7x_v3",
        "Standard_ND7zz_v5",
        "Standard_NC1as_T4_v3",
    ];
    for size in wrong {
        assert!(azure_problem(size).is_some(), "{size}");
    }
    for size in [
        "zz9.large",
        "r99.2xlarge",
        "m7i.5xlarge",
        "m7i.huge",
        "m7i",
        "m4.large",
        "t2.medium",
        "t5.large",
        "c5n.tiny",
        "m5.48xlarge",
        "m5.medium",
        "m7i.02xlarge",
        "m7i-flex.metal",
        "t3.metal",
        "g5.9999xlarge",
        "i4i.3xlarge",
        "g5.17xlarge",
        "p5.medium",
        "u7iblabla.xlarge",
    ] {
        assert!(aws_problem(size).is_some(), "{size}");
    }
}

#[test]
fn the_processor_of_every_size_of_aws_is_known() {
    for Recorded { size, arm, .. } in recorded("aws").into_iter().filter(|row| !row.size.starts_with("mac")) {
        assert_eq!(aws_is_arm(&size), arm, "{size}");
    }
}

#[test]
fn what_a_size_lacks_is_known() {
    let shape = |size| azure(size).expect("a size");
    for (size, local, accelerated) in [
        ("Standard_D4s_v5", LocalDisks::None, true),
        ("Standard_D4ds_v5", LocalDisks::Formatted, true),
        ("Standard_D4ads_v6", LocalDisks::Nvme, true),
        ("Standard_D4s_v6", LocalDisks::None, true),
        ("Standard_D4s_v3", LocalDisks::Formatted, true),
        ("Standard_D4a_v4", LocalDisks::Formatted, true),
        ("Standard_D4s_v4", LocalDisks::None, true),
        ("Standard_L8s_v3", LocalDisks::Nvme, true),
        ("Standard_L8s", LocalDisks::Formatted, true),
        ("Standard_DC4ads_v6", LocalDisks::Nvme, true),
        ("Standard_B2s_v2", LocalDisks::None, true),
        ("Standard_B2s", LocalDisks::Formatted, false),
        ("Standard_B2ms", LocalDisks::Formatted, false),
        ("Standard_B16ms", LocalDisks::Formatted, true),
        ("Standard_F1s", LocalDisks::Formatted, false),
    ] {
        let shape = shape(size);
        assert_eq!((shape.local_disks, shape.accelerated_networking), (local, accelerated), "{size}");
    }
    for (size, local) in [
        ("m7i.large", LocalDisks::None),
        ("m6id.large", LocalDisks::Nvme),
        ("r5dn.4xlarge", LocalDisks::Nvme),
        ("i4i.xlarge", LocalDisks::Nvme),
        ("im4gn.large", LocalDisks::Nvme),
        ("d3.xlarge", LocalDisks::Nvme),
        ("c7i-flex.large", LocalDisks::None),
        ("inf2.xlarge", LocalDisks::None),
    ] {
        assert_eq!(aws(size).expect("a size").local_disks, local, "{size}");
    }
}

proptest::proptest! {
    #[test]
    fn no_size_however_it_is_written_is_too_much(
        family in "[A-Za-z]{1,3}", number in "[0-9]{1,12}", features in "[-a-z0-9]{0,4}", version in "(_v[0-9]{1,12}|_[a-z0-9]{1,3})?",
    ) {
        let azure_size = format!("Standard_{family}{number}{features}{version}");
        let aws_size = format!("{family}{number}{features}.{number}xlarge");
        // A size that is known has a shape, and one that is not has a reason, or nothing is known of it.
        proptest::prop_assert!(azure(&azure_size).is_none() || azure_problem(&azure_size).is_none());
        proptest::prop_assert!(aws(&aws_size).is_none() || aws_problem(&aws_size).is_none());
    }
}
