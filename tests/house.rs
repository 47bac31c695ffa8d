//! The house of the code: files import each other in one direction.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// A module's path: `plan::roll`.
type Module = String;
/// A name as a path from the crate's root.
type Name = Vec<String>;

/// Serde's own pair: a visitor and its deserializer call each other.
const NATURAL: [&str; 2] = ["yaml::access", "yaml::decode"];

struct House {
    /// The code of each module, without comments and unit tests.
    code: BTreeMap<Module, String>,
    /// The targets of a module's public re-exports.
    exports: BTreeMap<Module, BTreeMap<String, Name>>,
}

fn read(folder: &Path, at: &str, code: &mut BTreeMap<Module, String>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let stem = path.file_stem().and_then(|stem| stem.to_str()).expect("a name").to_owned();
        let module = if at.is_empty() { stem.clone() } else { format!("{at}::{stem}") };
        if path.is_dir() {
            read(&path, &module, code);
        } else if path.extension().is_some_and(|ending| ending == "rs") && !["lib", "main"].contains(&module.as_str()) {
            let text = std::fs::read_to_string(&path).expect("readable");
            let (text, _) = text.split_once("#[cfg(test)]\nmod tests").unwrap_or((&text, ""));
            let lines = text.lines().map(|line| line.split_once("//").map_or(line, |(code, _)| code));
            let module = if stem == "mod" { at.to_owned() } else { module };
            code.insert(module, lines.collect::<Vec<_>>().join("\n"));
        }
    }
}

/// The names that a tree of `use` names: `a::{b, c::D as E}` is `a::b` and `a::c::D`.
fn leaves(tree: &str, before: &[String], all: &mut Vec<Name>) {
    let tree = tree.trim();
    if let Some(inner) = tree.strip_prefix('{') {
        let (mut depth, mut item) = (0, String::new());
        for c in inner.strip_suffix('}').unwrap_or(inner).chars() {
            match c {
                ',' if depth == 0 => leaves(&std::mem::take(&mut item), before, all),
                _ => {
                    depth += i32::from(c == '{') - i32::from(c == '}');
                    item.push(c);
                }
            }
        }
        leaves(&item, before, all);
    } else if let Some((first, rest)) = tree.split_once("::") {
        leaves(rest, &[before, &[first.trim().to_owned()]].concat(), all);
    } else if !tree.is_empty() {
        let name = tree.split_whitespace().next().expect("a name").to_owned();
        all.push([before, &[name]].concat());
    }
}

impl House {
    fn of(root: &Path) -> House {
        let mut code = BTreeMap::new();
        read(root, "", &mut code);
        let mut house = House { code, exports: BTreeMap::new() };
        let exports = house.code.keys().map(|module| (module.clone(), house.uses(module, true)));
        let named =
            |names: Vec<Name>| names.into_iter().map(|name| (name.last().expect("a name").clone(), name)).collect();
        house.exports = exports.map(|(module, names)| (module, named(names))).collect();
        house
    }

    /// A name of a module as one from the root; `None` where it is another crate's.
    fn absolute(&self, module: &str, name: &[String]) -> Option<Name> {
        let here: Name = module.split("::").map(str::to_owned).collect();
        let up = name.iter().take_while(|part| *part == "super").count();
        match name[0].as_str() {
            "crate" => Some(name[1..].to_vec()),
            "self" => Some([&here, &name[1..]].concat()),
            "super" => Some([&here[..here.len().saturating_sub(up)], &name[up..]].concat()),
            child => {
                let child = format!("{module}::{child}");
                self.code.contains_key(&child).then(|| [&here[..], name].concat())
            }
        }
    }

    fn uses(&self, module: &str, public: bool) -> Vec<Name> {
        let mut all = Vec::new();
        for statement in self.code[module].split(';') {
            let line = statement.rsplit('\n').find(|line| line.contains("use ")).map(str::trim_start);
            let Some(at) = statement.rfind("use ").filter(|_| line.is_some()) else { continue };
            let is_public = line.is_some_and(|line| line.starts_with("pub"));
            if is_public == public {
                leaves(&statement[at + 4..].replace('\n', " "), &[], &mut all);
            }
        }
        all.iter().filter_map(|name| self.absolute(module, name)).collect()
    }

    /// Names that stand in the code itself: `crate::plan::roll::next`, and `roll::next` behind `use crate::plan::roll`.
    fn inline(&self, module: &str, uses: &[Name]) -> Vec<Name> {
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
        let code: Vec<&str> =
            self.code[module].split(';').map(|statement| statement.split("use ").next().unwrap_or("")).collect();
        let words = code.iter().flat_map(|code| code.split(|c: char| !is_part(c))).filter(|word| word.contains("::"));
        let mut all = Vec::new();
        for word in words {
            let name: Name = word.split("::").filter(|part| !part.is_empty()).map(str::to_owned).collect();
            let Some(first) = name.first() else { continue };
            let imported =
                uses.iter().filter(|used| used.last() == Some(first) && self.code.contains_key(&used.join("::")));
            all.extend(imported.map(|used| [&used[..], &name[1..]].concat()));
            all.extend(self.absolute(module, &name));
        }
        all
    }

    /// The file that a name is defined in, behind all re-exports.
    fn file_of(&self, name: &[String], depth: usize) -> Option<Module> {
        (1..=name.len()).rev().find_map(|length| {
            let module = name[..length].join("::");
            let there = self.code.contains_key(&module).then_some(module)?;
            let next = name.get(length)?;
            match self.exports.get(&there).and_then(|exports| exports.get(next)).filter(|_| depth < 8) {
                Some(target) => self.file_of(&[&target[..], &name[length + 1..]].concat(), depth + 1).or(Some(there)),
                None => Some(there),
            }
        })
    }

    fn imports(&self, module: &str) -> BTreeSet<Module> {
        let uses = self.uses(module, false);
        let inline = self.inline(module, &uses);
        let files = uses.iter().chain(&inline).filter(|name| !self.code.contains_key(&name.join("::")));
        files.filter_map(|name| self.file_of(name, 0)).filter(|file| file != module).collect()
    }
}

/// Every file that a file needs, directly or by way of others.
fn reach<'a>(from: &'a Module, imports: &'a BTreeMap<&'a Module, BTreeSet<Module>>) -> BTreeSet<&'a Module> {
    let (mut seen, mut next) = (BTreeSet::new(), vec![from]);
    while let Some(module) = next.pop() {
        next.extend(imports[module].iter().filter(|other| seen.insert(*other)));
    }
    seen
}

#[test]
fn no_two_files_need_each_other() {
    let house = House::of(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    let imports: BTreeMap<&Module, BTreeSet<Module>> =
        house.code.keys().map(|module| (module, house.imports(module))).collect();
    let edges: usize = imports.values().map(BTreeSet::len).sum();
    assert!(imports.len() > 150 && edges > 600, "too little was found: {} files, {edges} imports", imports.len());
    let reached: BTreeMap<&Module, BTreeSet<&Module>> =
        imports.keys().map(|module| (*module, reach(module, &imports))).collect();
    let in_circle = |one: &Module, other: &Module| reached[one].contains(other) && reached[other].contains(one);
    let mut circles: BTreeMap<&Module, Vec<&Module>> = BTreeMap::new();
    for (module, others) in &imports {
        let back: Vec<&Module> = others.iter().filter(|other| in_circle(module, other)).collect();
        if !back.is_empty() {
            circles.insert(module, back);
        }
    }
    assert!(
        circles.keys().all(|module| NATURAL.contains(&module.as_str())),
        "files that need each other: {circles:#?}"
    );
}

/// Pictures are files of their own, which say how they are encoded.
const PICTURES: &str = "render::graph";

#[test]
fn what_terminals_are_sent_is_ascii() {
    let house = House::of(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    let texts = house.code.iter().filter(|(module, _)| !module.starts_with(PICTURES));
    let other: Vec<_> = texts
        .flat_map(|(module, code)| code.lines().map(move |line| (module, line)))
        .filter(|(_, line)| !line.is_ascii())
        .collect();
    assert!(other.is_empty(), "{other:#?}");
}

/// Adds every file of Rust below a folder.
fn sources(folder: &Path, all: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, all);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            all.push((path.display().to_string(), std::fs::read_to_string(&path).expect("readable")));
        }
    }
}

/// A doc comment says first what the thing is or does: a noun, or a verb in the third person.
#[test]
fn doc_comments_begin_with_a_noun_or_a_verb() {
    const NOT_FIRST: &[&str] = &["What", "Who", "Whose", "Whether", "Where", "How", "Which", "Why"];
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut all = Vec::new();
    ["src", "tests"].iter().for_each(|tree| sources(&root.join(tree), &mut all));
    let mut wrong = Vec::new();
    for (file, text) in &all {
        let mut inside = false;
        for (at, line) in text.lines().map(str::trim_start).enumerate() {
            let doc = line.strip_prefix("///").or_else(|| line.strip_prefix("//!"));
            let first = doc.filter(|_| !inside).and_then(|text| text.split_whitespace().next());
            if first.is_some_and(|word| NOT_FIRST.contains(&word)) {
                wrong.push(format!("{file}:{}: {line}", at + 1));
            }
            inside = doc.is_some();
        }
    }
    assert!(all.len() > 100 && wrong.is_empty(), "{wrong:#?}");
}

/// Words that are put into sentences, beside names of hosts; and words of other programs.
const PUT_IN: &[&str] =
    &["ZooKeeper member", "zookeeper", "another program", "Pi is roughly", "Operation not permitted"];

/// Tests on real hosts run for long and fail late: a sentence that they ask for, and that nothing can say any more, fails here.
#[test]
fn what_the_tests_on_real_hosts_ask_for_can_be_said() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (mut program, mut asking) = (Vec::new(), Vec::new());
    sources(&root.join("src"), &mut program);
    ["tests/lab", "tests/local"].iter().for_each(|tree| sources(&root.join(tree), &mut asking));
    let mut said: String = program.into_iter().map(|(_, text)| text).collect();
    for folder in ["templates/host", "templates/spark"] {
        for entry in std::fs::read_dir(root.join(folder)).expect("a folder") {
            said += &std::fs::read_to_string(entry.expect("an entry").path()).expect("text");
        }
    }
    let mut missing = Vec::new();
    let mut seen = 0;
    for (file, text) in &asking {
        for literal in text.split(".says(\"").skip(1).filter_map(|rest| rest.split("\")").next()) {
            // Names, paths and numbers are put in: what is left between them are words of the program's own.
            let literal = PUT_IN.iter().fold(literal.to_owned(), |text, name| text.replace(name, "|"));
            for phrase in literal.split(|c: char| !(c.is_ascii_alphabetic() || " ',".contains(c))) {
                let words: Vec<&str> = phrase.split_whitespace().collect();
                if words.len() < 3 {
                    continue;
                }
                seen += 1;
                // The first and the last word may be such a name.
                let ends = [(0, 0), (1, 0), (0, 1), (1, 1)].into_iter();
                let can_be = ends
                    .filter(|(first, last)| words.len() - first - last > 1)
                    .any(|(first, last)| said.contains(&words[first..words.len() - last].join(" ")));
                if !can_be {
                    missing.push(format!("{file}: {phrase}"));
                }
            }
        }
    }
    assert!(seen > 20 && missing.is_empty(), "{seen} {missing:#?}");
}
