//! Words of sh.

/// One word of sh, whatever is in it.
pub fn quote(word: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"._+@/:=,-".contains(&b);
    if !word.is_empty() && word.bytes().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
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
