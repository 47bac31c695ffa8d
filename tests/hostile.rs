//! Whatever a topology holds, it never becomes more than a value: not in a shell, not in a unit, not in a config file.

use proptest::prelude::*;

use provision::diagnostic::Source;
use provision::diagnostic::{locate, show};
use provision::topology;
use provision::{cluster, desired, host, render, world};

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
        let lines = [host::Property::of("spark.x", &value)];
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

/// Words of hosts end up in tables, messages and JSON: each is short there, or the host is unknown with a short reason.
#[test]
fn whatever_a_host_says_is_short() {
    let query = host::HostQuery { machine: true, units: vec!["zookeeper".to_owned()], ..host::HostQuery::default() };
    let long = "A".repeat(1 << 20);
    let owned = |users: usize, files: usize| {
        let users: Vec<_> = (0..users).map(|n| format!("\"u{n}\":\"/u{n}\"")).collect();
        let files: Vec<_> = (0..files).map(|n| format!("\"/f{n}\"")).collect();
        let (users, files) = (users.join(","), files.join(","));
        let owned = format!(
            "{{\"users\":{{{users}}},\"directories\":{{}},\"files\":[{files}],\"distributions\":[],\"units\":[]}}"
        );
        format!("{{\"cluster\":\"a\",\"host\":\"h\",\"instances\":[],\"anchors\":[],\"owned\":{owned}}}")
    };
    let file = |text: &str| {
        use base64::Engine as _;
        format!("file\t/var/lib/provision/stamp.json\t{}", base64::engine::general_purpose::STANDARD.encode(text))
    };
    let answer = |lines: &str| {
        let stdout = format!("begin\n{lines}\nend\n").into_bytes();
        let output = world::Output { status: 0, stdout, stderr: long.clone().into_bytes() };
        world::script::facts(&query, &world::script::ScriptPlace::machine(), &output, &(0..=i128::MAX))
    };
    let facts = answer(&file(&owned(3, 50))).expect("an answer");
    assert!(facts.wrong.is_empty() && facts.stamp.is_some_and(|stamp| stamp.owned.files.len() == 50));
    let lies = [
        format!("machine\t{long}"),
        format!("java\t/{long}\t{long}"),
        format!("tool\t{long}"),
        format!("apt-java\t{long}"),
        format!("memory\t{long}"),
        format!("memory\t{long}\nmemory\t{long}"),
        format!("path\t/{long}\tdirectory\troot\troot\t755\t1:1"),
        format!("path\t/a\tdirectory\t{long}\t{long}\t755\t{long}"),
        format!("epoch\t/e\t{long}"),
        format!("identity\t/i\t{long}"),
        format!("unit\tId=zookeeper.service\nunit\tActiveState={long}\nunit\tSubState={long}"),
        format!("space\t/{long}\t1"),
        format!("answer\t{long}\t"),
        long.clone(),
        file(&format!("{{\"cluster\":\"{long}\"}}")),
        file(&owned(21, 0)),
        file(&owned(0, 1001)),
    ];
    for lie in &lies {
        let said = match answer(lie) {
            Ok(facts) => {
                assert!(facts.stamp.is_none());
                format!("{facts:?}")
            }
            Err(error) => error.to_string(),
        };
        assert!(said.len() < 5000, "{} bytes for {:.60}", said.len(), lie);
    }
    // What nobody asked for is no fact, and ends the reading.
    let many = |line: &dyn Fn(usize) -> String| (0..100_000).map(line).collect::<Vec<_>>().join("\n");
    for lie in [
        many(&|n| format!("path\t/{n}\tx\tx\tx\t0\tx")),
        many(&|n| format!("epoch\t/{n}\t1")),
        many(&|n| format!("space\t/{n}\t1")),
        many(&|n| format!("origin\t/{n}\tab")),
        many(&|n| format!("archive\t/{n}\tab\t1")),
        many(&|n| format!("file\t/{n}/stamp.json\t")),
        many(&|n| format!("secret\t/{n}\tab")),
        many(&|n| format!("sum\tab\t/{n}")),
    ] {
        assert!(matches!(answer(&lie), Err(host::HostError::Garbled { .. })), "{lie:.60}");
    }
    for lie in [
        many(&|n| format!("tool\tx{n}")),
        many(&|n| format!("shared\t/{n}")),
        many(&|n| format!("slow\t/{n}")),
        many(&|_| "unit\t".to_owned()),
        many(&|n| format!("silent\t10.0.0.1\t{}", n % 65536)),
        many(&|n| format!("connected\t{n:08X}\t0001")),
    ] {
        assert!(answer(&lie).is_ok_and(|facts| format!("{facts:?}").len() < 200_000), "{lie:.60}");
    }
    // Those of a step, and of a connection.
    let why = long.clone();
    for error in [
        host::HostError::Failed { why: why.clone() },
        host::HostError::Lost { during: "step".into(), why: why.clone() },
        host::HostError::Login { name: "h".to_owned(), user: "u".to_owned(), why },
    ] {
        assert!(error.to_string().len() < 5000);
    }
}
