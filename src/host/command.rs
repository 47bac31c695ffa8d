//! The commands of units.

/// The command in the text of a unit, as it is written there.
pub fn exec_start(unit: &str) -> Option<&str> {
    unit.lines().find_map(|line| line.strip_prefix("ExecStart="))
}

/// The words of a command in the unit `name`, as systemd reads them: quotes taken off, `%n` and `%%` put in.
pub fn command_words(text: &str, name: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '"' | '\'') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            (_, '%') => match chars.next() {
                Some('%') => word.get_or_insert_default().push('%'),
                Some('n') => word.get_or_insert_default().push_str(&format!("{name}.service")),
                other => return Err(format!("`%{}` is not known", other.unwrap_or(' '))),
            },
            (_, '\\') => return Err("a backslash is not known".to_owned()),
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    if quote.is_some() { Err("a quote is not closed".to_owned()) } else { Ok(words) }
}

#[cfg(test)]
mod tests {
    use super::command_words;

    #[test]
    fn a_command_is_read_as_systemd_reads_it() {
        let line = r#"/bin/sh -c 'umask 022; sha256sum "/a b/c" >/run/%n.started && stat -c "%%i"' "x y"z"#;
        let read = command_words(line, "zookeeper").expect("it is right");
        let script = r#"umask 022; sha256sum "/a b/c" >/run/zookeeper.service.started && stat -c "%i""#;
        assert_eq!(read, ["/bin/sh", "-c", script, "x yz"]);
        assert_eq!(command_words("a 'b", "x"), Err("a quote is not closed".to_owned()));
        assert!(command_words("%i", "x").is_err() && command_words("\\x", "x").is_err());
    }
}
