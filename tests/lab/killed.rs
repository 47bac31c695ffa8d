//! Law 5 on real hosts: killed at any point, the next apply converges; the birth is resumed and never repeated.

use std::time::Duration;

use crate::hosts::{Lab, nodes_yaml, wait_until};

/// Moments of a first apply, in milliseconds from its start: during the lease, the unpacking, the records of the birth, the
/// marks, the start of the quorum, the gates, the masters, the workers. The machine's own pace shifts them each time.
const MOMENTS: &[u64] = &[300, 1500, 7900, 8150, 8400, 9500, 12_000, 14_500, 19_000, 24_000];

#[test]
fn law_5_killed_at_any_point_the_next_apply_converges() {
    let Some(lab) = Lab::up("killed", 3) else { return };
    let topology = lab.topology("nodes.yaml", &nodes_yaml());
    for moment in MOMENTS {
        let mut run = lab.start(&["apply", &topology, "--yes"]);
        std::thread::sleep(Duration::from_millis(*moment));
        // The program itself, not what started it: the lab's `exec` replaces itself by it.
        run.kill().expect("it can be killed");
        let _ = run.wait();
        if run_is_over(&lab, &topology) {
            break;
        }
    }
    // A killed run left nothing to clean up: its lease ended with it.
    lab.apply(&topology);
    lab.converged(&topology);
    lab.run(&["status", &topology]).expect(0).says("all is well");
    let born: Vec<_> = (1..=3).map(|host| lab.on(host, "cat /var/lib/provision/birth.json")).collect();
    assert!(born.iter().all(|record| record.contains("\"complete\":true")), "{born:?}");
    for host in 1..=3 {
        assert!(!lab.test(host, "test -e /data/zookeeper/initialize"), "h{host} still has a marker");
        assert!(!lab.test(host, "ls /etc/*/*.provision-new /etc/systemd/system/*.provision-new /opt/provision/*.provision-new 2>/dev/null"), "h{host} has half-written files");
    }

    // A destroy that is killed goes on as well.
    let mut run = lab.start(&["destroy", &topology, "--yes", "--delete-data"]);
    std::thread::sleep(Duration::from_millis(900));
    run.kill().expect("it can be killed");
    let _ = run.wait();
    lab.run(&["destroy", &topology, "--yes", "--delete-data"]).expect(0);
    for host in 1..=3 {
        assert!(
            !lab.test(host, "ls -d /var/lib/provision /etc/zookeeper /etc/spark /data 2>/dev/null"),
            "h{host} keeps something"
        );
    }
}

fn run_is_over(lab: &Lab, topology: &str) -> bool {
    // The scripts that were running go on to their end under the host's lock; the next run waits for them.
    wait_until("the hosts answer", Duration::from_secs(20), || lab.run(&["plan", topology]).code == 0);
    lab.run(&["plan", topology, "--detailed-exitcode"]).code == 0
}
