//! Desired state as files that people review.

pub mod graph;
mod hosts;
mod terraform;
mod tree;

pub use hosts::hosts;
pub use terraform::terraform;
pub use tree::{Difference, FileTree, Ours, check, read, write};
