//! What a cluster runs. One folder a service, its files named like the stages.

pub mod archive;
pub mod elasticsearch;
pub mod eventstore;
mod file;
pub mod kafka;
mod kind;
pub mod postgres;
pub mod redis;
pub mod registry;
pub mod settings;
pub mod spark;
mod stages;
pub mod zookeeper;

pub use file::{Placed, ServicesFile};
pub use kind::ServiceKind;
pub use registry::{all, by_key, health, of, roles, warnings};
pub use stages::{DATA_MOVES, Service, Totals};
