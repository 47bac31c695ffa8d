//! Hides what looks like a secret in a text that is shown.

use crate::value::{acts, announces_secret, logins_in_urls, secret_word};

/// The text with all that may be a secret overwritten, byte for byte, so that spans still agree: the rest of the line behind a key that announces
/// one, the lines below that belong to it, and passwords in URLs. Names of variables and files stay. Characters that a terminal would obey become `?`.
pub(super) fn mask(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut below: Option<Below> = None;
    for line in text.split_inclusive('\n') {
        let content = line.trim_start_matches(' ');
        let indent = line.len() - content.len();
        if below.as_ref().is_some_and(|below| below.takes(indent, content)) {
            below.iter_mut().for_each(|below| below.close(content));
            out.push_str(&line[..indent]);
            let names_it = |rest: &str| rest.trim().is_empty() || rest.trim_start().starts_with('{');
            match content.strip_prefix("secret:") {
                // `authenticate`, and its key on a line of its own.
                Some(rest) if names_it(rest) => out.push_str(&mask_line(content).0),
                _ if reference(content).is_some_and(|end| content[end..].trim().is_empty()) => out.push_str(content),
                _ => out.push_str(&stars(content)),
            }
            continue;
        }
        let (masked, goes_on) = mask_line(&without_logins(line));
        below = goes_on.then(|| Below::of(indent, content));
        out.push_str(&masked);
    }
    out.chars().flat_map(|c| if c != '\n' && acts(c) { vec!['?'; c.len_utf8()] } else { vec![c] }).collect()
}

/// The rest of a secret, on the lines below the key that announces it.
struct Below {
    /// The key's.
    indent: usize,
    /// The quote that is still open.
    quote: Option<char>,
}

impl Below {
    fn of(indent: usize, content: &str) -> Below {
        let mut below = Below { indent, quote: None };
        below.close(content);
        below
    }

    /// Until a quote is closed, everything; then what is indented more, items of a list, and what is no key of its own.
    fn takes(&self, indent: usize, content: &str) -> bool {
        let is_key = content.contains(':') || content.starts_with(['#', '}', ']']);
        self.quote.is_some()
            || content.trim().is_empty()
            || indent > self.indent
            || (indent == self.indent && content.starts_with('-'))
            || !is_key
    }

    /// Finds out whether a quote is open at the end of a line.
    fn close(&mut self, content: &str) {
        let mut escaped = false;
        for c in content.chars() {
            match self.quote {
                _ if escaped => escaped = false,
                Some('"') if c == '\\' => escaped = true,
                Some(quote) if c == quote => self.quote = None,
                None if c == '"' || c == '\'' => self.quote = Some(c),
                _ => {}
            }
        }
    }
}

/// A line without the users and passwords of its URLs.
fn without_logins(line: &str) -> String {
    let mut out = line.to_owned();
    logins_in_urls(line).for_each(|place| out.replace_range(place.clone(), &stars(&line[place])));
    out
}

/// One line, and whether the secret goes on below it.
fn mask_line(line: &str) -> (String, bool) {
    // A key with escapes in it may say anything.
    let word = secret_word(line).or_else(|| (line.trim_start().starts_with('"') && line.contains('\\')).then_some(0));
    let Some(word) = word else { return (line.to_owned(), false) };
    let has_sign = line[..word].ends_with([':', '=']);
    let sign = if has_sign { Some(word) } else { line[word..].find([':', '=']).map(|at| word + at + 1) };
    // An option whose value is the next word.
    let Some(sign) = sign else {
        // A quoted key may go on in the next line.
        return (line[..word].to_owned() + &stars(&line[word..]), line.trim_end().ends_with('\\'));
    };
    let (shown, value) = line.split_at(sign);
    let plain = value.trim();
    if plain.is_empty() || plain.starts_with(['#', '|', '>']) {
        return (shown.to_owned() + &stars(value), true);
    }
    // Within braces a key may name where the secret is, or announce it once more.
    let inner = value.trim_start();
    if let Some(inner) = inner.strip_prefix('{') {
        let lead = &value[..value.len() - inner.len()];
        let end = closing(inner);
        let own = mask_within(&inner[..end]);
        let (rest, goes_on) = if end < inner.len() { mask_line(&inner[end..]) } else { (String::new(), true) };
        let hides = own.contains('*');
        return (format!("{shown}{lead}{own}{rest}"), goes_on || hides);
    }
    (shown.to_owned() + &stars(value), true)
}

/// The text between the braces of a secret: only a reference to it is shown.
fn mask_within(own: &str) -> String {
    if let Some(end) = reference(own) {
        return own[..end].to_owned() + &stars(&own[end..]);
    }
    // Its key once more, as `authenticate` has `secret`.
    if let Some((key, value)) = own.split_once(':')
        && announces_secret(key)
        && let Some(inner) = value.trim_start().strip_prefix('{')
    {
        let (lead, end) = (&own[..own.len() - inner.len()], closing(inner));
        let (brace, rest) = inner[end..].split_at(usize::from(end < inner.len()));
        return format!("{lead}{}{brace}{}", mask_within(&inner[..end]), stars(rest));
    }
    stars(own)
}

/// The place of the brace that closes one before this text, or its end.
fn closing(text: &str) -> usize {
    let mut depth = 0_usize;
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => return at,
            '}' => depth -= 1,
            _ => {}
        }
    }
    text.len()
}

/// The end of what says where a secret is, if a text begins with that: `env: NAME` or `file: path`.
fn reference(text: &str) -> Option<usize> {
    let content = text.trim_start();
    let (value, others) = content
        .strip_prefix("env:")
        .map(|value| (value, "_"))
        .or_else(|| Some((content.strip_prefix("file:")?, "_./-~")))?;
    let word = value.split([',', '}', '\n']).next().unwrap_or_default();
    let is_plain = word.trim().chars().all(|c| c.is_ascii_alphanumeric() || others.contains(c));
    is_plain.then(|| text.len() - value.len() + word.len())
}

/// A message without the words that its place in the text hides: many messages quote what somebody wrote.
pub(super) fn redact(message: &str, text: &str, masked: &str) -> String {
    let is_border = |c: char| c.is_whitespace() || "\"'`{}[],:=&*#;".contains(c);
    let mut hidden: Vec<&str> = Vec::new();
    let mut at = 0;
    for run in masked.split_inclusive(|c: char| c != '*') {
        let stars = run.len() - run.trim_start_matches('*').len();
        let part = text.get(at..at + stars).unwrap_or_default();
        hidden.extend(part.split(is_border).filter(|word| !word.is_empty()));
        at += run.len();
    }
    // A longer one may contain a shorter one.
    hidden.sort_unstable_by_key(|word| std::cmp::Reverse(word.len()));
    // A short one is looked for only where the message quotes: it may be any word of the message's own.
    let mut quotes = false;
    let whole = |part: &str| {
        let word = part.trim_end_matches(is_border);
        let is_hidden = hidden.contains(&word) && (quotes || word.len() >= SHORTEST);
        quotes ^= part.ends_with(['`', '"']);
        if is_hidden { format!("***{}", &part[word.len()..]) } else { part.to_owned() }
    };
    let message: String = message.split_inclusive(is_border).map(whole).collect();
    // A short one may be part of any word.
    hidden.iter().filter(|word| word.len() >= SHORTEST).fold(message, |message, word| message.replace(word, "***"))
}

/// Shorter secrets are hidden in messages only where they stand alone.
const SHORTEST: usize = 4;

fn stars(text: &str) -> String {
    text.bytes().map(|byte| if byte.is_ascii_whitespace() { char::from(byte) } else { '*' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::SECRET_NAMES;

    #[test]
    fn a_secret_is_masked_however_it_is_written_and_nothing_moves() {
        let table = [
            (
                "  postgres: { user: a, password: hunter2, database: x }\n",
                "  postgres: { user: a, password: ******** ********* * *\n",
            ),
            ("password:\n  hunter2\nuser: a\n", "password:\n  *******\nuser: a\n"),
            ("password:\n\n  # why\n  hunter:2\n", "password:\n\n  * ***\n  ********\n"),
            ("password: [hunter2]\n", "password: *********\n"),
            ("url: \"https://a.b/c?sv=1&sig=hunter2&se=3\"\n", "url: \"https://a.b/c?sv=1&sig=*************\n"),
            ("jars: [x?sig=hunter2]\n", "jars: [x?sig=********\n"),
            ("sig: hunter2\n", "sig: *******\n"),
            ("tokens:\n- hunter1\n- hunter2\nuser: a\n", "tokens:\n* *******\n* *******\nuser: a\n"),
            ("secret: |\n  hunter2\n", "secret: *\n  *******\n"),
            ("secret: \"abc,hunter2}x\"\n", "secret: ***************\n"),
            ("secret: { value: hunter2 }\n", "secret: { ****** ******* }\n"),
            ("secret: { env: A, value: hunter2 }\n", "secret: { env: A* ****** ******* }\n"),
            (
                "authenticate: { secret: { env: A }, old: hunter2 }\n",
                "authenticate: { secret: { env: A }* **** ******* }\n",
            ),
            (
                "spark: { authenticate: { secret: { env: A } }, masters: { hosts: [h1] } }\n",
                "spark: { authenticate: { secret: { env: A } }, masters: { hosts: [h1] } }\n",
            ),
            ("\"x.pa\\\nssword\": hunter2\n", "******\n******** *******\n"),
            ("authenticate: hunter2\n", "authenticate: *******\n"),
            ("options: -Dpassword=hunter2\n", "options: -Dpassword=*******\n"),
            ("arguments: [\"--password\", \"hunter2\"]\n", "arguments: [\"--pass****** **********\n"),
            ("urls: [https://a:b@c/d, https://e:f@g]\n", "urls: [https://***@c/d, https://***@g]\n"),
            ("fs.azure.sas.c.a: sv=1\n", "fs.azure.sas.c.a: ****\n"),
            ("  \"pass\\u0077ord\": hunter2\n", "  \"pass\\u0077ord\": *******\n"),
            ("urls: [https://hunter2@b, abfss://a@b]\n", "urls: [https://*******@b, abfss://a@b]\n"),
            // Lines that YAML would not take as part of the value.
            (
                "  secret:\n   \"hunter2\n\n hunter2\nhunter2: 1\"\nuser: a\n",
                "  secret:\n   ********\n\n *******\n******** **\nuser: a\n",
            ),
            ("secret:\nhunter2\nuser: a\n", "secret:\n*******\nuser: a\n"),
            ("  secret: { env: hunter2-x }\n", "  secret: { **** ********* }\n"),
        ];
        for (text, masked) in table {
            assert_eq!(mask(text), masked);
            assert_eq!(mask(text).len(), text.len());
        }
    }

    #[test]
    fn what_is_refused_as_a_secret_is_not_shown() {
        for name in SECRET_NAMES {
            for text in [format!("spark.x.{name}: hunter2\n"), format!("config: {{ \"x{name}\": hunter2 }}\n")] {
                assert!(!mask(&text).contains("hunter2"), "{}", mask(&text));
            }
        }
    }

    #[test]
    fn a_message_quotes_nothing_that_its_place_hides() {
        for (text, message, redacted) in [
            ("authenticate: hunter2\n", "`hunter2` is no map", "`***` is no map"),
            ("secret:hunter2\n", "unknown key `secret:hunter2`", "unknown key `secret:***`"),
            ("secret: { hunter2: 1 }\n", "unknown key `hunter2`", "unknown key `***`"),
            ("url: https://me:hunter2@h/x\n", "`https://me:hunter2@h/x` is no map", "`https://me:***@h/x` is no map"),
            ("name: hunter2\n", "`hunter2` is taken", "`hunter2` is taken"),
        ] {
            assert_eq!(redact(message, text, &mask(text)), redacted);
        }
    }

    #[test]
    fn a_reference_to_a_secret_stays_readable() {
        for text in [
            "authenticate: { secret: { env: SPARK_SECRET } }\n",
            "secret: { file: ~/secret.txt }\n",
            "authenticate:\n  secret: { env: SPARK_SECRET }\n",
            "authenticate:\n  secret:\n    env: SPARK_SECRET\nconfig: {}\n",
        ] {
            assert_eq!(mask(text), text);
        }
    }

    #[test]
    fn nothing_that_a_terminal_obeys_is_shown() {
        assert_eq!(mask("name: a\u{9b}31m\u{1b}b\n"), "name: a??31m?b\n");
    }
}
