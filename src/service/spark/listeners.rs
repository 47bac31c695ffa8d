//! The ports of Spark. Drivers run on the masters' hosts (`submit` starts them there), executors on the workers'.

use super::Standalone;
use super::file::SparkFile;
use crate::service::WrittenPort;
use crate::service::spark::{HISTORY, MASTER, WORKER};
use crate::value::listener::{Bind, Lasts, Listener, ListenerName};
use crate::value::{Role, ServicePort};

/// The port of workers and drivers.
pub const MASTER_RPC: ListenerName = ListenerName::new(MASTER, "master");
pub const MASTER_PAGE: ListenerName = ListenerName::new(MASTER, "master-ui");
pub const WORKER_RPC: ListenerName = ListenerName::new(WORKER, "worker");
pub const WORKER_PAGE: ListenerName = ListenerName::new(WORKER, "worker-ui");
pub const HISTORY_PAGE: ListenerName = ListenerName::new(HISTORY, "history-ui");
const SHUFFLE: ListenerName = ListenerName::new(WORKER, "shuffle-service");
const DRIVER: ListenerName = ListenerName::new(MASTER, "driver");
const DRIVER_BLOCKS: ListenerName = ListenerName::new(MASTER, "driver-block-manager");
const DRIVER_PAGE: ListenerName = ListenerName::new(MASTER, "driver-ui");
const EXECUTOR_BLOCKS: ListenerName = ListenerName::new(WORKER, "block-manager");

const SPARK: &[Role] = &[MASTER, WORKER];

pub fn listeners(spark: &Standalone) -> Vec<Listener> {
    let Standalone { masters, workers, history, job_ports, shuffle_service } = spark;
    let lasting = |place, name, port: ServicePort, from| Listener {
        name,
        declared: port.get()..=port.get(),
        bind: Bind::Host,
        from,
        lasts: Lasts::Always { place },
    };
    let passing = |name, port: ServicePort, from| Listener {
        name,
        declared: port.through(job_ports.retries),
        bind: Bind::Host,
        from,
        lasts: Lasts::ForJobs,
    };
    let mut all = vec![
        lasting(0, MASTER_RPC, masters.settings.port, SPARK),
        lasting(1, MASTER_PAGE, masters.settings.web_ui_port, SPARK),
        lasting(0, WORKER_RPC, workers.profile.settings.port, SPARK),
        lasting(1, WORKER_PAGE, workers.profile.settings.web_ui_port, SPARK),
        // A master that takes over tells every driver so, and ends the applications whose driver does not answer.
        passing(DRIVER, job_ports.driver, SPARK),
        passing(DRIVER_BLOCKS, job_ports.driver_block_manager, &[WORKER]),
        passing(DRIVER_PAGE, job_ports.ui, SPARK),
        passing(EXECUTOR_BLOCKS, job_ports.block_manager, SPARK),
    ];
    // Executors fetch from the services of all workers, and drivers ask them to remove what is no longer needed.
    all.extend(shuffle_service.iter().map(|port| lasting(2, SHUFFLE, *port, SPARK)));
    all.extend(history.iter().map(|history| lasting(0, HISTORY_PAGE, history.settings.web_ui_port, SPARK)));
    all
}

/// The ports that the file writes.
pub fn written(file: &SparkFile) -> Vec<WrittenPort> {
    let (masters, workers, ports) = (file.masters.ok(), file.workers.ok(), file.ports.ok());
    let lasting = [
        (MASTER_RPC, masters.and_then(|masters| masters.port.span())),
        (MASTER_PAGE, masters.and_then(|masters| masters.web_ui_port.span())),
        (WORKER_RPC, workers.and_then(|workers| workers.port.span())),
        (WORKER_PAGE, workers.and_then(|workers| workers.web_ui_port.span())),
        (HISTORY_PAGE, file.history.ok().and_then(|history| history.web_ui_port.span())),
    ];
    let for_jobs = [
        (DRIVER, ports.and_then(|ports| ports.driver.span())),
        (DRIVER_BLOCKS, ports.and_then(|ports| ports.driver_block_manager.span())),
        (DRIVER_PAGE, ports.and_then(|ports| ports.ui.span())),
        (EXECUTOR_BLOCKS, ports.and_then(|ports| ports.block_manager.span())),
    ];
    [WrittenPort::all(&lasting, true), WrittenPort::all(&for_jobs, false)].concat()
}
