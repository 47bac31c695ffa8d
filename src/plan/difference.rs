//! The difference between a file that is wanted and what is in its place, as far as it may be shown.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::host::{Access, Content, HostFacts, PathKind, sha256};
use crate::value::{HostPath, announces_secret, carries_secret, counted, logins_in_urls};

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum Difference {
    Absent,
    /// Owner, group or mode only.
    Access {
        is: Access,
        wanted: Access,
    },
    /// A unified diff.
    Text {
        diff: String,
    },
    /// It differs, and nothing more may be said.
    Secret,
    /// Something else is in its place.
    Kind,
    /// Another archive.
    Origin {
        is: String,
    },
    /// A file of it is missing or damaged.
    Damaged {
        file: String,
    },
}

pub fn file_difference(path: &HostPath, content: &Content, access: &Access, facts: &HostFacts) -> Option<Difference> {
    let Some(seen) = facts.paths.get(path) else { return Some(Difference::Absent) };
    if seen.kind != PathKind::File {
        return Some(Difference::Kind);
    }
    match content {
        Content::Text(text) => {
            let same = seen.sha256.as_ref().is_some_and(|digest| *digest == sha256(text.as_bytes()));
            if !same {
                if access.mode & 0o004 != 0 && is_of_a_secret(&seen.access) {
                    return Some(Difference::Secret);
                }
                let old = masked(seen.text.as_deref().unwrap_or("(not text)\n"), text);
                let diff = similar::TextDiff::from_lines(old.as_str(), text)
                    .unified_diff()
                    .header("on the host", "topology")
                    .to_string();
                return Some(Difference::Text { diff: beginning(&diff) });
            }
        }
        Content::Secret(_) => {
            if facts.secrets.get(path) == Some(&false) {
                return Some(Difference::Secret);
            }
        }
    }
    (seen.access != *access).then(|| Difference::Access { is: seen.access.clone(), wanted: access.clone() })
}

/// Returns true for the access that a file gets when it contains a secret: it may be one that the topology no longer has. (A mode that somebody
/// changed by hand is another one, but where one owner has all of a host.)
fn is_of_a_secret(access: &Access) -> bool {
    let Access { owner, group, mode } = access;
    if owner == "root" { group != "root" && *mode == 0o640 } else { *mode == 0o600 }
}

/// Hides what may be a secret that somebody wrote into a file of ours: of a suspicious line that is not in `ours`, only the
/// first word is shown, and nothing of the lines below it up to the next of `ours`, which may continue the secret.
fn masked(text: &str, ours: &str) -> String {
    let ours: BTreeSet<&str> = ours.lines().collect();
    let mut out = String::new();
    let mut lines = text.split_inclusive('\n');
    let mut hides = false;
    while let Some(first) = lines.next() {
        // A line that ends with a backslash goes on in the next one, in files of properties, of units and of a shell.
        let mut parts = vec![first];
        while parts.last().is_some_and(|line| goes_on(line)) {
            let Some(next) = lines.next() else { break };
            parts.push(next);
        }
        let whole: String = parts.iter().map(|part| part.trim().trim_end_matches('\\')).collect();
        if parts.iter().all(|line| ours.contains(line.trim_end_matches('\n'))) {
            hides = false;
            out.extend(parts);
            continue;
        }
        let key = whole.split_once(|c: char| c.is_whitespace() || "=:".contains(c)).map_or("", |(key, _)| key);
        // A key with an escape in it may be any.
        let is_suspicious = announces_secret(&whole)
            || carries_secret(&whole)
            || logins_in_urls(&whole).next().is_some()
            || key.contains("\\u");
        if !is_suspicious {
            if hides {
                out += "(hidden)\n";
            } else {
                out.extend(parts);
            }
            continue;
        }
        hides = true;
        out += &format!("{key} (hidden)\n");
    }
    out
}

/// The most lines of a diff, and the most characters of each: several times what any of our files has.
const LONGEST_DIFF: usize = 400;
const LONGEST_LINE: usize = 1000;

/// A diff as people can read it: a host may have put anything into a file.
fn beginning(diff: &str) -> String {
    let mut lines = diff.lines();
    let mut text = String::new();
    for line in lines.by_ref().take(LONGEST_DIFF) {
        match line.char_indices().nth(LONGEST_LINE) {
            Some((end, _)) => text += &format!("{}...\n", &line[..end]),
            None => text += &format!("{line}\n"),
        }
    }
    match lines.count() {
        0 => text,
        more => format!("{text}... and {} more\n", counted(more, "line")),
    }
}

fn goes_on(line: &str) -> bool {
    let line = line.trim_end_matches(['\n', '\r']);
    (line.len() - line.trim_end_matches('\\').len()) % 2 == 1
}

#[cfg(test)]
mod tests {
    use super::{beginning, masked};

    #[test]
    fn a_diff_has_an_end() {
        assert_eq!(beginning("-a\n+b\n"), "-a\n+b\n");
        assert_eq!(beginning(&"-x\n".repeat(60_000)).lines().last(), Some("... and 59600 lines more"));
        assert_eq!(beginning(&"y".repeat(60_000)).len(), 1004);
    }

    #[test]
    fn a_secret_that_somebody_wrote_is_not_shown() {
        let ours = "spark.authenticate.secret in-the-environment\nspark.ui.port 4040\n";
        let shown = |line: &str| masked(&format!("{line}\n"), ours);
        for (line, first) in [
            ("spark.hadoop.x.secret\tabc", "spark.hadoop.x.secret"),
            ("  spark.hadoop.x.secret abc", "spark.hadoop.x.secret"),
            ("spark.hadoop.x.secret=abc", "spark.hadoop.x.secret"),
            ("export X_SECRET=abc", "export"),
            ("Environment=X_TOKEN=abc", "Environment"),
            ("secret:abc in-the-environment", "secret"),
            ("secretabc", ""),
            ("spark.x https://user:abc@host/x", "spark.x"),
        ] {
            assert_eq!(shown(line), format!("{first} (hidden)\n"));
        }
        // A value, or a key, that goes on in the next line.
        for (lines, first) in [
            ("spark.hadoop.x.secret: \\\n   abc\\\n  def", "spark.hadoop.x.secret"),
            ("spark.hadoop.x.sec\\\n  ret abc", "spark.hadoop.x.secret"),
            ("spark.authenticate.secret \\\nin-the-environment", "spark.authenticate.secret"),
        ] {
            assert_eq!(shown(lines), format!("{first} (hidden)\n"));
        }
        assert_eq!(shown("a 1\\\\\nx.secret abc"), "a 1\\\\\nx.secret (hidden)\n");
        // A quoted value of a shell's, a key with escapes, and a token.
        let ended = "X='a\nabc\nabc'\nspark.ui.port 4040\nplain";
        assert_eq!(
            shown(&ended.replace('X', "export X_SECRET")),
            "export (hidden)\n(hidden)\n(hidden)\nspark.ui.port 4040\nplain\n"
        );
        assert_eq!(shown("spark.x.p\\u0061ssword=abc"), "spark.x.p\\u0061ssword (hidden)\n");
        assert_eq!(shown("spark.x https://abc@host/x"), "spark.x (hidden)\n");
        assert_eq!(shown("spark.x.api-key abc"), "spark.x.api-key (hidden)\n");
        assert_eq!(shown("spark.x X-Api-Key: abc"), "spark.x (hidden)\n");
        assert_eq!(shown("-----BEGIN PRIVATE KEY-----\nMIIEabc"), "-----BEGIN (hidden)\n(hidden)\n");
        for plain in [
            "# \\u001b]0;x\\u0007",
            "spark.authenticate.secret in-the-environment",
            "spark.ui.port 4041",
            "a \\\n b",
            "",
        ] {
            assert_eq!(shown(plain), format!("{plain}\n"));
        }
    }
}
