//! The end of a script, in its own words.

use super::own_output;
use crate::host::HostError;
use crate::value::{brief, cut};
use crate::world::{Epoch, Output};

/// The most lines that a script says to the operator: several times what the longest one does.
const MOST_SAID: usize = 1000;
/// The lines of a failing program that are shown, and the most characters of them.
const LINES: usize = 6;
const LONGEST_WORDS: usize = 900;

/// The lines of a script that succeeded, or the reason why it failed.
pub fn outcome(output: &Output, epoch: Epoch) -> Result<Vec<String>, HostError> {
    let Output { status, stdout, stderr } = output;
    let text = own_output(stdout).map(String::from_utf8_lossy).unwrap_or_default();
    let mut said = Vec::new();
    for line in text.lines() {
        match line.split_once('\t') {
            Some(("say", what)) if said.len() < MOST_SAID => said.push(brief(what)),
            Some(("fail", why)) => return Err(HostError::Failed { why: cut(why, LONGEST_WORDS) }),
            Some(("foreign", whose)) => return Err(HostError::Foreign { carries: whose.parse().ok() }),
            Some(("busy", seconds)) => return Err(HostError::Busy { seconds: seconds.parse().unwrap_or(0) }),
            Some(("fenced", seen)) => return Err(HostError::Fenced { seen: seen.parse().unwrap_or(0), ours: epoch.0 }),
            None if line == "done" && *status == 0 => return Ok(said),
            _ => {}
        }
    }
    if own_output(stdout).is_none() {
        return Err(not_begun(output));
    }
    Err(HostError::Failed { why: format!("it ended with status {status}: {}", in_words(stderr)) })
}

/// The error of a script that a host did not begin: its login shell said something instead.
pub fn not_begun(output: &Output) -> HostError {
    let Output { status, stdout, stderr } = output;
    let all = [stdout.as_slice(), b"\n", stderr].concat();
    HostError::Failed { why: format!("the host ran no script (status {status}), and said: {}", in_words(&all)) }
}

/// All that a program said where that is short, else its last lines, in one line.
pub fn in_words(said: &[u8]) -> String {
    let text = String::from_utf8_lossy(said);
    let lines: Vec<_> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let last = &lines[lines.len().saturating_sub(LINES)..];
    if last.is_empty() { "nothing".to_owned() } else { cut(&last.join(" | "), LONGEST_WORDS) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_scripts_own_words_say_how_it_ended() {
        let end = |status: i32, stdout: &[u8]| {
            let output = Output { status, stdout: stdout.to_vec(), stderr: b"no room\n".to_vec() };
            outcome(&output, Epoch(1))
        };
        assert_eq!(end(0, b"\nbegin\nsay\tuser x\ndone\n"), Ok(vec!["user x".to_owned()]));
        let many = format!("begin\n{}done\n", "say\tx\n".repeat(99_999));
        assert_eq!(end(0, many.as_bytes()).map(|said| said.len()), Ok(MOST_SAID));
        assert_eq!(end(0, b"caf\xe9\ndone\nbegin\ndone\n"), Ok(Vec::new()));
        let failed = |why: &str| Err(HostError::Failed { why: why.to_owned() });
        // A profile that prints what a script would.
        assert_eq!(end(1, b"loading modules ...\ndone\nbegin\nfail\tit is mounted\n"), failed("it is mounted"));
        assert_eq!(end(1, b"done\n"), failed("the host ran no script (status 1), and said: done | no room"));
        let login = b"Please login as the user \"ubuntu\" rather than the user \"root\".\n\n";
        let said = "the host ran no script (status 142), and said: Please login as the user \"ubuntu\" rather than the user \"root\". | no room";
        assert_eq!(end(142, login), failed(said));
        assert_eq!(end(137, b"begin\ndone\n"), failed("it ended with status 137: no room"));
    }
}
