//! The program's own commands that README and docs show, done: on one cluster, in the order in which an operator comes to them.

use crate::machine::{Machine, run, until};
use crate::shown::{self, root};

#[test]
fn every_command_that_the_docs_show_does_what_it_should() {
    let machine = Machine::new("docs", "");
    let folder = machine.topology.parent().expect("a corner").to_owned();
    std::fs::create_dir(folder.join("topologies")).expect("a folder");
    for file in ["nodes", "local", "azure-vms"] {
        let file = format!("topologies/{file}.yaml");
        std::fs::copy(root(&file), folder.join(&file)).expect("copied");
    }
    for (command, more, code) in shown::HERE {
        let words = command.split(' ').skip(1).map(|word| match word {
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
        assert_eq!(ran.code, *code, "{command}\n{}\n{}", ran.stdout, ran.stderr);
    }
    // The script of a lease may be about to end.
    until("nothing of it runs", || machine.processes().is_empty());
}
