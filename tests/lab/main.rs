//! Real hosts: SSH, systemd, `ZooKeeper`, Spark. Needs root and what `tests/lab/setup` makes; elsewhere it says why it is
//! skipped, and with CI=true that is a failure. One test at a time: they share two cores.

mod agent;
mod firewall;
mod forgotten;
mod given;
mod hosts;
#[path = "../support/ran.rs"]
mod ran;
#[path = "../support/shown.rs"]
mod shown;

mod belief;
mod clients;
mod closed;
mod cloud;
mod elsewhere;
mod external;
mod faults;
mod killed;
mod leaving;
mod life;
mod refusals;
mod takeover;
mod traps;
