//! One topology file in, a running highly available Apache Spark cluster out.
//!
//! The modules are the stages, in order; data goes one way through them. `docs/architecture.md` draws the picture.

pub mod yaml;
pub mod diagnostic;
pub mod topology;
pub mod platform;
pub mod service;
pub mod cluster;
pub mod desired;
pub mod render;
pub mod observe;
pub mod plan;
pub mod world;
pub mod execute;
pub mod cli;
