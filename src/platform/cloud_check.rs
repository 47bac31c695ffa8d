//! Checks of the clouds' parts of a topology. What is delivered later is validated today, so that a file can be written now.

use super::PlatformFile;
use super::cloud::PoolFile;
use crate::diagnostic::{Code, Diagnostics};
use crate::topology::value::{Label, Version};
use crate::yaml::{Entries, Field, Span};

/// The versions of `HDInsight` that Microsoft still creates clusters of (October 2026); the others are retired.
const HDINSIGHT_VERSIONS: &[&str] = &["5.1"];

/// Checks the kind that is written in `file`; `nodes` has its own checks.
pub fn check(span: Span, file: &PlatformFile, problems: &mut Diagnostics) {
    let mut need = |name: &str, missing: bool| {
        if missing {
            problems.add(Code::T003, span, format!("`{name}` is missing"));
        }
    };
    if let Some(azure) = file.azure_vms.ok() {
        need("location", azure.location.is_missing());
        need("network", azure.network.is_missing());
        need("ssh", azure.ssh.is_missing());
    }
    if let Some(aws) = file.aws_vms.ok() {
        need("region", aws.region.is_missing());
        need("network", aws.network.is_missing());
        need("ssh", aws.ssh.is_missing());
    }
    if let Some(managed) = file.hdinsight.ok() {
        need("location", managed.location.is_missing());
        need("version", managed.version.is_missing());
        need("storage", managed.storage.is_missing());
        need("gateway", managed.gateway.is_missing());
        check_hdinsight_version(&managed.version, problems);
    } else if let Some(aks) = file.aks.ok() {
        need("location", aks.location.is_missing());
        need("version", aks.version.is_missing());
        need("network", aks.network.is_missing());
        need("pools", aks.pools.is_missing());
        check_pools(&aks.pools, azure_shape, problems);
    } else if let Some(eks) = file.eks.ok() {
        need("region", eks.region.is_missing());
        need("version", eks.version.is_missing());
        need("network", eks.network.is_missing());
        need("pools", eks.pools.is_missing());
        check_pools(&eks.pools, aws_shape, problems);
    } else if let Some(kubernetes) = file.kubernetes.ok() {
        need("context", kubernetes.context.is_missing());
    }
}

fn check_hdinsight_version(version: &Field<Version>, problems: &mut Diagnostics) {
    let Some((span, version)) = version.spanned() else { return };
    if !HDINSIGHT_VERSIONS.contains(&version.as_str()) {
        problems
            .add(Code::AZ002, span, format!("HDInsight {version} is retired or does not exist"))
            .help(format!("take \"{}\"", HDINSIGHT_VERSIONS.join("\" or \"")));
    }
}

/// Cores and memory in GiB.
type Shape = Option<(u32, u32)>;

fn check_pools(pools: &Field<Entries<PoolFile>>, shape: fn(&str) -> Shape, problems: &mut Diagnostics) {
    for entry in pools.ok().into_iter().flatten() {
        let Some(pool) = entry.value.ok() else { continue };
        if pool.size.is_missing() {
            problems.add(Code::T003, entry.key.span, "`size` is missing");
        }
        if pool.nodes.is_missing() && pool.autoscale.is_missing() {
            problems.add(Code::T003, entry.key.span, "how many machines? neither `nodes` nor `autoscale` is given");
        }
        let Some((span, size)) = pool.size.spanned() else { continue };
        let executors = entry.key.text == "executors";
        if let Some((cores, memory)) =
            shape(size.as_str()).filter(|(cores, memory)| executors && (*cores < 4 || *memory < 14))
        {
            problems
                .add(
                    Code::K8S01,
                    span,
                    format!(
                        "{size} has {cores} vCPUs and {memory} GiB: an executor beside the system's pods hardly fits"
                    ),
                )
                .help("take at least 4 vCPUs and 14 GiB");
        }
    }
}

/// GiB for each vCPU by Azure's family letter (D general, E memory, F compute, B burstable).
fn azure_shape(size: &str) -> Shape {
    let name = size.to_lowercase();
    let rest = name.strip_prefix("standard_")?;
    let digits_at = rest.find(|c: char| c.is_ascii_digit())?;
    let digits: String = rest[digits_at..].chars().take_while(char::is_ascii_digit).collect();
    let number: u32 = digits.parse().ok()?;
    if let "d" | "ds" = &rest[..digits_at]
        && rest.ends_with("_v2")
    {
        return second_d_series(number);
    }
    let cores = number;
    let each = match &rest[..digits_at] {
        "e" => 8,
        "f" => 2,
        "d" | "b" => 4,
        _ => return None,
    };
    Some((cores, cores * each))
}

/// The Dv2 series numbers its sizes instead of counting vCPUs: cores and GiB (Azure's size documentation).
fn second_d_series(number: u32) -> Shape {
    Some(match number {
        1 => (1, 3),
        2 => (2, 7),
        3 => (4, 14),
        4 => (8, 28),
        5 => (16, 56),
        11 => (2, 14),
        12 => (4, 28),
        13 => (8, 56),
        14 => (16, 112),
        15 => (20, 140),
        _ => return None,
    })
}

/// GiB for each vCPU by AWS's family letter (m general, r memory, c compute).
fn aws_shape(size: &str) -> Shape {
    let name = size.to_lowercase();
    let (family, size) = name.split_once('.')?;
    let cores = match size {
        "large" | "medium" => 2,
        "xlarge" => 4,
        _ => size.strip_suffix("xlarge")?.parse::<u32>().ok()? * 4,
    };
    let each = match family.chars().next()? {
        'm' | 't' => 4,
        'r' => 8,
        'c' => 2,
        _ => return None,
    };
    Some((cores, cores * each))
}

/// Whether Azure retired this size or never had it: the Basic tier and the first A series ended in August 2024.
pub fn azure_size_problem(size: &Label) -> Option<&'static str> {
    let name = size.as_str().to_lowercase();
    if name.starts_with("basic_") {
        return Some("the Basic tier is retired since August 2024");
    }
    let Some(rest) = name.strip_prefix("standard_") else { return Some("Azure's sizes start with Standard_") };
    let first_a = rest.strip_prefix('a').is_some_and(|number| number.parse::<u32>().is_ok());
    if first_a {
        return Some("the first A series is retired since August 2024");
    }
    let shaped = rest.starts_with(|c: char| c.is_ascii_lowercase()) && rest.contains(|c: char| c.is_ascii_digit());
    (!shaped).then_some("no size of Azure is named like this")
}
