//! Hosts that leave, anchors that move, machines behind a jump host, archives and applications of the operator's own.

use crate::hosts::{Lab, lab_home, nodes_yaml};

/// Spark with one master and no `ZooKeeper`: the anchors are the first three hosts by name.
fn topology_text(workers: &str) -> String {
    let text = nodes_yaml();
    let (head, rest) = text.split_once("  zookeeper:\n").expect("zookeeper comes first");
    let (_, spark) = rest.split_once("  spark:\n").expect("then spark");
    format!("{head}  spark:\n{spark}")
        .replace("instances: 2", "instances: 1")
        .replace("masters: { hosts: [h1, h2] }", "masters: { hosts: [h1] }")
        .replace(
            "workers: { hosts: [h2, h3], cores: 1, memory: 1g }",
            &format!("workers: {{ hosts: {workers}, cores: 1, memory: 1g }}"),
        )
        .replace(
            "{ onHost: { path: /srv/dist/spark-4.3.0.tar.gz } }",
            &format!("{{ file: {{ path: {} }} }}", lab_home().join("dist/spark-4.3.0.tar.gz").display()),
        )
}

/// An application that says what it was given, and whom it could ask to do more for it than its unit may.
const OWN: &str = r"import os, socket, sys
from pyspark.sql import SparkSession
def asks(path):
    try: socket.socket(socket.AF_UNIX).connect(path); return 'somebody'
    except OSError: return 'nobody'
def rights(_):
    bound = open('/proc/self/status').read().split('NoNewPrivs:')[1].split()[0]
    return [bound, asks('/run/dbus/system_bus_socket'), asks('/run/systemd/private'), os.environ.get('SUDO_USER', 'none')]
s = SparkSession.builder.getOrCreate()
print('driver', rights(0))
print('executor', *s.sparkContext.parallelize([0], 1).map(rights).collect())
print('sum', s.sparkContext.parallelize(range(10)).sum(), sys.argv[1:])
sys.exit(int(sys.argv[1]))
";

/// Two tasks that take a while, each on a worker of its own, and how often each was tried.
const SLOW: &str = r"import time
from pyspark import TaskContext
from pyspark.sql import SparkSession
s = SparkSession.builder.getOrCreate()
def slow(_):
    time.sleep(25)
    return TaskContext.get().attemptNumber()
print('attempts', s.sparkContext.parallelize(range(2), 2).map(slow).collect())
";

#[test]
fn what_leaves_the_topology_is_retired_and_the_memory_moves() {
    let Some(lab) = Lab::up("leaving", 4) else { return };
    // h3 is reached through h1.
    let config = lab.home().join(".ssh/config");
    let original = std::fs::read_to_string(&config).expect("readable");
    std::fs::write(&config, format!("Host 10.77.0.13\n  ProxyJump 10.77.0.11\n{original}")).expect("writable");
    let topology = lab.topology("spark.yaml", &topology_text("[h2, h3]"));
    lab.apply(&topology);
    lab.converged(&topology);
    lab.run(&["status", &topology]).expect(0).says("2 workers");
    assert!(lab.test(3, "test -e /var/lib/provision/applied.json"), "h3 is an anchor");
    assert!(!lab.test(3, "ls /var/lib/provision/cache/* 2>/dev/null"), "the copied archive is left");

    // An application of the operator's own, with arguments that want to be more than arguments.
    lab.topology("own.py", OWN);
    let hostile = r#"["3", "$(id)", "`id`", "{{ 7*7 }}", "a'b\"c\nd", "%n", "; exit 9"]"#;
    let text = topology_text("[h2, h3]")
        .replace("application: home:examples/src/main/python/pi.py", "application: file:own.py")
        .replace("[\"20\"]", hostile);
    std::fs::write(&topology, text).expect("writable");
    let ran = lab.run(&["submit", "pi", "-f", &topology]).expect(3).says("sum 45");
    // Neither the driver nor an executor has more rights than its unit, finds anybody to ask, or sees the operator's session.
    for place in ["driver", "executor"] {
        assert!(ran.stdout.contains(&format!("{place} ['1', 'nobody', 'nobody', 'none']")), "{}", ran.stdout);
    }
    assert!(
        ran.stdout.contains(r#"['3', '$(id)', '`id`', '{{ 7*7 }}', 'a\'b"c\nd', '%n', '; exit 9']"#),
        "{}",
        ran.stdout
    );

    lab.run(&["submit", "pi", "-f", &topology, "--", "0", "$(id) b"]).expect(0).says("sum 45 ['0', '$(id) b']");

    // What was copied for it is for root and for Spark alone.
    let copied = lab.on(1, "stat -c '%U:%G %a' /var/lib/provision/jobs /var/lib/provision/jobs/*");
    assert_eq!(copied.split_whitespace().collect::<Vec<_>>(), ["root:spark", "750", "root:spark", "640"]);

    // The name h3 at another machine, while the old one still works.
    let moved = topology_text("[h2, h3]").replace("10.77.0.13", "10.77.0.14");
    std::fs::write(&topology, moved).expect("writable");
    lab.run(&["apply", &topology, "--yes"]).expect(3).says("its old place 10.77.0.13 still carries");
    assert!(!lab.test(4, "ls -d /var/lib/provision /etc/spark 2>/dev/null"), "the other machine was changed");

    // The machine h3 under another name: an anchor, so the lease must find it by its address.
    let renamed = topology_text("[h2, h9]").replace("        h3:", "        h9:");
    std::fs::write(&topology, renamed).expect("writable");
    lab.apply(&topology);
    lab.converged(&topology);
    std::fs::write(&topology, topology_text("[h2, h3]")).expect("writable");
    lab.apply(&topology);
    lab.converged(&topology);

    // h3 leaves: its worker finishes, what was made there goes, and h1 and h2 are the anchors.
    lab.topology("slow.py", SLOW);
    let slow = |workers| {
        let text = topology_text(workers)
            .replace("application: home:examples/src/main/python/pi.py", "application: file:slow.py");
        text.replace("instances: 1", "instances: 2").replace("[\"20\"]", "[]")
    };
    std::fs::write(&topology, slow("[h2, h3]")).expect("writable");
    std::thread::scope(|scope| {
        let job = scope.spawn(|| lab.run(&["submit", "pi", "-f", &topology]));
        lab.on(
            3,
            "until pgrep -f CoarseGrainedExecutorBackend && pgrep -f pyspark.daemon; do sleep 0.3; done; sleep 2",
        );
        // Its driver runs where the master is: that one does not leave without being asked.
        let to = |workers| topology_text(workers).replace("masters: { hosts: [h1] }", "masters: { hosts: [h2] }");
        let moved = lab.topology("moved.yaml", &to("[h2, h3]"));
        lab.run(&["plan", &moved]).says("outage (needs --allow-outage): 1 job with its driver on h1 ends: Spark");
        // Where a worker of Spark stays, its driver does, too; and whatever role leaves last takes it along.
        let stays = lab.run(&["plan", &lab.topology("stays.yaml", &to("[h1, h2, h3]"))]);
        assert!(!stays.stdout.contains("1 job with its driver"), "{}", stays.stdout);
        let fewer = lab.topology("fewer.yaml", &topology_text("[h2]"));
        lab.run(&["plan", &fewer]).expect(0).says("retire what has left the topology (h3)");
        lab.run(&["apply", &fewer, "--yes"]).expect(0).says("h3: drain spark-worker");
        job.join().expect("it ends").expect(0).says("attempts [0, 0]");
    });
    std::fs::write(&topology, topology_text("[h2]")).expect("writable");
    lab.converged(&topology);
    assert!(
        !lab.test(3, "ls -d /var/lib/provision /etc/spark /opt/provision /var/lib/spark 2>/dev/null"),
        "h3 keeps something"
    );
    assert!(!lab.on(1, "cat /var/lib/provision/applied.json").contains("h3"), "h3 is still remembered");

    // A host that left while it could not be asked is retired later.
    std::fs::write(&topology, topology_text("[h2, h3]")).expect("writable");
    lab.apply(&topology);
    lab.verb(&["kill", "3"]);
    std::fs::write(&topology, topology_text("[h2]")).expect("writable");
    lab.run(&["apply", &topology, "--yes"]).says("h3 has left the topology and cannot be reached or used");
    lab.verb(&["start", "3"]);
    lab.apply(&topology);
    lab.converged(&topology);
    assert!(!lab.test(3, "ls -d /var/lib/provision /etc/spark 2>/dev/null"), "h3 keeps something");

    // One master: its restart is an outage, and needs to be allowed.
    std::fs::write(
        &topology,
        topology_text("[h2]").replace("masters: { hosts: [h1] }", "masters: { hosts: [h1], heap: 400m }"),
    )
    .expect("writable");
    lab.run(&["apply", &topology, "--yes"]).expect(3).says("outage").says("--allow-outage");
    lab.run(&["apply", &topology, "--yes", "--allow-outage"]).expect(0);
    lab.converged(&topology);

    // Another cluster's host is nobody else's.
    let other = lab.topology("other.yaml", &topology_text("[h2]").replace("name: analytics", "name: reports"));
    lab.run(&["plan", &other]).expect(3).says("it belongs to the cluster `analytics`");
    lab.run(&["destroy", &other, "--yes"]).expect(3);
    lab.run(&["destroy", &topology, "--yes", "--delete-data"]).expect(0);
}
