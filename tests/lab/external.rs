//! An ensemble that somebody else runs.

use std::time::Duration;

use crate::hosts::{Lab, nodes_yaml, quorum_yaml, wait_until};

/// That of a copied topology is the same: it is refused all the same while the masters run.
const ID: &str = "a5f1c09d2e7b48a39c60d1e2f3a4b5c6";
const MEMBERS: &str = "members: { 1: h1, 2: h2, 3: h3 }";

/// The topology of the ensemble's owner: one member on h1.
fn owners() -> String {
    let others = ["        h2: { address: 10.77.0.12, zone: b }\n", "        h3: { address: 10.77.0.13, zone: c }\n"];
    let text = others.iter().fold(quorum_yaml(), |text, line| text.replace(line, ""));
    text.replace("name: analytics", "name: shared").replace(MEMBERS, "members: { 1: h1 }")
}

/// Spark on these hosts with the ensemble on h1, of which one address leads nowhere.
fn users(hosts: &[u32], masters: &str, worker: &str) -> String {
    let text = nodes_yaml();
    let (before, rest) = text.split_once("      hosts:\n").expect("hosts");
    let (_, spark) = rest.split_once("  spark:\n").expect("spark");
    let hosts: String = hosts.iter().map(|n| format!("        h{n}: {{ address: 10.77.0.1{n} }}\n")).collect();
    let ensemble = "  zookeeper:\n    external: { connect: [10.77.0.11:2199, 10.77.0.11:2181] }\n";
    let spark = spark.replace("masters: { hosts: [h1, h2]", &format!("masters: {{ hosts: [{masters}]"));
    let spark = spark.replace("workers: { hosts: [h2, h3]", &format!("workers: {{ hosts: [{worker}]"));
    let before = before.replace("name: analytics\n", &format!("name: analytics\nid: {ID}\n"));
    format!("{before}      hosts:\n{hosts}services:\n{ensemble}  spark:\n{spark}")
}

#[test]
fn masters_use_an_ensemble_that_somebody_else_runs() {
    let Some(lab) = Lab::up("external", 4) else { return };
    let shared = lab.topology("shared.yaml", &owners());
    let topology = lab.topology("external.yaml", &users(&[2, 3], "h2, h3", "h3"));
    // Where nobody serves, nothing is begun.
    let silent = "10.77.0.11:2199 does not answer, 10.77.0.11:2181 does not answer";
    lab.run(&["apply", &topology, "--yes"]).expect(6).says(silent).says("let this host reach the ensemble");
    lab.apply(&shared);
    lab.apply(&topology);
    lab.converged(&topology);
    let serves = "10.77.0.11:2199 does not answer, 10.77.0.11:2181 (3.9.5) serves";
    lab.run(&["preflight", &topology, "--json"]).expect(0).says(serves);
    lab.run(&["status", &topology])
        .expect(0)
        .says("all is well")
        .says(&format!("external ZooKeeper ensemble: {serves}"));
    // Another cluster of this name would elect among these masters.
    let twin = lab.topology("twin.yaml", &users(&[4], "h4", "h4"));
    lab.run(&["apply", &twin, "--yes"])
        .expect(6)
        .says("masters that are not this cluster's take part")
        .says(&format!("/spark-analytics-{ID}/"));
    // A roll passes its gates, and removes nothing from the ensemble: the takeover takes its full time.
    let larger = users(&[2, 3], "h2, h3", "h3").replace("hosts: [h2, h3] }", "hosts: [h2, h3], heap: 600m }");
    let topology = lab.topology("external.yaml", &larger);
    lab.apply(&topology).says("standbys restart first");
    lab.converged(&topology);
    // Masters of two connect strings would be two clusters; the ensemble itself is not stopped.
    let fewer = lab.topology("fewer.yaml", &larger.replace("[10.77.0.11:2199, 10.77.0.11:2181]", "[10.77.0.11:2181]"));
    lab.run(&["plan", &fewer]).says("outage (needs --allow-outage): every");
    lab.on(1, "systemctl stop zookeeper");
    wait_until("the hosts miss it", Duration::from_secs(30), || {
        lab.run(&["status", &topology]).stdout.contains("no member of the external ZooKeeper ensemble serves it")
    });
    lab.on(1, "systemctl start zookeeper");
    // The owner's ensemble stays as it is.
    lab.run(&["destroy", &topology, "--yes"]).expect(0).says(&format!("/spark-analytics-{ID} stays in the ensemble"));
    lab.converged(&shared);
    lab.run(&["status", &shared]).expect(0).says("all is well");
}
