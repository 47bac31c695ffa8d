//! `local` on this machine, without root and below a path with a space in it: real `ZooKeeper`, real Spark, and the faults of one
//! machine. Run by root it gives its rights away first. One test at a time: they share two cores.

mod elsewhere;
mod machine;
#[path = "../support/ran.rs"]
mod ran;
#[path = "../support/shown.rs"]
mod shown;

mod docs;
mod faults;
mod folder;
mod life;
mod terminal;
mod traps;
