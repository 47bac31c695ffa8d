//! A worker that runs and that no master lists.

use crate::firewall::spark_alone;
use crate::hosts::Lab;

#[test]
#[ignore = "it waits for 90 s until the worker is not only slow: make soak"]
fn a_worker_that_was_told_to_go_is_restarted() {
    let Some(lab) = Lab::up("forgotten", 3) else { return };
    let topology = lab.topology("forgotten.yaml", &spark_alone("h2, h3", ""));
    lab.apply(&topology);
    // As any job may that runs as the worker's user. The worker then takes no work for good, and goes on running.
    lab.on(3, "setpriv --reuid spark --regid spark --clear-groups kill -PWR $(systemctl show -p MainPID --value spark-worker)");
    crate::hosts::wait_until("the master knows it", std::time::Duration::from_secs(30), || {
        lab.run(&["status", &topology]).stdout.contains("does not list the worker on h3")
    });
    lab.run(&["plan", &topology])
        .expect(0)
        .says("the ALIVE master does not list it; it is restarted unless it recovers within 90 s");
    lab.apply(&topology);
    lab.converged(&topology);
    lab.run(&["status", &topology]).expect(0).says("2 workers");
}
