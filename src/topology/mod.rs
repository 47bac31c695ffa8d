//! From text to a topology that is known to be right. [`load()`] reads, [`check()`] judges; both report every problem at once.

mod absent;
mod accepted;
mod beside;
mod check;
mod checked;
mod elsewhere;
pub mod file;
mod guards;
mod job;
mod jobs;
pub mod listeners;
mod load;
mod machines;
mod ranges;
mod reference;
mod schema;
mod sizes;
pub mod support;

pub use check::check;
pub use checked::Topology;
pub use file::TopologyFile;
pub use job::{Application, Job};
pub use load::load;
pub use reference::reference;
pub use schema::schema;
