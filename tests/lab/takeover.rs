//! A job goes on while another master takes over, behind closed ports: on hosts that carry nothing but what they must.

use std::time::Duration;

use crate::hosts::{Lab, nodes_yaml, wait_until};

/// Two minutes and more of tasks on two cores: longer than a session of `ZooKeeper` and a recovery of Spark together.
const JOB: &str = "
import time
from pyspark.sql import SparkSession
spark = SparkSession.builder.getOrCreate()
print('counted', spark.sparkContext.parallelize(range(160), 160).map(lambda x: time.sleep(2) or x).count(), flush=True)
";

#[test]
#[ignore = "it takes five minutes: make soak"]
fn a_job_behind_closed_ports_outlives_a_takeover() {
    let Some(lab) = Lab::up("takeover", 3) else { return };
    // The driver is on h1, and h2, which takes over, is no worker.
    let text = nodes_yaml()
        .replace("      ssh: { user: ops }", "      firewall: nftables\n      ssh: { user: ops }")
        .replace("workers: { hosts: [h2, h3]", "workers: { hosts: [h1, h3]")
        .replace(
            "jobs:\n",
            "jobs:\n  long: { application: file:long.py, executors: { instances: 2, cores: 1, memory: 512m } }\n",
        );
    let topology = lab.topology("takeover.yaml", &text);
    lab.topology("long.py", JOB);
    lab.apply(&topology);
    let alive = |host: u32| {
        let page = format!("http://10.77.0.{}:8080/json/", 10 + host);
        lab.test(1, &format!("curl -s {page} | tr -d ' ' | grep -q '\"status\":\"ALIVE\"'"))
    };
    if alive(2) {
        lab.on(2, "systemctl restart spark-master");
    }
    wait_until("h1 leads", Duration::from_secs(180), || alive(1));
    let log = lab.home().join("job.log");
    let mut job = lab.start_into(&["submit", "long", "-f", &topology], &log);
    let said = |what: &str| std::fs::read_to_string(&log).unwrap_or_default().contains(what);
    wait_until("the job runs", Duration::from_secs(90), || said("Starting task 4.0"));
    lab.on(1, "systemctl stop spark-master");
    wait_until("h2 leads", Duration::from_secs(180), || alive(2));
    // A driver that nobody told hangs for ever.
    let mut ended = None;
    wait_until("the job ends", Duration::from_secs(300), || {
        ended = job.try_wait().expect("a child");
        ended.is_some()
    });
    let ended = ended.expect("it has ended");
    let text = std::fs::read_to_string(&log).unwrap_or_default();
    assert!(ended.success() && said("counted 160"), "{text}");
    // Otherwise nobody would have had to tell the driver.
    assert!(text.contains("Master has changed"), "{text}");
}
