//! The lines of commands about Terraform's modules: their folders, and changes that wait.

use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::Failure;
use super::output::say;
use crate::desired::cloud::Cloud;
use crate::diagnostic::Source;
use crate::plan::terraform::Edit;
use crate::render;

/// The folder of a topology's cloud, below the folder that all rendered files go to.
pub fn cloud_folder(stem: &str, cloud: &Cloud, several: bool) -> PathBuf {
    let path = PathBuf::from("terraform-out").join(stem);
    if several { path.join(cloud.platform.as_str()) } else { path }
}

/// The differences between the topology and the modules on disk, where there are any.
pub fn show_edits(source: &Source, clouds: &[Cloud]) -> Result<(), Failure> {
    // Without a folder's name nothing was rendered.
    let Some(stem) = source.stem() else { return Ok(()) };
    for cloud in clouds {
        let path = cloud_folder(&stem, cloud, clouds.len() > 1);
        let ours = |file: &Path| cloud.is_ours(file);
        let context = || format!("cannot read {}", path.display());
        let old = render::read(&path, &ours).with_context(context).map_err(Failure::error)?;
        if old.is_empty() || old == render::terraform(cloud) {
            continue;
        }
        let edit = Edit::between(&old, cloud);
        say!(
            "{} was rendered from an earlier topology: run `provision render {}`\n{}",
            path.display(),
            source.name,
            replacements(&edit, &source.name)
        );
        for refused in &edit.refused {
            say!("  render will refuse: {refused}\n");
        }
    }
    Ok(())
}

/// Machines that wait to be replaced, and how that is done without losing a quorum.
pub fn replacements(edit: &Edit, topology: &str) -> String {
    let mut text: String = edit.notes.iter().map(|note| format!("{note}\n")).collect();
    if edit.replacements.is_empty() {
        return text;
    }
    text += "Terraform leaves these machines as they are until each is replaced. One at a time, the leader and the ALIVE master last. A new machine has a new host key: replace it in known_hosts between the two applies (`ssh-keygen -R ADDRESS`, then add the key that you trust).\n";
    for replacement in &edit.replacements {
        text += &format!("  # {}\n", replacement.why);
        replacement.commands(topology).iter().for_each(|command| text += &format!("  {command}\n"));
    }
    text
}
