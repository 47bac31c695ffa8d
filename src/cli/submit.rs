//! `provision submit`

use anyhow::{Context, anyhow};

use super::input::{self, Loaded, TopologyOption};
use super::output::sayln;
use super::{Exit, Failure, names};
use crate::host::{Host, HostError, STATE_FOLDER, Target};
use crate::observe;
use crate::service::spark::MASTER;
use crate::service::{self, spark};
use crate::topology::{Application, Job};
use crate::value::{HostPath, MavenPackage, Name, ResourceUrl, quote};
use crate::world::{Io, Upload};

/// Runs a job of the topology, streams its output, and returns its exit code
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The job's name
    #[arg(add = names::jobs())]
    job: String,
    #[command(flatten)]
    topology: TopologyOption,
    /// Arguments of the application, in place of the topology's
    #[arg(last = true)]
    arguments: Vec<String>,
}

pub async fn run(args: &Args) -> Result<Exit, Failure> {
    let loaded = input::open_without_secrets(input::read(args.topology.path())?)?;
    let Some((_, job)) = loaded.cluster.jobs.iter().find(|(name, _)| name.as_str() == args.job) else {
        let hint = crate::yaml::suggest::hint(
            &args.job,
            loaded.cluster.jobs.keys().map(crate::value::Name::as_str).collect::<Vec<_>>(),
        );
        return Err(Failure::say(
            Exit::Error,
            format!("there is no job `{}`; {}", args.job, hint.unwrap_or_else(|| "the topology has none".to_owned())),
        ));
    };
    let given = Job { arguments: args.arguments.clone(), ..job.clone() };
    let job = if args.arguments.is_empty() { job } else { &given };
    // Drivers run on the masters' hosts: those ports are declared. Any of them will do, the first that answers does it.
    let mut last = HostError::Unreachable { address: "a master".to_owned(), why: "the topology has none".to_owned() };
    let masters: Vec<Name> = loaded.cluster.of_role(MASTER).map(|master| master.host.clone()).collect();
    let mut not_ours = observe::not_ours(&loaded.desired, &masters, &loaded.world).await;
    for master in masters {
        let host = &loaded.cluster.hosts[&master];
        let target = Target::of(host);
        if let Some(error) = not_ours.remove(&master) {
            sayln!("{}: {error}", target.name);
            last = error;
            continue;
        }
        let command = command(job, &loaded, host).map_err(Failure::error)?;
        sayln!("{} on {}", args.job, target.name);
        if let Application::File(path) = &job.application {
            let upload = upload(path, &loaded).map_err(Failure::error)?;
            match loaded.world.copy(&target, upload).await {
                Ok(()) => {}
                // Nothing has begun: the next master may do it.
                Err(error) => {
                    sayln!("{}: {error}", target.name);
                    last = error;
                    continue;
                }
            }
        }
        match loaded.world.interactive(&target, &command, Io::Watched { named: false }).await {
            Ok(code) => return Ok(Exit::Code(u8::try_from(code).unwrap_or(255))),
            Err(error) if error.is_before_the_command() => {
                sayln!("{}: {error}", target.name);
                last = error;
            }
            Err(error) => return Err(Failure::new(Exit::Failed, error)),
        }
    }
    Err(Failure::new(Exit::Unreachable, last))
}

const SCRIPT: &str = include_str!("../../templates/spark/submit.sh");

/// The script that runs spark-submit (`submit.sh`), with its variables and words.
fn command(job: &Job, loaded: &Loaded, host: &Host) -> anyhow::Result<String> {
    let spark =
        spark::on_hosts(&loaded.cluster.services).ok_or_else(|| anyhow!("the topology has no spark on hosts"))?;
    let home = spark::home(spark.service);
    let program = host.path(&home.join("bin/spark-submit"));
    let master = spark::master_url(&loaded.cluster).unwrap_or_default();
    let mut words = vec![program.clone(), "--master".to_owned(), master.clone()];
    let mut conf = |key: &str, value: String| words.extend(["--conf".to_owned(), format!("{key}={value}")]);
    conf("spark.driver.host", host.address.to_string());
    conf("spark.driver.bindAddress", host.address.to_string());
    conf("spark.executor.cores", job.executor_cores.to_string());
    conf("spark.executor.memory", job.executor_memory.to_string());
    if let Some(instances) = job.instances {
        conf("spark.cores.max", (u64::from(instances) * u64::from(job.executor_cores)).to_string());
    }
    for (key, value) in &job.config {
        conf(key.as_str(), value.clone());
    }
    words.extend(["--driver-memory".to_owned(), job.driver_memory.to_string()]);
    if let Some(class) = &job.main_class {
        words.extend(["--class".to_owned(), class.clone()]);
    }
    let py_files: Vec<&str> = job.py_files.iter().map(ResourceUrl::as_str).collect();
    let files: Vec<&str> = job.files.iter().map(ResourceUrl::as_str).collect();
    let packages: Vec<&str> = job.packages.iter().map(MavenPackage::as_str).collect();
    let jars: Vec<&str> = job.jars.iter().map(ResourceUrl::as_str).collect();
    for (option, all) in [("--jars", jars), ("--py-files", py_files), ("--files", files), ("--packages", packages)] {
        if !all.is_empty() {
            words.extend([option.to_owned(), all.join(",")]);
        }
    }
    words.push(match &job.application {
        Application::Home(path) => format!("{}{path}", host.path(&home)),
        Application::Url(url) => url.clone(),
        Application::File(path) => host.path(&upload(path, loaded)?.remote),
    });
    let addresses: Vec<(String, String)> = service::all()
        .flat_map(|service| service.fill(&loaded.cluster))
        .map(|(name, address)| (format!("{{{name}}}"), address))
        .collect();
    let fill = |argument: &String| {
        addresses.iter().fold(argument.clone(), |text, (placeholder, address)| text.replace(placeholder, address))
    };
    words.extend(job.arguments.iter().map(fill));
    let secret = spark.service.authenticate.as_ref().map(|_| host.path(&HostPath::known(spark::SECRET_FILE)));
    let variables = [
        ("spark_submit", program),
        ("home", host.path(&HostPath::known(spark::WORKING_FOLDER))),
        ("config", host.path(&HostPath::known(spark::CONFIG))),
        ("secret", secret.unwrap_or_default()),
        ("owner", host.owner.as_ref().map(|owner| owner.user.clone()).unwrap_or_default()),
    ];
    let variables: Vec<_> = variables.iter().map(|(name, value)| format!("{name}={}", quote(value))).collect();
    let words: Vec<_> = words.iter().map(|word| quote(word)).collect();
    Ok(format!("{}\nset -- {}\n{SCRIPT}", variables.join("\n"), words.join(" ")))
}

/// The place of an operator's application on a host: by its content, so that two versions never meet.
fn upload(path: &std::path::Path, loaded: &Loaded) -> anyhow::Result<Upload> {
    let local = loaded.source.folder.join(path);
    let bytes = std::fs::read(&local).with_context(|| format!("cannot read the application {}", local.display()))?;
    let ending: String = local
        .extension()
        .map(|e| e.to_string_lossy().into_owned())
        .unwrap_or_default()
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .collect();
    let digest = crate::host::sha256(&bytes);
    let remote = HostPath::known(&format!(
        "{STATE_FOLDER}/jobs/{}.{}",
        &digest[..32],
        if ending.is_empty() { "app" } else { &ending }
    ));
    Ok(Upload { local, remote, readers: Some(spark::USER) })
}
