//! A table of figures on its way into docs/benchmarks.md.

use std::path::Path;
use std::process::Command;

/// Between its two marks, with date and machine.
pub fn write(mark: &str, table: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/benchmarks.md");
    let page = std::fs::read_to_string(&path).expect("the page is there");
    let (before, rest) = page.split_once(&format!("<!-- {mark} -->\n")).expect("the page has a place for the table");
    let (_, after) = rest.split_once(&format!("<!-- /{mark} -->")).expect("the place has an end");
    let date = Command::new("date").arg("+%Y-%m-%d").output().expect("a date").stdout;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let head = format!("{}, a machine of {cores} cores.", String::from_utf8_lossy(&date).trim());
    let page = format!("{before}<!-- {mark} -->\n{head}\n\n{}\n<!-- /{mark} -->{after}", table.trim_end());
    std::fs::write(path, page).expect("written");
}

/// The most memory that a process has had, in KiB.
pub fn high_water(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}
