//! The speed at which a thousand nodes are rendered for each cloud. Prints a table, and writes it into docs/benchmarks.md.

mod table;

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use provision::desired::cloud;
use provision::diagnostic::Source;
use provision::render;
use provision::topology;

const RUNS: usize = 21;

/// The committed examples, with a thousand nodes.
const GROWN: &[(&str, &str, &str)] = &[
    ("azure-vms", "max: 10", "max: 994"),
    ("aws-vms", "max: 10", "max: 994"),
    ("hdinsight", "max: 10", "max: 1000"),
    ("aks", "max: 20", "max: 992"),
    ("eks", "max: 20", "max: 997"),
];

fn main() {
    let mut rows =
        String::from("| platform | a thousand nodes rendered | files | most memory so far |\n|---|---|---|---|\n");
    for (name, from, to) in GROWN {
        let path = format!("{}/topologies/{name}.yaml", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(path).expect("the example");
        assert!(text.contains(from), "{name} has no `{from}`");
        let source = Source::new("bench.yaml", text.replace(from, to));
        let (file, mut problems) = topology::load(&source);
        let topology = topology::check(&file, &mut problems).expect("a right topology");
        let render = || render::terraform(&cloud::of(&topology, "topology.yaml")[0]);
        let files = render().len();
        let mut all: Vec<Duration> = (0..RUNS)
            .map(|_| {
                let began = Instant::now();
                assert_eq!(render().len(), files);
                began.elapsed()
            })
            .collect();
        all.sort();
        let millis = all[RUNS / 2].as_secs_f64() * 1000.0;
        let memory = table::high_water(std::process::id()).unwrap_or(0) / 1024;
        writeln!(rows, "| {name} | {millis:.1} ms | {files} | {memory} MiB |").expect("a String takes all text");
    }
    print!("{rows}");
    table::write("clouds", &rows);
}
