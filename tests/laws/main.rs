//! The laws of `docs/architecture.md`, on a simulated world: a family a file.

#[path = "../model/mod.rs"]
mod model;

mod belief;
mod common;
mod converge;
mod killed;
mod moves;
mod ours;
mod reading;
mod rendering;
mod rolls;
mod sealed;
mod secrets;
mod unreachable;
