//! Paths on a host.

use super::text_value;

/// The most letters of a name in a path: file systems have 255.
const LONGEST_NAME: usize = 240;

text_value!(
    /// An absolute path on a host. Its alphabet needs no quoting anywhere: not in a shell, a unit or a properties file. Its names leave room for the
    /// suffix of the file beside it that is renamed (`write` in `act.sh`).
    HostPath,
    pattern "^(/[A-Za-z0-9._+@-]+)+$",
    |text| {
        let part = |part: &str| {
            (1..=LONGEST_NAME).contains(&part.len()) && part != "." && part != ".." && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"._+@-".contains(&b))
        };
        let ok = text.len() <= 1024 && text.strip_prefix('/').is_some_and(|rest| rest.split('/').all(part));
        if ok {
            Ok(())
        } else {
            Err(format!("`{}` is not an absolute path of letters, digits and ._+@- (no `.`, `..` or trailing slash, no name above {LONGEST_NAME} letters)", text.escape_default()))
        }
    }
);

impl HostPath {
    /// For paths that the program itself knows.
    pub fn known(path: &str) -> Self {
        path.parse().expect("the program's own paths are well formed")
    }

    pub fn join(&self, name: &str) -> Self {
        Self::known(&format!("{self}/{name}"))
    }

    pub fn name(&self) -> &str {
        self.as_str().rsplit('/').next().expect("a path has a last part")
    }

    pub fn parent(&self) -> Option<HostPath> {
        let (parent, _) = self.as_str().rsplit_once('/')?;
        (!parent.is_empty()).then(|| HostPath(parent.to_owned()))
    }

    pub fn is_within(&self, other: &HostPath) -> bool {
        self == other || self.as_str().strip_prefix(other.as_str()).is_some_and(|rest| rest.starts_with('/'))
    }
}
