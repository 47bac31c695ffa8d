//! The ports of Spark. Drivers run on the masters' hosts (`submit` starts them there), executors on the workers'.

use super::Standalone;
use crate::value::Port;
use crate::value::listener::{Bind, Lasts, Listener, Role};

const SPARK: &[Role] = &[Role::Master, Role::Worker];

pub fn listeners(spark: &Standalone) -> Vec<Listener> {
    let Standalone { masters, workers, job_ports } = spark;
    let lasting = |place, role, name, port: Port, from| Listener {
        role,
        name,
        written: port.get()..=port.get(),
        bind: Bind::Host,
        from,
        lasts: Lasts::Always { place },
    };
    let passing = |role, name, port: Port, from| Listener {
        role,
        name,
        written: port.through(job_ports.retries),
        bind: Bind::Host,
        from,
        lasts: Lasts::ForJobs,
    };
    vec![
        lasting(0, Role::Master, "master", masters.port, SPARK),
        lasting(1, Role::Master, "master-ui", masters.web_ui, SPARK),
        lasting(0, Role::Worker, "worker", workers.port, SPARK),
        lasting(1, Role::Worker, "worker-ui", workers.web_ui, SPARK),
        // A master that takes over tells every driver so, and ends the applications whose driver does not answer.
        passing(Role::Master, "driver", job_ports.driver, SPARK),
        passing(Role::Master, "driver-block-manager", job_ports.driver_block_manager, &[Role::Worker]),
        passing(Role::Master, "driver-ui", job_ports.ui, SPARK),
        passing(Role::Worker, "block-manager", job_ports.block_manager, SPARK),
    ]
}
