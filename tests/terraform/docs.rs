//! The commands of the modules' pages, run in their folders by a shell, as an operator would.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::examples::{committed, overrides};
use crate::shown;
use crate::tool::{self, EXAMPLES, Module};

#[test]
fn every_command_of_a_modules_page_does_what_it_should() {
    if !tool::is_ready("the pages' commands") {
        return;
    }
    for name in EXAMPLES {
        let commands = of_module(&tool::root(&format!("terraform-out/{name}/README.md")));
        assert!(commands.iter().any(|command| command == "terraform apply plan"), "{name}: {commands:?}");
        let tree = committed(name);
        let module = Module::of(&tree);
        let folder = module.folder.path();
        // What the page lets the shell give stands nowhere else.
        let given = commands.iter().filter_map(|command| command.strip_prefix("export TF_VAR_")?.split('=').next());
        let values = without(&tree[Path::new("example.tfvars")], &given.collect::<Vec<_>>());
        std::fs::write(folder.join("terraform.tfvars"), values).expect("written");
        std::fs::write(folder.join("override"), overrides(&tree)).expect("written");
        std::fs::create_dir(folder.join(".ssh")).expect("a folder");
        let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLE00 operator\n";
        std::fs::write(folder.join(".ssh/id_ed25519.pub"), key).expect("written");
        let output = module
            .within(Command::new("bash"))
            .args(["-eux", "-o", "pipefail", "-c", &script(&commands)])
            .env("HOME", folder)
            .env("HDINSIGHT_GATEWAY_PASSWORD", "Example-0nly-Never-Used")
            .env("TF_CLI_ARGS_init", format!("-plugin-dir={}", tool::cache().join("mirror").display()))
            .stdin(Stdio::null())
            .output()
            .expect("bash runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{name}: {commands:#?}\n{}\n{said}", String::from_utf8_lossy(&output.stdout));
        let shows_a_way = commands.iter().any(|command| command.contains("~/.ssh/config"));
        let config = std::fs::read_to_string(folder.join(".ssh/config")).unwrap_or_default();
        assert_eq!(shows_a_way, config.contains("ProxyCommand"), "{name}: {config}");
    }
}

#[test]
fn the_page_on_terraform_shows_no_other_commands_than_the_modules() {
    let modules = EXAMPLES.map(|name| of_module(&tool::root(&format!("terraform-out/{name}/README.md")))).concat();
    for command in of_module(&tool::root("docs/terraform.md")) {
        assert!(modules.contains(&command), "{command}");
    }
}

/// Terraform's commands of a page, and what goes before them.
fn of_module(page: &Path) -> Vec<String> {
    shown::commands(page).into_iter().filter(|command| shown::is_of_a_module(command)).collect()
}

/// In the page's order, with a yes to each question; what destroys everything comes last, behind the page's override.
fn script(commands: &[String]) -> String {
    let destroys = |command: &&String| *command == "terraform destroy";
    let asks = |command: &str| {
        command.starts_with("terraform destroy")
            || command.starts_with("terraform apply") && !command.ends_with(" plan")
    };
    let line = |command: &String| format!("{}{command}\n", if asks(command) { "echo yes | " } else { "" });
    let before: String = commands.iter().filter(|command| !destroys(command)).map(line).collect();
    let after: String = commands.iter().filter(destroys).map(line).collect();
    format!("{before}mv override override.tf\n{after}")
}

/// Without `name = …`, or `name = [` up to its end.
fn without(values: &str, names: &[&str]) -> String {
    let mut kept = String::new();
    let mut within = false;
    for line in values.lines() {
        let begins = names.iter().any(|name| line.starts_with(name));
        if begins || within {
            within = if begins { line.trim_end().ends_with('[') } else { !line.starts_with(']') };
        } else {
            kept += &format!("{line}\n");
        }
    }
    kept
}
