//! Words of sh.

/// One word of sh, whatever is in it.
pub fn quote(word: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"._+@/:=,-".contains(&b);
    if !word.is_empty() && word.bytes().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

/// The topology that commands take where none is named.
pub const DEFAULT_TOPOLOGY: &str = "provision.yaml";

/// The option that names the topology, if a command does not find it by itself.
pub fn of_file(topology: &str) -> String {
    let argument = as_argument(topology);
    if argument.is_empty() { argument } else { format!(" -f{argument}") }
}

/// The same for commands that take it as their argument.
pub fn as_argument(topology: &str) -> String {
    match topology {
        DEFAULT_TOPOLOGY => String::new(),
        other => format!(" {}", quote(other)),
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn a_quoted_word_comes_back_as_it_was(word in "[^\0]*") {
            let script = format!("printf %s {}", super::quote(&word));
            let output = Command::new("sh").arg("-c").arg(script).output().expect("sh runs");
            prop_assert_eq!(output.stdout, word.as_bytes());
        }
    }
}
