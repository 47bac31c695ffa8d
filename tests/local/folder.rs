//! The folder that a cluster is in: full, copied, half deleted.

use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use crate::machine::{Machine, has_ended, is_root, kill, run, until};

const QUORUM: &str = "services: { zookeeper: { nodes: 3 } }\n";

fn sh(script: &str) {
    assert!(Command::new("sh").args(["-c", script]).status().expect("sh runs").success(), "{script}");
}

/// Two folders with the same processes in them would end each other's.
#[test]
fn a_copied_folder_is_not_the_cluster() {
    let machine = Machine::new("copy", QUORUM);
    machine.run(&["apply", "topology.yaml", "--yes"]).expect(0);
    let copy = machine.state().with_file_name("co py");
    sh(&format!("cp -a '{}' '{}'", machine.state().display(), copy.display()));
    for command in [&["apply", "topology.yaml", "--yes"][..], &["destroy", "topology.yaml", "--yes"]] {
        run(machine.command_in(&copy, command)).expect(3).says("still carries this cluster's stamp");
    }
    let status = run(machine.command_in(&copy, &["status", "topology.yaml"])).expect(8);
    assert!(!status.stdout.contains("active (running)"), "{}", status.stdout);
    machine.run(&["status", "topology.yaml"]).expect(0).says("all is well");
    machine.run(&["destroy", "topology.yaml", "--yes", "--delete-data"]).expect(0);
}

#[test]
fn what_is_deleted_under_a_member_is_made_again() {
    let machine = Machine::sharing("half", QUORUM);
    machine.run(&["apply", "topology.yaml", "--yes"]).expect(0);
    let main = machine.pid("zk-2", "zookeeper", "main");
    std::fs::remove_dir_all(machine.node("zk-2")).expect("it can be removed");
    until("whose folder is gone has ended", || has_ended(main));
    machine.run(&["status", "topology.yaml"]).expect(8).says("wrong: half-zk-2: zookeeper is inactive");
    // It joins what lives: nobody takes its disk for a new quorum's.
    machine.run(&["apply", "topology.yaml", "--yes"]).expect(0);
    machine.run(&["status", "topology.yaml"]).expect(0).says("all is well");

    // A folder that cannot be read is not an empty one.
    let set = |mode| std::fs::set_permissions(machine.node("zk-2"), std::fs::Permissions::from_mode(mode));
    set(0o000).expect("set");
    machine.run(&["status", "topology.yaml"]).expect(8).says("belongs to another user or cannot be read");
    machine.run(&["destroy", "topology.yaml"]).says("half-zk-2 cannot be reached or used");
    set(0o755).expect("set");

    // One file of another.
    std::fs::remove_file(machine.node("zk-3").join("etc/zookeeper/zoo.cfg")).expect("it can be removed");
    machine.run(&["plan", "topology.yaml", "--detailed-exitcode"]).expect(2).says("+ file /etc/zookeeper/zoo.cfg");
    machine.run(&["apply", "topology.yaml", "--yes"]).expect(0);
    machine.run(&["status", "topology.yaml"]).expect(0).says("all is well");
    machine.run(&["destroy", "topology.yaml", "--yes", "--delete-data"]).expect(0);
}

/// A file system of a few megabytes, which only root can make.
#[test]
fn a_full_disk_is_named_and_nothing_is_half_done() {
    if !is_root() {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "skipped in CI: only root can make a small file system");
        eprintln!("SKIPPED a full disk: only root can make a small file system");
        return;
    }
    let machine = Machine::new("full", QUORUM);
    let state = machine.state();
    sh(&format!(
        "mkdir '{0}' && mount -t tmpfs -o size=2200m,uid=65534,gid=65534,mode=700 provision-test '{0}'",
        state.display()
    ));
    let unmount = Unmount(state.clone());
    machine.run(&["apply", "topology.yaml", "--yes"]).expect(0);
    // All but a few pages: the quorum goes on, and a change is refused before it begins.
    sh(&format!("dd if=/dev/zero of='{}/filler' bs=1M 2>/dev/null; true", state.display()));
    machine.write("services: { zookeeper: { nodes: 3, config: { maxClientCnxns: 61 } } }\n");
    machine.run(&["apply", "topology.yaml", "--yes"]).expect(6).says("MiB free for").says("nothing was changed");
    machine.run(&["status", "topology.yaml"]).expect(0).says("all is well");
    // Who dies meanwhile has a supervisor that waits for room.
    let main = machine.pid("zk-1", "zookeeper", "main");
    kill("-9", main);
    until("the death of a member is seen", || machine.run(&["status", "topology.yaml"]).code == 8);
    std::thread::sleep(std::time::Duration::from_secs(5));
    sh(&format!("rm '{}/filler'", state.display()));
    until("the member serves again", || machine.run(&["status", "topology.yaml"]).code == 0);
    assert_ne!(machine.pid("zk-1", "zookeeper", "main"), main);
    machine.run(&["apply", "topology.yaml", "--yes"]).expect(0);
    machine.run(&["status", "topology.yaml"]).expect(0).says("all is well");
    machine.run(&["destroy", "topology.yaml", "--yes", "--delete-data"]).expect(0);
    drop(unmount);
}

struct Unmount(std::path::PathBuf);

impl Drop for Unmount {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}
