//! No host is believed beyond itself: what one host forges steers neither the operator nor another host, and costs nobody else anything.

use std::time::{Duration, Instant};

use crate::hosts::{Lab, nodes_yaml, quorum_yaml, wait_until};

/// Everything on h1 to h3, and one more worker on h4.
fn with_a_worker() -> String {
    nodes_yaml()
        .replace("        h3: {", "        h4: { address: 10.77.0.14 }\n        h3: {")
        .replace("workers: { hosts: [h2, h3]", "workers: { hosts: [h2, h4]")
}

/// A cluster of the same name, on h5 alone.
fn of_the_same_name() -> String {
    let text = quorum_yaml().replace("members: { 1: h1, 2: h2, 3: h3 }", "members: { 1: h5 }");
    text.replace("        h1: {", "        h5: { address: 10.77.0.15 }\n        h1: {")
}

fn identity(lab: &Lab, host: u32) -> String {
    let text = lab.on(host, "cat /var/lib/provision/identity");
    text.split_whitespace().next().expect("an identity").to_owned()
}

#[test]
fn what_a_host_forges_steers_nobody() {
    let Some(lab) = Lab::up("belief", 5) else { return };
    let topology = lab.topology("nodes.yaml", &with_a_worker());
    let other = lab.topology("other.yaml", &of_the_same_name());
    two_first_applies_share_a_host(&lab);
    lab.apply(&other);
    lab.apply(&topology);
    lab.converged(&topology);
    let ours = identity(&lab, 1);
    assert!((1..=4).all(|host| identity(&lab, host) == ours));
    assert_ne!(identity(&lab, 5), ours);
    lab.run(&["status", &topology]).expect(0).says(&format!("cluster analytics, identity {ours}"));

    a_host_of_another_cluster_is_refused(&lab, &topology);
    forged_records_of_one_host_are_not_believed(&lab, &topology);
    an_epoch_out_of_reach_is_one_hosts_matter(&lab, &topology);
    a_host_that_does_nothing_it_is_asked_stops_nobody(&lab, &topology);
    a_member_that_poses_as_leader_is_its_own_hosts_failure(&lab, &topology);
    what_a_host_says_is_shown_and_bounded(&lab, &topology);
    lab.run(&["destroy", &topology, "--yes", "--delete-data"]).expect(0);
    lab.run(&["status", &other]).expect(0).says("all is well");
    lab.run(&["destroy", &other, "--yes", "--delete-data"]).expect(0);
    assert!(
        !lab.test(1, "ls -d /var/lib/provision 2>/dev/null") && !lab.test(5, "ls -d /var/lib/provision 2>/dev/null")
    );
}

/// A member and a master on one host, and a worker on h3.
fn with_worker_on_h3(name: &str, host: &str) -> String {
    nodes_yaml()
        .replace("name: analytics", &format!("name: {name}"))
        .replace("{ 1: h1, 2: h2, 3: h3 }", &format!("{{ 1: {host} }}"))
        .replace("masters: { hosts: [h1, h2] }", &format!("masters: {{ hosts: [{host}] }}"))
        .replace("workers: { hosts: [h2, h3]", "workers: { hosts: [h3]")
        .replace("instances: 2", "instances: 1")
}

/// Two clusters of which nobody has heard yet want the same machine at once, under leases of their own: one gets it, whole.
fn two_first_applies_share_a_host(lab: &Lab) {
    let texts = [with_worker_on_h3("one", "h1"), with_worker_on_h3("two", "h2")];
    let topologies = [lab.topology("one.yaml", &texts[0]), lab.topology("two.yaml", &texts[1])];
    let mut first = lab.start(&["apply", &topologies[0], "--yes"]);
    let second = lab.run(&["apply", &topologies[1], "--yes"]);
    let codes = [first.wait().expect("it ends").code(), Some(second.code)];
    let whose = lab.on(3, "cat /var/lib/provision/identity; grep -h '\"cluster\"' /var/lib/provision/stamp.json");
    let winner = usize::from(whose.contains("two"));
    assert!(
        whose.contains(if winner == 0 { "one" } else { "two" }) && !(whose.contains("one") && whose.contains("two")),
        "{whose}"
    );
    assert_eq!(codes[winner], Some(0), "{whose}\n{}", second.stderr);
    assert!(matches!(codes[1 - winner], Some(3 | 7)), "{codes:?}\n{}", second.stderr);
    lab.converged(&topologies[winner]);
    // The loser takes back what it has claimed, and says who has the other host.
    let loser = &topologies[1 - winner];
    // One that planned only after the other had the host was refused before it claimed anything.
    let own = u32::try_from(2 - winner).expect("a host");
    if lab.test(own, "test -e /var/lib/provision/identity") {
        lab.run(&["destroy", loser, "--yes"]).expect(4).says("the host belongs to the cluster");
    } else {
        lab.run(&["destroy", loser, "--yes"]).expect(3).says("it belongs to the cluster");
    }
    lab.converged(&topologies[winner]);
    std::fs::write(
        loser,
        texts[1 - winner].replace("workers: { hosts: [h3]", &format!("workers: {{ hosts: [h{}]", 2 - winner)),
    )
    .expect("writable");
    lab.run(&["destroy", loser, "--yes", "--delete-data"]).expect(0);
    lab.converged(&topologies[winner]);
    lab.run(&["destroy", &topologies[winner], "--yes", "--delete-data"]).expect(0);
}

fn a_host_of_another_cluster_is_refused(lab: &Lab, topology: &str) {
    let text = std::fs::read_to_string(topology).expect("readable");
    let taken = text.replace("        h4: { address: 10.77.0.14 }", "        h4: { address: 10.77.0.15 }");
    let taken = lab.topology("taken.yaml", &taken);
    let refused = lab.run(&["apply", &taken, "--yes"]).expect(3).says(&identity(lab, 1)).says(&identity(lab, 5));
    assert!(refused.stderr.contains("h4: it belongs to the cluster `analytics`"), "{}", refused.stderr);
    assert!(lab.test(5, "systemctl is-active -q zookeeper && test -e /etc/zookeeper/zoo.cfg"), "it was taken apart");
    lab.run(&["destroy", &taken, "--yes"]).expect(3);
    // Its disk, in a machine of this cluster.
    lab.on(2, "cp -p /data/zookeeper/.provision-member /root/member && sed -i 's/ [0-9a-f]\\{32\\}/ abcdef0123456789abcdef0123456789/' /data/zookeeper/.provision-member");
    lab.run(&["plan", topology])
        .expect(3)
        .says("the data in /data/zookeeper is member 2 of the cluster `analytics` (identity abcdef");
    lab.on(2, "cp -p /root/member /data/zookeeper/.provision-member && rm /root/member");
    lab.converged(topology);
}

/// The records that a compromised worker would write: another cluster's host, a folder of the operator's, a host that nobody has.
fn forged(folder: &str, identity: &str) -> String {
    let machine = |address: &str| {
        format!(r#"{{"ssh":{{"address":"{address}","ssh_name":"{address}","user":"ops","port":null}}}}"#)
    };
    format!(
        r#"{{"cluster":"analytics","identity":"{identity}","epoch":4000000000,"hosts":{{"x1":{},"x2":{{"local":{{"address":"127.0.0.1","root":"{folder}"}}}},"x3":{}}},"anchors":["x1","x2","x3"],"settings":{{}}}}"#,
        machine("10.77.0.15"),
        machine("10.77.0.99"),
    )
}

fn forged_records_of_one_host_are_not_believed(lab: &Lab, topology: &str) {
    let folder = format!("{}/forged", lab.home().display());
    let text = forged(&folder, &identity(lab, 1));
    let epoch = || lab.on(5, "cat /var/lib/provision/epoch");
    let before = epoch();
    for host in [4, 1] {
        // A worker is no anchor; an anchor is one of three.
        lab.on(host, &format!("mkdir -p /root/kept && cp -p /var/lib/provision/*.json /root/kept/ && for r in intended applied; do cat >/var/lib/provision/$r.json <<'R'\n{text}\nR\ndone"));
        let began = Instant::now();
        let ran = lab.run(&["plan", topology]).expect(0);
        assert!(!ran.stdout.contains("x1") && !ran.stdout.contains("x2"), "{}", ran.stdout);
        assert!(
            began.elapsed() < Duration::from_secs(6),
            "a host that nobody has was waited for: {:?}",
            began.elapsed()
        );
        lab.apply(topology);
        lab.on(host, "cp -p /root/kept/stamp.json /var/lib/provision/ && rm -r /root/kept");
    }
    lab.on(4, "rm -f /var/lib/provision/intended.json /var/lib/provision/applied.json");
    lab.converged(topology);
    assert_eq!(epoch(), before, "another cluster's host has learnt of an epoch of ours");
    assert!(!std::path::Path::new(&folder).exists(), "a host had the operator make a folder");
}

fn an_epoch_out_of_reach_is_one_hosts_matter(lab: &Lab, topology: &str) {
    let kept = lab.on(4, "cat /var/lib/provision/epoch");
    for (epoch, said) in [
        ("4000000000", "its epoch 4000000000 is above"),
        ("99999999999999999999", "is no epoch"),
        ("x\u{1b}[2Jy", "is no epoch"),
    ] {
        lab.on(4, &format!("printf '%s' '{epoch}' >/var/lib/provision/epoch"));
        let ran = lab.run(&["plan", topology]).expect(4).says("unknown: h4").says(said);
        assert!(!ran.stdout.contains('\u{1b}') && !ran.stderr.contains('\u{1b}'));
        // The others go on, and nobody else's epoch is carried away.
        let text = std::fs::read_to_string(topology).expect("readable");
        let live = text.replace("spark.eventLog.enabled: \"false\"", "spark.eventLog.enabled: \"true\"");
        std::fs::write(topology, live).expect("writable");
        lab.run(&["apply", topology, "--yes", "--skip-unreachable"]).says("record what is left to do");
        std::fs::write(topology, text).expect("writable");
        lab.run(&["apply", topology, "--yes", "--skip-unreachable"]);
        assert!(lab.on(1, "cat /var/lib/provision/epoch").trim().parse::<u64>().expect("a number") < 1000);
    }
    // As the message and the page on symptoms say.
    lab.run(&["ssh", "h4", "-f", topology, "--", "sudo rm /var/lib/provision/epoch"]).expect(0);
    lab.apply(topology);
    lab.converged(topology);
    assert!(!kept.is_empty());
    // One anchor of three: the two others are a majority.
    lab.on(1, "printf '4000000000\\n' >/var/lib/provision/epoch");
    lab.run(&["plan", topology]).expect(4).says("unknown: h1: its epoch 4000000000 is above");
    lab.run(&["ssh", "h1", "-f", topology, "--", "sudo rm /var/lib/provision/epoch"]).expect(0);
    lab.apply(topology);
    lab.converged(topology);
    // A stamp that nobody can read.
    lab.on(4, "cp -p /var/lib/provision/stamp.json /root/ && echo '{' >/var/lib/provision/stamp.json");
    lab.run(&["plan", topology]).expect(4).says("unknown: h4: /var/lib/provision/stamp.json cannot be used");
    lab.on(4, "mv /root/stamp.json /var/lib/provision/stamp.json");
    lab.converged(topology);
}

/// A worker that answers every question but cannot store an epoch, and later claims to belong to another cluster.
fn a_host_that_does_nothing_it_is_asked_stops_nobody(lab: &Lab, topology: &str) {
    let text = std::fs::read_to_string(topology).expect("readable");
    let live = text.replace("spark.eventLog.enabled: \"false\"", "spark.eventLog.enabled: \"true\"");
    let without = live
        .replace("        h4: { address: 10.77.0.14 }\n", "")
        .replace("hosts: [h2, h4]", "hosts: [h2]")
        .replace("instances: 2", "instances: 1");
    let has_it = |host| lab.test(host, "grep -q 'eventLog.enabled true' /etc/spark/spark-defaults.conf");
    lab.on(4, "cd /var/lib/provision && touch epoch && { test -s epoch || echo 0 >epoch; } && chattr +i epoch");
    std::fs::write(topology, &live).expect("writable");
    lab.run(&["apply", topology, "--yes"])
        .expect(7)
        .says("h4, raise the epoch")
        .says("cannot write /var/lib/provision/epoch");
    assert!(!has_it(1));
    lab.run(&["apply", topology, "--yes", "--skip-unreachable"])
        .expect(7)
        .says("h4 is left for later, and the others continue without it")
        .says("h4, raise the epoch");
    assert!(has_it(1) && has_it(2) && !has_it(4));
    // Out of the topology, it is nobody's to wait for, and stays remembered.
    std::fs::write(topology, &without).expect("writable");
    lab.run(&["apply", topology, "--yes"]).expect(7).says("h4 is left for later, and the others continue without it");
    lab.run(&["plan", topology]).expect(0).says("retire what has left the topology");
    std::fs::write(topology, &text).expect("writable");
    lab.on(4, "chattr -i /var/lib/provision/epoch");
    lab.apply(topology);
    lab.converged(topology);
    lab.on(4, "cp -p /var/lib/provision/identity /root/ && sed -i 's/^......../abcdef01/' /var/lib/provision/identity");
    let ran = lab
        .run(&["plan", topology])
        .expect(4)
        .says("unknown: h4: refused: the host belongs to the cluster `analytics` (identity abcdef01");
    assert!(!ran.stdout.contains("`id:"), "{}", ran.stdout);
    lab.run(&["apply", topology, "--yes", "--skip-unreachable"]).expect(4);
    lab.on(4, "mv /root/identity /var/lib/provision/identity");
    lab.converged(topology);
}

/// Whoever asks it is told by root of its host that it leads, with the others in sync.
const LEADER: &str = r#"
import socket
s = socket.socket(); s.bind(("", 2999)); s.listen(50)
mntr = b"zk_uptime\t900000\nzk_peer_state\tleading - broadcast\nzk_synced_followers\t2\nzk_quorum_size\t3\n"
srvr = b"Zookeeper version: 3.9.5\nZxid: 0x100000001\nMode: leader\n"
canary = bytes(4) + bytes.fromhex("0000001000000001") + bytes(12)
while True:
    c, _ = s.accept()
    asked = c.recv(4096)
    c.sendall(srvr if asked.startswith(b"srvr") else mntr if asked.startswith(b"mntr") else canary)
    c.close()
"#;

/// Members are connected to the one that they follow, and their kernels say to which.
fn a_member_that_poses_as_leader_is_its_own_hosts_failure(lab: &Lab, topology: &str) {
    let status = lab.run(&["status", topology]).stdout;
    let row = status.lines().find(|row| row.contains("leader, ZooKeeper epoch")).expect("a member leads");
    let leader = (1..=3).find(|host| row.contains(&format!(" h{host} "))).expect("a host of the topology");
    let liar = 1 + leader % 2;
    let started = |host| lab.on(host, "systemctl show -p ExecMainStartTimestamp zookeeper");
    let before: Vec<String> = (1..=3).map(started).collect();
    lab.on(liar, &format!("cat >/root/leader.py <<'E'{LEADER}E\nsystemd-run -q --unit leader python3 /root/leader.py"));
    lab.on(
        liar,
        "nft 'add table ip lie; add chain ip lie out { type nat hook output priority -100; }; \
         add rule ip lie out meta skuid 0 tcp dport 2181 redirect to :2999'",
    );
    wait_until("it lies", Duration::from_secs(10), || {
        let said = lab.run(&["status", topology]).stdout;
        said.contains(&format!(
            "h{liar}: refused: it says that it leads the ensemble, and most members follow the one on h{leader}"
        ))
    });
    let text = std::fs::read_to_string(topology).expect("readable");
    let live = text.replace("spark.eventLog.enabled: \"false\"", "spark.eventLog.enabled: \"true\"");
    std::fs::write(topology, live).expect("writable");
    lab.run(&["apply", topology, "--yes"]).expect(4);
    lab.run(&["apply", topology, "--yes", "--skip-unreachable"]).expect(4);
    let has_it = |host| lab.test(host, "grep -q 'eventLog.enabled true' /etc/spark/spark-defaults.conf");
    assert!(has_it(4) && !has_it(liar));
    assert_eq!((1..=3).map(started).collect::<Vec<_>>(), before);
    lab.on(liar, "nft delete table ip lie; systemctl stop leader; rm /root/leader.py");
    std::fs::write(topology, &text).expect("writable");
    lab.apply(topology);
    lab.converged(topology);
}

/// A server on h4 that answers without an end, where a worker's page should be.
const ENDLESS: &str = "systemctl stop spark-worker; systemd-run -q --unit endless sh -c 'while :; do yes endless | nc -l -p 8081 -q 0 >/dev/null; done'";

fn what_a_host_says_is_shown_and_bounded(lab: &Lab, topology: &str) {
    // In a file, in a log line, in an answer.
    lab.on(1, "cp -p /etc/zookeeper/zoo.cfg /root/ && printf '# \\033]0;owned\\007\\033[2J\\233 \\342\\200\\256\\n' >>/etc/zookeeper/zoo.cfg");
    let ran = lab.run(&["plan", topology]).expect(0);
    let plain = |text: &str| text.chars().all(|c| c == '\n' || c == '\t' || !c.is_control());
    assert!(plain(&ran.stdout) && plain(&ran.stderr), "{:?}", ran.stdout);
    lab.on(1, "printf '# \\033]0;owned\\007\\033[2J \\342\\200\\256\\n' >>/root/zoo.cfg; cp -p /root/zoo.cfg /etc/zookeeper/zoo.cfg");
    let saved = format!("{topology}.plan.json");
    let ran =
        lab.run(&["plan", topology, "--out", &saved]).expect(0).says("-# \\u001b]0;owned\\u0007\\u001b[2J \\u202e");
    assert!(plain(&ran.stdout) && plain(&std::fs::read_to_string(&saved).expect("readable")), "{:?}", ran.stdout);
    lab.on(1, "sed -i '$d' /root/zoo.cfg && mv /root/zoo.cfg /etc/zookeeper/zoo.cfg");
    lab.on(1, "printf 'log \\033[31mline\\n' | systemd-cat -t zookeeper; systemd-run -q --wait --unit zookeeper-words -p SyslogIdentifier=zookeeper printf 'x\\033[2J'");
    let ran = lab.run(&["logs", "zookeeper", "-n", "50", "-f", topology]).expect(0);
    assert!(plain(&ran.stdout), "{:?}", ran.stdout);

    lab.on(4, ENDLESS);
    wait_until("it answers", Duration::from_secs(10), || {
        lab.test(4, "timeout 1 bash -c 'exec 3<>/dev/tcp/10.77.0.14/8081 && head -c 10 <&3 | grep -q endless'")
    });
    let began = Instant::now();
    let program = env!("CARGO_BIN_EXE_provision");
    let home = lab.home().display().to_string();
    // With less memory than the answer would fill.
    let bounded = format!("ulimit -v 3000000; HOME={home} NO_COLOR=1 exec {program} plan {topology}");
    let said = lab.verb(&["exec", "env", "-u", "SSH_AUTH_SOCK", "sh", "-c", &bounded]);
    // Whoever answers too much is a service that does not serve; the host is as well known as before.
    assert!(said.contains("start spark-worker: it is not running") && !said.contains("unknown"), "{said}");
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    lab.on(4, "systemctl stop endless");
    lab.apply(topology);
    lab.converged(topology);
}
