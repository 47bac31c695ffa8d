//! Every command that README and docs show, done: on one cluster, in the order in which an operator comes to it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::machine::{Machine, run};

const PAGES: &[&str] = &[
    "README.md",
    "docs/apply.md",
    "docs/architecture.md",
    "docs/troubleshooting.md",
    "docs/security.md",
    "docs/local.md",
    "docs/terraform.md",
];

/// What is shown; what the test adds to it (an answer, or what the page leaves to its reader); how it ends.
const WALK: &[(&str, &[&str], i32)] = &[
    ("completions bash", &[], 0),
    ("man", &[], 0),
    ("explain CODE", &[], 0),
    ("graph topologies/nodes.yaml", &[], 0),
    // Its hosts are not here.
    ("plan topologies/nodes.yaml", &[], 4),
    ("render topologies/azure-vms.yaml", &[], 0),
    ("init", &["mine.yaml"], 0),
    ("init --template azure-vms", &["cloud.yaml"], 0),
    ("init --template local", &[], 0),
    ("validate", &[], 0),
    ("plan", &[], 0),
    ("plan --out saved.json", &[], 0),
    ("apply saved.json", &["--yes"], 0),
    ("apply", &["--yes"], 0),
    ("apply --skip-unreachable", &["--yes"], 0),
    ("render", &[], 0),
    ("status", &[], 0),
    ("submit pi", &[], 0),
    ("logs", &["zookeeper"], 0),
    ("logs zookeeper", &[], 0),
    ("ssh", &["demo-zk-1", "--", "true"], 0),
    ("ssh h1", &["--", "true"], 0),
    // It ends when it is interrupted.
    ("status --watch", &[], 124),
    // The same cluster, by its example.
    ("apply topologies/local.yaml", &["--yes"], 0),
    ("destroy", &["--yes"], 0),
    ("destroy --delete-data", &["--yes"], 0),
];

fn root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// What stands behind the program's name wherever it stands in code, or begins a line.
fn shown() -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for page in PAGES {
        let text = std::fs::read_to_string(root(page)).expect("readable");
        for code in text.split('`').chain(text.lines().map(|line| line.trim_start_matches([' ', '$']))) {
            let Some(rest) = code.strip_prefix("provision ").filter(|rest| !rest.contains(['\n', '`', ';', '&']))
            else {
                continue;
            };
            let words: Vec<&str> = rest.split_whitespace().take_while(|word| *word != "#").collect();
            // What a plan prints for machines of a cloud.
            if rest.contains(" sudo ") {
                continue;
            }
            // A sentence that begins with the program's name is no command.
            if words[0].chars().all(|c| c.is_ascii_lowercase()) && !rest.ends_with('.') {
                all.insert(words.join(" "));
            }
        }
    }
    all
}

#[test]
fn every_command_that_the_docs_show_does_what_it_should() {
    let walked: BTreeSet<String> = WALK.iter().map(|(command, ..)| (*command).to_owned()).collect();
    assert_eq!(walked, shown(), "left: what is walked here; right: what the pages show");
    let machine = Machine::new("docs", "");
    let folder = machine.topology.parent().expect("a corner").to_owned();
    std::fs::create_dir(folder.join("topologies")).expect("a folder");
    for file in ["nodes", "local", "azure-vms"] {
        let file = format!("topologies/{file}.yaml");
        std::fs::copy(root(&file), folder.join(&file)).expect("copied");
    }
    for (command, more, code) in WALK {
        let words = command.split(' ').map(|word| match word {
            "CODE" => "ZK001",
            // The pages' hosts are others.
            "h1" => "demo-zk-1",
            word => word,
        });
        let words: Vec<&str> = words.chain(more.iter().copied()).collect();
        let ran = if words.contains(&"--watch") {
            run(machine.wrapped("timeout", &[&["3", "./provision"], &words[..]].concat()))
        } else {
            machine.run(&words)
        };
        assert_eq!(ran.code, *code, "provision {command}\n{}\n{}", ran.stdout, ran.stderr);
    }
    assert_eq!(machine.processes(), Vec::<String>::new());
}
