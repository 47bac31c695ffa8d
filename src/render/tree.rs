//! A tree of rendered files, on disk and against it.

use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// No rendered file comes near this size.
const LONGEST_FILE: u64 = 64 << 20;

/// Relative paths and their bytes.
pub type FileTree = BTreeMap<PathBuf, String>;

/// One difference between what would be rendered and what is on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    Missing(PathBuf),
    Extra(PathBuf),
    Changed { path: PathBuf, diff: String },
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Difference::Missing(path) => writeln!(f, "missing: {}", path.display()),
            Difference::Extra(path) => writeln!(f, "not rendered: {}", path.display()),
            Difference::Changed { path, diff } => write!(f, "changed: {}\n{diff}", path.display()),
        }
    }
}

/// Our files in a folder. One that is not text comes with a character that no language takes.
pub fn read(folder: &Path, ours: Ours<'_>) -> io::Result<FileTree> {
    let mut found = BTreeMap::new();
    collect(folder, Path::new(""), ours, &mut found)?;
    Ok(found.into_iter().map(|(path, bytes)| (path, text(&bytes))).collect())
}

fn text(bytes: &[u8]) -> String {
    std::str::from_utf8(bytes).map_or_else(|_| format!("\u{fffd}{}", String::from_utf8_lossy(bytes)), str::to_owned)
}

/// The files below a folder that were rendered there, and may be removed again. All others belong to the user.
pub type Ours<'a> = &'a dyn Fn(&Path) -> bool;

/// Makes what is ours in `folder` exactly `tree`. Files that are right already keep their times.
pub fn write(folder: &Path, tree: &FileTree, ours: Ours<'_>) -> io::Result<()> {
    no_link(folder)?;
    for difference in check(folder, tree, ours)? {
        match difference {
            Difference::Extra(path) => {
                std::fs::remove_file(folder.join(&path))?;
                remove_empty_above(folder, &path);
            }
            Difference::Missing(path) | Difference::Changed { path, .. } => {
                let target = folder.join(&path);
                for part in path.ancestors().filter(|part| !part.as_os_str().is_empty()) {
                    no_link(&folder.join(part))?;
                }
                std::fs::create_dir_all(target.parent().expect("a file of a tree is below its folder"))?;
                // Whole or not at all: a file that is cut short says something else.
                let new = target.with_extension("rendering");
                // What lies there by that name goes, a link too: nothing is written through one.
                match std::fs::remove_file(&new) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                    _ => {}
                }
                std::fs::File::create_new(&new)?.write_all(tree[&path].as_bytes())?;
                std::fs::rename(new, target)?;
            }
        }
    }
    Ok(())
}

/// Refuses a link: its target is not ours to write, nor to empty.
fn no_link(path: &Path) -> io::Result<()> {
    if path.is_symlink() {
        return Err(io::Error::other(format!("{} is a symbolic link", path.display())));
    }
    Ok(())
}

/// The folders that a file has left behind, as far as nothing else is in them.
fn remove_empty_above(folder: &Path, path: &Path) {
    let above = path.ancestors().skip(1).take_while(|above| !above.as_os_str().is_empty());
    for above in above {
        if std::fs::remove_dir(folder.join(above)).is_err() {
            return;
        }
    }
}

/// The differences between our files in `folder` and `tree`, in the order of paths.
pub fn check(folder: &Path, tree: &FileTree, ours: Ours<'_>) -> io::Result<Vec<Difference>> {
    let mut found = BTreeMap::new();
    collect(folder, Path::new(""), ours, &mut found)?;
    let mut differences = Vec::new();
    for (path, text) in tree {
        match found.remove(path) {
            None => differences.push(Difference::Missing(path.clone())),
            Some(bytes) if bytes == text.as_bytes() => {}
            Some(bytes) => {
                let old = String::from_utf8_lossy(&bytes).into_owned();
                let diff =
                    similar::TextDiff::from_lines(&old, text).unified_diff().header("on disk", "rendered").to_string();
                differences.push(Difference::Changed { path: path.clone(), diff });
            }
        }
    }
    differences.extend(found.into_keys().map(Difference::Extra));
    Ok(differences)
}

/// The bytes of a file that is nothing else: a link may lead to a secret, a fifo or a device never ends.
fn regular(path: &Path) -> io::Result<Vec<u8>> {
    let metadata = std::fs::symlink_metadata(path)?;
    if !metadata.is_file() {
        return Err(io::Error::other(format!("{} is not a regular file", path.display())));
    }
    if metadata.len() > LONGEST_FILE {
        return Err(io::Error::other(format!("{} is larger than anything that is rendered", path.display())));
    }
    std::fs::read(path)
}

fn collect(root: &Path, below: &Path, ours: Ours<'_>, found: &mut BTreeMap<PathBuf, Vec<u8>>) -> io::Result<()> {
    let entries = match std::fs::read_dir(root.join(below)) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    for entry in entries {
        let entry = entry?;
        let path = below.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            collect(root, &path, ours, found)?;
        } else if ours(&path) {
            found.insert(path, regular(&entry.path())?);
        }
    }
    Ok(())
}
