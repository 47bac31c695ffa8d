//! Closed networks: the operator has port 22 alone, the hosts have the declared listeners alone; and still the job runs.
//! With `authenticate`, so that the secret is looked for everywhere; one host without curl, nc and Python.

use crate::hosts::{Lab, nodes_yaml, quorum_yaml};

const WORDS: &str = "jobs:
  words:
    application: home:examples/src/main/python/wordcount.py
    arguments: [/etc/passwd]
    executors: { instances: 2, cores: 1, memory: 512m }
  key:
    application: file:key.py
    executors: { instances: 1, cores: 1, memory: 512m }
";

/// A job that says whether it was given the secret of a property as it is.
const KEY: &str = "import hashlib
from pyspark.sql import SparkSession
spark = SparkSession.builder.getOrCreate()
key = spark.sparkContext.getConf().get('spark.hadoop.fs.test.secret.key')
print('digest', hashlib.sha256(key.encode()).hexdigest())
";

const SECRET: &str = "s3cr3t-\"quoted\"-$(id)";

#[test]
fn law_6_and_a_job_behind_closed_ports() {
    let Some(lab) = Lab::up("closed", 3) else { return };
    let text =
        nodes_yaml().replace("      ssh: { user: ops }", "      firewall: nftables\n      ssh: { user: ops }").replace(
            "    masters: { hosts: [h1, h2] }",
            "    authenticate: { secret: { env: SPARK_SECRET } }\n    masters: { hosts: [h1, h2] }",
        );
    // Its own Java, and a file system for /tmp from which nothing can be run: codecs bring native code.
    let java = lab.on(1, "dirname $(dirname $(readlink -f $(command -v java)))");
    let java = java.trim();
    for host in 1..=3 {
        lab.on(host, "mount -t tmpfs -o noexec,mode=1777 none /tmp");
    }
    // Disks of their own for shuffles, which a service on each worker serves.
    let text = text
        .replace("memory: 1g }", "memory: 1g, localDirs: [/data/1, /data/2], workDir: /data/work, unit: { OOMScoreAdjust: 200, LimitNOFILE: 10000 } }")
        .replace("  spark:\n", &format!("  spark:\n    java: {{ home: {java} }}\n    environment: {{ OFFICE: 100% open (maybe) }}\n"))
        .replace("    masters: { hosts", "    masters: { jvmOptions: [\"-Xlog:gc*:file=/var/log/spark/gc-%p.log\"], hosts")
        .replace("    config:\n      spark.", "    config:\n      spark.shuffle.service.enabled: \"true\"\n      spark.shuffle.service.db.backend: LEVELDB\n      spark.hadoop.fs.test.secret.key: { env: SPARK_SECRET }\n      spark.")
        .replace("jobs:\n", WORDS);
    let topology = lab.topology("closed.yaml", &text);
    // Nothing but ssh from the operator, before anything is there.
    for host in 1..=3 {
        lab.on(
            host,
            "nft add table inet lab; nft 'add chain inet lab input { type filter hook input priority -10; }'; \
            nft add rule inet lab input ip saddr 10.77.0.1 tcp dport != 22 drop",
        );
    }
    // What is in a directory already is somebody's, and none of ours.
    lab.on(2, "mkdir -p /data/1 && touch /data/1/app-config.tgz");
    lab.run(&["plan", &topology])
        .expect(3)
        .says("h2: it already has /data/1; no stamp says that provision created this");
    lab.on(2, "rm /data/1/app-config.tgz");
    lab.on(3, "systemd-run -q --unit stranger nc -lk 9999; systemd-run -q --unit datagrams nc -ulk 9998");
    lab.run(&["plan", &topology])
        .expect(0)
        .says("on h3 the firewall closes ports that are in use now: 9999, 9998/udp (an `allow` entry keeps them open)");
    let ran = lab.apply(&topology);
    assert!(!ran.stderr.contains("s3cr3t"), "the secret is in the output");
    lab.converged(&topology);
    lab.run(&["status", &topology]).expect(0).says("all is well");
    lab.run(&["submit", "pi", "-f", &topology]).expect(0).says("Pi is roughly 3.1");
    // Each host has a line of /etc/passwd as one word.
    lab.run(&["submit", "words", "-f", &topology]).expect(0).says("root:x:0:0:root:/root:/bin/bash: 1");
    lab.topology("key.py", KEY);
    let digest = provision::host::sha256(SECRET.as_bytes());
    lab.run(&["submit", "key", "-f", &topology]).expect(0).says(&format!("digest {digest}"));
    for host in [2, 3] {
        lab.on(host, "ls -d /data/1/spark-* /data/2/spark-* /data/work/app-*");
        lab.on(host, "ss -Hltn 'sport = :7337' | grep -q LISTEN");
    }
    // What is not declared is closed, what is declared is open, from where it must be.
    assert!(lab.test(1, "timeout 2 bash -c 'exec 3<>/dev/tcp/10.77.0.12/2888' || [ $? -ne 124 ]"));
    assert!(!lab.test(1, "timeout 2 bash -c 'exec 3<>/dev/tcp/10.77.0.13/9999'"), "an undeclared port is open");
    the_secret_is_nowhere_else(&lab);
    processes_run_as_the_topology_says(&lab, java);
    // Its mode comes back, and what reads it goes on: it is the same secret.
    let runs = || lab.on(1, "systemctl show -p MainPID --value spark-master spark-worker");
    let before = runs();
    lab.on(1, "chmod 644 /etc/spark/secret.env");
    lab.apply(&topology).says("~ file /etc/spark/secret.env: it is root:root 0644");
    lab.converged(&topology);
    assert_eq!(runs(), before);
    // Another secret: same or different is all that is said.
    lab.on(1, "sed -i s/quoted/other/ /etc/spark/secret.env");
    let ran = lab
        .run(&["plan", &topology])
        .expect(0)
        .says("~ file /etc/spark/secret.env: it differs (hidden: it contains a secret)");
    assert!(!ran.stdout.contains("s3cr3t") && !ran.stdout.contains(SECRET));
    lab.apply(&topology);
    lab.converged(&topology);
    // It grows, changes a port, and lets somebody in, all behind closed ports. What leaves the topology stays on record until a destroy.
    let other = text
        .replace("firewall: nftables", "firewall: { nftables: { allow: [{ from: 10.77.0.0/24, port: 9999 }, { from: 10.77.0.0/24, udpPort: 9998 }] } }")
        .replace("masters: { hosts: [h1, h2] }", "masters: { hosts: [h1, h2], webUiPort: 8090 }")
        .replace("workers: { hosts: [h2, h3]", "workers: { hosts: [h1, h2, h3]")
        .replace("localDirs: [/data/1, /data/2], workDir: /data/work", "localDirs: [/data/1]");
    let fewer = lab.topology("closed.yaml", &other);
    lab.apply(&fewer);
    lab.converged(&fewer);
    assert!(lab.test(1, "timeout 2 bash -c 'exec 3<>/dev/tcp/10.77.0.13/9999'"), "an allowed port is closed");
    lab.on(3, "nft list table inet provision | grep -q 'udp dport 9998 accept'");
    let other = it_shrinks_and_is_closed_behind_what_has_left(&lab, &other);
    let fewer = lab.topology("closed.yaml", &other);
    lab.on(2, "ls -d /data/2 /data/work/app-*");
    // What its user has closed, or opened to others, goes all the same; what is mounted stays, and with it whose it is.
    lab.on(2, "chmod 000 /data/2; chmod 777 /data/1");
    lab.on(3, "mkdir -p /data/work/app-kept/m && mount -t tmpfs none /data/work/app-kept/m");
    lab.run(&["destroy", &fewer, "--yes", "--delete-data"])
        .expect(0)
        .says("kept what is in /data/work (something is mounted at");
    assert!(!lab.test(2, "ls -d /data/1 /data/2 /data/work"), "a directory is left");
    lab.on(3, "umount /data/work/app-kept/m; test -e /var/lib/provision/identity");
    let theirs = lab.topology("theirs.yaml", &other.replace("name: analytics", "name: theirs"));
    lab.run(&["plan", &theirs]).expect(3).says("h3: it belongs to the cluster `analytics`");
    let identity = lab.on(3, "cut -d ' ' -f 1 /var/lib/provision/identity");
    let named = other.replace("name: analytics\n", &format!("name: analytics\nid: {}\n", identity.trim()));
    let fewer = lab.topology("closed.yaml", &named);
    lab.run(&["destroy", &fewer, "--yes", "--delete-data"]).expect(0);
    assert!(!lab.test(1, "nft list table inet provision 2>/dev/null"), "our table is left");
    assert!(lab.test(1, "nft list table inet lab >/dev/null"), "somebody else's table is gone");
    for host in [2, 3] {
        assert!(!lab.test(host, "ls -d /data/1 /data/2 /data/work"), "h{host}: a directory is left");
    }
}

/// A worker leaves its host, and is reached until it is gone. Returns the topology without it.
fn it_shrinks_and_is_closed_behind_what_has_left(lab: &Lab, text: &str) -> String {
    let smaller = text.replace("workers: { hosts: [h1, h2, h3]", "workers: { hosts: [h1, h2]");
    assert_ne!(smaller, text);
    let topology = lab.topology("closed.yaml", &smaller);
    let plan = lab.run(&["plan", &topology]).expect(0);
    plan.says("try the firewall's rules without those for what has left or moved");
    let mut apply = lab.start(&["apply", &topology, "--yes"]);
    let is_reached = || lab.test(1, "nft list table inet provision | grep 'dport 7077 ' | grep -q '10\\.77\\.0\\.13'");
    let runs = || lab.test(3, "systemctl is-active -q spark-worker");
    let mut seen = 0;
    while apply.try_wait().expect("it can be asked").is_none() {
        // In this order: it may end in between, and not begin.
        let (reached, runs) = (is_reached(), runs());
        assert!(reached || !runs, "the worker of h3 runs, and its master's port is closed to it");
        seen += usize::from(reached && runs);
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    assert!(seen > 0 && apply.wait().expect("it has ended").success());
    assert!(!is_reached(), "the port is open to a worker that has left");
    lab.converged(&topology);
    smaller
}

#[test]
fn hosts_with_nothing_but_a_base_system_and_the_older_zookeeper() {
    let Some(lab) = Lab::up_with("slim", 3, "1 2 3") else { return };
    assert!(!lab.test(1, "command -v python3 || command -v curl || command -v nc"), "the slim root is not slim");
    let topology = lab.topology("slim.yaml", &quorum_yaml().replace("3.9.5", "3.8.4"));
    lab.apply(&topology).says("ZK007");
    lab.converged(&topology);
    lab.run(&["status", &topology]).expect(0).says("all is well");
    // Data stays unless told otherwise, and a later apply finds it again.
    lab.run(&["destroy", &topology, "--yes"]).expect(0).says("kept data /data/zookeeper");
    assert!(lab.test(1, "test -d /data/zookeeper/version-2"));
    lab.apply(&topology);
    lab.run(&["status", &topology]).expect(0).says("all is well");
    // What somebody else keeps beside the data stays, and is nobody's claim on the host.
    lab.on(3, "setpriv --reuid zookeeper --regid zookeeper --clear-groups touch /data/zookeeper/stranger");
    lab.run(&["destroy", &topology, "--yes", "--delete-data"]).expect(0).says("kept directory /data/zookeeper");
    lab.apply(&topology);
    lab.on(3, "rm /data/zookeeper/stranger");
    lab.run(&["destroy", &topology, "--yes", "--delete-data"]).expect(0).says("removed user zookeeper");
    assert_eq!(lab.on(3, "ls -d /data/zookeeper /var/lib/provision 2>/dev/null || true").trim(), "");
}

/// The secret is in files of its own, for root or Spark's user alone, and in no argument of a process.
fn the_secret_is_nowhere_else(lab: &Lab) {
    for host in 1..=3 {
        let found = lab.on(host, "grep -rlF 's3cr3t' /etc /var/lib/provision /run/provision /var/lib/spark /opt/provision/spark-4.3.0/conf 2>/dev/null || true");
        let worker = if host == 1 { "" } else { "/etc/spark/worker.conf\n" };
        let mut found: Vec<&str> = found.lines().collect();
        found.sort_unstable();
        assert_eq!(
            found.join("\n"),
            format!("/etc/spark/secret.env\n/etc/spark/spark-defaults.conf\n{worker}").trim(),
            "h{host}"
        );
        assert_eq!(lab.on(host, "stat -c '%U %G %a' /etc/spark/spark-defaults.conf").trim(), "root spark 640");
        assert_eq!(lab.on(host, "stat -c '%U %a' /etc/spark/secret.env").trim(), "root 600");
        assert!(
            !lab.on(host, "cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' '").contains("s3cr3t"),
            "h{host}: in an argument"
        );
        assert!(
            !lab.on(host, "journalctl --no-pager -o cat | grep -F s3cr3t || true").contains("s3cr3t"),
            "h{host}: in the journal"
        );
    }
}

fn processes_run_as_the_topology_says(lab: &Lab, java: &str) {
    let of = |host: u32, unit: &str, what: &str| {
        let pid = lab.on(host, &format!("systemctl show -p MainPID --value {unit}"));
        lab.on(host, &format!("cat /proc/{}/{what} | tr '\\0' '\\n'", pid.trim()))
    };
    for (host, unit) in [(1, "spark-master"), (2, "spark-worker")] {
        assert!(of(host, unit, "cmdline").starts_with(&format!("{java}/bin/java\n")), "{unit}");
        assert!(of(host, unit, "environ").lines().any(|line| line == "OFFICE=100% open (maybe)"), "{unit}");
    }
    assert_eq!(of(2, "spark-worker", "oom_score_adj").trim(), "200");
    assert!(
        of(2, "spark-worker", "limits")
            .lines()
            .any(|line| line.starts_with("Max open files") && line.contains("10000"))
    );
    lab.on(1, "ls /var/log/spark/gc-*.log");
}
