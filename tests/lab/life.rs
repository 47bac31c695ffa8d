//! Bare hosts to `SparkPi`, drift found and repaired, a roll under load, and nothing left at the end.

use std::time::Duration;

use crate::hosts::{Lab, nodes_yaml, wait_until};

/// Everything on a host that an install could leave behind.
const SNAPSHOT: &str = "cd / && find etc opt srv var home root data usr/local -xdev \
    -not -path 'var/log/*' -not -path 'var/lib/systemd/*' -not -path 'var/cache/*' -not -path 'etc/.pwd.lock' \
    -not -path 'etc/passwd*' -not -path 'etc/group*' -not -path 'etc/shadow*' -not -path 'etc/gshadow*' -not -path 'etc/sub*' \
    2>/dev/null | sort; sort /etc/passwd; sort /etc/group; ls /run/provision 2>/dev/null; systemctl list-units --failed --plain --no-legend";

#[test]
fn bare_hosts_become_a_cluster_live_and_leave_nothing() {
    let Some(lab) = Lab::up("life", 3) else { return };
    let topology = lab.topology("nodes.yaml", &nodes_yaml());
    let before: Vec<String> = (1..=3).map(|host| lab.on(host, SNAPSHOT)).collect();

    lab.run(&["plan", &topology, "--detailed-exitcode"]).expect(2).says("+ distribution /opt/provision/spark-4.3.0");
    lab.run(&["status", &topology]).expect(8);
    lab.apply(&topology);
    lab.converged(&topology);
    lab.run(&["apply", &topology, "--yes"]).expect(0).says("Nothing to do");
    lab.run(&["status", &topology]).expect(0).says("all is well").says("2 workers");
    lab.run(&["submit", "pi", "-f", &topology]).expect(0).says("Pi is roughly 3.1");
    lab.run(&["submit", "pie", "-f", &topology]).expect(1).says("did you mean `pi`?");
    lab.run(&["ssh", "analytics-zk-2", "-f", &topology, "--", "hostname"]).expect(0).says("h2");
    lab.run(&["ssh", "h1", "-f", &topology, "--", "exit 7"]).expect(7);
    lab.run(&["logs", "zookeeper", "-n", "5", "-f", &topology]).expect(0).says("zookeeper[");

    a_history_server_comes_and_goes(&lab, &topology);
    each_drift_is_found_and_repaired(&lab, &topology);
    a_changed_setting_rolls_under_load(&lab, &topology);
    masters_roll_and_never_are_two_alive(&lab, &topology);
    a_setting_of_jobs_restarts_nothing(&lab, &topology);
    a_saved_plan_is_done_or_refused(&lab, &topology);

    lab.run(&["destroy", &topology, "--yes", "--delete-data"]).expect(0).says("removed user zookeeper");
    for (host, before) in (1..=3).zip(before) {
        let after = lab.on(host, SNAPSHOT);
        assert_eq!(differences(&before, &after), Vec::<String>::new(), "h{host} is not as it was");
    }
    lab.run(&["destroy", &topology, "--yes"]).expect(0).says("Nothing to do");
}

/// On one master's host. Drivers run on either, so the directory of event logs is one that both share: here it is copied.
fn a_history_server_comes_and_goes(lab: &Lab, topology: &str) {
    let masters = "    masters: { hosts: [h1, h2] }\n";
    assert!(nodes_yaml().contains(masters));
    let history = format!("{masters}    history: {{ host: h1, events: /srv/events }}\n");
    // The example says that applications write none.
    let off = "spark.eventLog.enabled: \"false\"";
    assert!(nodes_yaml().contains(off));
    let text = nodes_yaml().replace(masters, &history).replace(off, "spark.eventLog.compress: \"true\"");
    std::fs::write(topology, text).expect("writable");
    for host in [1, 2] {
        lab.on(host, "install -d -m 1777 /srv/events");
    }
    lab.run(&["plan", topology])
        .expect(0)
        .says("+ file /etc/systemd/system/spark-history.service")
        .says("start spark-history");
    lab.apply(topology);
    lab.converged(topology);
    lab.run(&["status", topology]).expect(0).says("shows 0 applications").says("all is well");
    lab.run(&["submit", "pi", "-f", topology]).expect(0).says("Pi is roughly 3.1");
    let logs = lab.on(2, "tar c -C /srv/events . | base64 -w 0");
    lab.on(1, &format!("echo {} | base64 -d | tar x -C /srv/events", logs.trim()));
    wait_until("the history server shows it", Duration::from_secs(60), || {
        lab.run(&["status", topology]).stdout.contains("shows 1 application\n")
    });
    std::fs::write(topology, nodes_yaml()).expect("writable");
    lab.run(&["plan", topology]).expect(0).says("remove what has left its host");
    lab.apply(topology);
    lab.converged(topology);
    assert!(!lab.test(1, "systemctl cat spark-history 2>/dev/null"));
    for host in [1, 2] {
        lab.on(host, "rm -r /srv/events");
    }
}

fn differences(before: &str, after: &str) -> Vec<String> {
    let changes = |from: &str, to: &str, sign: char| -> Vec<String> {
        from.lines()
            .filter(|line| !to.lines().any(|other| other == *line))
            .map(|line| format!("{sign} {line}"))
            .collect()
    };
    [changes(before, after, '-'), changes(after, before, '+')].concat()
}

/// Host, what is done to it, what the plan must say, and the units that may restart.
const DRIFTS: &[(u32, &str, &str, &[&str])] = &[
    (1, "echo '# edited' >>/etc/zookeeper/zoo.cfg", "~ file /etc/zookeeper/zoo.cfg", &[]),
    (2, "chmod 666 /etc/spark/ha.conf", "~ file /etc/spark/ha.conf: it is root:root 0666", &[]),
    (3, "rm /etc/spark/worker.conf", "+ file /etc/spark/worker.conf", &[]),
    (3, "systemctl stop spark-worker", "~ start spark-worker: it is not running", &["spark-worker"]),
    (1, "systemctl disable zookeeper", "~ enable zookeeper: it is not enabled", &[]),
    (2, "systemctl stop spark-worker spark-master; userdel spark", "+ user spark", &["spark-worker", "spark-master"]),
    (2, "chown root /data/zookeeper", "~ directory /data/zookeeper: it is root:zookeeper 0750", &[]),
    (3, "echo 1 >/etc/zookeeper/myid; systemctl restart zookeeper", "~ file /etc/zookeeper/myid", &["zookeeper"]),
    (3, "rm /etc/zookeeper/myid", "+ file /etc/zookeeper/myid", &[]),
    (3, MISLED, "~ restart spark-worker: systemd has other settings for its unit", &["spark-worker"]),
    (3, STARVED, "~ restart spark-worker: systemd has other settings for its unit", &["spark-worker"]),
    (2, MADE_ROOT, "~ restart spark-worker: systemd has other settings for its unit", &["spark-worker"]),
];

/// Every file is right: a drop-in, gone by now, gave the worker another port of the masters.
const MISLED: &str = "folder=/etc/systemd/system/spark-worker.service; mkdir $folder.d; \
    { echo '[Service]'; echo ExecStart=; sed -n '/^ExecStart=/s/:7077/:7070/gp' $folder; } >$folder.d/mine.conf; \
    systemctl daemon-reload; systemctl restart spark-worker; sleep 2; rm -r $folder.d; systemctl daemon-reload";

/// Here it gave the worker a variable and a limit.
const STARVED: &str = "folder=/etc/systemd/system/spark-worker.service.d; mkdir $folder; \
    printf '[Service]\\nEnvironment=X=1\\nLimitNOFILE=2000\\n' >$folder/mine.conf; \
    systemctl daemon-reload; systemctl restart spark-worker; sleep 2; rm -r $folder; systemctl daemon-reload";

/// Here it was root that the worker was to run as.
const MADE_ROOT: &str = "folder=/etc/systemd/system/spark-worker.service.d; mkdir $folder; printf '[Service]\nUser=root\n' >$folder/mine.conf; \
    systemctl daemon-reload; systemctl restart spark-worker; sleep 2; rm -r $folder; systemctl daemon-reload";

/// The start of each unit: a restart shows as another time.
fn starts(lab: &Lab) -> Vec<(u32, String, String)> {
    let mut all = Vec::new();
    for host in 1..=3 {
        for unit in ["zookeeper", "spark-master", "spark-worker"] {
            let since = lab.on(host, &format!("systemctl show -p MainPID --value {unit}"));
            all.push((host, unit.to_owned(), since.trim().to_owned()));
        }
    }
    all
}

fn each_drift_is_found_and_repaired(lab: &Lab, topology: &str) {
    for (host, script, said, may_restart) in DRIFTS {
        let before = starts(lab);
        println!("h{host}: {script}");
        lab.test(*host, script);
        lab.run(&["plan", topology, "--detailed-exitcode"]).expect(2).says(said);
        lab.apply(topology);
        lab.converged(topology);
        for ((_, _, was), (at, unit, is)) in before.iter().zip(starts(lab)) {
            // The active master exits when the member that holds its session does (docs/measurements.md), wherever the two are.
            let lost_session = unit == "spark-master" && may_restart.contains(&"zookeeper");
            let allowed = lost_session || at == *host && may_restart.contains(&unit.as_str());
            assert!(was == &is || allowed, "{script} on h{host} restarted {unit} on h{at}");
        }
    }
    lab.run(&["status", topology]).expect(0).says("all is well");
}

fn a_changed_setting_rolls_under_load(lab: &Lab, topology: &str) {
    let changed = nodes_yaml().replace("maxClientCnxns: 60", "maxClientCnxns: 61");
    std::fs::write(topology, &changed).expect("writable");
    lab.run(&["plan", topology])
        .expect(0)
        .says("-maxClientCnxns=60")
        .says("+maxClientCnxns=61")
        .says("followers first, the leader");
    let load = lab.load();
    // The new leader of ZooKeeper ends the active master's session.
    lab.apply(topology).says("remove from ZooKeeper (asked through this host) the latch of a master that has ended");
    let counted = load.end();
    assert_eq!(counted["failed"], 0, "{counted}");
    assert_eq!(counted["sessions_expired"], 0, "{counted}");
    assert!(counted["ok"].as_u64().is_some_and(|ok| ok > 100), "{counted}");
    lab.converged(topology);
}

/// Asks both masters ten times a second what they are, until the file is gone.
const WATCH: &str = r#"touch /run/watch; while [ -e /run/watch ]; do
  for h in 10.77.0.11 10.77.0.12; do
    timeout 1 bash -c 'exec 3<>/dev/tcp/$0/8080 && printf "GET /json/ HTTP/1.0\r\n\r\n" >&3 && cat <&3' $h 2>/dev/null | tr -d ' \n' |
      grep -o '"status":"[A-Z_]*"' | tail -n 1
  done | grep -c ALIVE
  sleep 0.1
done >/run/watched 2>/dev/null </dev/null &"#;

fn masters_roll_and_never_are_two_alive(lab: &Lab, topology: &str) {
    let text = std::fs::read_to_string(topology).expect("readable");
    let larger = text.replace("masters: { hosts: [h1, h2] }", "masters: { hosts: [h1, h2], heap: 640m }");
    assert_ne!(text, larger);
    std::fs::write(topology, larger).expect("writable");
    lab.on(3, WATCH);
    lab.apply(topology)
        .says("standbys first")
        .says("remove from ZooKeeper (asked through this host) the latch of a master that has ended");
    let watched = lab.on(3, "rm /run/watch; sleep 1; cat /run/watched; rm /run/watched");
    let of = |count: &str| watched.lines().filter(|line| *line == count).count();
    eprintln!(
        "masters ALIVE, in {} samples: none in {}, one in {}, two in {}",
        watched.lines().count(),
        of("0"),
        of("1"),
        of("2")
    );
    assert!(of("1") > 10 && of("2") == 0, "{watched}");
    lab.converged(topology);
    lab.run(&["status", topology]).expect(0).says("all is well").says("2 workers");
}

fn a_setting_of_jobs_restarts_nothing(lab: &Lab, topology: &str) {
    let before = starts(lab);
    let text = std::fs::read_to_string(topology).expect("readable");
    std::fs::write(topology, text.replace("spark.eventLog.enabled: \"false\"", "spark.sql.shuffle.partitions: 7"))
        .expect("writable");
    lab.apply(topology);
    lab.converged(topology);
    assert_eq!(starts(lab), before);
}

fn a_saved_plan_is_done_or_refused(lab: &Lab, topology: &str) {
    let text = std::fs::read_to_string(topology).expect("readable");
    std::fs::write(topology, text.replace("partitions: 7", "partitions: 8")).expect("writable");
    let saved = format!("{topology}.plan.json");
    lab.run(&["plan", topology, "--out", &saved]).expect(0);
    lab.on(1, "chmod 600 /etc/spark/spark-defaults.conf");
    lab.run(&["apply", &saved]).expect(0);
    lab.run(&["plan", topology, "--out", &saved]).expect(0);
    lab.on(1, "echo x >>/etc/spark/log4j2.properties");
    lab.run(&["apply", &saved]).expect(3).says("has changed since it was saved").says("log4j2.properties");
    let edited = std::fs::read_to_string(&saved).expect("readable").replace("partitions: 8", "partitions: 9");
    std::fs::write(&saved, edited).expect("writable");
    lab.run(&["apply", &saved]).expect(3).says("seal");
    lab.apply(topology);
    lab.converged(topology);
}
