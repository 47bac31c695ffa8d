//! An ssh-agent with a key.

/// An ssh-agent of the test's own.
pub struct Agent {
    process: std::process::Child,
    pub socket: String,
    _folder: tempfile::TempDir,
}

impl Agent {
    pub fn with(key: &str) -> Agent {
        let folder = tempfile::tempdir().expect("a folder");
        let socket = folder.path().join("agent").display().to_string();
        let process =
            std::process::Command::new("ssh-agent").args(["-D", "-a", &socket]).spawn().expect("ssh-agent runs");
        crate::hosts::wait_until("the agent listens", std::time::Duration::from_secs(5), || {
            std::path::Path::new(&socket).exists()
        });
        let added = std::process::Command::new("ssh-add").args(["-q", key]).env("SSH_AUTH_SOCK", &socket).status();
        assert!(added.expect("ssh-add runs").success());
        Agent { process, socket, _folder: folder }
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
