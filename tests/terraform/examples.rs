//! The committed modules: formatted, valid, applied without a difference left, and hard to destroy by mistake.

use std::collections::BTreeMap;
use std::path::Path;

use provision::render;

use crate::tool::{self, EXAMPLES, Module, Providers};

pub fn committed(name: &str) -> render::FileTree {
    render::read(&tool::root(&format!("terraform-out/{name}")), &|_| true).expect("committed")
}

/// The text that README says to write into `override.tf`.
pub fn overrides(tree: &render::FileTree) -> String {
    let page = &tree[Path::new("README.md")];
    let blocks = page.split("```hcl\n").skip(1).filter_map(|rest| rest.split("```").next());
    blocks.collect()
}

#[test]
fn every_example_is_valid_and_converges_and_gives_up_data_only_on_demand() {
    let Some(providers) = tool::providers("the examples") else { return };
    for name in EXAMPLES {
        let tree = committed(name);
        let module = Module::of(&tree);
        module.must(&["fmt", "-check", "-recursive", "-diff"]);
        module.init();
        module.must(&["validate", "-no-color"]);
        if providers == Providers::Real {
            println!("SKIPPED the apply of {name}: the real providers would ask a cloud");
            continue;
        }
        module.apply();
        assert_eq!(module.plan(), Ok(BTreeMap::default()), "{name}: a plan after an apply");

        let destroy = ["destroy", "-input=false", "-no-color", "-auto-approve", "-var-file=example.tfvars"];
        let refused = module.run(&destroy);
        let said = String::from_utf8_lossy(&refused.stderr);
        assert!(!refused.status.success() && said.contains("prevent_destroy"), "{name}: {said}");
        std::fs::write(module.folder.path().join("override.tf"), overrides(&tree)).expect("written");
        module.must(&destroy);
    }
}

#[test]
fn checkov_finds_nothing_that_is_not_argued_for() {
    if !tool::is_ready("checkov") {
        return;
    }
    let mut command = std::process::Command::new("python3");
    command.args(["-m", "checkov.main", "--quiet", "--compact", "--skip-download", "--framework", "terraform"]);
    command.arg("-d").arg(tool::root("terraform-out")).env("PYTHONPATH", tool::cache().join("checkov"));
    let output = command.output().expect("python3 runs");
    let said = String::from_utf8_lossy(&output.stdout);
    // It says how many it made: none would be no check.
    let passed = said.split("Passed checks: ").nth(1).and_then(|rest| rest.split(',').next()?.parse::<u32>().ok());
    assert!(
        output.status.success() && said.contains("Failed checks: 0"),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(passed > Some(500), "{said}");
}
