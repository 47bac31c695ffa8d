//! The ports of Spark. Drivers run on the masters' hosts (`submit` starts them there), executors on the workers'.

use super::Standalone;
use super::file::SparkFile;
use crate::service::WrittenPort;
use crate::service::spark::{HISTORY, MASTER, WORKER};
use crate::value::listener::{Bind, Lasts, Listener};
use crate::value::{Port, Role};

const SPARK: &[Role] = &[MASTER, WORKER];

pub fn listeners(spark: &Standalone) -> Vec<Listener> {
    let Standalone { masters, workers, history, job_ports } = spark;
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
    let mut all = vec![
        lasting(0, MASTER, "master", masters.settings.port, SPARK),
        lasting(1, MASTER, "master-ui", masters.settings.web_ui_port, SPARK),
        lasting(0, WORKER, "worker", workers.settings.port, SPARK),
        lasting(1, WORKER, "worker-ui", workers.settings.web_ui_port, SPARK),
        // A master that takes over tells every driver so, and ends the applications whose driver does not answer.
        passing(MASTER, "driver", job_ports.driver, SPARK),
        passing(MASTER, "driver-block-manager", job_ports.driver_block_manager, &[WORKER]),
        passing(MASTER, "driver-ui", job_ports.ui, SPARK),
        passing(WORKER, "block-manager", job_ports.block_manager, SPARK),
    ];
    all.extend(history.iter().map(|history| lasting(0, HISTORY, "history-ui", history.settings.web_ui_port, SPARK)));
    all
}

/// The ports that the file writes.
pub fn written(file: &SparkFile) -> Vec<WrittenPort> {
    let (masters, workers, ports) = (file.masters.ok(), file.workers.ok(), file.ports.ok());
    let lasting = [
        ("master", masters.and_then(|masters| masters.port.span())),
        ("master-ui", masters.and_then(|masters| masters.web_ui_port.span())),
        ("worker", workers.and_then(|workers| workers.port.span())),
        ("worker-ui", workers.and_then(|workers| workers.web_ui_port.span())),
        ("history-ui", file.history.ok().and_then(|history| history.web_ui_port.span())),
    ];
    let for_jobs = [
        ("driver", ports.and_then(|ports| ports.driver.span())),
        ("driver-block-manager", ports.and_then(|ports| ports.driver_block_manager.span())),
        ("driver-ui", ports.and_then(|ports| ports.ui.span())),
        ("block-manager", ports.and_then(|ports| ports.block_manager.span())),
    ];
    [WrittenPort::all(&lasting, true), WrittenPort::all(&for_jobs, false)].concat()
}
