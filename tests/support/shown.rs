//! Every command that README, docs and the modules' pages show, and which test runs it. A command that is new on a page fails
//! `what_the_pages_show_is_run_or_says_why_not` until it has its place here.

#![allow(dead_code, reason = "each of the tests uses its part")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Words that begin a command.
const PROGRAMS: &[&str] = &[
    "apt",
    "cp",
    "aws",
    "az",
    "brew",
    "cargo",
    "curl",
    "export",
    "kubectl",
    "make",
    "provision",
    "ssh",
    "ssh-keygen",
    "sudo",
    "terraform",
];

/// Run by `local`, on one cluster, in the order in which an operator comes to them: what is shown; what the test adds to it (an
/// answer, or what the page leaves to its reader); how it ends.
pub const HERE: &[(&str, &[&str], i32)] = &[
    ("provision completions bash", &[], 0),
    ("provision man", &[], 0),
    ("provision explain CODE", &[], 0),
    ("provision explain --all", &[], 0),
    ("provision schema --markdown", &[], 0),
    ("provision graph topologies/nodes.yaml", &[], 0),
    // Its hosts are not here.
    ("provision plan topologies/nodes.yaml", &[], 4),
    ("provision render topologies/azure-vms.yaml", &[], 0),
    ("provision init", &["mine.yaml"], 0),
    ("provision init --template azure-vms", &["cloud.yaml"], 0),
    ("provision init --template local", &[], 0),
    ("provision validate", &[], 0),
    ("provision plan", &[], 0),
    ("provision plan --out saved.json", &[], 0),
    ("provision apply saved.json", &["--yes"], 0),
    ("provision apply", &["--yes"], 0),
    ("provision apply --skip-unreachable", &["--yes"], 0),
    ("provision render", &[], 0),
    ("provision status", &[], 0),
    ("provision submit pi", &[], 0),
    ("provision submit", &["pi"], 0),
    ("provision logs", &["zookeeper"], 0),
    ("provision logs zookeeper", &[], 0),
    ("provision ssh", &["demo-zk-1", "--", "true"], 0),
    ("provision ssh h1", &["--", "true"], 0),
    // It ends when it is interrupted.
    ("provision status --watch", &[], 124),
    // The same cluster, by its example.
    ("provision apply topologies/local.yaml", &["--yes"], 0),
    ("provision destroy", &["--yes"], 0),
    ("provision destroy --delete-data", &["--yes"], 0),
];

/// Run by the lab, on hosts that stand in for a cloud's machines.
pub const LAB: &[&str] = &[
    "provision ssh analytics-zk-1 -- sudo rm /var/lib/provision/epoch",
    "provision ssh analytics-zk-1 -- sudo systemctl stop zookeeper",
    "provision ssh analytics-master-1 -- sudo systemctl stop spark-master",
];

/// Run by this machine's shell beside the modules' own commands.
pub const SHELL: &[&str] = &["export SPARK_SECRET=$(openssl rand -hex 32)", "ssh-keygen -R ADDRESS"];

/// Commands that no test runs, by their beginnings, with the reason.
pub const ELSEWHERE: &[(&str, &str)] = &[
    ("make demo", "tests/run does, as its own check"),
    ("make test", "it is what runs this"),
    ("make bench", "it measures, for a quarter of an hour"),
    ("cargo build --release", "make demo builds the same, without optimization"),
    ("sudo install target/release/provision", "it is behind that build"),
    ("ssh host true", "a measure of make bench"),
    ("sudo -n", "part of a sentence: what is asked of a host"),
    ("az ", "it needs an account on Azure"),
    ("aws ", "it needs an account on AWS"),
    ("curl --user admin 'https://", "it needs a cluster of HDInsight"),
    ("ssh sshops@ADDRESS", "it needs a cluster of HDInsight"),
    ("brew install ", "it needs a Mac"),
    ("export PATH=\"$(brew --prefix)", "it needs a Mac"),
];

pub fn root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// README, every page of docs, and every module's page.
pub fn pages() -> Vec<PathBuf> {
    let list = |folder: &str| -> Vec<PathBuf> {
        let entries = std::fs::read_dir(root(folder)).expect("a folder");
        entries.map(|entry| entry.expect("an entry").path()).collect()
    };
    let docs = list("docs").into_iter().filter(|path| path.extension().is_some_and(|end| end == "md"));
    let modules = list("terraform-out").into_iter().map(|path| path.join("README.md"));
    let mut all: Vec<PathBuf> = docs.chain(modules).chain([root("README.md")]).collect();
    all.sort();
    all
}

/// The commands of a page, as they are shown, in order. What stands in a line of code up to a remark is one, or several with `&&`.
pub fn commands(page: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(page).expect("readable");
    let mut all = Vec::new();
    let mut fenced = false;
    for line in text.lines() {
        if line.starts_with("```") {
            fenced = !fenced;
        } else if fenced || line.starts_with("    ") {
            all.extend(of_code(line));
        } else {
            all.extend(line.split('`').skip(1).step_by(2).flat_map(of_code));
        }
    }
    all
}

fn of_code(code: &str) -> Vec<String> {
    let code = code.split("  #").next().unwrap_or_default().trim().trim_start_matches("$ ").trim();
    let words: Vec<&str> = code.split(' ').collect();
    // A program's name alone, or with what is no word of a command, is part of a sentence.
    if words.len() < 2
        || !PROGRAMS.contains(&words[0])
        || !words[1].starts_with(|c: char| c.is_ascii_alphabetic() || c == '-')
    {
        return Vec::new();
    }
    code.split(" && ").map(|one| one.trim().to_owned()).collect()
}

/// Run by the terraform tests in the module's folder, whatever it is.
pub fn is_of_a_module(command: &str) -> bool {
    ["cp ", "export TF_VAR_", "terraform "].iter().any(|begins| command.starts_with(begins))
}

/// Everything that is shown; a module's page names its topology, which tests do by themselves.
pub fn all() -> BTreeSet<String> {
    let named = |command: String| {
        let modules = ["aks", "aws-vms", "azure-vms", "eks", "hdinsight"];
        modules.iter().fold(command, |command, name| {
            command.replace(&format!(" -f {name}.yaml"), "").replace(&format!(" {name}.yaml"), "")
        })
    };
    pages().iter().flat_map(|page| commands(page)).map(named).collect()
}
