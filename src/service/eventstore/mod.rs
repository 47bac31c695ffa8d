//! See [`file`].
pub mod file;
