//! Whole screens as people read them, one in each golden text. `UPDATE_GOLDEN=1` writes them again, for review.

#[expect(dead_code, reason = "the laws use the rest of the model")]
#[path = "model/mod.rs"]
mod model;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use model::SimWorld;
use model::host::{SimHost, fail};
use model::services::POISON;
use model::site::{End, Shape, Site, apply, apply_with_outage, run};
use provision::cli::Failure;
use provision::cli::screens::{Status, finish, last_lines, next_steps, refused, said, table, words};
use provision::cluster::{self, Cluster};
use provision::diagnostic::Source;
use provision::execute::{NoLease, Outcome, Report};
use provision::host::{Access, DataLabel, HostFacts, Seen};
use provision::observe::Observed;
use provision::plan::preflight::{Check, preflight};
use provision::plan::refusal::{Expected, Ours, RefusalJson};
use provision::plan::{self, ClusterRefusal, Goal, HostRefusal, Refusal, SettingRefusal};
use provision::topology;
use provision::value::{HostPath, Identity, MemberId, Name};

const SKIPPING: Goal = Goal::Apply { allow_outage: false, skip_unreachable: true };
const DESTROY: Goal = Goal::Destroy { delete_data: false };
const DESTROY_ALL: Goal = Goal::Destroy { delete_data: true };

fn name(text: &str) -> Name {
    text.parse().expect("a name")
}

/// Compares a screen with the one that was reviewed.
fn golden(file: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(file);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("writable");
        std::fs::write(&path, text).expect("writable");
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    assert_eq!(text, golden, "{}", path.display());
    assert!(text.is_ascii(), "{}", path.display());
}

fn failure(Failure { exit, error, refusals: _ }: &Failure) -> String {
    format!("error: {error:#}\n[exit {}]\n", exit.code())
}

fn cluster_of(site: &Site) -> Cluster {
    let (file, mut problems) = topology::load(&Source::new("site.yaml", site.text.as_str()));
    let topology = topology::check(&file, &mut problems).expect("it is right");
    cluster::resolve(&topology, || Err("no".to_owned())).expect("machines are delivered")
}

async fn plan_screen(site: &Site, goal: &Goal, world: &SimWorld) -> String {
    let observed = site.observe(world).await;
    match plan::plan(goal, &site.identified(&observed), &observed) {
        Ok(plan) => plan.to_string(),
        Err(refusals) => failure(&refused(&refusals, &observed)),
    }
}

/// The output after the plan was approved.
async fn run_screen(site: &Site, goal: &Goal, world: &SimWorld) -> String {
    let (report, events) = match site.carry_out(goal, world).await {
        End::Nothing => return "Nothing to do.\n[exit 0]\n".to_owned(),
        End::Refused(refusals) => return failure(&refused(&refusals, &site.observe(world).await)),
        End::NoLease(error) => return format!("error: {error}\n"),
        End::NotApproved(error) => return format!("error: {error}\n"),
        End::Executed(report, events) => (report, events),
    };
    let mut lines: Vec<String> = events.iter().filter_map(words).collect();
    lines.dedup();
    let mut text = lines.join("\n") + "\n";
    if matches!(goal, Goal::Destroy { .. }) {
        said(&report).iter().for_each(|line| text += &format!("{line}\n"));
    }
    text + &match finish(&report, "provision apply site.yaml", "site.yaml") {
        Ok(()) if matches!(goal, Goal::Destroy { .. }) => {
            format!("{}\n[exit 0]\n", last_lines(&name("sim"), &report))
        }
        Ok(()) => format!("{}\n[exit 0]\n", next_steps(&cluster_of(site), "site.yaml", Duration::from_secs(42))),
        Err(error) => failure(&error),
    }
}

async fn status_screen(site: &Site, world: &SimWorld) -> String {
    let observed = site.observe(world).await;
    let status = Status::of(&cluster_of(site), &site.desired, &observed, "site.yaml");
    format!("{status}[exit {}]\n", status.exit().code())
}

async fn converged(site: &Site) -> SimWorld {
    let world = site.world();
    site.converge_by(&apply_with_outage(), &world).await;
    world
}

fn on<T>(world: &SimWorld, host: &str, change: impl FnOnce(&mut SimHost) -> T) -> T {
    change(world.state().hosts.get_mut(&name(host)).expect("a host"))
}

/// Three members, two masters, two workers, a host for each.
fn spread() -> Shape {
    Shape::spread(3, 2, 2)
}

// ---------------------------------------------------------------- validate

fn provision(args: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_provision"))
        .args(args)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env_clear()
        .env("HOME", "/nowhere")
        .output()
        .expect("the program runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    let code = output.status.code().expect("it ends by itself");
    format!("{}{}[exit {code}]\n", text(output.stdout), text(output.stderr))
}

#[test]
fn every_bad_example_says_what_is_wrong_with_it() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("topologies/bad");
    let mut all: Vec<PathBuf> =
        std::fs::read_dir(folder).expect("the examples").map(|entry| entry.expect("a file").path()).collect();
    all.sort();
    for path in all {
        let stem = path.file_stem().and_then(|stem| stem.to_str()).expect("a name");
        golden(&format!("validate/{stem}.txt"), &provision(&["validate", &format!("topologies/bad/{stem}.yaml")]));
    }
}

#[test]
fn every_command_explains_itself() {
    golden("help/provision.txt", &provision(&["--help"]));
    for command in [
        "init", "validate", "explain", "schema", "render", "graph", "plan", "apply", "status", "destroy", "submit",
        "ssh", "logs",
    ] {
        golden(&format!("help/{command}.txt"), &provision(&[command, "--help"]));
    }
}

// ------------------------------------------------------------------- plans

#[test]
fn plans_of_every_shape() {
    run(async {
        let site = spread().site();
        golden("plan/first.txt", &plan_screen(&site, &apply(), &site.world()).await);
        let world = converged(&site).await;
        golden("plan/nothing.txt", &plan_screen(&site, &apply(), &world).await);
        golden("plan/destroy.txt", &plan_screen(&site, &DESTROY, &world).await);
        golden("plan/destroy-with-data.txt", &plan_screen(&site, &DESTROY_ALL, &world).await);
        let drifted = world.fork();
        on(&drifted, "h6", |host| host.crash("spark-worker"));
        on(&drifted, "h1", |host| host.scribble("/etc/zookeeper/myid", b"7\n", Access::root(0o644)));
        on(&drifted, "h4", |host| host.paths.get_mut("/etc/spark/ha.conf").expect("a file").access.mode = 0o600);
        on(&drifted, "h5", |host| drop(host.paths.remove("/etc/spark/log4j2.properties")));
        golden("plan/drift.txt", &plan_screen(&site, &apply(), &drifted).await);
        let rolled = spread().with(|s| (s.connections, s.master_heap) = (61, 600)).site();
        golden("plan/roll.txt", &plan_screen(&rolled, &apply(), &world).await);
        let off = world.fork();
        for host in ["h2", "h5"] {
            on(&off, host, |host| host.reachable = false);
        }
        golden("plan/left-for-later.txt", &plan_screen(&rolled, &SKIPPING, &off).await);
        let headless = world.fork();
        for host in ["h4", "h5"] {
            on(&headless, host, |host| host.reachable = false);
        }
        let workers = spread().with(|s| s.worker_heap = 700).site();
        golden("plan/no-master-answers.txt", &plan_screen(&workers, &SKIPPING, &headless).await);
        golden("plan/unreachable.txt", &plan_screen(&rolled, &apply(), &off).await);
        let outage = spread().with(|s| s.authenticate = true).site();
        golden("plan/outage.txt", &plan_screen(&outage, &apply_with_outage(), &world).await);
        let mut fewer = spread();
        fewer.workers.pop();
        golden("plan/a-worker-leaves.txt", &plan_screen(&fewer.site(), &apply(), &world).await);
        let mut masters = spread();
        masters.masters.pop();
        golden("plan/a-master-leaves.txt", &plan_screen(&masters.site(), &apply(), &world).await);
        let wide = Shape::spread(3, 2, 40);
        let many = converged(&wide.site()).await;
        golden("plan/many.txt", &plan_screen(&wide.with(|s| s.cores = 2).site(), &apply(), &many).await);
        let firewall = spread().with(|s| s.firewall = true).site();
        golden("plan/firewall.txt", &plan_screen(&firewall, &apply(), &world).await);
        let history = spread().with(|s| s.history = Some(512)).site();
        golden("plan/history-server.txt", &plan_screen(&history, &apply(), &world).await);
        let alone = Shape::side_by_side(1, 1, 1);
        let small = converged(&alone.site()).await;
        golden(
            "plan/one-of-each.txt",
            &plan_screen(&alone.with(|s| (s.connections, s.master_heap) = (61, 600)).site(), &apply(), &small).await,
        );
    });
}

// ------------------------------------------------------------------ applies

#[test]
fn applies_from_their_first_line_to_their_last() {
    run(async {
        let site = spread().site();
        golden("apply/first.txt", &run_screen(&site, &apply(), &site.world()).await);
        let world = converged(&site).await;
        golden("apply/nothing.txt", &run_screen(&site, &apply(), &world).await);
        let rolled = spread().with(|s| (s.connections, s.master_heap, s.cores) = (61, 600, 2)).site();
        golden("apply/roll.txt", &run_screen(&rolled, &apply(), &world.fork()).await);
        let poison: u32 = POISON.rsplit('=').next().expect("a value").parse().expect("a number");
        let bad = spread().with(|s| s.connections = poison).site();
        golden("apply/put-back.txt", &run_screen(&bad, &apply(), &world.fork()).await);
        let obeys = world.fork();
        on(&obeys, "h7", |host| host.obeys = Some(0));
        golden("apply/a-host-fails.txt", &run_screen(&rolled, &apply(), &obeys.fork()).await);
        golden("apply/a-host-is-left.txt", &run_screen(&rolled, &SKIPPING, &obeys).await);
        let outage = spread().with(|s| s.authenticate = true).site();
        golden("apply/outage-not-allowed.txt", &run_screen(&outage, &apply(), &world).await);
        golden("apply/outage.txt", &run_screen(&outage, &apply_with_outage(), &world.fork()).await);
        let off = world.fork();
        on(&off, "h2", |host| host.reachable = false);
        golden("apply/unreachable.txt", &run_screen(&rolled, &apply(), &off).await);
        let held = world.fork();
        hold(&held, "ops@bastion");
        golden("apply/lease-held.txt", &run_screen(&rolled, &apply(), &held).await);
        golden("apply/destroy.txt", &run_screen(&site, &DESTROY, &world.fork()).await);
        golden("apply/destroy-with-data.txt", &run_screen(&site, &DESTROY_ALL, &world).await);
    });
}

/// Somebody else holds the lease on every anchor.
fn hold(world: &SimWorld, who: &str) {
    let mut state = world.state();
    for host in ["h1", "h2", "h3"] {
        state.holds.insert(name(host), (1_000_000, who.to_owned()));
    }
}

#[test]
fn ends_that_a_run_can_have() {
    let ends: [(&str, Outcome); 5] = [
        ("interrupted", Outcome::Interrupted { before: "restart the next ZooKeeper member".to_owned() }),
        ("lease-lost", Outcome::LeaseLost),
        ("refused", Outcome::Refused { why: "stopping h2 would leave 1 of 3 members, and a majority is 2".to_owned() }),
        (
            "not-well",
            Outcome::NotWell {
                what: "waiting for every ZooKeeper member".to_owned(),
                seconds: 120,
                because: "h3 does not serve".to_owned(),
                unit: "zookeeper",
            },
        ),
        (
            "not-put-back",
            Outcome::PutBack { node: "sim-zk-2".to_owned(), put_back: false, because: "h2 does not serve".to_owned() },
        ),
    ];
    for (file, outcome) in ends {
        let report = Report { outcome, ..Report::default() };
        let error = finish(&report, "provision apply site.yaml", "site.yaml").expect_err("it failed");
        golden(&format!("ends/{file}.txt"), &failure(&error));
    }
    let no_majority = NoLease::NoMajority {
        got: 1,
        of: 3,
        why: ["h2", "h3"].map(|host| format!("{host}: {}", fail("no room"))).into(),
    };
    golden("ends/no-lease.txt", &format!("error: {no_majority}\n"));
}

// ------------------------------------------------------------------- status

#[test]
fn a_cluster_well_and_unwell() {
    run(async {
        let site = spread().with(|s| s.history = Some(512)).site();
        golden("status/nothing-there.txt", &status_screen(&site, &site.world()).await);
        let world = converged(&site).await;
        golden("status/well.txt", &status_screen(&site, &world).await);
        let one = world.fork();
        on(&one, "h2", |host| host.crash("zookeeper"));
        golden("status/a-member-is-down.txt", &status_screen(&site, &one).await);
        on(&one, "h6", |host| host.crash("spark-worker"));
        golden("status/two-faults.txt", &status_screen(&site, &one).await);
        let off = world.fork();
        on(&off, "h5", |host| host.reachable = false);
        golden("status/a-host-is-off.txt", &status_screen(&site, &off).await);
        let quorum = world.fork();
        for host in ["h1", "h2"] {
            on(&quorum, host, |host| host.crash("zookeeper"));
        }
        golden("status/no-quorum.txt", &status_screen(&site, &quorum).await);
        let masters = world.fork();
        for host in ["h4", "h5"] {
            on(&masters, host, |host| host.crash("spark-master"));
        }
        golden("status/no-master.txt", &status_screen(&site, &masters).await);
        let held = world.fork();
        hold(&held, "ops@bastion");
        golden("status/during-an-apply.txt", &status_screen(&site, &held).await);
    });
}

#[test]
fn preflight_asks_an_ensemble_of_somebody_elses() {
    run(async {
        let bad = |site: &Site, observed: &Observed| -> String {
            let checks = preflight(&site.desired, observed);
            let bad: Vec<&Check> = checks.iter().filter(|check| check.problem.is_some()).collect();
            assert!(!bad.is_empty());
            table(&bad)
        };
        let text = spread().site().text;
        let (head, rest) = text.split_once("  zookeeper:\n").expect("it has one");
        let (_, spark) = rest.split_once("  spark:\n").expect("spark comes after it");
        let named = head.replace("name: sim\n", "name: sim\nid: a123456789abcdef0123456789abcdef\n");
        let external = "  zookeeper: { external: { connect: [zk1.example.com:2181] } }\n  spark:\n";
        let site = Site::of(&format!("{named}{external}{spark}"));
        let observed = site.observe(&site.world()).await;
        golden("preflight/ensemble.txt", &bad(&site, &observed));
    });
}

// ----------------------------------------------------------------- refusals

/// One of each kind, as an apply prints it.
fn each_refusal(site: &Site) -> Vec<Refusal> {
    let identity: Identity = "a123456789abcdef0123456789abcdef".parse().expect("an identity");
    let other = || name("other");
    let path = HostPath::known;
    let ours = || Ours::of(&site.desired);
    let member = |id: &str| id.parse::<MemberId>().expect("an id");
    let data = DataLabel { identity: identity.clone(), cluster: other(), member: member("2") };
    let hosts = [
        HostRefusal::OtherCluster { cluster: other(), host: name("h9") },
        HostRefusal::OtherIdentity { theirs: (name("sim"), identity), ours: ours(), adoptable: true },
        HostRefusal::OtherHost { host: name("h2") },
        HostRefusal::OtherData {
            directory: path("/data/zookeeper"),
            theirs: data,
            member: member("1"),
            ours: ours(),
            adoptable: false,
        },
        HostRefusal::Unvouched { hosts: vec![name("h8"), name("h9")] },
        HostRefusal::SameMachine { others: vec![name("h2")] },
        HostRefusal::OldPlace { place: site.desired.hosts[&name("h2")].host.reach.clone() },
        HostRefusal::ForeignTable,
        HostRefusal::InTheWay { found: vec!["/etc/zookeeper".to_owned()], destroys: false },
        HostRefusal::WasDirectory { path: path("/etc/hadoop/conf") },
        HostRefusal::NoArchive { path: path("/srv/dist/zookeeper-3.9.5.tar.gz") },
        HostRefusal::OtherArchive {
            home: path("/opt/provision/spark-4.3.0"),
            sum: "b".repeat(128),
            expected: Expected::ByMostHosts("a".repeat(128)),
            unpacked: true,
        },
        HostRefusal::OtherMembers { cluster: name("sim"), members: "1: h1, 2: h2".to_owned() },
        HostRefusal::OtherAnchors { anchors: vec![name("h7"), name("h8"), name("h9")] },
    ];
    let settings = [
        SettingRefusal::Migrates("moving data is not implemented yet"),
        SettingRefusal::SomeUnreachable { hosts: vec![name("h6")] },
        SettingRefusal::PortsOverlap(40),
    ];
    let cluster = [
        ClusterRefusal::NoHost,
        ClusterRefusal::UnknownData { with_data: vec![name("h1")], members: 3, directory: path("/data/zookeeper") },
        ClusterRefusal::MembersUnseen { members: vec![name("h3")] },
        ClusterRefusal::DataLost {
            with_data: 1,
            members: 3,
            majority: 2,
            served: vec![name("h1"), name("h2")],
            unseen: Vec::new(),
        },
    ];
    let of_host = |because| Refusal::Host { host: name("h1"), because };
    let of_setting = |because| Refusal::Setting {
        setting: "zookeeper.dataDir".to_owned(),
        from: "/data/zookeeper".to_owned(),
        to: "/data/zk".to_owned(),
        class: provision::host::Class::Migrate,
        because,
    };
    let hosts = hosts.into_iter().map(of_host);
    let settings = settings.into_iter().map(of_setting);
    hosts.chain(settings).chain(cluster.into_iter().map(|because| Refusal::Cluster { because })).collect()
}

#[test]
fn every_kind_of_refusal_is_read_and_documented() {
    run(async {
        let site = spread().site();
        let observed = site.observe(&site.world()).await;
        let refusals = each_refusal(&site);
        golden("refusals/each-kind.txt", &failure(&refused(&refusals, &observed)));
        let kinds: Vec<&str> = refusals.iter().map(|refusal| RefusalJson::from(refusal).kind).collect();
        let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/json.md")).expect("the page");
        let page = page.split_whitespace().collect::<Vec<_>>().join(" ");
        let list = page.split("`kind` is one of **").nth(1).and_then(|rest| rest.split("**").next());
        assert_eq!(list.expect("the list of kinds").split(", ").collect::<Vec<_>>(), kinds);
    });
}

#[test]
fn refusals_say_what_stands_in_the_way_and_the_way_out() {
    run(async {
        let site = spread().site();
        let world = converged(&site).await;
        let refusal = async |file: &str, site: &Site, goal: &Goal, world: &SimWorld| {
            let text = plan_screen(site, goal, world).await;
            assert!(text.starts_with("error: "), "{file}: {text}");
            golden(&format!("refusals/{file}.txt"), &text);
        };
        let nobody = world.fork();
        nobody.state().hosts.values_mut().for_each(|host| host.reachable = false);
        refusal("nobody-answers", &site, &apply(), &nobody).await;
        let edited = |from: &str, to: &str| Site::of(&site.text.replace(from, to));
        refusal("a-member-is-added", &edited("3: h3 }", "3: h3, 4: h6, 5: h7 }"), &apply(), &world).await;
        refusal("data-moves", &edited("/data/zookeeper", "/data/zk"), &apply(), &world).await;
        let other = edited("name: sim", "name: other");
        refusal("another-cluster", &other, &apply(), &world).await;
        let observed = other.observe(&world).await;
        let refusals = other.plan(&apply(), &world).await.expect_err("it is another cluster's");
        let json: Vec<String> = refused(&refusals, &observed)
            .refusals
            .iter()
            .map(|refusal| serde_json::to_string(refusal).expect("plain JSON") + "\n")
            .collect();
        golden("refusals/another-cluster.json", &json.concat());
        let data = site.world();
        on(&data, "h1", |host| host.scribble("/data/zookeeper/version-2/snapshot.0", b"x", Access::root(0o644)));
        refusal("data-of-nobody", &site, &apply(), &data).await;
        let wiped = world.fork();
        for host in ["h1", "h2"] {
            on(&wiped, host, |host| {
                host.crash("zookeeper");
                host.remove_tree("/data/zookeeper/version-2");
            });
        }
        refusal("a-majority-lost-its-data", &site, &apply(), &wiped).await;
        let birth = site.world();
        on(&birth, "h3", |host| host.reachable = false);
        refusal("a-first-start-without-all", &site, &apply(), &birth).await;
        let archive = world.fork();
        on(&archive, "h6", |host| {
            host.scribble(
                "/opt/provision/spark-4.3.0/.provision-origin",
                "b".repeat(128).as_bytes(),
                Access::root(0o644),
            );
        });
        refusal("another-archive", &site, &apply(), &archive).await;
        let twin = site.world();
        let machine = on(&twin, "h1", |host| host.machine.clone());
        on(&twin, "h3", |host| host.machine = machine);
        refusal("one-machine-twice", &site, &apply(), &twin).await;
        let stranger = site.world();
        on(&stranger, "h6", |host| {
            host.scribble("/etc/systemd/system/spark-worker.service", b"[Service]\n", Access::root(0o644));
        });
        refusal("something-else-is-there", &site, &apply(), &stranger).await;
        let off = world.fork();
        on(&off, "h6", |host| host.reachable = false);
        let outage = spread().with(|s| s.authenticate = true).site();
        refusal("all-must-change-together", &outage, &apply_with_outage(), &off).await;
    });
}

// --------------------------------------------------------------------- JSON

/// A result as `--json` prints it, over several lines so that people can review it.
fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string_pretty(value).expect("plain JSON") + "\n"
}

#[test]
fn results_as_json() {
    run(async {
        let site = spread().site();
        let world = site.world();
        let observed = site.observe(&world).await;
        let first = plan::plan(&apply(), &site.identified(&observed), &observed).expect("a plan");
        golden("json/plan-of-a-first-apply.json", &json(&first.form()));
        let world = converged(&site).await;
        let observed = site.observe(&world).await;
        let status = Status::of(&cluster_of(&site), &site.identified(&observed), &observed, "site.yaml");
        let mut status = serde_json::to_value(&status).expect("plain JSON");
        status["identity"] = "(random)".into();
        golden("json/status.json", &json(&status));
        let changed = spread().with(|s| s.connections = 61).site();
        let plan = changed.plan(&apply(), &world).await.expect("a plan");
        golden("json/plan-of-a-roll.json", &json(&plan.form()));
        let broken = world.fork();
        on(&broken, "h1", |host| host.obeys = Some(1));
        for (file, world) in [("apply-that-fails", &broken), ("apply", &world)] {
            let End::Executed(report, _) = changed.carry_out(&apply(), world).await else { panic!("it begins") };
            golden(&format!("json/{file}.json"), &json(&report));
        }
    });
}

// ---------------------------------------------------------------- preflight

#[test]
fn preflight_says_what_is_not_fit_and_what_to_do() {
    run(async {
        let site = spread().with(|s| s.firewall = true).site();
        let seen = site.observe(&site.world()).await;
        let screen = |file: &str, change: &dyn Fn(&mut HostFacts)| {
            let mut observed: Observed = seen.clone();
            for host in ["h1", "h7"] {
                let Some(Seen::Present(facts)) = observed.hosts.get_mut(&name(host)) else { panic!("it answers") };
                change(facts);
            }
            let checks = preflight(&site.desired, &observed);
            let bad: Vec<&Check> = checks.iter().filter(|check| check.problem.is_some()).collect();
            assert!(!bad.is_empty(), "{file}");
            golden(&format!("preflight/{file}.txt"), &table(&bad));
        };
        let path = |text: &str| HostPath::known(text);
        screen("programs", &|facts| facts.tools.retain(|tool| *tool != "bash" && *tool != "tar"));
        screen("nftables", &|facts| facts.tools.retain(|tool| *tool != "nft"));
        screen("ownership", &|facts| {
            facts.shared.insert(path("/data"));
        });
        screen("no-java", &|facts| (facts.java, facts.java_package) = (None, None));
        screen("old-java", &|facts| {
            facts.java = Some(provision::host::Java {
                path: "/usr/bin/java".to_owned(),
                version: "11.0.2".to_owned(),
                owner: Some(0),
            });
        });
        screen("disk", &|facts| facts.free_kib.values_mut().for_each(|free| *free = 50_000));
        screen("memory", &|facts| facts.memory_mib = 200);
        screen("clock", &|facts| facts.clock_ahead_millis = -90_000);
        // The operator's own clock is off: hosts are compared with each other.
        let mut off = seen.clone();
        for seen in off.hosts.values_mut() {
            if let Seen::Present(facts) = seen {
                facts.clock_ahead_millis = -90_000;
            }
        }
        let clocks: Vec<Check> =
            preflight(&site.desired, &off).into_iter().filter(|check| check.what == "clock").collect();
        assert!(!clocks.is_empty() && clocks.iter().all(|check| check.problem.is_none()), "{clocks:?}");
        assert!(clocks[0].seen.ends_with("; this machine's is 90000 ms ahead"), "{}", clocks[0].seen);
        screen("port", &|facts| {
            let address = None;
            let taken = |port| provision::host::Listening { address, port, uid: Some(1000) };
            facts.listening.extend([taken(2181), taken(7078)]);
        });
        screen("user", &|facts| {
            facts.users.insert("zookeeper".to_owned(), 998);
            facts.groups.extend(["zookeeper", "spark"].map(str::to_owned));
            facts.shared_users.insert("zookeeper".to_owned(), "mysql".to_owned());
        });
        screen("group", &|facts| {
            facts.users.insert("zookeeper".to_owned(), 998);
        });
        screen("directory", &|facts| {
            for linked in ["/data/zookeeper", "/var/lib/spark"].map(path) {
                let access = Access::root(0o777);
                let (kind, identity) = (provision::host::PathKind::Link, "1:1".to_owned());
                let seen = provision::host::PathFacts { kind, access, identity, sha256: None, text: None };
                facts.paths.insert(linked, seen);
            }
        });
        screen("address-that-leads-nowhere", &|facts| facts.own_address = Some((None, false)));
        screen("address-of-nobody", &|facts| facts.own_address = Some((Some([192, 0, 2, 7].into()), false)));
        screen("address-of-loopback", &|facts| facts.own_address = Some((Some([127, 0, 1, 1].into()), true)));
        // A job took the port while the member restarted: its unit is started again and again.
        screen("port-of-a-job", &|facts| {
            facts.users.extend([("zookeeper".to_owned(), 998), ("spark".to_owned(), 999)]);
            facts.groups.extend(["zookeeper", "spark"].map(str::to_owned));
            for unit in facts.units.values_mut() {
                (unit.load, unit.active) = (provision::host::Load::Loaded, provision::host::Active::Activating);
            }
            facts.listening.push(provision::host::Listening { address: None, port: 2181, uid: Some(999) });
        });
    });
}
