//! Members and masters that run with inputs of somebody else's: they serve elsewhere, or keep the others from being whole.

use std::time::Duration;

use crate::hosts::{Lab, nodes_yaml, quorum_yaml, wait_until};

/// Runs a command on these hosts, and waits until what it has restarted is up.
fn on_all(lab: &Lab, hosts: &[u32], script: &str) {
    for host in hosts {
        lab.on(*host, script);
    }
    std::thread::sleep(Duration::from_secs(6));
}

/// The host of the member that leads.
fn leader(lab: &Lab, topology: &str) -> u32 {
    let status = lab.run(&["status", topology]).stdout;
    let line = status.lines().find(|line| line.contains(" leader,")).expect("a leader");
    line.split_whitespace().nth(1).and_then(|host| host.strip_prefix('h')?.parse().ok()).expect("a host")
}

#[test]
#[ignore = "two repairs of a cluster, each after a look at what is wrong: make soak"]
fn masters_that_elect_elsewhere_and_a_leader_that_does_not_answer_are_repaired() {
    let Some(lab) = Lab::up("elsewhere", 3) else { return };
    let topology = lab.topology("elsewhere.yaml", &nodes_yaml());
    lab.apply(&topology);
    let repaired = || {
        lab.apply(&topology);
        lab.run(&["status", &topology]).expect(0).says("all is well");
    };
    on_all(&lab, &[1, 2], "sed -i '/zookeeper/d;/recoveryMode/d' /etc/spark/ha.conf; systemctl restart spark-master");
    lab.run(&["status", &topology]).expect(8).says("all say that they are ALIVE");
    repaired();
    let leads = leader(&lab, &topology);
    on_all(
        &lab,
        &[leads],
        "sed -i 's/^4lw.*/4lw.commands.whitelist=conf/' /etc/zookeeper/zoo.cfg; systemctl restart zookeeper",
    );
    lab.run(&["status", &topology]).expect(8).says("does not answer `mntr`");
    repaired();
}

/// Without Spark: masters that were without `ZooKeeper` for 40 s take part in no election again (docs/troubleshooting.md).
#[test]
#[ignore = "members that do not serve are waited for a minute, three times: make soak"]
fn members_that_serve_elsewhere_are_an_outage_and_come_back() {
    let Some(lab) = Lab::up("elsewhere", 3) else { return };
    let topology = lab.topology("elsewhere.yaml", &quorum_yaml());
    lab.apply(&topology);
    // All members serve on another port: to bring them back is an outage, and the first plan says so.
    let move_away = "sed -i s/^clientPort=2181/clientPort=2199/ /etc/zookeeper/zoo.cfg; systemctl restart zookeeper";
    on_all(&lab, &[1, 2, 3], move_away);
    lab.run(&["apply", &topology, "--yes"]).expect(3).says("listen on another port than the topology's");
    lab.run(&["apply", &topology, "--yes", "--allow-outage"]).expect(0);
    lab.run(&["status", &topology]).expect(0).says("all is well");
    // The same of two members beside one that is off.
    lab.verb(&["kill", "3"]);
    on_all(&lab, &[1, 2], move_away);
    lab.run(&["apply", &topology, "--yes", "--skip-unreachable"]).expect(3).says("listen on another port");
    lab.run(&["apply", &topology, "--yes", "--skip-unreachable", "--allow-outage"]).expect(4);
    lab.run(&["status", &topology]).expect(8).says("follower");
    // And one that keeps the ensemble down beside it.
    on_all(&lab, &[1], "sed -i 's/:2888:/:2889:/' /etc/zookeeper/zoo.cfg; systemctl restart zookeeper");
    lab.run(&["apply", &topology, "--yes", "--skip-unreachable"]).expect(4);
    lab.run(&["status", &topology]).expect(8).says("follower");
}

/// The files are right, and so is the record of what was started: a drop-in, gone by now, had two members read another list.
#[test]
fn members_that_a_drop_in_misled_are_found() {
    let Some(lab) = Lab::up("misled", 3) else { return };
    let topology = lab.topology("misled.yaml", &quorum_yaml());
    lab.apply(&topology);
    let mislead = "sed 's/:2888:3888/:2999:3999/' /etc/zookeeper/zoo.cfg >/etc/zookeeper/other.cfg; mkdir -p /etc/systemd/system/zookeeper.service.d; \
        { echo '[Service]'; echo ExecStart=; grep ^ExecStart= /etc/systemd/system/zookeeper.service | sed s,/etc/zookeeper/zoo.cfg,/etc/zookeeper/other.cfg,; } \
        >/etc/systemd/system/zookeeper.service.d/mine.conf; systemctl daemon-reload; systemctl restart zookeeper";
    on_all(&lab, &[1, 2], mislead);
    on_all(&lab, &[1, 2], "rm -r /etc/systemd/system/zookeeper.service.d; systemctl daemon-reload");
    lab.run(&["plan", &topology]).expect(0).says("systemd has other settings for its unit");
    lab.run(&["apply", &topology, "--yes"]).expect(3).says("the plan needs an outage");
    lab.run(&["apply", &topology, "--yes", "--allow-outage"]).expect(0);
    lab.converged(&topology);
    lab.run(&["status", &topology]).expect(0).says("all is well");
    // A drop-in that stays is somebody's wish, and a restart would not change the command.
    let add = mislead.replace("s,/etc/zookeeper/zoo.cfg,/etc/zookeeper/other.cfg,", "'s, -cp , -Dof.ours=1 -cp ,'");
    on_all(&lab, &[3], &add);
    lab.on(3, "systemctl show -p ExecStart zookeeper | grep -q of.ours");
    lab.converged(&topology);
    // It is named, since whoever looks for the cause of something must know of it.
    let named =
        "its unit also has settings that are not provision's, in /etc/systemd/system/zookeeper.service.d/mine.conf";
    lab.run(&["plan", &topology]).expect(0).says(&format!("h3: zookeeper: {named}"));
    // One that takes our record of the start away is no reason to restart it at every apply.
    lab.on(3, "printf '[Service]\\nExecStartPre=\\n' >/etc/systemd/system/zookeeper.service.d/mine.conf; systemctl daemon-reload; \
        systemctl restart zookeeper; ! [ -e /run/provision/zookeeper.service.started ]");
    wait_until("h3 serves", Duration::from_secs(30), || {
        let status = lab.run(&["status", &topology]).stdout;
        status.contains("h3: zookeeper: it did not record what it started with") && !status.contains("serve")
    });
    lab.converged(&topology);
    // A change is one all the same.
    let pid = "systemctl show -p MainPID --value zookeeper";
    let before = lab.on(3, pid);
    std::fs::write(&topology, quorum_yaml().replace("maxClientCnxns: 60", "maxClientCnxns: 61")).expect("writable");
    lab.apply(&topology);
    assert_ne!(lab.on(3, pid), before);
    lab.on(3, "rm -r /etc/systemd/system/zookeeper.service.d; systemctl daemon-reload");
    // Settings for all services, and a unit file in place of ours, are named as well.
    let shadow = "/etc/systemd/system.control/zookeeper.service";
    lab.on(2, "mkdir -p /etc/systemd/system/service.d && printf '[Service]\nNice=1\n' >/etc/systemd/system/service.d/mine.conf");
    lab.on(
        2,
        &format!(
            "mkdir -p {} && cp /etc/systemd/system/zookeeper.service {shadow} && systemctl daemon-reload",
            "/etc/systemd/system.control"
        ),
    );
    let both = format!("not provision's, in {shadow}, /etc/systemd/system/service.d/mine.conf");
    lab.run(&["plan", &topology]).expect(0).says(&both);
    lab.on(2, &format!("rm -r /etc/systemd/system/service.d {shadow}; systemctl daemon-reload"));
    // So are variables that systemd gives every service.
    lab.on(2, "systemctl set-environment _JAVA_OPTIONS=-Xmx300m");
    lab.run(&["plan", &topology])
        .expect(0)
        .says("h2: systemd gives every service")
        .says("_JAVA_OPTIONS, which may override the topology");
    lab.on(2, "systemctl unset-environment _JAVA_OPTIONS");
    // A drop-in keeps a unit active after its process has ended: it is started again.
    lab.on(3, "mkdir -p /etc/systemd/system/zookeeper.service.d && printf '[Service]\nRemainAfterExit=yes\nRestart=no\nSuccessExitStatus=SIGKILL\n' \
        >/etc/systemd/system/zookeeper.service.d/mine.conf; systemctl daemon-reload; systemctl restart zookeeper; sleep 3; systemctl kill -s KILL zookeeper; sleep 1; \
        [ $(systemctl show -p SubState --value zookeeper) = exited ]");
    lab.run(&["plan", &topology]).expect(0).says("start zookeeper: it is not running");
    lab.apply(&topology);
    lab.on(3, "rm -r /etc/systemd/system/zookeeper.service.d; systemctl daemon-reload");
    lab.apply(&topology);
    lab.run(&["status", &topology]).expect(0).says("all is well");
    // A job takes the port of a service that is stopped, and hides it among 22,000 others.
    lab.on(2, "systemctl stop zookeeper; useradd -m job");
    let hide = "import os,socket,time; mine=socket.create_server((\"10.77.0.12\",2181)); \
        [at for at in range(6) if os.fork()==0 and [held for held in [[socket.create_server((\"0.0.0.0\",p)) for p in range(10000+3700*at,13700+3700*at)]] \
        if open(\"/tmp/held%d\"%at,\"w\") and time.sleep(600)]]; time.sleep(600)";
    lab.on(2, &format!("systemd-run -q --unit job -p User=job -p LimitNOFILE=4000 python3 -c '{hide}'"));
    lab.on(2, "for i in $(seq 150); do [ $(ls /tmp/held? 2>/dev/null | wc -l) = 6 ] && exit; sleep 0.2; done; journalctl -u job -n 20 >&2; exit 1");
    lab.run(&["preflight", &topology]).expect(6).says("2181 is taken by");
    lab.on(2, "systemctl stop job");
    lab.apply(&topology);
}
