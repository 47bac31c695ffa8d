//! The operator's own files of ssh, which may be anything: a device without an end, or a pipe that nobody writes to.

use std::fs::File;
use std::io::{Error, ErrorKind, Read as _};
use std::os::unix::fs::FileTypeExt as _;
use std::path::Path;

/// Several times what the largest `known_hosts` has.
const MOST: u64 = 64 * 1024 * 1024;

/// The bytes of a file.
pub fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    if std::fs::metadata(path)?.file_type().is_fifo() {
        return Err(Error::new(ErrorKind::InvalidInput, "it is a pipe, and not a file"));
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(MOST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MOST {
        return Err(Error::new(ErrorKind::FileTooLarge, "larger than 64 MiB"));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_end_is_not_read_to_it() {
        assert_eq!(read(Path::new("/dev/null")).expect("it is empty"), b"");
        assert_eq!(read(Path::new("/dev/zero")).expect_err("no end").kind(), ErrorKind::FileTooLarge);
        let folder = tempfile::tempdir().expect("a folder");
        let pipe = folder.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().expect("it runs").success());
        assert_eq!(read(&pipe).expect_err("nobody writes").kind(), ErrorKind::InvalidInput);
    }
}
