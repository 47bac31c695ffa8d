//! Law 1: rendering is deterministic, and a small edit is a small difference. Law 8: what a user wrote is in the file that the process reads.

use crate::model::site::{Shape, Site};
use provision::render;
use provision::service::spark;
use provision::value::{is_redacted_by_spark, names_secret};
use serde_json::{Value, json};
use std::collections::BTreeSet;

#[test]
fn law_1_rendering_twice_gives_the_same_bytes() {
    let nodes =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/topologies/nodes.yaml")).expect("the example");
    let shape = Shape::side_by_side(3, 2, 3);
    let variations = [
        nodes.clone(),
        nodes.replace("maxClientCnxns: 60", "maxClientCnxns: 600"),
        shape.with(|s| s.firewall = true).text(),
        shape.with(|s| s.authenticate = true).text(),
        Shape::side_by_side(7, 4, 8).text(),
    ];
    for text in variations {
        let first = render::hosts(&Site::of(&text).desired);
        assert!(!first.is_empty());
        assert_eq!(first, render::hosts(&Site::of(&text).desired));
    }
}

#[test]
fn law_1_one_changed_number_is_one_changed_line_on_each_member() {
    let shape = Shape::side_by_side(3, 2, 3);
    let (old, new) =
        (render::hosts(&shape.site().desired), render::hosts(&shape.with(|s| s.connections = 61).site().desired));
    let changed: Vec<_> = old.keys().filter(|path| old[*path] != new[*path]).collect();
    assert_eq!(changed.len(), 3, "{changed:?}");
    for path in changed {
        let differ = old[path].lines().zip(new[path].lines()).filter(|(old, new)| old != new).count();
        assert_eq!((differ, old[path].lines().count()), (1, new[path].lines().count()), "{}", path.display());
    }
}

/// A topology in which every setting of both services has a value.
fn every_setting() -> Value {
    json!({
        "apiVersion": "provision/v1",
        "name": "law",
        "platforms": { "rack": { "nodes": { "ssh": { "user": "ops" }, "hosts": {
            "h1": { "address": "10.0.0.1" }, "h2": { "address": "10.0.0.2" }, "h3": { "address": "10.0.0.3" }, "h4": { "address": "10.0.0.4" }
        } } } },
        "services": {
            "zookeeper": {
                "archive": { "onHost": { "path": "/srv/dist/zookeeper-3.9.5.tar.gz" } },
                "members": { "1": "h1", "2": "h2", "3": "h3" },
                "dataDir": "/data/zookeeper", "dataLogDir": "/data/log", "heap": "256m",
                "config": every_line_of_zoo_cfg(), "unit": every_limit(), "jvmOptions": ["-Dx=1"],
                "java": { "home": "/usr/lib/jvm/java-17" }, "environment": { "A_NAME": "a value" }
            },
            "spark": {
                "archive": { "onHost": { "path": "/srv/dist/spark-4.3.0.tar.gz" } },
                "java": { "home": "/usr/lib/jvm/java-21" }, "environment": { "A_NAME": "another value" },
                "files": { "/etc/hadoop/conf/a.xml": { "text": "one" } },
                "masters": { "hosts": ["h1", "h2"], "heap": "300m", "unit": every_limit(), "jvmOptions": ["-Dx=1"] },
                "workers": {
                    "hosts": ["h3"], "cores": 2, "memory": "2000m", "localDirs": ["/data/1"], "workDir": "/data/work",
                    "unit": every_limit(), "jvmOptions": ["-Dx=1"],
                    "groups": { "big": {
                        "hosts": ["h4"], "cores": 3, "memory": "3000m", "heap": "310m", "localDirs": ["/data/2"], "workDir": "/data/work2",
                        "unit": every_limit(), "jvmOptions": ["-Dy=1"]
                    } }
                },
                "history": { "host": "h1", "events": "/mnt/events", "unit": every_limit(), "jvmOptions": ["-Dx=1"] }
            }
        }
    })
}

/// A value for each setting of `zoo.cfg` that the schema knows.
fn every_line_of_zoo_cfg() -> Value {
    let schema: Value = serde_json::from_str(&provision::topology::schema()).expect("JSON");
    let all = schema["$defs"]["ZooCfgFile"]["properties"].as_object().expect("settings");
    let value = |(key, about): (&String, &Value)| {
        let value = match (key.as_str(), about["type"].as_str()) {
            ("minSessionTimeout", _) => json!(4000),
            ("maxSessionTimeout", _) => json!(40000),
            ("fourLetterWords", _) => json!("ruok"),
            // A local session without the other is refused.
            ("localSessionsEnabled", _) => json!(false),
            (_, Some("boolean")) => json!(true),
            _ => json!(about["minimum"].as_u64().expect("a number") + 1000),
        };
        (key.clone(), value)
    };
    Value::Object(all.iter().map(value).collect())
}

fn every_limit() -> Value {
    json!({
        "LimitNOFILE": 100, "LimitNPROC": 101, "LimitMEMLOCK": 102, "LimitCORE": 103, "TasksMax": 104, "OOMScoreAdjust": 105, "Nice": 6,
        "CPUWeight": 107, "CPUQuota": "108%", "AllowedCPUs": 2, "IOWeight": 109, "MemoryHigh": 110, "MemoryMax": 111,
        "MemorySwapMax": 112, "Slice": "a.slice"
    })
}

/// Another value of the same kind.
fn another(value: &str) -> Value {
    match value {
        "108%" => return json!("208%"),
        "a.slice" => return json!("b.slice"),
        _ => {}
    }
    if value == "ruok" {
        return json!("conf");
    }
    if let Ok(truth) = value.parse::<bool>() {
        return json!(!truth);
    }
    if let Ok(number) = value.parse::<u64>() {
        return json!(number + 1);
    }
    match value.strip_suffix('m').and_then(|size| size.parse::<u64>().ok()) {
        Some(size) => json!(format!("{}m", size + 1)),
        None => json!(format!("{value}-other")),
    }
}

#[test]
fn law_8_every_setting_of_a_topology_is_in_what_its_processes_read() {
    let base = every_setting();
    let site = Site::of(&base.to_string());
    let before = render::hosts(&site.desired);
    // The limits of a unit are the same for all roles, and so is a service's Java.
    let mut tried = std::collections::BTreeSet::new();
    for (path, setting) in &site.desired.settings {
        // Versions and archives have tests of their own: other values of them need other archives. Members are hosts.
        let own = ["version", "archive", "authenticate"].iter().any(|key| path.ends_with(key));
        if own || path.starts_with("zookeeper.members") {
            continue;
        }
        tried.insert(
            ["unit.", ".java."].iter().find_map(|part| path.split_once(part)).map_or(path.as_str(), |(_, limit)| limit),
        );
        let mut topology = base.clone();
        let mut at = &mut topology["services"];
        if let Some(file) = path.strip_prefix("spark.files.") {
            // Its text is in the file; the setting is a digest.
            at["spark"]["files"][file]["text"] = json!("another");
            let changed = Site::of(&topology.to_string());
            assert_ne!(changed.desired.settings[path].value, setting.value, "{path}");
            assert!(render::hosts(&changed.desired).values().any(|text| text == "another"), "{path}");
            continue;
        }
        // The names in `zoo.cfg` have dots themselves.
        let (folder, key) = path.split_once(".config.").unwrap_or((path, ""));
        for key in folder.split('.') {
            at = &mut at[key];
        }
        if !key.is_empty() {
            at = &mut at["config"][key];
        }
        // Plain text keeps its form (a default of `512m` or 1g may be written in several).
        let other = another(if setting.value == "1g" { "1024m" } else { &setting.value });
        let wanted = other.as_str().map_or_else(|| other.to_string(), str::to_owned);
        *at = if at.is_array() { json!([wanted]) } else { other };
        let changed = Site::of(&topology.to_string());
        assert_eq!(changed.desired.settings[path].value, wanted, "{path}");
        let after = render::hosts(&changed.desired);
        let is_there = after.iter().any(|(file, text)| {
            let old = before.get(file);
            old != Some(text)
                && text.lines().any(|line| line.contains(&wanted) && !old.is_some_and(|old| old.contains(line)))
        });
        assert!(is_there, "{path}: {wanted} is in no rendered file");
    }
    // An ensemble is made or external, never both.
    let mut external = base;
    external["id"] = json!("a5f1c09d2e7b48a39c60d1e2f3a4b5c6");
    external["services"]["zookeeper"] = json!({ "external": { "connect": ["zk1.example.com:2181"] } });
    let rendered = render::hosts(&Site::of(&external.to_string()).desired);
    assert!(rendered.values().any(|text| text.contains("spark.deploy.zookeeper.url zk1.example.com:2181")));
    // Another cluster of this name has another znode, also where the identities begin alike.
    let folder = |id: &str| format!("spark.deploy.zookeeper.dir /spark-law-{id}\n");
    assert!(rendered.values().any(|text| text.contains(&folder("a5f1c09d2e7b48a39c60d1e2f3a4b5c6"))));
    tried.insert("zookeeper.external.connect");
    // All that the schema calls a setting was tried, and nothing less.
    let schema = provision::topology::schema();
    let classes = ["A change needs", "A change is rolled out", "A running cluster refuses"];
    let described = schema.lines().filter(|line| classes.iter().any(|class| line.contains(class))).count();
    let versions = 2;
    assert_eq!(tried.len(), described - versions, "{tried:?}");
}

/// Every property that Spark knows, all at once: it is refused, or in the file of jobs and in that of each daemon that reads it.
#[test]
fn law_8_every_property_of_sparks_is_refused_or_where_it_is_read() {
    let mut topology = every_setting();
    let config = &mut topology["services"]["spark"]["config"];
    *config = json!({});
    let mut written = Vec::new();
    for (number, name) in spark::names().enumerate() {
        let name = if name.ends_with('.') { format!("{name}own") } else { name.to_owned() };
        // With a history server event logs are its own, and a topology holds no secret.
        let own = ["spark.eventLog.enabled", "spark.eventLog.dir"].contains(&name.as_str());
        if spark::refusal(&name).is_none() && !names_secret(&name) && !own {
            // Two of them are the topology's own business, too.
            let value = match name.as_str() {
                "spark.shuffle.service.enabled" => "True".to_owned(),
                "spark.shuffle.service.port" => "7400".to_owned(),
                // Beside others, the directory of temporary files is the topology's.
                "spark.driver.defaultJavaOptions" | "spark.executor.defaultJavaOptions" => {
                    "-Djava.io.tmpdir=/own".to_owned()
                }
                _ => match spark::Type::of(&name) {
                    Some(spark::Type::Boolean) => "TRUE".to_owned(),
                    Some(spark::Type::Integer) => number.to_string(),
                    Some(spark::Type::Number) => format!("0.{number}"),
                    Some(spark::Type::Time) => format!("{number}s"),
                    Some(spark::Type::Bytes) => format!("{number}k"),
                    None => format!("value-{number}"),
                },
            };
            if is_redacted_by_spark(&name, &value) {
                continue;
            }
            config[&name] = json!(value);
            written.push((name, value));
        }
    }
    assert!(written.len() > 1500, "{}", written.len());
    let files = render::hosts(&Site::of(&topology.to_string()).desired);
    let lines = |ending: &str| {
        let text = files.iter().find(|(path, _)| path.ends_with(ending)).map(|(_, text)| text.as_str());
        text.unwrap_or_else(|| panic!("{ending} is rendered")).lines().collect::<BTreeSet<_>>()
    };
    let jobs = lines("etc/spark/spark-defaults.conf");
    let daemons = [(spark::MASTER, "ha.conf"), (spark::WORKER, "worker.conf"), (spark::HISTORY, "history.conf")];
    let daemons = daemons.map(|(role, file)| (role, lines(&format!("etc/spark/{file}"))));
    for (name, value) in &written {
        let line = format!("{name} {value}");
        assert!(jobs.contains(line.as_str()), "jobs do not get {line}");
        for (role, lines) in &daemons {
            assert_eq!(lines.contains(line.as_str()), spark::is_read_by(name, *role), "{} and {line}", role.title());
        }
    }
}
