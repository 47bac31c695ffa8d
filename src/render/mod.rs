//! Desired state as files that people review.

pub mod graph;
mod hosts;
mod tree;

pub use hosts::hosts;
pub use tree::{Difference, FileTree, check, write};
