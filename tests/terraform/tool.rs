//! Real Terraform in a folder of its own. Its providers are the recorded schemas' where they are there, else the real ones.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

use provision::desired::cloud::{self, Cloud};
use provision::diagnostic::Source;
use provision::render::{self, FileTree};
use provision::topology::{self, Topology};

pub const EXAMPLES: [&str; 5] = ["aks", "aws-vms", "azure-vms", "eks", "hdinsight"];

pub fn root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The folder with recorded schemas and sizes, beside the checkout.
pub fn shared() -> Option<PathBuf> {
    let given = std::env::var_os("PROVISION_SHARED").map(PathBuf::from);
    Some(given.unwrap_or_else(|| root("../shared"))).filter(|path| path.join("schemas").is_dir())
}

pub fn cache() -> PathBuf {
    let home = || PathBuf::from(std::env::var_os("HOME").expect("HOME is set")).join(".cache");
    std::env::var_os("XDG_CACHE_HOME").map_or_else(home, PathBuf::from).join("provision-test/terraform")
}

/// The providers that Terraform has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Providers {
    /// Stand-ins with the real ones' recorded schemas, which apply without a cloud.
    Recorded,
    /// The real ones. They validate; to plan they would ask a cloud.
    Real,
}

static PROVIDERS: LazyLock<Result<Providers, String>> = LazyLock::new(|| {
    if Command::new("terraform").arg("version").output().is_err() {
        return Err("there is no terraform on the PATH".to_owned());
    }
    if let Some(shared) = shared() {
        let status =
            Command::new(root("tests/terraform/setup")).arg(shared).status().map_err(|error| error.to_string())?;
        return if status.success() { Ok(Providers::Recorded) } else { Err("tests/terraform/setup failed".to_owned()) };
    }
    let module = Module::of(&render::terraform(&cloud(&example("hdinsight"))));
    if module.run(&["init", "-input=false", "-backend=false"]).status.success() {
        return Ok(Providers::Real);
    }
    Err("neither are recorded schemas beside the checkout, nor does Terraform reach its registry".to_owned())
});

/// The tools to check with. Says that a test is skipped where it cannot be run, which is a failure in CI.
pub fn providers(test: &str) -> Option<Providers> {
    if let Err(why) = &*PROVIDERS {
        println!("SKIPPED {test}: {why}");
    }
    PROVIDERS.clone().ok()
}

/// The same for what needs an apply.
pub fn is_ready(test: &str) -> bool {
    let providers = providers(test);
    if providers == Some(Providers::Real) {
        println!("SKIPPED {test}: the real providers would ask a cloud");
    }
    providers == Some(Providers::Recorded)
}

/// A checked topology; panics with what is wrong with it.
pub fn topology(text: &str) -> Topology {
    let source = Source::new("topology.yaml", text);
    let (file, mut problems) = topology::load(&source);
    let topology = topology::check(&file, &mut problems);
    topology.unwrap_or_else(|| panic!("{:?}\n{text}", problems.sorted()))
}

pub fn example(name: &str) -> String {
    std::fs::read_to_string(root(&format!("topologies/{name}.yaml"))).expect("the example")
}

/// The cloud of a topology that has one.
pub fn cloud(text: &str) -> Cloud {
    cloud::of(&topology(text), "topology.yaml").into_iter().next().expect("a cloud")
}

/// A module in a folder of its own, with Terraform's state beside it.
pub struct Module {
    pub folder: tempfile::TempDir,
}

impl Module {
    pub fn of(tree: &FileTree) -> Module {
        let module = Module { folder: tempfile::tempdir().expect("a folder") };
        module.write(tree);
        module
    }

    /// As `provision render` does: what Terraform keeps there stays.
    pub fn write(&self, tree: &FileTree) {
        let ours = |path: &Path| path.extension().is_some_and(|end| end == "tf");
        render::write(self.folder.path(), tree, &ours).expect("written");
    }

    pub fn run(&self, arguments: &[&str]) -> Output {
        self.within(Command::new("terraform")).args(arguments).output().expect("terraform runs")
    }

    /// The command in the module's folder, with nothing of the developer's own.
    pub fn within(&self, mut command: Command) -> Command {
        command.current_dir(self.folder.path());
        command.env("TF_CLI_CONFIG_FILE", "/dev/null").env("TF_IN_AUTOMATION", "1").env("CHECKPOINT_DISABLE", "1");
        command.env("PYTHONPATH", cache().join("provider"));
        command
    }

    #[track_caller]
    pub fn must(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "terraform {}:\n{text}", arguments.join(" "));
        text
    }

    pub fn init(&self) {
        let mirror = format!("-plugin-dir={}", cache().join("mirror").display());
        let recorded = *PROVIDERS == Ok(Providers::Recorded);
        let mirror = recorded.then_some(mirror.as_str());
        self.must(&["init", "-input=false", "-no-color"].into_iter().chain(mirror).collect::<Vec<_>>());
    }

    pub fn apply(&self) {
        self.must(&["apply", "-input=false", "-no-color", "-auto-approve", VALUES]);
    }

    /// The effect of a plan on each resource: its actions, and the arguments that differ.
    pub fn plan(&self) -> Result<BTreeMap<String, Change>, String> {
        self.planned("-refresh=true")
    }

    /// The same against the state alone: nothing has changed behind it.
    pub fn plan_by_state(&self) -> Result<BTreeMap<String, Change>, String> {
        self.planned("-refresh=false")
    }

    fn planned(&self, refresh: &str) -> Result<BTreeMap<String, Change>, String> {
        let output = self.run(&["plan", "-input=false", "-no-color", "-out=plan", refresh, VALUES]);
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        let shown = self.must(&["show", "-json", "plan"]);
        let plan: serde_json::Value = serde_json::from_str(&shown).expect("JSON");
        let changes = plan["resource_changes"].as_array().cloned().unwrap_or_default();
        Ok(changes.iter().filter_map(Change::of).collect())
    }
}

const VALUES: &str = "-var-file=example.tfvars";

/// The effect of a plan on one resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub actions: Vec<String>,
    pub arguments: Vec<String>,
}

impl Change {
    fn of(change: &serde_json::Value) -> Option<(String, Change)> {
        let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        let actions: Vec<String> = change["change"]["actions"].as_array()?.iter().map(text).collect();
        if change["mode"] == "data" || actions == ["no-op"] || actions == ["read"] {
            return None;
        }
        let (before, after) = (&change["change"]["before"], &change["change"]["after"]);
        let empty = serde_json::Map::new();
        let keys = before.as_object().unwrap_or(&empty).keys();
        let arguments = keys.filter(|key| before[*key] != after[*key]).cloned().collect();
        Some((text(&change["address"]), Change { actions, arguments }))
    }

    pub fn only_creates(&self) -> bool {
        self.actions == ["create"]
    }
}
