//! Faults at night, with a cluster that lives.

use std::io::Read;
use std::time::Duration;

use crate::hosts::{Lab, quorum_yaml, wait_until};

#[test]
fn two_at_once_a_frozen_one_and_hosts_that_vanish() {
    let Some(lab) = Lab::up("faults", 3) else { return };
    let topology = lab.topology("quorum.yaml", &quorum_yaml());

    // Two applies at once: one does it, the other says who does.
    let mut first = lab.start(&["apply", &topology, "--yes"]);
    wait_until("the first holds the lease", Duration::from_secs(20), || lab.test(1, "test -s /run/provision/holder"));
    lab.run(&["apply", &topology, "--yes"]).expect(5).says("has been changing this cluster since");
    assert!(first.wait().expect("it ends").success());
    lab.converged(&topology);

    a_frozen_apply_changes_nothing_when_it_thaws(&lab, &topology);
    a_host_that_goes_off_during_apply(&lab, &topology);
    a_connection_cut_in_a_step(&lab, &topology);
    a_member_that_lost_its_disk_joins_what_lives(&lab, &topology);
    a_majority_that_lost_its_disks_is_not_born_again(&lab, &topology);
    two_members_that_keep_a_majority_from_forming_are_repaired(&lab, &topology);
    members_that_start_again_and_again_are_mended_by_one_apply(&lab, &topology);
    a_configuration_that_does_not_start_is_put_back(&lab, &topology);
    an_interrupt_stops_at_a_safe_point(&lab, &topology);
}

fn set(topology: &str, connections: u32) {
    let text = quorum_yaml().replace("maxClientCnxns: 60", &format!("maxClientCnxns: {connections}"));
    std::fs::write(topology, text).expect("writable");
}

fn signal(child: &std::process::Child, name: &str) {
    let done = std::process::Command::new("kill")
        .args([format!("-{name}"), child.id().to_string()])
        .status()
        .expect("kill runs");
    assert!(done.success());
}

/// The number of applies that have begun to change something: each writes a line when every host has learnt of its epoch.
fn begun(lab: &Lab) -> u32 {
    lab.on(1, "wc -l </var/lib/provision/journal").trim().parse().expect("a number")
}

fn a_frozen_apply_changes_nothing_when_it_thaws(lab: &Lab, topology: &str) {
    set(topology, 61);
    let before = begun(lab);
    let mut frozen = lab.start_piped(&["apply", topology, "--yes"]);
    wait_until("it has begun", Duration::from_secs(20), || begun(lab) > before);
    signal(&frozen, "STOP");
    // The anchors give its lease to the next after 15 s of silence.
    set(topology, 62);
    wait_until("another can take over", Duration::from_secs(60), || lab.run(&["apply", topology, "--yes"]).code == 0);
    lab.converged(topology);
    let starts: Vec<_> = (1..=3).map(|host| lab.on(host, "systemctl show -p MainPID --value zookeeper")).collect();
    signal(&frozen, "CONT");
    let code = frozen.wait().expect("it ends").code();
    let mut said = String::new();
    frozen.stderr.take().expect("piped").read_to_string(&mut said).expect("text");
    assert_eq!(code, Some(5), "{said}");
    assert!(said.contains("lease is lost") || said.contains("another apply has raised the epoch"), "{said}");
    let after: Vec<_> = (1..=3).map(|host| lab.on(host, "systemctl show -p MainPID --value zookeeper")).collect();
    assert_eq!(starts, after, "the thawed one restarted something");
    lab.converged(topology);
}

fn a_host_that_goes_off_during_apply(lab: &Lab, topology: &str) {
    set(topology, 63);
    let before = begun(lab);
    let mut run = lab.start_piped(&["apply", topology, "--yes"]);
    wait_until("it has begun", Duration::from_secs(20), || begun(lab) > before);
    lab.verb(&["kill", "3"]);
    let code = run.wait().expect("it ends").code();
    let mut said = String::new();
    run.stderr.take().expect("piped").read_to_string(&mut said).expect("text");
    assert_ne!(code, Some(0), "{said}");
    assert!(said.contains("h3"), "{said}");
    // Two members are left: neither may be stopped, whoever asks.
    lab.run(&["plan", topology]).expect(4).says("unknown: h3");
    lab.run(&["apply", topology, "--yes", "--skip-unreachable"]).expect(4).says("left for later");
    let serving = (1..=2).filter(|host| lab.test(*host, "systemctl is-active -q zookeeper")).count();
    assert_eq!(serving, 2);
    lab.verb(&["start", "3"]);
    lab.apply(topology);
    lab.converged(topology);
}

fn a_connection_cut_in_a_step(lab: &Lab, topology: &str) {
    set(topology, 64);
    let before = begun(lab);
    let mut run = lab.start_piped(&["apply", topology, "--yes"]);
    wait_until("it has begun", Duration::from_secs(20), || begun(lab) > before);
    lab.on(2, "pkill -KILL -u ops sshd || true");
    let _ = run.wait();
    lab.apply(topology);
    lab.converged(topology);
}

fn a_member_that_lost_its_disk_joins_what_lives(lab: &Lab, topology: &str) {
    lab.on(2, "systemctl kill -s KILL zookeeper; systemctl stop zookeeper; rm -rf /data/zookeeper");
    lab.run(&["plan", topology]).expect(0).says("+ directory /data/zookeeper");
    lab.apply(topology);
    lab.converged(topology);
    assert!(lab.test(2, "test -d /data/zookeeper/version-2"));
    // While it runs, too: it would write into files that nobody finds again.
    lab.on(2, "rm -rf /data/zookeeper/version-2");
    lab.run(&["plan", topology]).expect(0).says("restart zookeeper");
    lab.apply(topology);
    lab.converged(topology);
    // A marker that somebody laid is removed, not used.
    lab.on(2, "touch /data/zookeeper/initialize");
    lab.run(&["plan", topology, "--detailed-exitcode"]).expect(2).says("remove unused markers");
    lab.apply(topology);
    assert!(!lab.test(2, "test -e /data/zookeeper/initialize"));
}

fn a_majority_that_lost_its_disks_is_not_born_again(lab: &Lab, topology: &str) {
    for host in [1, 2] {
        lab.on(host, "systemctl stop zookeeper; mv /data/zookeeper/version-2 /root/version-2");
    }
    lab.run(&["apply", topology, "--yes"]).expect(3).says("data was seen on only 1 of 3 members");
    assert!(!lab.test(1, "test -e /data/zookeeper/initialize"));
    for host in [1, 2] {
        lab.on(host, "mv /root/version-2 /data/zookeeper/version-2");
    }
    lab.apply(topology);
    lab.converged(topology);
}

/// Somebody has given two members each other's ids, and restarted them: the third cannot serve before they do.
fn two_members_that_keep_a_majority_from_forming_are_repaired(lab: &Lab, topology: &str) {
    for (host, id) in [(1, 2), (2, 1)] {
        lab.on(host, &format!("echo {id} >/etc/zookeeper/myid"));
    }
    // Both at once: whoever is left could otherwise serve for a while.
    lab.on(1, "systemctl restart zookeeper");
    lab.on(2, "systemctl restart zookeeper");
    wait_until("nobody serves", Duration::from_secs(30), || (1..=3).all(|host| !mode(lab, host).contains("Mode")));
    lab.run(&["plan", topology]).expect(0).says("/etc/zookeeper/myid changed since it started");
    // A member with another one's id exits after a while, and systemd starts it again: the plan may see it in between.
    let ran = lab.apply(topology);
    let said = format!("{}{}", ran.stdout, ran.stderr);
    let is_repaired =
        ["it does not serve, so restarting it costs nothing", "start zookeeper"].iter().any(|how| said.contains(how));
    assert!(is_repaired, "{said}");
    lab.converged(topology);
}

/// A broken zoo.cfg on every member: each exits right after it starts, and systemd restarts it for ever.
fn members_that_start_again_and_again_are_mended_by_one_apply(lab: &Lab, topology: &str) {
    for host in 1..=3 {
        lab.on(host, "sed -i 's/^dataDir=.*/dataDir=/' /etc/zookeeper/zoo.cfg && systemctl restart zookeeper");
    }
    wait_until("they come and go", Duration::from_secs(30), || {
        (1..=3).all(|host| lab.test(host, "test $(systemctl show -P NRestarts zookeeper) -gt 1"))
    });
    lab.apply(topology);
    lab.converged(topology);
}

fn a_configuration_that_does_not_start_is_put_back(lab: &Lab, topology: &str) {
    // More heap than any machine has: the JVM does not start.
    let text = quorum_yaml().replace("heap: 256m", "heap: 900000g");
    std::fs::write(topology, text).expect("writable");
    lab.run(&["apply", topology, "--yes"]).expect(6).says("memory");
    // The same by a way that the preflight cannot see: a unit that fails on one host only.
    set(topology, 65);
    let follower = (1..=3).find(|host| mode(lab, *host).contains("follower")).expect("a follower");
    lab.on(follower, "mkdir -p /etc/systemd/system/zookeeper.service.d && printf '[Service]\\nExecStartPre=/bin/sh -c \"! grep -q maxClientCnxns=65 /etc/zookeeper/zoo.cfg\"\\n' >/etc/systemd/system/zookeeper.service.d/x.conf && systemctl daemon-reload");
    lab.run(&["apply", topology, "--yes"])
        .expect(7)
        .says("Its old configuration is back, and with it the node serves again")
        .says("The roll stopped here");
    assert!(lab.on(follower, "cat /etc/zookeeper/zoo.cfg").contains("maxClientCnxns=64"));
    assert!(lab.test(follower, "systemctl is-active -q zookeeper"));
    lab.on(follower, "rm -r /etc/systemd/system/zookeeper.service.d && systemctl daemon-reload");
    lab.apply(topology);
    lab.converged(topology);
}

fn mode(lab: &Lab, host: u32) -> String {
    lab.on(host, &format!("timeout 4 bash -c 'exec 3<>/dev/tcp/10.77.0.1{host}/2181; printf srvr >&3; grep Mode <&3' 2>/dev/null || true"))
}

fn an_interrupt_stops_at_a_safe_point(lab: &Lab, topology: &str) {
    set(topology, 66);
    let before = begun(lab);
    let mut run = lab.start_piped(&["apply", topology, "--yes"]);
    wait_until("it has begun", Duration::from_secs(20), || begun(lab) > before);
    signal(&run, "INT");
    let code = run.wait().expect("it ends").code();
    let mut said = String::new();
    run.stderr.take().expect("piped").read_to_string(&mut said).expect("text");
    assert_eq!(code, Some(130), "{said}");
    assert!(said.contains("continues from here"), "{said}");
    lab.apply(topology);
    lab.converged(topology);
}
