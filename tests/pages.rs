//! Commands in README, docs and the modules' pages are run by a test, or say why not.

#[path = "support/shown.rs"]
mod shown;

use std::collections::BTreeSet;

#[test]
fn what_the_pages_show_is_run_or_says_why_not() {
    let shown = shown::all();
    let elsewhere = |command: &str| shown::ELSEWHERE.iter().any(|(begins, _)| command.starts_with(begins));
    let left: BTreeSet<&str> = shown
        .iter()
        .map(String::as_str)
        .filter(|command| !elsewhere(command) && !shown::is_of_a_module(command))
        .collect();
    let here = shown::HERE.iter().map(|(command, ..)| *command);
    let run: BTreeSet<&str> = here.chain(shown::LAB.iter().copied()).chain(shown::SHELL.iter().copied()).collect();
    assert_eq!(run, left, "left: what tests run; right: what the pages show");
    for (begins, why) in shown::ELSEWHERE {
        assert!(shown.iter().any(|command| command.starts_with(begins)), "no page shows `{begins}` ({why})");
    }
}

#[test]
fn what_the_pages_give_the_shell_works_there() {
    let home = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(home.path().join(".ssh")).expect("a folder");
    let known = home.path().join(".ssh/known_hosts");
    let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLE00";
    std::fs::write(&known, format!("192.0.2.1 {key}\n192.0.2.2 {key}\n")).expect("written");
    let script = shown::SHELL.join("\n").replace("ADDRESS", "192.0.2.1") + "\necho ${#SPARK_SECRET}\n";
    // OpenSSH asks the system, and not the shell, where home is.
    let script = script.replace("ssh-keygen -R", &format!("ssh-keygen -f {} -R", known.display()));
    let output = std::process::Command::new("bash").args(["-eu", "-c", &script]).output().expect("bash runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8_lossy(&output.stdout).ends_with("\n64\n"), "{output:?}");
    let left = std::fs::read_to_string(&known).expect("readable");
    assert!(!left.contains("192.0.2.1 ") && left.contains("192.0.2.2 "), "{left}");
}

/// The modules' pages take host keys from consoles: `az` and `aws` stand in for the clouds and print what cloud-init prints.
#[test]
fn host_keys_are_taken_from_the_consoles_as_the_modules_pages_say() {
    const CONSOLE: &str = "[   12.3] cloud-init[612]: -----BEGIN SSH HOST KEY KEYS-----\r\n\
        ecdsa-sha2-nistp256 AAAAE2other= root@x\r\n\
        <14>Nov 27 12:00:00 cloud-init: ssh-ed25519 AAAAC3Nza+of/NAME= root@NAME\r\n-----END SSH HOST KEY KEYS-----\r\n";
    let home = tempfile::tempdir().expect("a folder");
    let at = |name: &str| home.path().join(name);
    std::fs::create_dir(at(".ssh")).expect("a folder");
    // The name of a machine, or an id that has its address.
    let program = |name: &str, script: &str| {
        use std::os::unix::fs::PermissionsExt as _;
        let text = CONSOLE.replace("NAME", "${name//[^a-z0-9]}");
        std::fs::write(at(name), format!("#!/bin/bash\n{script}\nprintf '%b' \"{text}\"\n")).expect("written");
        std::fs::set_permissions(at(name), std::fs::Permissions::from_mode(0o755)).expect("ours");
    };
    program("az", "name=${@: -1}");
    program(
        "aws",
        "if [[ $2 == describe-instances ]]; then for word; do case $word in *address,Values=*) at=${word##*=} ;; Name=vpc-id,Values=vpc-1) echo \"i-$at\" ;; esac; done; exit; fi\n\
         name=; for word; do case $word in i-*) name=${word#i-} ;; esac; done",
    );
    program("terraform", "echo vpc-1; exit");
    for (module, addresses) in [("azure-vms", ["10.20.1.11", "10.20.0.13"]), ("aws-vms", ["10.21.8.11", "10.21.6.13"])]
    {
        let page =
            std::fs::read_to_string(shown::root(&format!("terraform-out/{module}/README.md"))).expect("readable");
        let before = &page[..page.find("while read").expect("the loop")];
        let begin = before.rfind("```sh\n").expect("its begin") + "```sh\n".len();
        let script = &page[begin..begin + page[begin..].find("\n```").expect("its end")];
        let output = std::process::Command::new("bash")
            .args(["-eu", "-o", "pipefail", "-c", script])
            .env("HOME", home.path())
            .env("PATH", format!("{}:/usr/bin:/bin", home.path().display()))
            .output()
            .expect("bash runs");
        assert!(output.status.success(), "{module}: {}", String::from_utf8_lossy(&output.stderr));
        let known = std::fs::read_to_string(at(".ssh/known_hosts")).expect("written");
        for address in addresses {
            let lines: Vec<&str> = known.lines().filter(|line| line.starts_with(&format!("{address} "))).collect();
            assert!(
                lines.len() == 1 && lines[0].starts_with(&format!("{address} ssh-ed25519 AAAAC3Nza+of/")),
                "{known}"
            );
            assert!(lines[0].ends_with('='), "{known}");
        }
    }
}

/// Every claim of the page on security stands beside the tests that hold it: they must be there.
#[test]
fn the_tests_that_the_page_on_security_names_exist() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(root.join("docs/security.md")).expect("readable");
    let mut sources = String::new();
    let mut folders = vec![root.join("src"), root.join("tests")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder").filter_map(Result::ok) {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                sources += &std::fs::read_to_string(path).expect("text");
            }
        }
    }
    let is_name = |word: &&str| {
        word.contains('_') && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
    };
    let named: Vec<&str> = page.split('*').filter(is_name).collect();
    assert!(named.len() > 10, "the page names {named:?}");
    for name in named {
        assert!(
            sources.contains(&format!("#[test]\nfn {name}()"))
                || sources.contains(&format!("#[test]\n    fn {name}()"))
                || sources.contains(&format!("#[tokio::test]\n    async fn {name}()")),
            "no test is called {name}"
        );
    }
}
