//! Sizes whose families follow no rule of ours: with graphics processors, for high performance, confidential.

/// vCPUs and MiB of a size, from a list with a line for each family: its name, then `size:vCPUs:MiB` for each of its sizes.
pub fn find(list: &str, family: &str, size: &str) -> Option<(u32, u64)> {
    let line = list.lines().find_map(|line| line.strip_prefix(family)?.strip_prefix(' '))?;
    line.split(' ').find_map(|entry| {
        let (vcpus, mebibytes) = entry.strip_prefix(size)?.strip_prefix(':')?.split_once(':')?;
        Some((vcpus.parse().ok()?, mebibytes.parse().ok()?))
    })
}

pub fn has_family(list: &str, family: &str) -> bool {
    list.lines().any(|line| line.split(' ').next() == Some(family))
}
