//! The first boot of a worker whose machine has disks of its own.

use std::process::Command;

use crate::tool;

/// Runs the script that a module brings on loop devices that look like a cloud's disks.
#[test]
fn workers_are_put_on_the_disks_in_their_machines() {
    let scripts = [
        ("aws-vms", "size: r7i.2xlarge", "size: r6id.2xlarge\n      localDisks: true"),
        ("azure-vms", "size: Standard_E8s_v5\n      disk: 256", "size: Standard_E8ads_v6\n      localDisks: true"),
    ]
    .map(|(name, from, to)| {
        let text = tool::example(name).replace(from, to);
        let boot = tool::cloud(&text).texts["cloud-init/workers.yaml"].clone();
        let unit = content(&boot, "/etc/systemd/system/local-disks.service\n");
        assert!(unit.contains("ExecStart=/usr/local/sbin/mount-local-disks\n"), "{name}: {unit}");
        assert!(boot.contains("  - btrfs-progs\n"), "{name}: {boot}");
        assert!(boot.contains("runcmd:\n  - [systemctl, enable, --now, local-disks]\n"), "{name}: {boot}");
        content(&boot, "/usr/local/sbin/mount-local-disks\n    permissions: \"0755\"\n")
    });
    assert_eq!(scripts[0], scripts[1]);
    if !std::path::Path::new("/dev/btrfs-control").exists() || !is_root() {
        println!("SKIPPED disks of workers: it takes root, and a kernel with Btrfs");
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let script = folder.path().join("mount-local-disks");
    std::fs::write(&script, &scripts[0]).expect("written");
    let output = Command::new(tool::root("tests/terraform/disks")).arg(&script).output().expect("bash runs");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(
        said.lines().filter(|line| !line.starts_with([' ', 'N']) && !line.is_empty()).collect::<Vec<_>>(),
        [
            "one disk: made, and mounted",
            "restarted: its files are there",
            "two disks: one file system over both, which is there after a restart",
            "the system's disk is as it was",
        ]
    );
}

/// The content of a file that first boot writes.
fn content(boot: &str, file: &str) -> String {
    let behind = boot.split(&format!("  - path: {file}    content: |\n")).nth(1).expect(file);
    let lines = behind.lines().take_while(|line| line.is_empty() || line.starts_with("      "));
    lines.map(|line| format!("{}\n", line.strip_prefix("      ").unwrap_or_default())).collect()
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}
