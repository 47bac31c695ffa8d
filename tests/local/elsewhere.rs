//! A machine that is no Linux, as far as the tool and its scripts can tell: see `no-linux` beside this.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::shown::root;

/// The namespaces that stand for the machine, as long as this lives.
pub struct Elsewhere {
    holder: Child,
    folder: PathBuf,
}

impl Elsewhere {
    /// Below `folder`; `program` is the tool. Only root can make one.
    pub fn new(folder: &Path, program: &Path) -> Elsewhere {
        let folder = folder.join("else where");
        let mut command = Command::new("unshare");
        command.args(["--net", "--mount"]).arg(root("tests/local/no-linux")).arg(&folder).arg(program);
        let mut holder = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("unshare runs");
        let said = BufReader::new(holder.stdout.take().expect("it is piped")).lines().next();
        assert_eq!(said.expect("it says something").expect("it is text"), "ready");
        Elsewhere { holder, folder }
    }

    /// The folders that programs are searched in.
    pub fn path(&self) -> String {
        format!("{}/bin", self.folder.display())
    }

    /// A command there, in `folder`.
    pub fn command(&self, folder: &Path) -> Command {
        let mut command = Command::new("/usr/bin/nsenter");
        command.args(["--target", &self.holder.id().to_string(), "--net", "--mount", "--", "/bin/sh", "-c"]);
        command.args([r#"cd "$0" && exec "$@""#]).arg(folder);
        command
    }
}

impl Drop for Elsewhere {
    fn drop(&mut self) {
        drop(self.holder.stdin.take());
        let _ = self.holder.wait();
    }
}
