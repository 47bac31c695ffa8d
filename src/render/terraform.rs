//! A cloud's resources as a Terraform module that people review.

use std::path::PathBuf;

use super::FileTree;
use crate::desired::cloud::Cloud;

pub fn terraform(cloud: &Cloud) -> FileTree {
    let hcl = cloud.files.iter().map(|(name, body)| (PathBuf::from(name), body.to_string()));
    let texts = cloud.texts.iter().map(|(name, text)| (PathBuf::from(name), text.clone()));
    hcl.chain(texts).collect()
}
