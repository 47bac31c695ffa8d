//! Whatever a topology holds, it never becomes more than a value: not in a shell, not in a unit, not in a config file.

use proptest::prelude::*;

use provision::diagnostic::Source;
use provision::diagnostic::{locate, show};
use provision::topology;
use provision::{cluster, desired, host, render};

const BASE: &str = include_str!("../topologies/nodes.yaml");

const HOSTILE: &[&str] = &[
    "a\"b",
    "a'b",
    "a\nb=c",
    "a\r\nExecStart=/bin/id",
    "$(id)",
    "`id`",
    "${IFS}id",
    "{{ 7*7 }}",
    "{% raw %}",
    "%n%H",
    "a;id",
    "a&&id",
    "a|id",
    "a\\",
    "\\nb",
    "../../etc/passwd",
    "-rf",
    "--master",
    "a b",
    "\t",
    "\u{202e}abc",
    "#",
    "!",
    "é",
    "\u{0}",
    "a\u{1b}[31m",
];

/// Every place of the example that takes a text, as the text that stands there.
const PLACES: &[&str] = &[
    "analytics",
    "ops",
    "10.77.0.11",
    "zone: a",
    "3.9.5\n",
    "/srv/dist/zookeeper-3.9.5.tar.gz",
    "/data/zookeeper",
    "256m",
    "4.3.0\n",
    "/srv/dist/spark-4.3.0.tar.gz",
    "\"false\"",
    "home:examples/src/main/python/pi.py",
    "\"20\"",
    "512m",
    "spark.eventLog.enabled",
    "h1:",
];

fn quoted(text: &str) -> String {
    serde_json::to_string(text).expect("JSON is YAML")
}

fn with(place: &str, hostile: &str) -> String {
    match place.split_once(' ') {
        Some((key, _)) if key.ends_with(':') => BASE.replacen(place, &format!("{key} {}", quoted(hostile)), 1),
        _ => match place.strip_suffix(['\n', ':']) {
            Some(word) => BASE.replacen(place, &format!("{}{}", quoted(hostile), &place[word.len()..]), 1),
            None => BASE.replacen(place, &quoted(hostile), 1),
        },
    }
}

fn rendered(text: &str) -> Option<render::FileTree> {
    let source = Source::new("hostile.yaml", text);
    let (file, mut problems) = topology::load(&source);
    let topology = topology::check(&file, &mut problems);
    for problem in problems.sorted() {
        locate(problem, &source);
        show(problem, &source, false);
    }
    Some(render::hosts(&desired::of(&cluster::resolve(&topology?, || Err("no".to_owned())).ok()?)))
}

fn check_one(place: &str, hostile: &str) {
    let text = with(place, hostile);
    assert_ne!(text, BASE, "the example no longer has `{place}`");
    let Some(tree) = rendered(&text) else { return };
    let lines = |tree: &render::FileTree| -> usize { tree.values().map(|text| text.lines().count()).sum() };
    let base = rendered(BASE).expect("the example renders");
    assert_eq!(lines(&tree), lines(&base), "{hostile:?} at {place:?} made a line");
    for (path, text) in &tree {
        assert!(
            !text.contains('\u{1b}') && !text.contains('\0'),
            "{hostile:?} at {place:?} is raw in {}",
            path.display()
        );
        let code = path.extension().is_some_and(|ending| ending == "service" || ending == "sh" || ending == "nft");
        let dangerous = hostile.contains(['$', '`', ';', '|', '&', '"', '\'', '%', '\n', ' ']);
        assert!(!(code && dangerous && text.contains(hostile)), "{hostile:?} at {place:?} is in {}", path.display());
    }
}

#[test]
fn a_hostile_string_in_any_place_is_refused_or_stays_a_value() {
    for place in PLACES {
        for hostile in HOSTILE {
            check_one(place, hostile);
        }
    }
}

/// The value of a line as `java.util.Properties` reads it.
fn java_reads(value: &str) -> String {
    let mut out = Vec::new();
    let mut chars = value.trim_start().chars();
    while let Some(c) = chars.next() {
        let unit: Vec<u16> = match c {
            '\\' => match chars.next().expect("an escape has a second part") {
                'n' => vec![10],
                'r' => vec![13],
                't' => vec![9],
                'u' => vec![u16::from_str_radix(&chars.by_ref().take(4).collect::<String>(), 16).expect("hexadecimal")],
                other => other.encode_utf16(&mut [0; 2]).to_vec(),
            },
            other => other.encode_utf16(&mut [0; 2]).to_vec(),
        };
        out.extend(unit);
    }
    String::from_utf16(&out).expect("well formed")
}

proptest! {
    #[test]
    fn a_property_comes_back_as_it_was(value in "\\PC*|[\\x00-\\x7f]*") {
        let lines = host::properties([("spark.x", value.clone())]);
        prop_assert!(!lines[0].value.contains('\n'));
        prop_assert_eq!(java_reads(&lines[0].value), value);
    }

    #[test]
    fn no_text_makes_the_checks_panic(text in "\\PC{0,200}") {
        rendered(&text);
    }

    /// Pieces of the language in any order: deeper than random text gets.
    #[test]
    fn no_mixture_of_the_example_makes_the_checks_panic(
        cuts in proptest::collection::vec((0..BASE.len(), 0..BASE.len()), 1..6),
        junk in "[\\PC\n :{}\\[\\],\"'&*!|>#-]{0,20}",
    ) {
        let mut text = String::new();
        for (a, b) in cuts {
            let (a, b) = (a.min(b), a.max(b));
            text.push_str(BASE.get(a..b).unwrap_or_default());
            text.push_str(&junk);
        }
        rendered(&text);
    }
}
