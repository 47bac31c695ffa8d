//! The sizes that we compute, against the clouds' published tables.

use provision::platform::size::{Shape, aws, azure};

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
