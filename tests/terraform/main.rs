//! The files for the clouds, checked by real Terraform, by checkov, and against recorded facts.

mod docs;
mod edits;
mod examples;
mod first_boot;
mod properties;
mod rules;
#[path = "../support/shown.rs"]
mod shown;
mod sizes;
mod tool;
