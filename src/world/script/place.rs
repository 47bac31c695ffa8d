//! The place where a script runs.

use std::path::Path;

use crate::value::HostPath;
use crate::value::quote;

const MACHINE: &str = include_str!("../../../templates/host/machine.sh");
const FOLDER: &str = include_str!("../../../templates/host/folder.sh");

/// A whole machine, or a folder of one that stands for a host.
#[derive(Clone, Debug)]
pub struct ScriptPlace {
    root: String,
    prelude: String,
}

impl ScriptPlace {
    /// A host that is all of a machine.
    pub fn machine() -> ScriptPlace {
        ScriptPlace { root: String::new(), prelude: MACHINE.to_owned() }
    }

    /// `program` keeps the services of the folder; what is unpacked is kept once for all folders in `store`.
    pub fn folder(root: &str, program: &Path, store: Option<&Path>) -> ScriptPlace {
        let word = |path: &Path| quote(&path.display().to_string());
        let store = store.map(word).unwrap_or_default();
        let variables = format!("root={} program={} store={store}\n", quote(root), word(program));
        ScriptPlace { root: root.to_owned(), prelude: variables + FOLDER }
    }

    /// The text before every script, and before an operator's own command.
    pub fn prelude(&self) -> &str {
        &self.prelude
    }

    /// A path of the host as a word of sh.
    pub fn word(&self, path: &HostPath) -> String {
        quote(&self.path(path))
    }

    /// A path of the host on the machine.
    pub fn path(&self, path: &HostPath) -> String {
        format!("{}{path}", self.root)
    }

    /// Turns a machine's path below the root into the host's path; others stay unchanged.
    pub fn logical<'a>(&self, path: &'a str) -> &'a str {
        path.strip_prefix(self.root.as_str()).filter(|rest| rest.starts_with('/')).unwrap_or(path)
    }
}
