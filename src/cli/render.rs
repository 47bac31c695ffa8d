//! `provision render`

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context;

use super::input::{self, TopologyArg};
use super::output::{self, out, outln, say, sayln};
use super::{Exit, Failure, terraform};
use crate::desired::cloud::{self, Cloud};
use crate::plan::terraform::Edit;
use crate::platform::Platform;
use crate::render::{self, FileTree};
use crate::topology::Topology;
use crate::{cluster, desired};

/// Writes all files for review, exactly as they will be applied except for secrets and what only hosts know
///
/// Secrets are placeholders. Files for hosts go to hosts-out/<topology>/<node>/ and hosts-out/<topology>/<host>/, Terraform for clouds goes to
/// terraform-out/<topology>/.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    topology: TopologyArg,
    /// The parent folder of everything that is written
    #[arg(long, value_name = "FOLDER", default_value = ".")]
    out: PathBuf,
    /// Write nothing; fail and show the differences if the files on disk differ
    #[arg(long)]
    check: bool,
    /// Print {"folders": [{"folder": ..., "files": [...]}]} or {"differences": [...]}
    #[arg(long)]
    pub json: bool,
}

pub fn run(args: &Args) -> Result<Exit, Failure> {
    let source = input::read(args.topology.path())?;
    let topology = input::load(&source)?;
    let Some(stem) = source.stem() else {
        let text = format!(
            "the output folder is named after the topology file without its extension, and {} gives no usable name: rename the file",
            source.name
        );
        return Err(Failure::say(Exit::Usage, text));
    };
    let folders = folders(&topology, (source.file_name(), &stem), &args.out)?;
    let parts = folders.iter().flat_map(|folder| folder.path.ancestors()).filter(|part| !part.as_os_str().is_empty());
    if let Some(link) = parts.map(|part| args.out.join(part)).find(|part| part.is_symlink()) {
        let text = format!("{} is a symbolic link: provision does not render into what it leads to", link.display());
        return Err(Failure::say(Exit::Error, text));
    }
    if args.check {
        return check(&folders, args, &source.name);
    }
    // Nothing is written where one folder is refused.
    let mut edits = Vec::new();
    for folder in folders.iter().filter(|folder| folder.cloud.is_some()) {
        edits.extend(edit(folder, &args.out)?);
    }
    let mut written = Vec::new();
    for Folder { path, tree, cloud } in &folders {
        let path = args.out.join(path);
        render::write(&path, tree, &|file| is_ours(cloud.as_ref(), file))
            .with_context(|| format!("cannot write below {}", path.display()))
            .map_err(Failure::error)?;
        written.push(serde_json::json!({ "folder": path, "files": tree.keys().collect::<Vec<_>>() }));
        if !args.json {
            outln!("{} files in {}", tree.len(), path.display());
        }
    }
    if args.json {
        output::json(&serde_json::json!({ "folders": written }));
    }
    edits.iter().for_each(|edit| say!("{}", terraform::replacements(edit, &source.name)));
    Ok(Exit::Done)
}

fn check(folders: &[Folder], args: &Args, name: &str) -> Result<Exit, Failure> {
    let mut differences = Vec::new();
    for Folder { path, tree, cloud } in folders {
        let path = args.out.join(path);
        let found = render::check(&path, tree, &|file| is_ours(cloud.as_ref(), file))
            .with_context(|| format!("cannot read {}", path.display()))
            .map_err(Failure::error)?;
        differences.extend(found.into_iter().map(|difference| (path.clone(), difference)));
    }
    if args.json {
        let all: Vec<_> = differences.iter().map(|(_, difference)| difference.to_string()).collect();
        output::json(&serde_json::json!({ "differences": all }));
    } else {
        differences.iter().for_each(|(_, difference)| out!("{difference}"));
    }
    let mut counts: BTreeMap<PathBuf, usize> = BTreeMap::new();
    differences.into_iter().for_each(|(path, _)| *counts.entry(path).or_default() += 1);
    if counts.is_empty() {
        return Ok(Exit::Done);
    }
    let lines: Vec<_> =
        counts.iter().map(|(path, count)| format!("{} differs in {count} files", path.display())).collect();
    let text = format!("{} from what the topology renders to; run `provision render {name}`", lines.join(", "));
    Err(Failure::say(Exit::Error, text))
}

/// The files that a topology renders to in one folder.
struct Folder {
    path: PathBuf,
    tree: FileTree,
    cloud: Option<Cloud>,
}

fn folders(topology: &Topology, (file, stem): (&str, &str), out: &Path) -> Result<Vec<Folder>, Failure> {
    let mut folders = Vec::new();
    match cluster::resolve(topology, input::here) {
        Ok(cluster) => {
            let tree = render::hosts(&desired::of(&cluster));
            folders.push(Folder { path: PathBuf::from("hosts-out").join(stem), tree, cloud: None });
        }
        Err(error) if error.is_not_yet_delivered() && topology.platforms.values().any(Platform::is_cloud) => {
            // Its cloud is rendered all the same.
            if !topology.is_managed() {
                sayln!("note: no files for hosts are rendered: {error}");
            }
        }
        Err(error) => return Err(Failure::new(Exit::Refused, error)),
    }
    let clouds = cloud::of(topology, file);
    let several = clouds.len() > 1;
    let alone = out.join("terraform-out").join(stem).join("versions.tf");
    if several && alone.exists() {
        let text = format!(
            "{} was rendered when this topology had only one cloud: move its contents, with Terraform's state, into a subfolder named after the platform",
            alone.display()
        );
        return Err(Failure::say(Exit::Refused, text));
    }
    let below = out.join("terraform-out").join(stem);
    for entry in std::fs::read_dir(&below).into_iter().flatten().filter_map(Result::ok) {
        let name = entry.file_name();
        let is_here = several && clouds.iter().any(|cloud| *cloud.platform.as_str() == *name);
        if entry.path().join("versions.tf").exists() && !is_here {
            let text = format!(
                "{} is not where the topology's modules go now: its platform has left the topology, or is now the only cloud. Move it away, or to where the topology expects it",
                entry.path().display()
            );
            return Err(Failure::say(Exit::Refused, text));
        }
    }
    for cloud in clouds {
        let path = terraform::cloud_folder(stem, &cloud, several);
        folders.push(Folder { path, tree: render::terraform(&cloud), cloud: Some(cloud) });
    }
    Ok(folders)
}

/// Judges what an edit does to machines that the module on disk has made. Refuses an edit that would replace them all at once.
fn edit(folder: &Folder, out: &Path) -> Result<Option<Edit>, Failure> {
    let Some(cloud) = &folder.cloud else { return Ok(None) };
    let path = out.join(&folder.path);
    let old = render::read(&path, &|file| is_ours(Some(cloud), file))
        .with_context(|| format!("cannot read {}", path.display()))
        .map_err(Failure::error)?;
    let edit = Edit::between(&old, cloud);
    if edit.refused.is_empty() {
        return Ok(Some(edit));
    }
    let text = format!(
        "the module in {0} cannot be changed in this way:\n  {1}\n\
         if none of it was applied yet, remove {0} and render again. To give it up for good, first destroy it or take it out of the state, then move \
         its folder away; to render another cluster, use another folder (--out){2}",
        path.display(),
        edit.refused.join("\n  "),
        if edit.moves_machines { KEPT } else { "" }
    );
    Err(Failure::say(Exit::Refused, text))
}

/// The way to keep machines where they are.
const KEPT: &str = ". Machines are kept where they are by zookeeper: { zones: [...] } and masters: { zones: [...] }";

fn is_ours(cloud: Option<&Cloud>, file: &Path) -> bool {
    // Of hosts: what is in a node's folder.
    cloud.map_or_else(|| file.components().count() > 1, |cloud| cloud.is_ours(file))
}
