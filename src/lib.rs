//! One topology file in, a running highly available Apache Spark cluster out.
//!
//! The modules are the stages, in order; data goes one way through them. `docs/architecture.md` draws the picture.

pub mod cli;
pub mod cluster;
pub mod desired;
pub mod diagnostic;
pub mod execute;
pub mod hcl;
pub mod host;
pub mod observe;
pub mod plan;
pub mod platform;
pub mod render;
pub mod service;
pub mod topology;
pub mod value;
pub mod world;
pub mod yaml;
