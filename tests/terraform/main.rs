//! What is rendered for the clouds, checked by real Terraform, by checkov, and against recorded facts.

mod edits;
mod examples;
mod properties;
mod rules;
mod sizes;
mod tool;
