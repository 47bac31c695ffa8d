//! Versions that are known to exist.

use crate::diagnostic::{Code, Diagnostics};
use crate::value::Version;
use crate::yaml::Span;

/// The latest release of a line such as 3.9, in November 2026.
#[derive(Debug)]
pub struct Line(pub &'static [u64], pub u64);

/// Warns of a version that is newer than the latest release known of its line, or of no line that is known; reports one that is no release.
pub fn warn_unknown(at: Span, program: &str, version: &Version, lines: &[Line], problems: &mut Diagnostics) {
    let numbers = version.numbers();
    // One with a suffix is a vendor's.
    if version.as_str().contains('-') {
        return;
    }
    let [major, minor, patch] = numbers.as_slice() else {
        let latest = lines.iter().rev().find(|Line(line, _)| numbers.starts_with(line) || line.starts_with(&numbers));
        let Line(line, patch) = latest.or(lines.last()).expect("there are releases");
        problems
            .add(Code::T012, at, format!("{program} {version} is not a release: a release has three numbers"))
            .help(format!("write {}.{}.{patch}, for example", line[0], line[1]));
        return;
    };
    let line = lines.iter().find(|line| line.0 == [*major, *minor]);
    let known = match line {
        Some(Line(_, latest)) if patch <= latest => return,
        Some(Line(_, latest)) => format!("the latest {major}.{minor} that is known is {major}.{minor}.{latest}"),
        None => {
            let all: Vec<_> =
                lines.iter().map(|Line(line, latest)| format!("{}.{}.{latest}", line[0], line[1])).collect();
            format!("the releases that are known: {}", all.join(", "))
        }
    };
    problems
        .add(Code::T015, at, format!("{program} {version} is not known"))
        .help(format!("{known}; if yours is newer, go on"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_that_no_release_has_is_named() {
        let lines = [Line(&[3, 5], 9), Line(&[4, 3], 0)];
        for (version, is_known) in [
            ("3.5.9", true),
            ("3.5.99", false),
            ("4.3.0", true),
            ("4.4.0", false),
            ("3.5.1-amzn-0", true),
            ("4", false),
            ("3.5", false),
        ] {
            let mut problems = Diagnostics::default();
            warn_unknown(Span::default(), "Spark", &version.parse().expect("a version"), &lines, &mut problems);
            assert_eq!(problems.sorted().is_empty(), is_known, "{version}");
        }
    }
}
