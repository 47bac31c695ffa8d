//! The language by its examples: what must pass passes, what must be refused is refused where and as its first lines say.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use provision::diagnostic::Source;
use provision::diagnostic::{Severity, locate, show, show_all};
use provision::topology;
use provision::value::listener::{Lasts, OWN_PORTS};

fn yaml_files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .expect("the folder exists")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "yaml"))
        .collect();
    files.sort();
    assert!(!files.is_empty());
    files
}

fn diagnose(source: &Source) -> Vec<provision::diagnostic::Located> {
    let (file, mut problems) = topology::load(source);
    topology::check(&file, &mut problems);
    problems.sorted().into_iter().map(|problem| locate(problem, source)).collect()
}

#[test]
fn every_example_validates() {
    for path in yaml_files("topologies") {
        let source = Source::read(&path).expect("readable");
        let errors: Vec<_> = diagnose(&source).into_iter().filter(|d| d.severity == Severity::Error).collect();
        assert!(errors.is_empty(), "{}: {errors:#?}", path.display());
    }
}

/// A node's own ports are counted by them.
#[test]
fn no_two_listeners_of_a_role_have_one_place() {
    for path in yaml_files("topologies") {
        let (file, mut problems) = topology::load(&Source::read(&path).expect("readable"));
        let topology = topology::check(&file, &mut problems).expect("it is right");
        let mut seen = BTreeSet::new();
        for listener in topology::listeners::all(&topology) {
            if let Lasts::Always { place } = listener.lasts {
                assert!(place < OWN_PORTS && seen.insert((listener.role(), place)), "{}: {listener:?}", path.display());
            }
        }
    }
}

#[test]
fn no_kind_of_secret_in_a_topology_is_shown() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("topologies/bad/secret-in-file.yaml");
    let text = std::fs::read_to_string(file).expect("readable");
    for secret in ["hunter2", "'hunter2'", "12345678901234567890", "0x7E57ED", "98.76e54", "tRue98"] {
        let source = Source::new("bad.yaml", text.replace("hunter2", secret));
        let (file, mut problems) = topology::load(&source);
        topology::check(&file, &mut problems);
        let said = |problem| format!("{:?}\n{}", locate(problem, &source), show(problem, &source, false));
        let shown: String = problems.sorted().into_iter().map(said).collect();
        assert!(shown.contains("T020") && !shown.contains(secret), "{shown}");
    }
}

#[test]
fn a_screen_gets_a_hundred_problems_and_the_number_of_the_others() {
    let wrong: String = (0..150).map(|number| format!("wrong{number}: 1\n")).collect();
    let source = Source::new("bad.yaml", format!("apiVersion: provision/v1\nname: demo\n{wrong}"));
    let (file, mut problems) = topology::load(&source);
    topology::check(&file, &mut problems);
    let shown = show_all(&problems.sorted(), &source, false);
    let all = problems.sorted().len();
    assert_eq!(shown.matches("error[").count(), 100);
    assert!(
        shown.ends_with(&format!("... and {} more; `provision validate --json` lists them all\n\n", all - 100)),
        "{all}"
    );
}

/// In a URL, an option for a JVM, an argument, and the argument after one that asks for it.
#[test]
fn no_secret_within_a_value_is_shown() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("topologies/bad/secret-in-a-value.yaml");
    let source = Source::read(&file).expect("readable");
    let (file, mut problems) = topology::load(&source);
    topology::check(&file, &mut problems);
    let shown: Vec<String> = problems
        .sorted()
        .into_iter()
        .map(|problem| show(problem, &source, false))
        .filter(|s| s.contains("T020"))
        .collect();
    assert!(shown.len() == 4 && !shown.concat().contains("hunter2"), "{shown:#?}");
}

/// The forms of a secret that no search of the text finds, as the tree has them.
#[test]
fn no_form_of_a_secret_is_shown() {
    let base = include_str!("../topologies/nodes.yaml");
    let forms = [
        "      'spark.x.sig': 'hunter2'\n",
        "      spark.x.sig : hunter2\n",
        "      \"spark.x.p\\x61ssword\": hunter2\n",
        "      spark.driver.extraJavaOptions: \"-Dx.p\\x61ssword=hunter2\"\n",
        "      spark.x: https://a.b/c?sv=1&sig=hunter2&se=3\n",
        "      spark.x.password:\n        hunter2\n",
    ];
    let place = "      spark.eventLog.enabled: \"false\"\n";
    let lists = ["[\"--password\", hunter2]", "[hunter2, \"b=c\"]", "\n      - --password\n      - hunter2"];
    let texts = forms.iter().map(|form| base.replace(place, form));
    let texts = texts
        .chain(lists.iter().map(|list| base.replace("[\"20\"]", &list.replace("[hunter2", "[\"--token\", hunter2"))));
    for text in texts {
        assert!(text.contains("hunter2"), "{text}");
        let source = Source::new("secret.yaml", text.as_str());
        let (file, mut problems) = topology::load(&source);
        topology::check(&file, &mut problems);
        let all = problems.sorted();
        let screens: String = all.iter().map(|problem| show(problem, &source, false)).collect();
        let objects: String = all.iter().map(|problem| format!("{:?}", locate(problem, &source))).collect();
        assert!(screens.contains("T020"), "{text}\n{screens}");
        assert!(!screens.contains("hunter2") && !objects.contains("hunter2"), "{screens}\n{objects}");
    }
}

#[test]
fn every_bad_file_gives_what_its_first_lines_expect() {
    for path in yaml_files("topologies/bad") {
        let source = Source::read(&path).expect("readable");
        let found = diagnose(&source);
        let expected: Vec<_> = source.text.lines().filter_map(|line| line.strip_prefix("# expect: ")).collect();
        assert!(!expected.is_empty(), "{} expects nothing", path.display());
        for line in &expected {
            let [severity, code, line] = line.split(' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
            let severity = match severity {
                "error" => Severity::Error,
                "warning" => Severity::Warning,
                _ => Severity::Note,
            };
            assert!(
                found
                    .iter()
                    .any(|d| d.severity == severity && d.code == code && (line == "*" || d.line.to_string() == line)),
                "{}: no {code} at line {line} in {found:#?}",
                path.display()
            );
        }
        let errors = found.iter().filter(|d| d.severity == Severity::Error).count();
        let wanted = expected.iter().filter(|line| line.starts_with("error")).count();
        assert_eq!(errors, wanted, "{}: {found:#?}", path.display());
    }
}

#[test]
fn what_the_decoder_takes_the_schema_takes() {
    let schema = serde_json::from_str(&topology::schema()).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    for path in yaml_files("topologies") {
        let source = Source::read(&path).expect("readable");
        let value = as_json(&source.text);
        let errors: Vec<_> = validator.iter_errors(&value).map(|e| format!("{} at {}", e, e.instance_path())).collect();
        assert!(errors.is_empty(), "{}: {errors:#?}", path.display());
    }
    let unknown =
        serde_json::json!({"apiVersion": "provision/v1", "name": "x", "platforms": {}, "services": {}, "x": 1});
    assert!(!validator.is_valid(&unknown), "an unknown key passed the schema");
    let missing = serde_json::json!({"apiVersion": "provision/v1", "platforms": {}, "services": {}});
    assert!(!validator.is_valid(&missing), "a missing name passed the schema");
}

/// A list item, or an entry of a map of names, that is empty is no value, and was not left out either: it is refused, and nothing that
/// it belongs to is lost.
#[test]
fn nothing_where_a_value_belongs_is_refused() {
    use provision::yaml::tree::{Node, Value, parse};
    const OF_NAMES: &[&str] = &["hosts", "members", "jobs", "tags", "pools", "platforms", "accept", "topics"];
    fn values<'n>(node: &'n Node, key: &str, all: &mut Vec<&'n Node>) {
        match &node.value {
            Value::List(items) => {
                all.extend(items);
                items.iter().for_each(|item| values(item, "", all));
            }
            Value::Map(entries) => {
                all.extend(entries.iter().filter(|_| OF_NAMES.contains(&key)).map(|(_, value)| value));
                entries.iter().for_each(|(key, value)| values(value, &key.text, all));
            }
            Value::Scalar { .. } => {}
        }
    }
    let mut count = 0;
    for path in yaml_files("topologies") {
        let text = std::fs::read_to_string(&path).expect("readable");
        let tree = parse(&text, &mut Vec::new()).expect("YAML");
        let mut all = Vec::new();
        values(&tree, "", &mut all);
        for Node { span, .. } in all {
            let emptied = format!("{}~{}", &text[..span.start], &text[span.end..]);
            let said = diagnose(&Source::new("emptied.yaml", emptied.as_str()));
            assert!(said.iter().any(|said| said.severity == Severity::Error), "{emptied}");
            count += 1;
        }
    }
    assert!(count > 100, "{count}");
}

/// The project's own tree as JSON, by YAML's core schema.
fn as_json(text: &str) -> serde_json::Value {
    use provision::yaml::tree::{Node, Plain, Value, classify, parse};
    fn convert(node: &Node) -> serde_json::Value {
        match &node.value {
            Value::List(items) => items.iter().map(convert).collect(),
            Value::Map(entries) => entries.iter().map(|(key, value)| (key.text.clone(), convert(value))).collect(),
            Value::Scalar { text, plain } => match if *plain { classify(text) } else { Plain::Text } {
                Plain::Null => serde_json::Value::Null,
                Plain::Bool(value) => value.into(),
                Plain::Integer => text.parse::<i64>().expect("an integer").into(),
                Plain::Float => text.parse::<f64>().expect("a number").into(),
                Plain::Text => text.clone().into(),
            },
        }
    }
    convert(&parse(text, &mut Vec::new()).expect("YAML"))
}
