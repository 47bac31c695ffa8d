//! The sizes of Azure that `HDInsight` makes machines of.

use crate::diagnostic::{Code, Diagnostics};
use crate::platform::size::{self, LocalDisks};
use crate::value::Label;
use crate::yaml::Span;

/// The roles of a cluster's machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Node {
    Head,
    ZooKeeper,
    Worker,
}

/// Family, version and features of what the service takes, as Terraform's provider lists it: its own list is in no document.
const SERIES: &[(&str, u32, &[&str])] = &[
    ("a", 2, &["", "m"]),
    ("d", 1, &[""]),
    ("d", 2, &[""]),
    ("ds", 2, &[""]),
    ("e", 3, &["", "i", "s", "is"]),
    ("d", 4, &["a"]),
    ("e", 4, &["a"]),
    ("f", 2, &["s"]),
];
/// Sizes of these series that the service refuses nevertheless (known from Terraform's provider; Azure itself refuses them only during an apply).
const EXCEPT: &[&str] =
    &["standard_d15_v2", "standard_ds15_v2", "standard_e48_v3", "standard_e48s_v3", "standard_f48s_v2"];
/// The shape of the smallest size that Microsoft recommends for Spark, `D3_v2`
/// (learn.microsoft.com, "Azure `HDInsight` supported node configurations").
const LEAST: (u32, u64) = (4, 14);
/// And for `ZooKeeper`, `A2_v2`.
const LEAST_ZOOKEEPER: (u32, u64) = (2, 4);

/// Reports a size that the service takes for no such machine.
pub fn check_size(at: Span, size: &Label, node: Node, problems: &mut Diagnostics) {
    if size::azure_problem(size.as_str()).is_some() {
        return size::AZURE.check(at, size, problems);
    }
    let (vcpus, gibibytes) = if node == Node::ZooKeeper { LEAST_ZOOKEEPER } else { LEAST };
    let taken = size::azure_series(size.as_str()).is_some_and(|(family, version, features)| {
        SERIES.iter().any(|series| series.0 == family && series.1 == version && series.2.contains(&features.as_str()))
    });
    let lower = size.as_str().to_ascii_lowercase();
    // A dash stands in the names of constrained sizes alone.
    let taken = taken && !EXCEPT.contains(&lower.as_str()) && !lower.contains('-');
    let shape = size::azure(size.as_str());
    let message = match shape {
        Some(shape) if shape.local_disks == LocalDisks::None => {
            format!("{size} has no temporary disk, which HDInsight needs")
        }
        _ if !taken => format!("HDInsight does not offer the size {size}"),
        Some(shape) if shape.vcpus < vcpus || shape.gibibytes() < gibibytes => {
            let (cores, memory) = (shape.cores(), shape.gibibytes());
            format!(
                "{size} has {cores} and {memory} GiB, but HDInsight needs at least {vcpus} vCPUs and {gibibytes} GiB"
            )
        }
        _ => return,
    };
    let example = if node == Node::ZooKeeper { "Standard_A4_v2" } else { "Standard_E8_v3" };
    problems.add(Code::T012, at, message).help(format!("use a size that HDInsight accepts, for example {example}"));
}
