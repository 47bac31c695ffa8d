//! Links that a job, or an accident, leaves in a node's folder lead nowhere: nothing outside of it changes.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, lchown, symlink};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::machine::{Machine, is_root, run, unprivileged};

const QUORUM: &str = "services: { zookeeper: { nodes: 1 } }\n";

#[test]
fn what_lies_in_a_folder_leads_nowhere() {
    if !is_root() {
        println!("SKIPPED mounts and folders of other users: only root can make them");
    }
    let machine = Machine::sharing("traps", QUORUM);
    let outside = machine.topology.with_file_name("outside");
    let sh = |script: &str| {
        let mut command = unprivileged("sh".as_ref());
        command.args(["-c", script]).current_dir(machine.topology.parent().expect("a folder"));
        run(command).expect(0)
    };
    sh(
        "mkdir -p outside/version-2 outside/deep && echo bait | tee outside/file outside/version-2/x outside/deep/x && chmod 600 outside/file",
    );
    let seen = || {
        let of = |path: &str| {
            let path = outside.join(path);
            let meta = fs::metadata(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            (meta.mode(), meta.ctime_nsec(), meta.is_file().then(|| fs::read(&path).expect("readable")))
        };
        ["", "file", "version-2", "version-2/x", "deep", "deep/x"].map(of)
    };
    let before = seen();
    machine.run(&["apply", "topology.yaml", "--yes"]).expect(0);
    let node = machine.node("zk-1");
    let data = node.join("var/lib/zookeeper");

    // Links at the names that the scripts make, and fifos at those that they read.
    for name in [
        "etc/zookeeper/zoo.cfg",
        "var/lib/zookeeper/.provision-member",
        "var/lib/provision/epoch",
        "var/lib/provision/stamp.json",
    ] {
        symlink(outside.join("file"), node.join(format!("{name}.provision-new"))).expect("a link");
    }
    sh(&format!(
        "cd '{}' && rm myid .provision-member && ln -s '{}' myid && mkfifo .provision-member fifo",
        data.display(),
        outside.join("file").display()
    ));
    machine.write("services: { zookeeper: { nodes: 1, config: { maxClientCnxns: 61 } } }\n");
    let began = Instant::now();
    machine.run(&["plan", "topology.yaml"]).expect(0).says("something else is in its place");
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    machine.run(&["apply", "topology.yaml", "--yes", "--allow-outage"]).expect(0);
    machine.run(&["plan", "topology.yaml", "--detailed-exitcode"]).expect(0);
    assert_eq!(seen(), before, "apply");
    assert_eq!(fs::read_to_string(data.join("myid")).expect("the service's own"), "1\n");

    // A directory of data that was exchanged for a link, and one within it.
    machine.run(&["destroy", "topology.yaml", "--yes"]).expect(0);
    sh(&format!(
        "rm -rf '{0}/version-2' && ln -s '{1}/version-2' '{0}/version-2' && ln -s '{1}' '{0}/app-1'",
        data.display(),
        outside.display()
    ));
    machine.run(&["destroy", "topology.yaml", "--yes", "--delete-data"]).expect(0);
    assert_eq!(seen(), before, "destroy");
    assert!(!data.join("version-2").exists() && !data.join("app-1").exists());
    sh(&format!(
        "rm -rf '{0}' && mkdir -p '{1}' && ln -s '{2}' '{0}'",
        data.display(),
        data.parent().expect("a folder").display(),
        outside.display()
    ));
    // What it leads to is somebody's, and nothing is laid there or taken away.
    machine.run(&["apply", "topology.yaml", "--yes"]).expect(7).says("is a symbolic link");
    machine.run(&["destroy", "topology.yaml", "--yes", "--delete-data"]);
    assert_eq!(seen(), before, "a link where the data should be");
    assert!(Command::new("rm").arg(&data).status().expect("rm runs").success());

    // A directory above those of the service was moved elsewhere, and a link put in its place.
    machine.run(&["destroy", "topology.yaml", "--yes", "--delete-data"]).expect(0);
    machine.run(&["apply", "topology.yaml", "--yes"]).expect(0);
    sh(&format!("mv '{0}/var' outside/var && ln -s '{1}/var' '{0}/var'", node.display(), outside.display()));
    let all = || sh("find outside -printf '%p %y %m %l %s\\n' | sort").stdout;
    let before = all();
    for command in [&["destroy", "topology.yaml", "--yes"][..], &["destroy", "topology.yaml", "--yes", "--delete-data"]]
    {
        machine.run(command).expect(4).says("is a symbolic link, which leads out of the node's folder");
        assert_eq!(all(), before, "a link above the data");
    }
    sh(&format!("rm '{0}/var' && mv outside/var '{0}/var'", node.display()));
    links_at_what_the_tool_keeps_are_refused(&machine, &node, &outside);
    // Something is mounted in the node's folder: only root can do that.
    for place in ["mnt", "run/provision/m", "var/lib/provision/m", "opt/other"].into_iter().filter(|_| is_root()) {
        let at = node.join(place);
        sh(&format!("mkdir -p '{}' outside/deep/empty", at.display()));
        let mount = |program: &str, paths: &[&Path]| Command::new(program).args(paths).status().expect("it runs");
        assert!(mount("mount", &[Path::new("--bind"), &outside, &at]).success());
        let before = all();
        machine
            .run(&["destroy", "topology.yaml", "--yes", "--delete-data"])
            .expect(7)
            .says(&format!("something is mounted at {}", at.display()));
        assert_eq!(all(), before, "a mount at {place}");
        assert!(mount("umount", &[&at]).success());
        sh(&format!("rmdir '{}' outside/deep/empty", at.display()));
    }
    // The lock that whoever starts or stops a service holds.
    let found = seen();
    let lock = node.join("run/provision/zookeeper.lock");
    sh(&format!("rm -f '{0}' && ln -s '{1}/file' '{0}'", lock.display(), outside.display()));
    machine.run(&["destroy", "topology.yaml", "--yes", "--delete-data"]).expect(7).says("cannot lock");
    assert_eq!(seen(), found, "a link where the lock should be");
    sh(&format!("rm '{}'", lock.display()));
    machine.run(&["destroy", "topology.yaml", "--yes", "--delete-data"]).expect(0);
    folders_of_others_are_not_used(&machine);
}

/// A directory that the tool keeps by name below its own is exchanged for a link, at any depth.
fn links_at_what_the_tool_keeps_are_refused(machine: &Machine, node: &Path, outside: &Path) {
    let sh = |script: &str| {
        let mut command = unprivileged("sh".as_ref());
        command.args(["-c", script]);
        run(command).expect(0)
    };
    let all = || sh(&format!("find '{}' -printf '%p %y %m %l %s\\n' | sort", outside.display())).stdout;
    for place in ["kept", "kept/zookeeper", "kept/zookeeper/3", "cache"] {
        let at = node.join("var/lib/provision").join(place);
        sh(&format!(
            "mkdir -p '{1}/zookeeper' '{1}/3' '{0}' && rm -rf '{0}' && ln -s '{1}' '{0}'",
            at.display(),
            outside.display()
        ));
        let before = all();
        for command in
            [&["apply", "topology.yaml", "--yes"][..], &["destroy", "topology.yaml", "--yes", "--delete-data"]]
        {
            machine
                .run(command)
                .expect(4)
                .says(&format!("{} is a symbolic link, which leads out of the node's folder", at.display()));
            assert_eq!(all(), before, "a link at {place}");
        }
        sh(&format!("rm '{}'", at.display()));
    }
    // The file of the lease is a link: nothing is made where it leads.
    let lease = node.join("run/provision/lease");
    sh(&format!("rm -f '{0}' && ln -s '{1}/made' '{0}'", lease.display(), outside.display()));
    machine.run(&["destroy", "topology.yaml", "--yes"]).says("lease: it is a symbolic link");
    assert!(!outside.join("made").exists(), "a lease was taken through a link");
    sh(&format!("rm '{}'", lease.display()));
}

/// Another user was there first, or owns what is above, or may write in it: what runs there would be that user's.
fn folders_of_others_are_not_used(machine: &Machine) {
    let refused = |folder: &Path| {
        let refused = machine.run(&["apply", "topology.yaml", "--yes"]).expect(4);
        refused.says(&format!("{} belongs to another user, or others may write in it", folder.display()));
    };
    let node = machine.node("zk-1");
    let mut make = unprivileged("mkdir".as_ref());
    make.arg("-p").arg(node.join("opt"));
    run(make).expect(0);
    // The folder of what is unpacked is shared with other tests: another one takes its place.
    let mut command = machine.command(&["apply", "topology.yaml", "--yes"]);
    let cache = machine.topology.with_file_name("cache");
    fs::create_dir_all(cache.join("provision")).expect("a folder");
    fs::set_permissions(cache.join("provision"), fs::Permissions::from_mode(0o777)).expect("changed");
    command.env("XDG_CACHE_HOME", &cache);
    run(command).expect(4).says("cache/provision belongs to another user, or others may write in it");
    for folder in [node.join("opt"), node.clone(), node.parent().expect("the cluster's").to_owned()] {
        let found = fs::metadata(&folder).expect("it is there");
        fs::set_permissions(&folder, fs::Permissions::from_mode(found.mode() | 0o002)).expect("changed");
        refused(&folder);
        fs::set_permissions(&folder, found.permissions()).expect("changed");
        if is_root() {
            chown(&folder, Some(12345), None).expect("root may");
            refused(&folder);
            chown(&folder, Some(found.uid()), None).expect("root may");
        }
    }
    // A link of somebody else's, to a folder that is the operator's own.
    let cluster = node.parent().expect("the cluster's").to_owned();
    let elsewhere = machine.topology.with_file_name("elsewhere");
    fs::rename(&cluster, &elsewhere).expect("moved");
    symlink(&elsewhere, &cluster).expect("a link");
    if is_root() {
        lchown(&cluster, Some(12345), None).expect("root may");
        refused(&cluster);
    }
}
