//! `provision plan`

use std::collections::BTreeMap;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};

use anyhow::Context;

use super::input::{self, Loaded, TopologyArg};
use super::output::{self, out, outln, sayln};
use super::{Exit, Failure, fit, terraform};
use crate::desired::cloud::{self, Cloud};
use crate::execute::identify;
use crate::host::HostError;
use crate::observe::{self, Observed};
use crate::plan::refusal::RefusalJson;
use crate::plan::show::{the_same_on, without as without_word};
use crate::plan::{self, Goal, Plan, Refusal, SealedPlan};
use crate::value::Name;

/// Shows what `apply` would do; changes nothing
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    topology: TopologyArg,
    /// Exit with 2 if there are changes
    #[arg(long)]
    detailed_exitcode: bool,
    /// Save the plan, sealed, for `provision apply FILE`
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Plan as `apply --allow-outage` would; outages are shown without it, too
    #[arg(long)]
    allow_outage: bool,
    /// Plan without hosts that are unreachable or refused, where that is safe
    #[arg(long)]
    skip_unreachable: bool,
    /// Check the hosts as well, as `provision preflight` does
    #[arg(long, conflicts_with = "json")]
    preflight: bool,
    /// Print the plan as JSON
    #[arg(long)]
    pub json: bool,
}

pub async fn run(args: &Args) -> Result<Exit, Failure> {
    let source = input::read(args.topology.path())?;
    let topology = input::load(&source)?;
    let clouds = cloud::of(&topology, source.file_name());
    if !args.json {
        clouds.iter().for_each(|cloud| out!("{}", cloud));
    }
    terraform::show_edits(&source, &clouds)?;
    if topology.is_managed() {
        if args.preflight {
            let text = "nothing of this topology is on hosts, so there is nothing to check: leave out --preflight";
            return Err(Failure::say(Exit::Usage, text));
        }
        if args.out.is_some() {
            let text = "nothing of this topology is on hosts, so there is no plan to save: leave out --out";
            return Err(Failure::say(Exit::Usage, text));
        }
        if args.json {
            let all: Vec<String> =
                clouds.iter().flat_map(Cloud::resources).map(|resource| resource.address.to_string()).collect();
            output::json(&serde_json::json!({ "terraform": all }));
            return Ok(Exit::Done);
        }
        outln!("Nothing of this topology is on hosts: Terraform creates all of it.");
        return Ok(Exit::Done);
    }
    args.out.as_deref().map_or(Ok(()), check_replaceable)?;
    let mut loaded = input::open_checked(source, &topology)?;
    if let Some(fleet) = loaded.cluster.fleet.as_ref().filter(|_| !args.json) {
        outln!("{fleet}\n");
    }
    let goal = Goal::Apply { allow_outage: args.allow_outage, skip_unreachable: args.skip_unreachable };
    let (plan, observed) = make(&goal, &mut loaded).await.map_err(|failure| {
        if failure.exit != Exit::Unreachable || clouds.is_empty() {
            return failure;
        }
        let next = "\n  do the machines exist yet? Run provision render, then terraform apply in the rendered folder";
        Failure { error: anyhow::anyhow!("{:#}{next}", failure.error), ..failure }
    })?;
    if args.json {
        output::json(&plan.form());
    } else {
        out!("{plan}");
    }
    if let Some(path) = &args.out {
        // Relative paths in it mean the same wherever the plan is applied.
        let name = std::fs::canonicalize(&loaded.source.name).map_err(Failure::error)?;
        let sealed =
            SealedPlan::seal(&plan, &loaded.desired.claim().identity, &name.display().to_string(), &loaded.source.text);
        let text = serde_json::to_string_pretty(&sealed).map_err(Failure::error)?;
        write_private(path, &text)
            .with_context(|| format!("cannot write the plan to {}", path.display()))
            .map_err(Failure::error)?;
        sayln!("saved; `provision apply {}` does exactly this or nothing", path.display());
    }
    if args.preflight {
        fit::check(&loaded.desired, &loaded.world, &observed, false).await?;
    }
    if !plan.unknown.is_empty() && !args.skip_unreachable {
        return Ok(Exit::Unreachable);
    }
    Ok(if args.detailed_exitcode && !plan.is_empty() { Exit::Changes } else { Exit::Done })
}

/// Refuses to replace a file that is no saved plan, such as the topology.
fn check_replaceable(path: &Path) -> Result<(), Failure> {
    if !std::fs::metadata(path).is_ok_and(|there| there.is_file() && there.len() > 0) {
        return Ok(());
    }
    let is_plan = std::fs::read_to_string(path).is_ok_and(|text| SealedPlan::read(&text).is_some());
    let refused =
        || format!("{} exists and is not a saved plan: give --out another name, or remove that file", path.display());
    if is_plan { Ok(()) } else { Err(Failure::say(Exit::Usage, refused())) }
}

/// Writes a saved plan: what it says of hosts, and how to reach them, is for its owner alone. A file that is there is replaced, with its mode
/// and where it leads; what is no file (a pipe) is written to.
fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    if std::fs::metadata(path).is_ok_and(|there| !there.is_file()) {
        return std::fs::write(path, text);
    }
    let mut beside = path.as_os_str().to_owned();
    beside.push(".provision-new");
    let _ = std::fs::remove_file(&beside);
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(&beside, path)
}

/// Looks and plans.
pub async fn make(goal: &Goal, loaded: &mut Loaded) -> Result<(Plan, Observed), Failure> {
    if std::io::stderr().is_terminal() {
        sayln!("asking {} hosts ...", loaded.desired.hosts.len());
    }
    let observed = observe::observe(&loaded.desired, &loaded.secrets, &loaded.world).await;
    identify(goal, &mut loaded.desired, &loaded.new_identity, &observed);
    let plan = plan::plan(goal, &loaded.desired, &observed).map_err(|refusals| refused(&refusals, &observed))?;
    Ok((plan, observed))
}

/// Plans without some of the hosts.
pub fn without(
    goal: &Goal,
    loaded: &Loaded,
    mut observed: Observed,
    unfit: &BTreeMap<Name, HostError>,
) -> Result<(Plan, Observed), Failure> {
    unfit.iter().for_each(|(host, error)| observed.set_aside(host, error));
    let plan = plan::plan(goal, &loaded.desired, &observed).map_err(|refusals| refused(&refusals, &observed))?;
    Ok((plan, observed))
}

/// The refusal of a plan. A reason that several hosts share, but for their names, is printed once.
pub fn refused(refusals: &[Refusal], observed: &Observed) -> Failure {
    let mut alike: Vec<(String, String, Vec<&Name>)> = Vec::new();
    for refusal in refusals {
        let text = refusal.to_string();
        let host = if let Refusal::Host { host, .. } = refusal { Some(host) } else { None };
        let likeness = host.map_or_else(|| text.clone(), |host| without_word(&text, host.as_str()));
        match (alike.iter_mut().find(|(like, ..)| *like == likeness), host) {
            (Some((_, _, others)), Some(host)) => others.push(host),
            _ => alike.push((likeness, text, Vec::new())),
        }
    }
    let mut all: Vec<_> = alike
        .iter()
        .map(|(_, text, others)| match others.as_slice() {
            [] => format!("\n  {text}"),
            others => format!("\n  {text}\n    {}", the_same_on(others)),
        })
        .collect();
    // The others may follow from these.
    let unknown = observed.unknown().map(|(name, error)| format!("\n  {name} cannot be reached or used: {error}"));
    all.splice(0..0, unknown.collect::<Vec<_>>());
    let exit = if observed.unknown().next().is_some() { Exit::Unreachable } else { Exit::Refused };
    let failure = Failure::say(exit, format!("no plan can be made:{}", all.concat()));
    Failure { refusals: refusals.iter().map(RefusalJson::from).collect(), ..failure }
}
