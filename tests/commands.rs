//! The program as a user runs it, without hosts: whole outputs, exit codes, bad input.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// With an environment of its own: no home, no colours.
fn provision(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_provision"))
        .args(args)
        .current_dir(folder)
        .env_clear()
        .env("HOME", folder)
        .output()
        .expect("the program runs")
}

/// Every host is at a port that refuses at once.
fn nobody_listens(home: &Path) {
    std::fs::create_dir(home.join(".ssh")).expect("a folder");
    std::fs::write(home.join(".ssh/config"), "Host *\n  HostName 127.0.0.1\n  Port 1\n").expect("written");
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("text")
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("text")
}

#[test]
fn validate_exits_with_1_on_errors_and_with_strict_on_warnings() {
    let code = |args: &[&str]| provision(&root(""), args).status.code();
    assert_eq!(code(&["validate", "topologies/nodes.yaml", "topologies/aks.yaml"]), Some(0));
    assert_eq!(code(&["validate", "topologies/bad/even-quorum.yaml"]), Some(0));
    assert_eq!(code(&["validate", "--strict", "topologies/bad/even-quorum.yaml"]), Some(1));
    assert_eq!(code(&["validate", "-f", "topologies/bad/unknown-key.yaml"]), Some(1));
    assert_eq!(code(&["validate", "no-such-file.yaml"]), Some(1));
    assert_eq!(code(&["validate", "--no-such-option"]), Some(64));
}

#[test]
fn validate_json_is_what_the_documentation_says() {
    let output = provision(&root(""), &["validate", "--json", "topologies/bad/unknown-key.yaml"]);
    let json: serde_json::Value = serde_json::from_str(&stdout(&output)).expect("JSON");
    assert_eq!(
        json["diagnostics"][0],
        serde_json::json!({
            "severity": "error", "code": "T002", "message": "unknown key `noodes`", "file": "topologies/bad/unknown-key.yaml",
            "line": 8, "column": 5, "help": "did you mean `nodes`?"
        })
    );
}

#[test]
fn a_secret_written_in_a_topology_is_not_shown() {
    for format in [
        &["validate", "topologies/bad/secret-in-file.yaml"][..],
        &["validate", "--json", "topologies/bad/secret-in-file.yaml"],
    ] {
        let output = provision(&root(""), format);
        assert_eq!(output.status.code(), Some(1));
        assert!(!stdout(&output).contains("hunter2") && !stderr(&output).contains("hunter2"));
    }
}

#[test]
fn explain_prints_a_page_and_refuses_what_is_no_code() {
    let output = provision(&root(""), &["explain", "zk001"]);
    assert!(stdout(&output).starts_with("# ZK001: an even number of voting members\n"));
    assert_eq!(provision(&root(""), &["explain", "ZK999"]).status.code(), Some(1));
    assert!(stdout(&provision(&root(""), &["explain"])).lines().count() > 20);
}

#[test]
fn what_is_misspelt_gets_the_nearest_right_name() {
    let nodes = root("topologies/nodes.yaml").display().to_string();
    let local = root("topologies/local.yaml").display().to_string();
    for (args, near) in [
        (["explain", "ZK01"].as_slice(), "did you mean `ZK001`?"),
        (&["explain", "zk1"], "did you mean `ZK001`?"),
        (&["explain", "T999"], "did you mean `T090`?"),
        (&["logs", "zookeper", "-f", &nodes], "did you mean `zookeeper`?"),
        (&["logs", "sparkmaster", "-f", &nodes], "did you mean `spark-master`?"),
        (&["logs", "demo-master-9", "-f", &local], "did you mean `demo-master-1`?"),
        (&["ssh", "analytics-zk9", "-f", &nodes], "did you mean `analytics-zk-1`?"),
        (&["submit", "pie", "-f", &local], "did you mean `pi`?"),
        (&["logs", "qqq", "-f", &nodes], "expected one of `analytics-master-h1`, "),
    ] {
        let output = provision(&root(""), args);
        assert_eq!(output.status.code(), Some(1), "{args:?}");
        assert!(stderr(&output).contains(near), "{args:?}: {}", stderr(&output));
    }
}

#[test]
fn of_hosts_that_are_all_silent_status_claims_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = "apiVersion: provision/v1\nname: silent\nplatforms:\n  rack:\n    nodes: { ssh: { user: ops }, hosts: { h1: { address: h1.invalid }, h2: { address: h2.invalid } } }\n\
                services:\n  zookeeper: { members: { 1: h1 } }\n  spark: { masters: { hosts: [h1] }, workers: { hosts: [h2] } }\n";
    std::fs::write(folder.path().join("provision.yaml"), text).expect("written");
    let output = provision(folder.path(), &["status"]);
    let shown = stdout(&output);
    assert_eq!(output.status.code(), Some(8), "{shown}{}", stderr(&output));
    let wrong: Vec<&str> = shown.lines().filter(|line| line.starts_with("wrong: ")).collect();
    assert!(wrong.len() == 2 && wrong.iter().all(|line| line.contains(".invalid")), "{wrong:#?}");
}

#[test]
fn render_writes_what_check_then_finds_and_shows_what_differs() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::copy(root("topologies/nodes.yaml"), folder.path().join("provision.yaml")).expect("copied");
    let run = |args: &[&str]| provision(folder.path(), args);
    assert_eq!(run(&["render", "--check"]).status.code(), Some(1));
    assert_eq!(run(&["render"]).status.code(), Some(0));
    assert_eq!(run(&["render", "--check"]).status.code(), Some(0));
    let zoo_cfg = folder.path().join("hosts-out/provision/analytics-zk-1/etc/zookeeper/zoo.cfg");
    let text = std::fs::read_to_string(&zoo_cfg).expect("rendered");
    std::fs::write(&zoo_cfg, text.replace("syncLimit=5", "syncLimit=6")).expect("written");
    let output = run(&["render", "--check"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stdout(&output).contains("-syncLimit=6\n+syncLimit=5\n"), "{}", stdout(&output));
}

#[test]
fn render_follows_no_link_waits_for_no_fifo_and_leaves_its_folder_for_no_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |path: &str| folder.path().join(path);
    let run = |args: &[&str]| provision(folder.path(), args);
    for file in ["a.yaml", "...yaml", "..yaml"] {
        std::fs::copy(root("topologies/nodes.yaml"), at(file)).expect("copied");
    }
    std::fs::create_dir_all(at("hosts-out/of-another")).expect("a folder");
    std::fs::create_dir(at("mine")).expect("a folder");
    for precious in ["mine/thesis", "hosts-out/of-another/file", "secret"] {
        std::fs::write(at(precious), "precious").expect("written");
    }
    for file in ["./...yaml", "./..yaml"] {
        let output = run(&["render", file]);
        assert_eq!(output.status.code(), Some(64), "{}", stderr(&output));
    }
    assert_eq!(run(&["render", "a.yaml"]).status.code(), Some(0));
    let zoo_cfg = at("hosts-out/a/analytics-zk-1/etc/zookeeper/zoo.cfg");
    std::fs::remove_file(&zoo_cfg).expect("removed");
    std::os::unix::fs::symlink(at("secret"), &zoo_cfg).expect("a link");
    for args in [&["render", "a.yaml", "--check"] as &[&str], &["render", "a.yaml"]] {
        let output = run(args);
        assert_eq!(output.status.code(), Some(1));
        assert!(
            stderr(&output).contains("is not a regular file") && !stdout(&output).contains("precious"),
            "{}",
            stderr(&output)
        );
    }
    std::fs::remove_file(&zoo_cfg).expect("removed");
    std::process::Command::new("mkfifo").arg(&zoo_cfg).status().expect("mkfifo runs");
    assert_eq!(run(&["render", "a.yaml", "--check"]).status.code(), Some(1));
    std::fs::create_dir_all(at("elsewhere/a")).expect("a folder");
    std::fs::rename(at("hosts-out"), at("real-hosts-out")).expect("renamed");
    std::os::unix::fs::symlink(at("elsewhere"), at("hosts-out")).expect("a link");
    std::fs::write(at("elsewhere/a/thesis"), "precious").expect("written");
    assert_eq!(run(&["render", "a.yaml"]).status.code(), Some(1));
    assert_eq!(run(&["render", "a.yaml", "--check"]).status.code(), Some(1));
    for precious in ["mine/thesis", "real-hosts-out/of-another/file", "secret", "elsewhere/a/thesis"] {
        assert_eq!(std::fs::read_to_string(at(precious)).ok().as_deref(), Some("precious"), "{precious}");
    }
}

/// The files beside a topology: a pipe that nobody writes to, and a secret that fills the memory.
#[test]
fn files_of_ones_own_are_regular_and_small() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |path: &str| folder.path().join(path);
    std::process::Command::new("mkfifo").args(["-m", "600"]).arg(at("pipe")).status().expect("mkfifo runs");
    std::fs::write(at("large"), "x".repeat(70_000)).expect("written");
    std::fs::set_permissions(at("large"), PermissionsExt::from_mode(0o600)).expect("changed");
    let nodes = std::fs::read_to_string(root("topologies/nodes.yaml")).expect("readable");
    for (file, said) in [
        ("from: pipe", "cannot use pipe: it is not a regular file"),
        ("from: pipe, private: true", "it is not a regular file"),
        ("from: large", "the text has more than 64 KiB"),
        ("from: large, private: true", "has more than 64 KiB"),
    ] {
        let files = format!("  spark:\n    files: {{ /etc/hadoop/conf/a.xml: {{ {file} }} }}\n");
        std::fs::write(at("a.yaml"), nodes.replacen("  spark:\n", &files, 1)).expect("written");
        let output = provision(folder.path(), &["plan", "a.yaml"]);
        assert_eq!(output.status.code(), Some(1), "{file}");
        assert!(stderr(&output).contains(said), "{file}: {}", stderr(&output));
    }
}

#[test]
fn a_one_number_change_is_a_one_line_diff() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = std::fs::read_to_string(root("topologies/nodes.yaml")).expect("readable");
    std::fs::write(folder.path().join("a.yaml"), &text).expect("written");
    provision(folder.path(), &["render", "a.yaml"]);
    std::fs::write(folder.path().join("a.yaml"), text.replace("maxClientCnxns: 60", "maxClientCnxns: 61"))
        .expect("written");
    let output = provision(folder.path(), &["render", "a.yaml", "--check"]);
    let added: Vec<_> = stdout(&output)
        .lines()
        .filter(|line| line.starts_with('+') && !line.starts_with("+++"))
        .map(str::to_owned)
        .collect();
    assert_eq!(added, ["+maxClientCnxns=61"; 3]);
}

#[test]
fn a_plan_shows_what_terraform_owns_and_says_what_comes_later() {
    for (file, kind, owned) in [
        ("eks", "eks", "aws_eks_node_group.executors x 3"),
        ("aks", "aks", "azurerm_kubernetes_cluster_node_pool.executors"),
    ] {
        let output = provision(&root(""), &["plan", &format!("topologies/{file}.yaml")]);
        assert_eq!(output.status.code(), Some(3));
        assert!(stdout(&output).contains(owned), "{}", stdout(&output));
        assert!(
            stderr(&output).contains("does not implement yet") && stderr(&output).contains(kind),
            "{}",
            stderr(&output)
        );
    }
    // There is nothing that Terraform does not make.
    let output = provision(&root(""), &["plan", "topologies/hdinsight.yaml"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(stdout(&output).contains("azurerm_hdinsight_spark_cluster.main"), "{}", stdout(&output));
}

#[test]
fn preflight_says_what_is_not_fit_and_where_there_is_nothing_to_check() {
    for args in [&["preflight", "topologies/hdinsight.yaml"][..], &["plan", "--preflight", "topologies/hdinsight.yaml"]]
    {
        let output = provision(&root(""), args);
        assert_eq!(output.status.code(), Some(64), "{}", stderr(&output));
        assert!(stderr(&output).contains("nothing of this topology is on hosts"), "{}", stderr(&output));
    }
    let home = tempfile::tempdir().expect("a folder");
    nobody_listens(home.path());
    let nodes = root("topologies/nodes.yaml").display().to_string();
    assert_eq!(provision(home.path(), &["preflight", &nodes]).status.code(), Some(4));
    // Folders of this machine, one of which wants a Java that is not there.
    let topology = home.path().join("here.yaml");
    let text = "apiVersion: provision/v1\nname: here\nplatforms: { here: { local: {} } }\nservices:\n  zookeeper: { nodes: 1, java: { home: /no/java } }\n";
    std::fs::write(&topology, text).expect("written");
    let run = |args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_provision"));
        command.args(args).current_dir(home.path()).env_clear().env("HOME", home.path());
        command.env("PATH", std::env::var_os("PATH").expect("a path")).output().expect("the program runs")
    };
    let output = run(&["preflight", "here.yaml"]);
    assert_eq!(output.status.code(), Some(6), "{}", stderr(&output));
    assert!(stdout(&output).contains("no bin/java in /no/java"), "{}", stdout(&output));
    let output = run(&["preflight", "here.yaml", "--json"]);
    let lines: Vec<serde_json::Value> =
        stdout(&output).lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(lines[1]["exit"], 6);
    let checks = lines[0]["checks"].as_array().expect("checks");
    let java = checks.iter().find(|check| check["check"] == "java").expect("a row");
    assert!(
        java["problem"].as_str().is_some_and(|problem| problem.starts_with("install Java 11 or later there")),
        "{java}"
    );
    assert!(!home.path().join(".local").exists(), "a preflight leaves something");
}

#[test]
fn render_leaves_alone_what_is_not_its_own_and_refuses_what_would_move_a_member() {
    let folder = tempfile::tempdir().expect("a folder");
    let example = std::fs::read_to_string(root("topologies/azure-vms.yaml")).expect("readable");
    let write = |text: &str| std::fs::write(folder.path().join("provision.yaml"), text).expect("written");
    write(&example);
    assert_eq!(provision(folder.path(), &["render"]).status.code(), Some(0));
    let module = folder.path().join("terraform-out/provision");
    for own in ["terraform.tfstate", "terraform.tfvars", "override.tf", ".terraform/providers"] {
        let path = module.join(own);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        std::fs::write(path, "mine").expect("written");
    }
    // A load balancer less, and its bastion's file goes.
    write(&example.replace(", bastion: true", ""));
    assert_eq!(provision(folder.path(), &["render"]).status.code(), Some(0));
    assert!(!module.join("bastion.tf").exists() && module.join("network.tf").exists());
    for own in ["terraform.tfstate", "terraform.tfvars", "override.tf", ".terraform/providers"] {
        assert_eq!(std::fs::read_to_string(module.join(own)).expect("it is there"), "mine", "{own}");
    }
    assert_eq!(provision(folder.path(), &["render", "--check"]).status.code(), Some(0));

    write(&example.replace("zones: [1, 2, 3]", "zones: [2, 1, 3]"));
    let before = std::fs::read_to_string(module.join("locals.tf")).expect("readable");
    let refused = provision(folder.path(), &["render"]);
    assert_eq!(refused.status.code(), Some(3));
    let said = stderr(&refused);
    assert!(said.contains("analytics-zk-1 would get zone 2 (was 1)") && said.contains("zones:"), "{said}");
    assert_eq!(std::fs::read_to_string(module.join("locals.tf")).expect("readable"), before);

    write(&example.replace("Standard_D2s_v5", "Standard_D8s_v5"));
    let said = stderr(&provision(folder.path(), &["render"]));
    let command = r#"terraform apply -replace='azurerm_linux_virtual_machine.zookeeper["2"]' -target='azurerm_virtual_machine_data_disk_attachment.zookeeper["2"]'"#;
    assert!(said.contains(command) && said.contains("size Standard_D8s_v5 (was Standard_D2s_v5)"), "{said}");
}

#[test]
fn a_graph_shows_the_cloud_too() {
    let drawn = stdout(&provision(&root(""), &["graph", "topologies/azure-vms.yaml"]));
    for text in ["analytics-zk-3", "2 to 10 machines, by load", "by Terraform", ">zookeeper</text>"] {
        assert!(drawn.contains(text), "{text}: {drawn}");
    }
    let drawn = stdout(&provision(&root(""), &["graph", "topologies/aks.yaml", "--format", "dot"]));
    assert!(drawn.contains("pools"), "{drawn}");
}

#[test]
fn a_missing_secret_is_named_before_any_host_is_asked() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = std::fs::read_to_string(root("topologies/nodes.yaml")).expect("readable");
    let text = text.replace("    masters:", "    authenticate: { secret: { env: NO_SUCH_SECRET } }\n    masters:");
    std::fs::write(folder.path().join("provision.yaml"), &text).expect("written");
    let output = provision(folder.path(), &["plan"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("NO_SUCH_SECRET, which is not set"), "{}", stderr(&output));
    // Whoever only looks need not know it.
    nobody_listens(folder.path());
    assert_eq!(provision(folder.path(), &["status"]).status.code(), Some(8));
    // A file that others may read is no secret.
    let text = text.replace("{ env: NO_SUCH_SECRET }", "{ file: secret.txt }");
    std::fs::write(folder.path().join("provision.yaml"), &text).expect("written");
    std::fs::write(folder.path().join("secret.txt"), "x").expect("written");
    let output = provision(folder.path(), &["plan"]);
    assert!(stderr(&output).contains("chmod 600"), "{}", stderr(&output));
}

#[test]
fn the_committed_schema_is_the_one_of_the_types() {
    let committed = std::fs::read_to_string(root("schema/topology.schema.json")).expect("committed");
    assert_eq!(stdout(&provision(&root(""), &["schema"])), committed);
}

#[test]
fn the_picture_of_the_example_is_the_committed_one() {
    let committed = std::fs::read_to_string(root("docs/nodes.svg")).expect("committed");
    let drawn = stdout(&provision(&root(""), &["graph", "topologies/nodes.yaml"]));
    assert!(drawn == committed, "`make render` draws it again");
    let dot = stdout(&provision(&root(""), &["graph", "topologies/nodes.yaml", "--format", "dot"]));
    let golden = root("tests/golden/nodes.dot");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&golden, &dot).expect("written");
    }
    assert_eq!(dot, std::fs::read_to_string(golden).expect("committed"));
}

#[test]
fn a_picture_of_many_hosts_counts_those_that_are_alike() {
    let hosts: String =
        (1..=300).map(|host| format!("h{host}: {{ address: 10.0.{}.{} }}, ", host / 250, host % 250 + 1)).collect();
    let names: Vec<_> = (1..=300).map(|host| format!("h{host}")).collect();
    let text = format!(
        "apiVersion: provision/v1\nname: many\nplatforms: {{ rack: {{ nodes: {{ hosts: {{ {hosts} }} }} }} }}\n\
         services: {{ zookeeper: {{ members: {{ 1: h1, 2: h2, 3: h3 }} }}, \
         spark: {{ masters: {{ hosts: [h1, h2] }}, workers: {{ hosts: [{}] }} }} }}\n",
        names.join(", ")
    );
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("provision.yaml"), text).expect("written");
    let drawn = stdout(&provision(folder.path(), &["graph"]));
    assert!(drawn.contains("297 × Spark worker") && drawn.contains("and 285 more like"), "{drawn}");
    assert!(drawn.len() < 20_000, "{} bytes", drawn.len());
}

#[test]
fn the_readme_shows_the_support_table_of_the_code() {
    let readme = std::fs::read_to_string(root("README.md")).expect("readable");
    let (_, rest) = readme.split_once("<!-- support -->\n").expect("the README has a place for the table");
    let (table, _) = rest.split_once("<!-- /support -->").expect("the place has an end");
    assert_eq!(table, provision::topology::support::table(), "copy the right-hand side into README.md");
}

#[test]
fn a_pager_that_was_closed_does_not_change_how_a_command_ends() {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let status = Command::new(env!("CARGO_BIN_EXE_provision"))
        .args(["validate", "topologies/bad/unknown-key.yaml"])
        .current_dir(root(""))
        .stdout(writer.try_clone().expect("a second end"))
        .stderr(writer)
        .status()
        .expect("the program runs");
    assert_eq!(status.code(), Some(1));
}

#[test]
fn what_belongs_into_a_map_is_said_where_something_else_stands() {
    let text = std::fs::read_to_string(root("topologies/nodes.yaml")).expect("the example");
    let help = |from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("provision.yaml"), text.replace(from, to)).expect("written");
        let json: serde_json::Value =
            serde_json::from_str(&stdout(&provision(folder.path(), &["validate", "--json"]))).expect("JSON");
        let all = json["diagnostics"].as_array().expect("a list");
        let error = all.iter().find(|found| found["severity"] == "error").expect("an error");
        error["help"].as_str().unwrap_or_default().to_owned()
    };
    assert_eq!(help("{ 1: h1, 2: h2, 3: h3 }", "[h1, h2, h3]"), "write { name: value, ... }");
    assert_eq!(
        help("{ hosts: [h1, h2] }", "[h1, h2]"),
        "write { key: value, ... } with the keys `nodes`, `hosts`, `size`, `zones`, `jvmOptions`, `unit`, ..."
    );
}

/// Terraform's machines are there before the first apply: the identity that `init` has written is in their tags.
fn carries_its_identity(folder: &std::path::Path, template: &str) {
    let text = std::fs::read_to_string(folder.join(format!("{template}.yaml"))).expect("written");
    let identity = text.lines().find_map(|line| line.strip_prefix("id: ")).expect("an identity");
    let identity = identity.split_whitespace().next().expect("a word");
    assert_eq!(provision(folder, &["render", &format!("{template}.yaml")]).status.code(), Some(0), "{template}");
    let locals =
        std::fs::read_to_string(folder.join("terraform-out").join(template).join("locals.tf")).expect("rendered");
    assert!(locals.contains("provision-id") && locals.contains(identity), "{locals}");
}

#[test]
fn init_writes_a_topology_that_validates_and_never_over_another_file() {
    let folder = tempfile::tempdir().expect("a folder");
    for template in ["nodes", "local", "azure-vms", "aws-vms", "hdinsight", "aks", "eks", "minikube"] {
        let file = format!("{template}.yaml");
        let run = |args: &[&str]| provision(folder.path(), args).status.code();
        assert_eq!(run(&["init", &file, "--template", template]), Some(0), "{template}");
        assert_eq!(run(&["validate", &file]), Some(0), "{template}");
        if ["azure-vms", "aws-vms", "hdinsight", "aks", "eks"].contains(&template) {
            carries_its_identity(folder.path(), template);
        }
        std::fs::write(folder.path().join(&file), "mine").expect("written");
        assert_eq!(run(&["init", &file, "--template", template]), Some(1), "{template}");
        assert_eq!(std::fs::read_to_string(folder.path().join(&file)).expect("readable"), "mine");
    }
}

#[test]
fn the_readme_shows_what_init_writes() {
    let template = std::fs::read_to_string(root("templates/init/nodes.yaml")).expect("the template");
    let readme = std::fs::read_to_string(root("README.md")).expect("the README");
    let shown: String = template.lines().skip(1).map(|line| format!("   {line}\n")).collect();
    assert!(readme.contains(&shown), "copy templates/init/nodes.yaml into README.md, indented by three");
}

/// The words that a shell offers for the last of these.
fn completed(words: &[&str]) -> String {
    let command = Command::new(env!("CARGO_BIN_EXE_provision"))
        .args([&["--", "provision"], words].concat())
        .env("PROVISION_COMPLETE", "fish")
        .current_dir(root(""))
        .output();
    stdout(&command.expect("it runs"))
}

#[test]
fn names_of_nodes_and_jobs_are_completed() {
    for (words, offered) in [
        (
            &["ssh", "-f", "topologies/nodes.yaml", ""] as &[&str],
            &["analytics-zk-1", "analytics-worker-h2", "h3"] as &[_],
        ),
        (&["logs", "--file", "topologies/nodes.yaml", ""], &["analytics-zk-1", "spark-worker", "zookeeper", "h1"]),
        (&["submit", "-f", "topologies/nodes.yaml", "p"], &["pi"]),
    ] {
        let lines = completed(words);
        let lines: Vec<&str> = lines.lines().map(|line| line.split('\t').next().unwrap_or_default()).collect();
        for name in offered {
            assert!(lines.contains(name), "{words:?}: {name} is not in {lines:?}");
        }
    }
    assert_eq!(completed(&["submit", "-f", "none.yaml", "p"]), "");
    // A pipe would keep the shell waiting for whoever writes there.
    let folder = tempfile::tempdir().expect("a folder");
    let pipe = folder.path().join("provision.yaml").display().to_string();
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("mkfifo runs").success());
    assert_eq!(completed(&["submit", "-f", &pipe, "p"]), "");
}

#[test]
fn every_command_is_in_the_completions_and_on_the_manual_page() {
    let help = stdout(&provision(&root(""), &["--help"]));
    let (_, commands) = help.split_once("Commands:\n").expect("a list of commands");
    // A long description goes on in the next line, further to the right.
    let named = |line: &&str| line.starts_with("  ") && !line.starts_with("   ");
    let commands: Vec<_> = commands
        .lines()
        .take_while(|line| line.starts_with("  "))
        .filter(named)
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert!(commands.contains(&"apply") && commands.len() > 12, "{commands:?}");
    let page = stdout(&provision(&root(""), &["man"]));
    assert!(stdout(&provision(&root(""), &["completions", "bash"])).contains("PROVISION_COMPLETE=\"bash\""));
    let completions = completed(&["apply", ""]);
    assert!(completions.is_empty() || !completions.contains("supervise"), "{completions}");
    let completions = completed(&[""]);
    for command in commands.iter().filter(|command| **command != "help") {
        assert!(
            page.contains(&format!("provision\\-{command}")) || page.contains(&format!("provision {command}")),
            "{command}: {page}"
        );
        assert!(completions.contains(command), "{command}");
    }
}

#[test]
fn the_generated_pages_are_what_the_program_prints() {
    for (page, args) in [("docs/topology.md", ["schema", "--markdown"]), ("docs/hazards.md", ["explain", "--all"])] {
        let committed = std::fs::read_to_string(root(page)).expect("committed");
        let printed = stdout(&provision(&root(""), &args));
        assert!(committed == printed, "{page} is old: make render");
    }
    // A key without a description would be a riddle.
    let page = std::fs::read_to_string(root("docs/topology.md")).expect("readable");
    let bare: Vec<&str> = page.lines().filter(|line| line.contains("` |  |") || line.contains("`** |  |")).collect();
    assert!(bare.is_empty() && !page.contains("`\n\n\n"), "{bare:?}");
}

#[test]
fn a_log_is_the_owners_alone_and_what_is_there_stays() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().expect("a folder");
    let topology = std::fs::read_to_string(root("topologies/nodes.yaml")).expect("the example");
    std::fs::write(folder.path().join("provision.yaml"), topology).expect("written");
    nobody_listens(folder.path());
    for _ in 0..2 {
        // Nobody listens there: it ends at once, and says so of each host.
        assert_eq!(provision(folder.path(), &["plan", "--log-file", "log"]).status.code(), Some(4));
    }
    let log = folder.path().join("log");
    assert_eq!(std::fs::metadata(&log).expect("a log").permissions().mode() & 0o777, 0o600);
    let text = std::fs::read_to_string(&log).expect("readable");
    let of_h1 = text.lines().filter(|line| line.contains("failed") && line.contains("host=\"h1\"")).count();
    assert_eq!(of_h1, 2, "{text}");
}

/// Whoever changes a template or a type renders the committed examples again (`make render`), and the change shows what that does.
#[test]
fn the_committed_examples_are_what_is_rendered() {
    let rendered = |name: &str| {
        ["hosts-out", "terraform-out", "kubernetes-out", "ansible-out"].iter().any(|out| root(out).join(name).is_dir())
    };
    let topologies = std::fs::read_dir(root("topologies"))
        .expect("a folder")
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let examples: Vec<String> = topologies.filter(|file| file.strip_suffix(".yaml").is_some_and(rendered)).collect();
    assert!(examples.len() >= 6, "{examples:?}");
    for file in examples {
        let output = provision(&root(""), &["render", &format!("topologies/{file}"), "--check"]);
        assert!(output.status.success(), "{file}: make render\n{}{}", stdout(&output), stderr(&output));
    }
}

/// A way through one host of the topology to another is closed by the first one's rules, unless it takes the port that they open.
#[test]
fn a_firewall_that_closes_a_jump_is_refused() {
    let topology = "apiVersion: provision/v1\nname: demo\nplatforms: { rack: { nodes: { ssh: { user: ops }, firewall: nftables, hosts: { h1: { address: 10.0.0.1, sshName: h1-pub }, h2: { address: 10.0.0.2 } } } } }\n\
        services: { spark: { version: 4.3.0, masters: { hosts: [h1] }, workers: { hosts: [h2], cores: 1, memory: 1g } } }\n";
    for (jump, refused) in [
        ("ProxyJump bastion", Some("ssh reaches h2 through h1 at port 2200")),
        ("ProxyJump ops@10.0.0.1:2201", Some("ssh reaches h2 through h1 at port 2201")),
        ("ProxyJump outer", Some("ssh reaches h2 through h1 at port 2200")),
        (
            "ProxyCommand ssh -W %h:%p bastion",
            Some("ssh reaches h2 through h1 at a port that its ProxyCommand chooses"),
        ),
        ("ProxyJump outside", Some("ssh reaches h2 through h1 at port 2222")),
        ("ProxyJump 1", Some("ssh reaches h2 through h1 at port 2200")),
        ("Port 2222", Some("ssh reaches h2 at port 2222")),
        ("ProxyJump h1", None),
        ("ProxyJump elsewhere", None),
    ] {
        let home = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(home.path().join(".ssh")).expect("a folder");
        let config = format!(
            "Host bastion\n  HostName 10.0.0.1\n  Port 2200\nHost h1-pub\n  HostName 203.0.113.1\nHost outside\n  HostName 203.0.113.1\n  Port 2222\nHost 1\n  HostName 10.0.0.%h\n  Port 2200\nHost outer\n  HostName 192.0.2.1\n  ProxyJump bastion\nHost elsewhere\n  HostName 192.0.2.2\n  Port 2200\nHost h2 10.0.0.2\n  {jump}\n"
        );
        std::fs::write(home.path().join(".ssh/config"), config).expect("written");
        std::fs::write(home.path().join("provision.yaml"), topology).expect("written");
        let output = Command::new("timeout")
            .args(["5", env!("CARGO_BIN_EXE_provision"), "plan"])
            .current_dir(home.path())
            .env_clear()
            .env("HOME", home.path())
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .output()
            .expect("the program runs");
        let said = stderr(&output);
        match refused {
            Some(text) => assert!(said.contains(text) && output.status.code() == Some(3), "{jump}: {said}"),
            // It goes on to the hosts, of which none is there.
            None => {
                assert!(said.contains("h2 cannot be reached") || output.status.code() == Some(124), "{jump}: {said}");
            }
        }
    }
}
