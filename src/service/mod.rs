//! The services of a cluster. One folder for each, with files named like the stages.

pub mod archive;
pub mod data_directory;
pub mod downloads;
pub mod elasticsearch;
pub mod eventstore;
mod file;
pub mod given;
pub mod kafka;
pub mod postgres;
pub mod process;
mod read;
pub mod redis;
pub mod registry;
pub mod releases;
mod services;
pub mod settings;
pub mod spark;
mod stages;
pub mod zookeeper;

pub use file::{FileType, Part, ServiceFile, ServicesFile};
pub use registry::{add, all, by_key, health, keys, of, roles, warnings};
pub use services::{Checked, Services};
pub use stages::{DATA_MOVES, Machines, NodePlace, NodeSpec, PlatformView, Service, Totals, Whole, WrittenPort};
