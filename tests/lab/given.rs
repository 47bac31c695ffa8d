//! Files of the user's own that Spark's processes read.

use crate::firewall::spark_alone;
use crate::hosts::Lab;

/// A job that says what its processes read from Hadoop's files.
const READS: &str = "from pyspark.sql import SparkSession
s = SparkSession.builder.getOrCreate()
print('read', s.sparkContext._jsc.hadoopConfiguration().get('test.open'))
print('private', len(open('/etc/hadoop/conf/hdfs-site.xml').read().split('<value>')[1].split('<')[0]))
";

const FILES: &str = "    environment: { HADOOP_CONF_DIR: /etc/hadoop/conf }
    files:
      /etc/hadoop/conf/core-site.xml: { from: core-site.xml }
      /etc/hadoop/conf/hdfs-site.xml: { from: hdfs-site.xml, private: true }
      /etc/spark/fairscheduler.xml: { text: \"<allocations/>\\n\", jobsOnly: true }
    masters:";

fn property(name: &str, value: &str) -> String {
    format!("<configuration>\n<property><name>{name}</name><value>{value}</value></property>\n</configuration>\n")
}

#[test]
fn files_of_ones_own_are_laid_read_rolled_and_removed() {
    let Some(lab) = Lab::up("given", 3) else { return };
    let jobs =
        "jobs:\n  reads:\n    application: file:reads.py\n    executors: { instances: 1, cores: 1, memory: 512m }\n";
    let without = format!("{}{jobs}", spark_alone("h2, h3", ""));
    let topology = lab.topology("given.yaml", &without.replace("    masters:", FILES));
    lab.topology("reads.py", READS);
    let open = lab.topology("core-site.xml", &property("test.open", "one"));
    let hidden = lab.topology("hdfs-site.xml", &property("test.hidden", "s3cr3t"));
    let chmod = |mode: u32| {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(&hidden, std::fs::Permissions::from_mode(mode)).expect("changed");
    };
    chmod(0o644);
    lab.run(&["plan", &topology]).expect(1).says("may be read by others (mode 0644)");
    chmod(0o600);
    // A directory on the way that another user may write to.
    lab.on(2, "useradd hadoop; install -d -o hadoop /etc/hadoop");
    lab.run(&["apply", &topology, "--yes"]).expect(6).says("users other than root can write to /etc/hadoop");
    lab.on(2, "rmdir /etc/hadoop");

    lab.apply(&topology);
    lab.converged(&topology);
    for host in 1..=3 {
        assert_eq!(lab.on(host, "cat /etc/hadoop/conf/core-site.xml"), property("test.open", "one"));
        assert_eq!(lab.on(host, "cat /etc/hadoop/conf/hdfs-site.xml"), property("test.hidden", "s3cr3t"));
        let access = lab.on(host, "stat -c '%U %G %a' /etc/hadoop /etc/hadoop/conf/*.xml /etc/spark/fairscheduler.xml");
        assert_eq!(access, "root root 755\nroot root 644\nroot spark 640\nroot root 644\n");
    }
    lab.run(&["submit", "reads", "-f", &topology]).expect(0).says("read one").says("private 6");

    // What changes here, or on a host, is shown and rolled out; what is private is not shown.
    std::fs::write(&open, property("test.open", "two")).expect("writable");
    std::fs::write(&hidden, property("test.hidden", "an0ther")).expect("writable");
    let ran = lab
        .run(&["plan", &topology])
        .expect(0)
        .says("+<property><name>test.open</name><value>two")
        .says("restart spark-worker");
    ran.says("hdfs-site.xml: it differs (hidden: it contains a secret)");
    lab.run(&["apply", &topology, "--yes", "--allow-outage"]).expect(0);
    lab.converged(&topology);
    lab.run(&["submit", "reads", "-f", &topology]).expect(0).says("read two").says("private 7");
    // What jobs alone read restarts nothing.
    let started = || {
        (1..=3)
            .map(|host| lab.on(host, "systemctl show -p MainPID --value spark-master spark-worker"))
            .collect::<Vec<_>>()
    };
    let before = started();
    let text = std::fs::read_to_string(&topology).expect("readable");
    std::fs::write(&topology, text.replace("<allocations/>", "<allocations></allocations>")).expect("writable");
    lab.apply(&topology);
    lab.converged(&topology);
    assert!(lab.test(3, "grep -q '<allocations></allocations>' /etc/spark/fairscheduler.xml"));
    assert_eq!(started(), before);
    lab.on(3, "echo '<!-- by hand -->' >>/etc/hadoop/conf/core-site.xml");
    lab.run(&["plan", &topology]).expect(0).says("-<!-- by hand -->");
    lab.run(&["apply", &topology, "--yes", "--allow-outage"]).expect(0);
    lab.converged(&topology);

    // A file that was there before is somebody's.
    lab.on(1, "mkdir /etc/hive && echo mine >/etc/hive/hive-site.xml");
    let more = FILES.replace("    masters:", "      /etc/hive/hive-site.xml: { text: \"<hive/>\" }\n    masters:");
    std::fs::write(&topology, without.replace("    masters:", &more)).expect("writable");
    lab.run(&["plan", &topology]).expect(3).says("h1: it already has /etc/hive/hive-site.xml");
    lab.on(1, "rm /etc/hive/hive-site.xml");
    lab.run(&["apply", &topology, "--yes", "--allow-outage"]).expect(0);
    lab.converged(&topology);

    // What leaves the topology goes; directories that were there stay.
    std::fs::write(&topology, &without).expect("writable");
    lab.run(&["plan", &topology]).expect(0).says("- file /etc/hadoop/conf/core-site.xml");
    lab.run(&["apply", &topology, "--yes", "--allow-outage"]).expect(0);
    lab.converged(&topology);
    for host in 1..=3 {
        assert!(!lab.test(host, "ls /etc/hadoop/conf/*.xml /etc/hive/*.xml /etc/spark/fairscheduler.xml"), "h{host}");
    }
    lab.run(&["destroy", &topology, "--yes", "--delete-data"]).expect(0);
    lab.on(1, "[ ! -e /etc/hadoop ] && [ -d /etc/hive ]");
    lab.on(2, "[ ! -e /etc/hadoop ] && [ ! -e /etc/hive ]");
}
