//! Whatever the bytes, reading, judging, resolving and rendering a topology ends without a panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use provision::diagnostic::{locate, show};
use provision::diagnostic::Source;
use provision::topology;
use provision::{cluster, desired, render};

fuzz_target!(|text: &str| {
    let source = Source::new("fuzz.yaml", text);
    let (file, mut problems) = topology::load(&source);
    let topology = topology::check(&file, &mut problems);
    for problem in problems.sorted() {
        locate(problem, &source);
        show(problem, &source, false);
    }
    if let Some(cluster) = topology.and_then(|topology| cluster::resolve(&topology).ok()) {
        render::hosts(&desired::of(&cluster));
    }
});
