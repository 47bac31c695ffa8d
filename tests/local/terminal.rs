//! The screen of a person at a terminal: a question, a line that moves for each node at work, and what to do next.

use std::io::Write as _;
use std::process::Stdio;

use crate::machine::Machine;

const ESCAPE: char = '\u{1b}';

/// `3s`, `0.1s`.
fn is_seconds(word: &str) -> bool {
    word.strip_suffix('s').is_some_and(|number| number.parse::<f64>().is_ok())
}

#[test]
fn apply_asks_and_shows_each_node_at_work() {
    let machine = Machine::new("tty", "services: { zookeeper: { nodes: 3 } }\n");
    // `script` is a pseudo-terminal with the program on its other side.
    let on_terminal = |line: &str, answer: &str| {
        let mut command = machine.wrapped("script", &["-qec", line, "/dev/null"]);
        let mut child = command
            .env("TERM", "xterm")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("script runs: it is in every Debian");
        child.stdin.take().expect("piped").write_all(answer.as_bytes()).expect("it reads");
        let output = child.wait_with_output().expect("it ends");
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let (code, seen) = on_terminal("./provision apply topology.yaml", "n\n");
    assert_eq!(code, Some(130), "{seen}");
    assert!(seen.contains("Do this? [y/N]") && seen.contains("nothing was changed"), "{seen}");

    let (code, seen) = on_terminal("./provision apply topology.yaml", "y\n");
    assert_eq!(code, Some(0), "{seen}");
    assert!(seen.contains("asking 3 hosts"), "{seen}");
    // Three lines at once, each with its node, what it is at, and how long; drawn again in place.
    for node in ["tty-zk-1", "tty-zk-2", "tty-zk-3"] {
        let moving = seen.split(ESCAPE).any(|part| {
            part.contains(&format!("{node}  "))
                && part.contains("create 3 directories")
                && part.split_whitespace().any(is_seconds)
        });
        assert!(moving, "no line moves for {node}: {seen:?}");
    }
    assert!(seen.contains("Done in ") && seen.contains("members 127."), "{seen}");

    // To a pipe, whole lines and nothing that moves.
    let piped = machine.run(&["destroy", "topology.yaml", "--yes", "--delete-data"]).expect(0);
    assert!(!piped.stderr.contains(ESCAPE) && piped.stderr.split_whitespace().any(is_seconds), "{}", piped.stderr);
}
