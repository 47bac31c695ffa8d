//! The folder that a host on this machine lives in.

use super::text_value;

/// Characters that a service's file or a classpath would not take as part of a path.
const SPECIAL: &[char] = &['"', '\'', '\\', '$', '`', '%', ':', ',', ';', '*', '?', '[', '{', '#', '=', '\u{7f}'];

text_value!(
    /// The root folder of a host on this machine: an absolute path that needs no escape in the files and commands it gets into.
    FolderRoot,
    pattern "^/[ -~]+$",
    |text| {
        let special = text.chars().find(|c| !c.is_ascii() || c.is_control() || SPECIAL.contains(c));
        match special {
            _ if !text.starts_with('/') => Err(format!("{} is not an absolute path", text.escape_default())),
            _ if text.split('/').any(|part| part == "..") => Err(format!("{} has `..` in it", text.escape_default())),
            Some(c) => Err(format!("{} has {c:?} in it, which cannot be part of a Java classpath or a unit", super::shown(text))),
            None => Ok(()),
        }
    }
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_root_is_part_of_a_path_wherever_it_gets() {
        for right in ["/home/ada/.local/state/provision/demo/demo-zk-1", "/tmp/a corner/st ate"] {
            assert_eq!(right.parse::<FolderRoot>().map(|root| root.to_string()).as_deref(), Ok(right));
        }
        for wrong in ["", "relative", "/a/../etc", "/a:b", "/a\"b", "/a$b", "/a\nb", "/\u{e4}", "/a%b"] {
            assert!(wrong.parse::<FolderRoot>().is_err(), "{wrong:?}");
        }
    }
}
