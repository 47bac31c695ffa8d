//! Lab hosts stand in for the machines that Terraform makes: at the addresses that the topology gives them, the masters behind a
//! bastion that is a command.

use crate::hosts::Lab;
use crate::shown;

/// The addresses follow from the network: members .11 to .13, masters .27 and .28.
const TOPOLOGY: &str = "
apiVersion: provision/v1
name: analytics
platforms:
  azure:
    azureVms:
      location: westeurope
      zones: [1, 2, 3]
      network: 10.77.0.0/24
      ssh: { user: ops, publicKeys: [~/.ssh/id_ed25519.pub], from: [192.0.2.0/24] }
services:
  zookeeper:
    nodes: 3
    size: Standard_D2s_v5
    archive: { onHost: { path: /srv/dist/zookeeper-3.9.5.tar.gz } }
    heap: 256m
  spark:
    archive: { onHost: { path: /srv/dist/spark-4.3.0.tar.gz } }
    authenticate: { secret: { env: SPARK_SECRET } }
    masters: { nodes: 2, heap: 512m }
    workers: { autoscale: { min: 2, max: 10 } }
";

#[test]
fn machines_that_terraform_made_become_the_cluster() {
    let Some(lab) = Lab::up("cloud", 5) else { return };
    for (host, address) in [(4, "10.77.0.27"), (5, "10.77.0.28")] {
        lab.on(
            host,
            &format!(
                "ip addr add {address}/24 dev $(ip -o route show 10.77.0.0/24 | sed 's/.* dev \\([^ ]*\\).*/\\1/')"
            ),
        );
    }
    // What a first boot does to a member's disk: mounted at the data directory, which only root may write to.
    for member in 1..=3 {
        lab.on(member, "mkdir -p /var/lib/zookeeper && mount -t tmpfs -o mode=0755 tmpfs /var/lib/zookeeper");
    }
    bastion(&lab);
    let topology = lab.topology("cloud.yaml", TOPOLOGY);

    lab.run(&["plan", &topology, "--detailed-exitcode"])
        .expect(2)
        .says("azurerm_linux_virtual_machine.zookeeper x 3")
        .says("2 to 10 workers are created and removed by the cloud")
        .says("analytics-master-2")
        .says("record the birth of the ensemble");
    lab.apply(&topology);
    lab.converged(&topology);
    lab.run(&["status", &topology]).expect(0).says("all is well").says("0 workers");
    lab.run(&["ssh", "analytics-master-1", "-f", &topology, "--", "hostname"]).expect(0).says("h4");

    // A member's machine is replaced, by the commands that the pages show: a new one with the old disk. It is the member that it was.
    let vote =
        |member: u32| lab.on(member, "cat /var/lib/zookeeper/version-2/currentEpoch; cat /var/lib/zookeeper/myid");
    let before = vote(1);
    for command in shown::LAB {
        // As the first word the pages have the program, and the topology is here.
        let words: Vec<&str> = command.split(' ').skip(1).collect();
        let (node, rest) = words.split_at(2);
        lab.run(&[node, &["-f", &topology], rest].concat()).expect(0);
    }
    lab.run(&["status", &topology]).expect(8).says("wrong: analytics-zk-1: zookeeper is inactive");
    lab.on(1, "rm -rf /opt/provision /etc/zookeeper /var/lib/provision /run/provision /etc/systemd/system/zookeeper.service; systemctl daemon-reload");
    lab.run(&["apply", &topology, "--yes"]).expect(0);
    lab.converged(&topology);
    lab.run(&["status", &topology]).expect(0).says("all is well");
    assert_eq!(vote(1).lines().last(), before.lines().last());
}

/// As the output `ssh_config` of a module has it: a command with quotes in it, whose input and output are the connection.
fn bastion(lab: &Lab) {
    let config = lab.home().join(".ssh/config");
    let known = crate::hosts::lab_home().join("labs/cloud/known_hosts");
    let text = std::fs::read_to_string(&known).expect("readable");
    let more = |address: &str, second: &str| {
        text.lines()
            .filter(|line| line.contains(address))
            .map(|line| line.replace(address, second) + "\n")
            .collect::<String>()
    };
    std::fs::write(&known, format!("{text}{}{}", more("10.77.0.14", "10.77.0.27"), more("10.77.0.15", "10.77.0.28")))
        .expect("writable");
    let original = std::fs::read_to_string(&config).expect("readable");
    let command = format!("sh -c 'exec ssh -F {} -W \"%h:%p\" 10.77.0.11'", config.display());
    std::fs::write(&config, format!("Host 10.77.0.27 10.77.0.28\n  ProxyCommand {command}\n{original}"))
        .expect("writable");
}
