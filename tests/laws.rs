//! The laws of `docs/architecture.md`, on a simulated world.

#[path = "model/mod.rs"]
mod model;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use proptest::prelude::*;

use model::host::SimHost;
use model::random::{Drift, drifts, happen, settings, shapes};
use model::services::POISON;
use model::site::{End, SECRET, Shape, Site, apply, apply_with_outage, newborn, path_of_secret, run};
use model::{Cut, SimWorld};
use provision::execute::{Outcome, Report};
use provision::host::{
    Action, BIRTH_PATH, CLAIM_PATH, Claim, Content, Health, HostError, NodeFacts, RecordName, STAMP_PATH, Secrets,
    ServiceFacts, Target, sha256,
};
use provision::plan::roll::{Next, next};
use provision::plan::{Goal, Roll, RollMember, SealedPlan};
use provision::render;
use provision::service::spark::{MASTER, WORKER};
use provision::service::zookeeper::MEMBER;
use provision::value::{Name, Redundancy, Role};
use provision::world::{Epoch, Permit, World, script};

const GENTLY: Goal = Goal::Apply { allow_outage: false, skip_unreachable: false };
const DESTROY: Goal = Goal::Destroy { delete_data: false };
const DESTROY_ALL: Goal = Goal::Destroy { delete_data: true };

fn permit(epoch: u64) -> Permit {
    Permit { claim: Claim { identity: newborn(), cluster: name("sim"), anchors: "0".to_owned() }, epoch: Epoch(epoch) }
}

fn name(text: &str) -> Name {
    text.parse().expect("a name")
}

async fn converged(site: &Site) -> SimWorld {
    let world = site.world();
    site.converge_by(&apply_with_outage(), &world).await;
    world.assert_lawful();
    world
}

fn report(end: End) -> Report {
    match end {
        End::Executed(report, _) => report,
        end => panic!("{end:?}"),
    }
}

// ------------------------------------------------------------------ law 1

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

// ------------------------------------------------------------------ law 2

#[test]
fn law_2_a_plan_after_an_apply_is_empty() {
    let shapes = [
        Shape::side_by_side(3, 2, 2),
        Shape::side_by_side(1, 1, 1),
        Shape::side_by_side(0, 1, 3),
        Shape::side_by_side(5, 0, 0),
        Shape::side_by_side(4, 3, 4).with(|s| s.firewall = true),
        Shape { log_dir: true, ..Shape::side_by_side(3, 2, 3).with(|s| s.authenticate = true) },
    ];
    for shape in shapes {
        run(async {
            converged(&shape.site()).await;
        });
    }
}

#[test]
fn law_2_so_is_one_after_each_changed_setting() {
    run(async {
        let shape = Shape::side_by_side(3, 2, 3);
        let world = converged(&shape.site()).await;
        let changes: [fn(&mut model::site::Settings); 9] = [
            |s| s.connections = 61,
            |s| s.zookeeper_heap = 300,
            |s| s.master_heap = 600,
            |s| s.cores = 2,
            |s| s.live = 2,
            |s| s.daemon = 2,
            |s| s.firewall = true,
            |s| s.authenticate = true,
            |s| s.tick = 3000,
        ];
        for change in changes {
            let world = world.fork();
            shape.with(change).site().converge_by(&apply_with_outage(), &world).await;
            world.assert_lawful();
            shape.site().converge_by(&apply_with_outage(), &world).await;
            world.assert_lawful();
        }
    });
}

#[test]
fn law_2_a_live_setting_restarts_nothing() {
    run(async {
        let shape = Shape::side_by_side(3, 2, 3);
        let world = converged(&shape.site()).await;
        world.state().journal.clear();
        shape.with(|s| s.live = 2).site().converge(&world).await;
        let restarts: Vec<_> =
            world.state().journal.iter().filter(|(_, title)| title.contains("start ")).cloned().collect();
        assert_eq!(restarts, []);
    });
}

/// A service beside the others: it comes, changes and goes without a word to them.
#[test]
fn a_history_server_comes_changes_and_goes_alone() {
    run(async {
        let shape = Shape::spread(3, 2, 2).with(|s| s.authenticate = true);
        let world = converged(&shape.site()).await;
        for history in [Some(512), Some(600), None] {
            world.state().journal.clear();
            shape.with(|s| s.history = history).site().converge(&world).await;
            world.assert_lawful();
            let restarts: Vec<_> =
                world.state().journal.iter().filter(|(_, title)| title.contains("start ")).cloned().collect();
            let wanted = match history {
                Some(512) => vec![(name("h4"), "start spark-history".to_owned())],
                Some(_) => vec![(name("h4"), "restart spark-history".to_owned())],
                None => Vec::new(),
            };
            assert_eq!(restarts, wanted);
            let runs = world.state().hosts[&name("h4")].process("spark-history").is_some();
            assert_eq!(runs, history.is_some());
        }
    });
}

/// The data that a first destroy left goes with a second one, with and without members.
#[test]
fn what_a_destroy_left_goes_with_the_next() {
    run(async {
        for shape in [Shape::spread(3, 2, 2), Shape::spread(0, 1, 2)] {
            let site = shape.site();
            let world = converged(&site).await;
            for host in ["h2", "h3"].map(name) {
                let mut state = world.state();
                let host = state.hosts.get_mut(&host).expect("a host");
                if host.is_directory("/var/lib/spark/work") {
                    host.scribble("/var/lib/spark/work/app-1", b"x", provision::host::Access::root(0o644));
                }
            }
            report(site.carry_out(&DESTROY, &world).await);
            report(site.carry_out(&DESTROY_ALL, &world).await);
            for (name, host) in &world.state().hosts {
                assert_eq!(paths(host), paths(&SimHost::new("x")), "{name}");
            }
        }
    });
}

/// Which archive a distribution is from, no host decides for the others, however its name sorts.
#[test]
fn one_hosts_word_about_an_archive_is_not_the_others() {
    run(async {
        let site = Shape::spread(3, 2, 2).site();
        for applied in [false, true] {
            let world = if applied { converged(&site).await } else { site.world() };
            {
                let mut state = world.state();
                let host = state.hosts.get_mut(&name("h1")).expect("a host");
                let archive = host.archives.get_mut("/srv/dist/zookeeper-3.9.5.tar.gz").expect("an archive");
                *archive = "b".repeat(128);
                if applied {
                    let origin = "/opt/provision/zookeeper-3.9.5/.provision-origin";
                    host.scribble(origin, "b".repeat(128).as_bytes(), provision::host::Access::root(0o644));
                }
            }
            let End::Refused(refusals) = site.carry_out(&apply(), &world).await else { panic!("it went on") };
            let [provision::plan::Refusal::Host { host, why, .. }] = refusals.as_slice() else {
                panic!("{refusals:?}")
            };
            assert!(*host == name("h1") && why.contains("most hosts have"), "{refusals:?}");
        }
    });
}

/// The topology names another archive of the same version: it is not laid under what runs.
#[test]
fn another_archive_of_the_same_version_is_refused() {
    run(async {
        let shape = Shape::side_by_side(3, 0, 0).with(|s| s.sum = Some('a'));
        let world = converged(&shape.site()).await;
        for host in world.state().hosts.values_mut() {
            host.archives.values_mut().for_each(|sum| *sum = "b".repeat(128));
        }
        let refused = shape.with(|s| s.sum = Some('b')).site().plan(&GENTLY, &world).await;
        let refusals = refused.expect_err("it is refused");
        assert_eq!(refusals.len(), 3);
        assert!(refusals[0].to_string().contains("was unpacked from an archive"), "{refusals:?}");
    });
}

#[test]
fn law_2_one_apply_lays_again_each_file_that_was_removed() {
    run(async {
        let all_on_one = Shape::side_by_side(1, 1, 1);
        for shape in [all_on_one, Shape::side_by_side(3, 2, 3)] {
            let site = shape.with(|s| s.authenticate = true).site();
            let files: Vec<_> = site.desired.hosts[&name("h1")].files.keys().cloned().collect();
            for path in files {
                let world = converged(&site).await;
                world.state().hosts.get_mut(&name("h1")).expect("a host").paths.remove(path.as_str());
                site.converge_by(&apply_with_outage(), &world).await;
                world.assert_lawful();
            }
        }
    });
}

#[test]
fn law_2_one_apply_gives_each_file_its_mode_again_and_restarts_nothing() {
    run(async {
        let site = Shape::side_by_side(1, 1, 1).with(|s| s.authenticate = true).site();
        for path in site.desired.hosts[&name("h1")].files.keys() {
            let world = converged(&site).await;
            let lives = || {
                let process = |unit| world.state().hosts[&name("h1")].process(unit).expect("it runs").life;
                ["zookeeper", "spark-master", "spark-worker"].map(process)
            };
            let before = lives();
            let mut node = world.state().hosts[&name("h1")].paths[path.as_str()].clone();
            node.access.mode = 0o666;
            world.state().hosts.get_mut(&name("h1")).expect("a host").paths.insert(path.to_string(), node);
            site.converge(&world).await;
            assert_eq!(lives(), before, "{path}");
        }
    });
}

#[test]
fn law_2_what_was_started_is_not_waited_for_with_what_must_be_restarted_first() {
    run(async {
        let shape =
            Shape { hosts: 2, members: vec![1], masters: vec![1], workers: vec![0, 1], ..Shape::side_by_side(1, 1, 1) };
        let shape = shape.with(|s| s.authenticate = true);
        let world = converged(&shape.site()).await;
        {
            let mut state = world.state();
            state.hosts.get_mut(&name("h1")).expect("a host").crash("spark-worker");
            // Nobody knows any more that there was a secret, so all that has it is rolled: the master lists no worker with it.
            for record in ["intended", "applied"] {
                state
                    .hosts
                    .get_mut(&name("h2"))
                    .expect("a host")
                    .paths
                    .remove(&format!("/var/lib/provision/{record}.json"));
            }
        }
        shape.with(|s| s.authenticate = false).site().converge_by(&apply_with_outage(), &world).await;
        world.assert_lawful();
    });
}

#[test]
fn law_2_what_is_not_well_is_waited_for_before_what_stands_on_it_is_touched() {
    run(async {
        let shape =
            Shape { hosts: 3, members: vec![1], masters: vec![2], workers: vec![2], ..Shape::side_by_side(1, 1, 1) };
        let world = converged(&shape.site()).await;
        // The member serves again in a moment, and only then does the master see that it lost its session.
        drop(
            world.state().hosts.get_mut(&name("h2")).expect("a host").restart("zookeeper", tokio::time::Instant::now()),
        );
        shape.with(|s| s.daemon = 2).site().converge_by(&apply_with_outage(), &world).await;
        world.assert_lawful();
    });
}

#[test]
fn law_2_what_has_left_the_topology_is_retired() {
    run(async {
        let shape = Shape::side_by_side(3, 2, 5);
        let world = converged(&shape.site()).await;
        let smaller = Shape { workers: vec![0, 1, 2], hosts: 3, ..shape.clone() };
        smaller.site().converge(&world).await;
        world.assert_lawful();
        let state = world.state();
        for left in ["h4", "h5"].map(name) {
            assert_eq!(paths(&state.hosts[&left]), paths(&SimHost::new("x")), "{left}");
            assert!(state.hosts[&left].users.is_empty());
        }
    });
}

fn paths(host: &SimHost) -> BTreeSet<String> {
    host.paths.keys().cloned().collect()
}

// ------------------------------------------------------------------ law 3

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(24), failure_persistence: None, max_shrink_iters: 60, ..ProptestConfig::default() })]

    #[test]
    fn law_3_no_step_takes_a_majority_or_the_last_master(
        shape in shapes(),
        change in settings(),
        drifts in drifts(),
        allow_outage: bool,
        skip_unreachable: bool,
    ) {
        run(async {
            let site = shape.site();
            let world = converged(&site).await;
            happen(&site, &drifts, &world);
            world.state().journal.clear();
            let changed = Shape { settings: change, ..shape.clone() }.site();
            let goal = Goal::Apply { allow_outage, skip_unreachable };
            let end = changed.carry_out(&goal, &world).await;
            prop_lawful(&world, &end, &changed);
            if let End::Executed(Report { outcome: Outcome::Failed { .. }, .. }, _) = &end {
                panic!("no action may fail here: {end:?}\n{}", changed.text);
            }
            // And again, when everybody can be asked.
            world.state().hosts.values_mut().for_each(|host| host.reachable = true);
            let end = changed.carry_out(&apply_with_outage(), &world).await;
            prop_lawful(&world, &end, &changed);
        });
    }

    #[test]
    fn law_2_one_apply_mends_whatever_happened(shape in shapes(), change in settings(), drifts in drifts()) {
        run(async {
            let site = shape.site();
            let world = converged(&site).await;
            let odd = happen(&site, &drifts, &world);
            world.state().hosts.values_mut().for_each(|host| host.reachable = true);
            // Whether wrong members have a majority shows only when they have had the time to form it: a plan made before is mended by the next.
            if drifts.iter().any(|drift| matches!(drift, Drift::Wrong(..))) {
                world.settled().await;
            }
            if !odd {
                let changed = Shape { settings: change, ..shape.clone() }.site();
                changed.converge_by(&apply_with_outage(), &world).await;
                world.assert_lawful();
            }
        });
    }
}

fn prop_lawful(world: &SimWorld, end: &End, site: &Site) {
    let journal: Vec<String> = world.state().journal.iter().map(|(host, title)| format!("{host}: {title}")).collect();
    assert_eq!(world.violations(), Vec::<String>::new(), "{journal:#?}\n{end:?}\n{}", site.text);
}

fn cases(default: u32) -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(default)
}

prop_compose! {
    fn node()(health in 0..5, current: bool, counts in prop::bool::weighted(0.8)) -> NodeFacts {
        let health = [Health::Unknown, Health::Down, Health::Serving, Health::Leading, Health::Unsettled]
            [usize::try_from(health).expect("0 to 4")];
        NodeFacts { health, current, counts }
    }
}

fn roll_of(role: Role, site: &Site, pending: &[bool], batch: usize, outage_allowed: bool) -> Roll {
    let all: Vec<Name> = site.desired.hosts.keys().cloned().collect();
    let member = |host: &Name| RollMember {
        target: Target::of(&site.desired.hosts[host].host),
        node: host.to_string(),
        unit: role.unit().to_owned(),
        files: Vec::new(),
        drain: None,
        why: Vec::new(),
    };
    let members = all
        .iter()
        .zip(pending)
        .filter(|(_, pending)| **pending)
        .map(|(host, _)| (host.clone(), member(host)))
        .collect();
    Roll { role, members, all, batch, seconds: 120, outage_allowed, regroup: false, led_elsewhere: false, lever: true }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(4096), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn law_3_the_next_of_a_roll_never_takes_the_majority(
        role in prop_oneof![Just(MEMBER), Just(MASTER), Just(WORKER)],
        nodes in prop::collection::vec(node(), 1..=7),
        pending in prop::collection::vec(any::<bool>(), 7),
        seen in prop::collection::vec(prop::bool::weighted(0.9), 7),
        whole: bool,
        batch in 1_usize..3,
        outage_allowed: bool,
    ) {
        let site = Shape::side_by_side(nodes.len(), 0, 0).site();
        let roll = roll_of(role, &site, &pending, batch, outage_allowed);
        let facts = ServiceFacts {
            nodes: roll.all.iter().cloned().zip(nodes.iter().copied()).zip(&seen).filter(|(_, seen)| **seen).map(|(node, _)| node).collect(),
            whole,
            missing: if whole { Vec::new() } else { vec!["something".to_owned()] },
            ..ServiceFacts::default()
        };
        let serves = |host: &Name| facts.nodes.get(host).is_some_and(|node| node.health.serves());
        let serving = roll.all.iter().filter(|host| serves(host)).count();
        match next(&roll, &facts) {
            Next::Do { members, .. } => {
                prop_assert!(!members.is_empty());
                for host in &members {
                    prop_assert!(roll.members.contains_key(host));
                    prop_assert!(!facts.nodes[host].current, "{host} needs nothing");
                    prop_assert!(facts.nodes[host].health != Health::Unknown, "nobody can ask {host}");
                }
                let stopped = members.iter().filter(|host| serves(host)).count();
                let running = members.iter().filter(|host| facts.nodes[*host].health != Health::Down).count();
                prop_assert!(role != WORKER || running <= batch, "{running} of {members:?} run");
                if stopped > 0 && !outage_allowed {
                    let leaders = facts.nodes.values().filter(|node| node.health == Health::Leading).count();
                    let one_too_many = leaders > 1 && members.iter().all(|host| facts.nodes[host].health == Health::Leading);
                    prop_assert!(facts.whole || one_too_many, "{members:?} stopped while not all is well");
                    match role.redundancy() {
                        Redundancy::Majority => prop_assert!(serving - stopped > roll.all.len() / 2),
                        Redundancy::One => prop_assert!(serving - stopped >= 1),
                        Redundancy::Pool => {}
                    }
                }
                if role != WORKER {
                    prop_assert_eq!(members.len(), 1);
                }
                if role == WORKER && stopped > 0 {
                    prop_assert!(members.len() <= batch);
                }
            }
            Next::Done => {
                prop_assert!(facts.whole);
                prop_assert!(roll.members.keys().all(|host| facts.nodes.get(host).is_some_and(|node| node.current)));
            }
            Next::Wait { because } => prop_assert!(!because.is_empty(), "nothing says what is waited for"),
            Next::Refuse { .. } => prop_assert!(!outage_allowed),
        }
    }
}

#[test]
fn law_3_a_roll_takes_followers_first_and_the_leader_last() {
    run(async {
        let shape = Shape::side_by_side(5, 0, 0);
        let world = converged(&shape.site()).await;
        let leader = world.state().services.leader.clone().expect("somebody leads").0;
        world.state().journal.clear();
        shape.with(|s| s.connections = 61).site().converge(&world).await;
        world.assert_lawful();
        let restarts: Vec<Name> = world
            .state()
            .journal
            .iter()
            .filter(|(_, title)| title == "restart zookeeper")
            .map(|(host, _)| host.clone())
            .collect();
        assert_eq!(restarts.len(), 5, "each once: {restarts:?}");
        assert_eq!(restarts.last(), Some(&leader));
    });
}

#[test]
fn law_3_a_member_that_does_not_come_up_gets_its_old_files_back_and_no_other_is_touched() {
    run(async {
        let shape = Shape::side_by_side(3, 2, 1);
        let world = converged(&shape.site()).await;
        world.state().journal.clear();
        let bad = shape.with(|s| s.connections = 666).site();
        let outcome = report(bad.carry_out(&apply(), &world).await).outcome;
        assert!(matches!(outcome, Outcome::PutBack { put_back: true, .. }), "{outcome:?}");
        world.assert_lawful();
        let touched: BTreeSet<Name> = world
            .state()
            .journal
            .iter()
            .filter(|(_, title)| title.contains("zookeeper"))
            .map(|(host, _)| host.clone())
            .collect();
        assert_eq!(touched.len(), 1, "{touched:?}");
        {
            let state = world.state();
            assert_eq!(state.services.serving.len(), 3);
            let poisoned = |host: &SimHost| host.text("/etc/zookeeper/zoo.cfg").expect("a member").contains(POISON);
            assert!(!state.hosts.values().any(poisoned));
        }
        shape.site().converge(&world).await;
        world.assert_lawful();
    });
}

/// A leader that crashes in the middle of a roll: for a moment nobody serves, and that is no leave to restart everybody.
#[test]
fn law_3_an_election_in_the_middle_of_a_roll_is_waited_for() {
    for after in 1..=40_u64 {
        run(async {
            let shape = Shape::side_by_side(5, 0, 0);
            let world = converged(&shape.site()).await;
            let leader = world.state().services.leader.clone().expect("somebody leads").0;
            world.state().journal.clear();
            let changed = shape.with(|s| s.connections = 61).site();
            let crash = async {
                tokio::time::sleep(std::time::Duration::from_millis(after * 300)).await;
                let now = tokio::time::Instant::now();
                let _ = world.state().hosts.get_mut(&leader).expect("a member").restart("zookeeper", now);
                std::future::pending::<()>().await;
            };
            tokio::select! {
                end = changed.carry_out(&GENTLY, &world) => {
                    let outcome = report(end).outcome;
                    assert!(matches!(outcome, Outcome::Done), "crash after {after} x 300 ms: {outcome:?}");
                }
                () = crash => {}
            }
            assert_eq!(
                world.violations(),
                Vec::<String>::new(),
                "crash after {after} x 300 ms: {:#?}",
                world.state().journal
            );
        });
    }
}

#[test]
fn law_3_a_roll_leaves_no_master_alive_for_seconds_and_not_for_a_session() {
    run(async {
        let shape = Shape::side_by_side(3, 2, 3);
        let world = converged(&shape.site()).await;
        world.state().services.pace.session = Duration::from_secs(40);
        for changed in [shape.with(|s| s.master_heap += 64), shape.with(|s| s.connections += 1)] {
            world.state().services.longest_vacancy = Duration::ZERO;
            let before = world.acts();
            report(changed.site().carry_out(&apply(), &world).await);
            let state = world.state();
            let released = state.journal[before..].iter().filter(|(_, title)| title.contains("dead master")).count();
            assert!(released > 0, "{:?}", state.journal);
            let longest = state.services.longest_vacancy;
            assert!(longest > Duration::ZERO && longest < Duration::from_secs(5), "{longest:?}: {:?}", state.journal);
            drop(state);
            world.assert_lawful();
        }
    });
}

// ------------------------------------------------------------------ law 4

#[test]
fn law_4_looking_and_planning_change_nothing() {
    run(async {
        let shape = Shape::side_by_side(3, 2, 3);
        let fresh = shape.site().world();
        let converged = converged(&shape.site()).await;
        let drifted = converged.fork();
        drifted.state().hosts.get_mut(&name("h1")).expect("a host").paths.remove("/etc/zookeeper/zoo.cfg");
        for world in [fresh, converged, drifted] {
            world.state().journal.clear();
            let before = world.digest();
            for goal in [apply(), apply_with_outage(), DESTROY, DESTROY_ALL] {
                shape.with(|s| s.connections = 61).site().plan(&goal, &world).await.expect("a plan");
            }
            assert_eq!(world.acts(), 0);
            assert_eq!(world.digest(), before);
        }
    });
}

// ------------------------------------------------------------------ law 5

/// Kills the operator at every action of `goal`, in every way; then `goal` is carried out again, and `check` looks.
async fn killed_at_any_step(site: &Site, goal: &Goal, start: &SimWorld, check: impl AsyncFn(&SimWorld)) {
    let world = start.fork();
    let outcome = report(site.carry_out(goal, &world).await).outcome;
    assert!(matches!(outcome, Outcome::Done), "{outcome:?}");
    world.assert_lawful();
    let acts = world.acts();
    for at in 0..acts {
        for cut in [Cut::Before, Cut::Within(3), Cut::After] {
            for kills in [true, false] {
                let world = start.fork();
                world.cut(at, cut, kills);
                tokio::select! {
                    end = site.carry_out(goal, &world) => assert!(!kills, "not killed at {at}: {end:?}"),
                    () = world.death() => assert!(kills),
                }
                let last = world.state().journal.last().cloned();
                world.revive();
                assert_eq!(world.violations(), Vec::<String>::new(), "{cut:?} at {at} {last:?}");
                let again = site.carry_out(goal, &world).await;
                let done = matches!(&again, End::Nothing | End::Executed(Report { outcome: Outcome::Done, .. }, _));
                assert!(done, "{cut:?} at {at} {last:?}: {again:?}");
                assert_eq!(world.violations(), Vec::<String>::new(), "{cut:?} at {at} {last:?}");
                let plan = site.plan(goal, &world).await.expect("a plan");
                assert!(plan.is_empty(), "{cut:?} at {at} {last:?}:\n{plan}");
                check(&world).await;
            }
        }
    }
}

#[test]
fn law_5_killed_at_any_step_the_next_apply_converges_when_it_is_the_first() {
    run(async {
        let site = Shape::side_by_side(3, 2, 2).site();
        killed_at_any_step(&site, &apply(), &site.world(), async |world| {
            site.assert_current(world);
            for host in world.state().hosts.values() {
                assert!(host.text(BIRTH_PATH).is_some_and(|text| text.contains("\"complete\":true")));
            }
            assert_eq!(world.state().services.births, 1);
        })
        .await;
    });
}

#[test]
fn law_5_killed_at_any_step_the_next_apply_converges_when_it_rolls() {
    run(async {
        let shape = Shape::side_by_side(3, 2, 2);
        let world = converged(&shape.site()).await;
        let site = shape.with(|s| (s.connections, s.cores, s.master_heap) = (61, 2, 600)).site();
        killed_at_any_step(&site, &apply(), &world, async |world| site.assert_current(world)).await;
    });
}

#[test]
fn law_5_killed_at_any_step_the_next_destroy_goes_on_and_the_data_stays() {
    run(async {
        let site = Shape::side_by_side(3, 2, 2).site();
        let world = converged(&site).await;
        killed_at_any_step(&site, &DESTROY, &world, async |world| {
            for (name, host) in &world.state().hosts {
                let kept: Vec<String> = paths(host).difference(&paths(&SimHost::new("x"))).cloned().collect();
                assert!(kept.iter().all(|path| is_kept(path)), "{name}: {kept:?}");
                assert!(kept.iter().any(|path| path.contains("version-2")), "{name}: its data is gone");
                assert!(host.units.values().all(|unit| unit.process.is_none() && !unit.enabled), "{name}");
            }
            site.converge(world).await;
            assert_eq!(world.state().services.births, 1);
            world.assert_lawful();
        })
        .await;
    });
}

/// What a destroy leaves where data is to stay.
fn is_kept(path: &str) -> bool {
    path.starts_with("/data")
        || [BIRTH_PATH, CLAIM_PATH, "/var/lib/provision", "/var/lib/provision/made"].contains(&path)
}

#[test]
fn law_5_killed_at_any_step_the_next_destroy_of_data_too_leaves_a_host_as_it_was() {
    run(async {
        let site = Shape { log_dir: true, ..Shape::side_by_side(3, 2, 2).with(|s| s.authenticate = true) }.site();
        let world = converged(&site).await;
        killed_at_any_step(&site, &DESTROY_ALL, &world, async |world| {
            for (name, host) in &world.state().hosts {
                assert_eq!(paths(host), paths(&SimHost::new("x")), "{name}");
                assert!(host.users.is_empty(), "{name}: {:?}", host.users);
            }
        })
        .await;
    });
}

#[test]
fn law_5_whoever_was_overtaken_is_refused_by_every_host() {
    run(async {
        let site = Shape::side_by_side(3, 0, 0).site();
        let world = converged(&site).await;
        let target = Target::of(&site.desired.hosts[&name("h1")].host);
        let epoch = world.state().hosts[&name("h1")].epoch();
        let stop = Action::Stop { unit: "zookeeper".to_owned() };
        for wrong in [epoch - 1, epoch + 1] {
            let refused = world.act(&target, &stop, &permit(wrong)).await;
            assert!(matches!(refused, Err(HostError::Fenced { .. })), "{refused:?}");
        }
        let refused = world.act(&target, &Action::Raise, &permit(epoch - 1)).await;
        assert!(matches!(refused, Err(HostError::Fenced { .. })), "{refused:?}");
        // An apply whose hosts report a newer epoch: what its end is called, the anchors decide.
        for (connections, anchors_agree) in [(61, false), (62, true)] {
            let changed = Shape::side_by_side(3, 0, 0).with(|s| s.connections = connections).site();
            let overtake = async {
                tokio::time::sleep(std::time::Duration::from_millis(1500)).await;
                world.overtake(anchors_agree);
                std::future::pending::<()>().await;
            };
            tokio::select! {
                end = changed.carry_out(&GENTLY, &world) => match report(end).outcome {
                    Outcome::LeaseLost if anchors_agree => {}
                    Outcome::Failed { failures } if !anchors_agree => {
                        assert!(failures.iter().all(|failure| matches!(failure.error, HostError::Fenced { .. })), "{failures:?}");
                    }
                    outcome => panic!("{anchors_agree}: {outcome:?}"),
                },
                () = overtake => {}
            }
        }
        world.assert_lawful();
        site.converge(&world).await;
    });
}

#[test]
fn law_5_two_operators_never_hold_the_lease_at_once() {
    run(async {
        let site = Shape::side_by_side(3, 0, 0).site();
        let world = site.world();
        let observed = site.observe(&world).await;
        let desired = site.identified(&observed);
        let first = provision::execute::acquire(&desired, &observed, "first", &world).await.expect("nobody holds it");
        let second = provision::execute::acquire(&desired, &observed, "second", &world).await;
        assert!(
            matches!(second, Err(provision::execute::NoLease::Held { ref owner, .. }) if owner == "first"),
            "{second:?}"
        );
        for host in ["h1", "h2"] {
            assert!(first.is_held());
            world.state().hosts.get_mut(&name(host)).expect("a host").reachable = false;
        }
        assert!(!first.is_held());
        drop(first);
        assert!(world.state().holds.is_empty());
    });
}

// ------------------------------------------------------------------ law 6

/// The secret itself, and digests that need no key.
fn traces() -> Vec<String> {
    let file = format!("_SPARK_AUTH_SECRET=\"{SECRET}\"\n");
    vec![SECRET.to_owned(), sha256(SECRET.as_bytes()), sha256(file.as_bytes()), sha256(file.trim_end().as_bytes())]
}

fn assert_no_trace(of: &str, text: &str) {
    for trace in traces() {
        assert!(!text.contains(&trace), "{of} shows `{trace}`");
    }
}

#[test]
fn law_6_no_secret_is_rendered_planned_sealed_logged_or_remembered() {
    run(async {
        let site = Shape::side_by_side(3, 2, 3).with(|s| s.authenticate = true).site();
        let world = site.world();
        for (path, text) in render::hosts(&site.desired) {
            assert_no_trace(&path.display().to_string(), &text);
        }
        assert_no_trace("the secrets' Debug", &format!("{:?}", site.secrets));
        let mut plans = vec![site.plan(&apply(), &world).await.expect("a plan")];
        match site.carry_out(&apply(), &world).await {
            End::Executed(report, events) => assert_no_trace("an execution", &format!("{report:?}{events:?}")),
            end => panic!("{end:?}"),
        }
        // It differs on one host.
        let path = path_of_secret();
        let access = world.state().hosts[&name("h1")].paths[path.as_str()].access.clone();
        world.state().hosts.get_mut(&name("h1")).expect("a host").scribble(path.as_str(), b"old", access);
        let drifted = site.plan(&apply(), &world).await.expect("a plan");
        assert!(drifted.to_string().contains("the secret in it differs"), "{drifted}");
        plans.push(drifted);
        for plan in plans {
            assert_no_trace("a plan", &format!("{plan}{plan:?}{}", serde_json::to_string(&plan).expect("JSON")));
            let sealed = SealedPlan::seal(&plan, &newborn(), "site.yaml", &site.text);
            assert_no_trace("a sealed plan", &format!("{sealed:?}{}", serde_json::to_string(&sealed).expect("JSON")));
            for action in actions(&plan) {
                let script = script::act(&action, &permit(1), &site.secrets, &script::Place::machine());
                assert_no_trace("an action or its script", &format!("{action:?}{script:?}{}", action.title()));
            }
        }
        world.cut(2, Cut::Before, false);
        let failed = site.carry_out(&apply(), &world).await;
        assert_no_trace("a failed execution", &format!("{failed:?}"));
        world.revive();
        site.converge_by(&apply_with_outage(), &world).await;
        for host in world.state().hosts.values() {
            for path in host.paths.keys().filter(|at| *at != path.as_str()) {
                assert_no_trace(path, &host.text(path).unwrap_or_default());
            }
            for unit in host.units.values().filter_map(|unit| unit.process.as_ref()) {
                assert_no_trace("the record of a service", &format!("{:?}", unit.started));
            }
        }
    });
}

/// What is known of a secret file is that it is the same or another one.
#[test]
fn law_6_no_unkeyed_digest_of_a_secret_is_among_the_facts() {
    run(async {
        let site = Shape::side_by_side(1, 1, 1).with(|s| s.authenticate = true).site();
        let world = converged(&site).await;
        assert_no_trace("what was observed", &format!("{:?}", site.observe(&world).await));
    });
}

fn actions(plan: &provision::plan::Plan) -> Vec<Action> {
    let mut all = Vec::new();
    for phase in &plan.phases {
        match phase {
            provision::plan::Phase::Steps { steps, .. } => all.extend(steps.iter().map(|step| step.action.clone())),
            provision::plan::Phase::Gate { .. } | provision::plan::Phase::Reach { .. } => {}
            provision::plan::Phase::Roll(roll) => all.extend(roll.members.values().map(|member| Action::Swap {
                unit: member.unit.clone(),
                files: member.files.clone(),
                drain: member.drain.clone(),
            })),
        }
    }
    all
}

#[test]
fn law_6_a_changed_secret_is_taken_up_by_everybody() {
    run(async {
        let site = Shape::side_by_side(3, 2, 3).with(|s| s.authenticate = true).site();
        let world = converged(&site).await;
        let newer = Secrets(BTreeMap::from([(path_of_secret(), "another-one".to_owned())]));
        let site = Site { secrets: newer.clone(), ..site };
        let mut world = world.fork();
        world.secrets = newer;
        let End::NotApproved(why) = site.carry_out(&apply(), &world).await else { panic!("it was rolled") };
        assert!(why.contains("outage"), "{why}");
        site.converge_by(&apply_with_outage(), &world).await;
        world.assert_lawful();
        for host in world.state().hosts.values() {
            assert_eq!(host.text(path_of_secret().as_str()).as_deref(), Some("_SPARK_AUTH_SECRET=\"another-one\"\n"));
        }
        assert!(
            site.desired
                .hosts
                .values()
                .any(|state| state.files.values().any(|file| matches!(file.content, Content::Secret { .. })))
        );
    });
}

// ------------------------------------------------------------ sealed plans

#[test]
fn a_sealed_plan_that_was_edited_is_not_intact() {
    run(async {
        let site = Shape::side_by_side(3, 2, 3).site();
        let plan = site.plan(&apply(), &site.world()).await.expect("a plan");
        let sealed = SealedPlan::seal(&plan, &newborn(), "site.yaml", &site.text);
        assert!(sealed.is_intact());
        let json = serde_json::to_value(&sealed).expect("JSON");
        let back: SealedPlan = serde_json::from_value(json.clone()).expect("a sealed plan");
        assert!(back.is_intact() && back.moved(&plan).is_empty());
        let mut edits = 0;
        let tampered = [
            ("/allow_outage", serde_json::json!(true)),
            ("/skip_unreachable", serde_json::json!(true)),
            ("/topology_text", serde_json::json!(site.text.replace("maxClientCnxns: 60", "maxClientCnxns: 6"))),
            ("/topology_name", serde_json::json!("other.yaml")),
            ("/version", serde_json::json!(1)),
            ("/identity", serde_json::json!(provision::value::Identity::random())),
            ("/essence/cluster", serde_json::json!("other")),
            ("/essence/phases/0", serde_json::json!({})),
            ("/seal", serde_json::json!("0")),
        ];
        for (at, value) in tampered {
            let mut json = json.clone();
            *json.pointer_mut(at).unwrap_or_else(|| panic!("there is no {at}")) = value;
            let edited: SealedPlan = serde_json::from_value(json).expect("a sealed plan");
            assert!(!edited.is_intact(), "{at} was edited, and the seal still holds");
            edits += 1;
        }
        assert_eq!(edits, 9);
    });
}

#[test]
fn a_sealed_plan_names_what_moved() {
    run(async {
        let shape = Shape::side_by_side(3, 2, 3);
        let world = converged(&shape.site()).await;
        let site = shape.with(|s| s.connections = 61).site();
        let sealed =
            SealedPlan::seal(&site.plan(&apply(), &world).await.expect("a plan"), &newborn(), "site.yaml", &site.text);
        // What does not touch the plan may change.
        world.state().hosts.get_mut(&name("h1")).expect("a host").scribble(
            "/etc/motd",
            b"hello",
            provision::host::Access::root(0o644),
        );
        assert_eq!(sealed.moved(&site.plan(&apply(), &world).await.expect("a plan")), []);
        world.state().hosts.get_mut(&name("h2")).expect("a host").paths.remove("/etc/spark/worker.conf");
        let moved = sealed.moved(&site.plan(&apply(), &world).await.expect("a plan"));
        assert!(
            moved.iter().any(|moved| moved.at.contains("/changes/h2/files/") || moved.at.contains("/changes/h2")),
            "{moved:?}"
        );
        assert!(
            moved.iter().all(|moved| !moved.at.contains("/changes/h1") && !moved.at.contains("/changes/h3")),
            "{moved:?}"
        );
    });
}

// ------------------------------------------------------------- what is left

#[test]
fn a_stranger_is_refused_and_a_majority_of_wiped_members_too() {
    run(async {
        let shape = Shape::side_by_side(3, 0, 0);
        let world = converged(&shape.site()).await;
        let wiped = world.fork();
        for host in ["h1", "h2"].map(name) {
            wiped.state().hosts.get_mut(&host).expect("a host").crash("zookeeper");
            wiped.state().hosts.get_mut(&host).expect("a host").remove_tree("/data/zookeeper/version-2");
        }
        assert!(matches!(shape.site().carry_out(&apply(), &wiped).await, End::Refused(_)));
        let other = Site::of(&shape.text().replace("name: sim", "name: other"));
        assert!(matches!(other.carry_out(&apply(), &world).await, End::Refused(_)));
        let grown = Shape::side_by_side(5, 0, 0);
        for host in [4, 5] {
            let mut fresh = SimHost::new(&format!("10.0.0.{host}"));
            fresh.archives = world.state().hosts[&name("h1")].archives.clone();
            world.state().hosts.insert(name(&format!("h{host}")), fresh);
        }
        assert!(matches!(grown.site().carry_out(&apply(), &world).await, End::Refused(_)));
        world.assert_lawful();
        let state = world.state();
        assert!(state.hosts[&name("h1")].text(STAMP_PATH).is_some_and(|stamp| stamp.contains("\"sim\"")));
        assert!(
            state.hosts[&name("h1")]
                .bytes(&format!("/var/lib/provision/{}.json", RecordName::Applied.text()))
                .is_some()
        );
    });
}

#[test]
fn a_machine_made_anew_is_the_member_whose_disk_it_has() {
    run(async {
        let site = Shape::side_by_side(3, 0, 0).site();
        let marker = "/data/zookeeper/.provision-member";
        for (whose, is_ours) in [
            (format!("cluster sim {}, member 2\n", newborn()), true),
            (format!("cluster sim {}, member 3\n", newborn()), false),
            (format!("cluster other {}, member 2\n", newborn()), false),
            (format!("cluster sim {}, member 2\n", provision::value::Identity::random()), false),
        ] {
            let world = converged(&site).await;
            {
                let mut state = world.state();
                let old = state.hosts.remove(&name("h2")).expect("a host");
                let mut new = SimHost::new("10.0.0.2");
                new.archives = old.archives.clone();
                new.paths.extend(
                    old.paths
                        .iter()
                        .filter(|(path, _)| path.starts_with("/data/zookeeper"))
                        .map(|(path, node)| (path.clone(), node.clone())),
                );
                let access = new.paths[marker].access.clone();
                new.scribble(marker, whose.as_bytes(), access);
                state.hosts.insert(name("h2"), new);
            }
            if is_ours {
                site.converge(&world).await;
                assert!(
                    world.state().hosts[&name("h2")]
                        .paths
                        .keys()
                        .any(|path| path.contains("/data/zookeeper/version-2"))
                );
            } else {
                assert!(matches!(site.carry_out(&apply(), &world).await, End::Refused(_)), "{whose}");
            }
            world.assert_lawful();
        }
    });
}

#[test]
fn two_names_of_one_machine_are_refused() {
    run(async {
        let site = Shape::side_by_side(3, 2, 3).site();
        let world = site.world();
        let machine = world.state().hosts[&name("h1")].machine.clone();
        world.state().hosts.get_mut(&name("h3")).expect("a host").machine = machine;
        let End::Refused(refusals) = site.carry_out(&apply(), &world).await else { panic!("it went on") };
        let said = format!("{refusals:?}");
        assert!(said.contains("same machine as h1") && said.contains("same machine as h3"), "{said}");
    });
}

#[test]
fn a_host_that_says_it_is_another_ones_machine_keeps_nobody_out() {
    run(async {
        let site = Shape::side_by_side(3, 2, 3).site();
        let world = converged(&site).await;
        // h1 says that it is the machine of h3, with its own stamp and then without one.
        let machine = world.state().hosts[&name("h3")].machine.clone();
        world.state().hosts.get_mut(&name("h1")).expect("a host").machine = machine;
        let changed = Shape::side_by_side(3, 2, 3).with(|s| s.connections = 61).site();
        changed.converge(&world).await;
        world.state().hosts.get_mut(&name("h1")).expect("a host").paths.remove(STAMP_PATH);
        let End::Refused(refusals) = site.carry_out(&apply(), &world).await else { panic!("it went on") };
        let said = format!("{refusals:?}");
        assert!(said.contains("h1") && !said.contains("\"h3\"), why: \"it is the same machine"), "{said}");
        assert!(matches!(site.carry_out(&SKIPPING, &world).await, End::Executed(..) | End::Nothing), "{said}");
        world.assert_lawful();
    });
}

#[test]
fn a_destroy_takes_no_host_that_stands_under_other_anchors() {
    run(async {
        let own =
            Shape { hosts: 4, members: vec![3], masters: vec![], workers: vec![], ..Shape::side_by_side(1, 0, 0) };
        let copy = Shape { members: vec![0, 1, 2], masters: vec![0], workers: vec![3], ..own.clone() }.site();
        let (own, world) = (own.site(), copy.world());
        own.converge(&world).await;
        let before = world.state().hosts[&name("h4")].digest();
        for goal in [DESTROY, DESTROY_ALL] {
            let plan = copy.plan(&goal, &world).await.expect("the other hosts may be destroyed");
            assert!(plan.to_string().contains("carries this cluster's stamp with other anchors"), "{plan}");
            copy.carry_out(&goal, &world).await;
            assert_eq!(world.state().hosts[&name("h4")].digest(), before, "{goal:?}");
        }
        assert!(matches!(report(own.carry_out(&DESTROY_ALL, &world).await).outcome, Outcome::Done));
    });
}

#[test]
fn a_host_with_a_new_address_is_refused_while_its_old_machine_is_the_clusters() {
    for shape in [Shape::side_by_side(3, 2, 3), Shape::spread(0, 1, 2)] {
        run(async {
            let world = converged(&shape.site()).await;
            let moved = Site::of(&shape.text().replace("address: 10.0.0.3", "address: 10.0.0.33"));
            {
                let mut state = world.state();
                let mut fresh = SimHost::new("10.0.0.33");
                fresh.archives = state.hosts[&name("h3")].archives.clone();
                let old = state.hosts.insert(name("h3"), fresh).expect("a host");
                state.hosts.insert(name("old"), old);
            }
            for goal in [apply(), SKIPPING] {
                let End::Refused(refusals) = moved.carry_out(&goal, &world).await else { panic!("it went on") };
                assert!(format!("{refusals:?}").contains("its old place 10.0.0.3 still carries"), "{refusals:?}");
            }
        });
    }
}

// ---------------------------------------------- what one host alone says

/// What a compromised host would write of the cluster: another one's machine, an anchor that never answers, an epoch that nobody reaches.
fn forged(world: &SimWorld, host: &str) -> String {
    let text = world.state().hosts[&name("h1")].text("/var/lib/provision/applied.json").expect("an anchor has it");
    let mut record: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    record["hosts"]["other"] =
        serde_json::json!({ "ssh": { "address": "10.9.9.9", "ssh_name": "10.9.9.9", "user": null, "port": null } });
    record["hosts"]["here"] = serde_json::json!({ "local": { "address": "127.0.0.1", "root": "/tmp/here" } });
    record["anchors"] = serde_json::json!(["other", host]);
    record["epoch"] = serde_json::json!(4_000_000_000_u64);
    record["settings"] = serde_json::json!({});
    record.to_string()
}

#[test]
fn one_hosts_word_is_not_the_clusters() {
    run(async {
        // h1 to h3 are anchors, h6 is a worker.
        for host in ["h2", "h6"] {
            let shape = Shape::spread(3, 1, 2);
            let world = converged(&shape.site()).await;
            let (text, access) = (forged(&world, host), provision::host::Access::root(0o644));
            {
                let mut state = world.state();
                let mut other = SimHost::new("10.9.9.9");
                other.raise(3).expect("room");
                let identity = provision::value::Identity::random();
                let claim = Claim { identity, cluster: name("sim"), anchors: "0".to_owned() };
                other.claim_for(&claim).expect("room");
                state.hosts.insert(name("other"), other);
                let liar = state.hosts.get_mut(&name(host)).expect("a host");
                for record in ["intended", "applied"] {
                    liar.scribble(&format!("/var/lib/provision/{record}.json"), text.as_bytes(), access.clone());
                }
            }
            let before = world.state().hosts[&name("other")].digest();
            let observed = shape.site().observe(&world).await;
            assert!(observed.departed.is_empty(), "{host}: {:?}", observed.departed.keys());
            let changed = shape.with(|s| s.connections = 61).site();
            changed.converge(&world).await;
            world.assert_lawful();
            assert_eq!(
                world.state().hosts[&name("other")].digest(),
                before,
                "{host} had another cluster's host changed"
            );
        }
    });
}

#[test]
fn one_hosts_epoch_is_not_the_clusters() {
    run(async {
        for (host, text) in [("h6", "4000000000"), ("h6", "not a number"), ("h2", "4000000000")] {
            let shape = Shape::spread(3, 2, 2);
            let world = converged(&shape.site()).await;
            let access = provision::host::Access::root(0o644);
            world.state().hosts.get_mut(&name(host)).expect("a host").scribble(
                "/var/lib/provision/epoch",
                text.as_bytes(),
                access,
            );
            let changed = shape.with(|s| s.live = 2).site();
            let outcome = report(changed.carry_out(&SKIPPING, &world).await).outcome;
            assert!(matches!(outcome, Outcome::Done), "{host} {text}: {outcome}");
            assert!(world.state().hosts[&name("h1")].epoch() < 100);
            let plan = changed.plan(&SKIPPING, &world).await.expect("a plan");
            assert!(plan.unknown[&name(host)].contains("epoch"), "{plan}");
            // As the message says.
            world.state().hosts.get_mut(&name(host)).expect("a host").paths.remove("/var/lib/provision/epoch");
            changed.converge(&world).await;
            world.assert_lawful();
        }
    });
}

/// A file of the tool's, and what a compromised host turns it into.
type Lie<'a> = (&'a str, &'a dyn Fn(&str) -> String);

/// A host that the anchors have on record claims to be another cluster's, another host, or part of another birth.
#[test]
fn one_hosts_denial_is_that_hosts_matter() {
    let other = provision::value::Identity::random();
    let lies: [Lie; 5] = [
        (CLAIM_PATH, &|text| text.replace(newborn().as_str(), other.as_str())),
        (STAMP_PATH, &|text| text.replace("\"sim\"", "\"others\"")),
        (STAMP_PATH, &|text| {
            text.replace("\"host\": \"h2\"", "\"host\": \"h1\"").replace("\"host\": \"h6\"", "\"host\": \"h1\"")
        }),
        (STAMP_PATH, &|text| {
            text.replace("\"host\": \"h2\"", "\"host\": \"h9\"").replace("\"host\": \"h6\"", "\"host\": \"h9\"")
        }),
        (BIRTH_PATH, &|text| text.replace("\"h3\"", "\"h9\"")),
    ];
    for (host, (path, lie)) in ["h2", "h6"].into_iter().flat_map(|host| lies.map(move |lie| (host, lie))) {
        run(async {
            let shape = Shape::spread(3, 1, 2);
            let world = converged(&shape.site()).await;
            let Some(text) = world.state().hosts[&name(host)].text(path) else { return };
            assert_ne!(lie(&text), text, "{host} {path}");
            world.state().hosts.get_mut(&name(host)).expect("a host").scribble(
                path,
                lie(&text).as_bytes(),
                provision::host::Access::root(0o644),
            );
            let changed = shape.with(|s| s.live = 2).site();
            let end = changed.carry_out(&SKIPPING, &world).await;
            let Outcome::Done = report(end).outcome else { panic!("{host} {path}") };
            world.assert_lawful();
            let plan = changed.plan(&SKIPPING, &world).await.expect("a plan");
            assert_eq!(plan.unknown.keys().collect::<Vec<_>>(), [&name(host)], "{plan}");
            assert!(plan.changes.is_empty(), "{plan}");
            assert!(!plan.to_string().contains("`id:"), "{plan}");
            let Outcome::Done = report(changed.carry_out(&DESTROY_ALL, &world).await).outcome else {
                panic!("{host} {path}")
            };
        });
    }
}

/// Nothing is there yet but one host's stamp, which names anchors elsewhere: nobody calls them.
#[test]
fn before_the_first_apply_one_stamp_calls_nobody() {
    run(async {
        for shape in [Shape::spread(3, 1, 2), Shape::spread(0, 1, 5)] {
            let other = converged(&Shape::spread(0, 1, 1).site()).await;
            let text = other.state().hosts[&name("h1")].text(STAMP_PATH).expect("stamped");
            let text = text.replace("\"h1\"", "\"h6\"").replace("10.0.0.1", "10.9.9.9");
            let world = shape.site().world();
            world.state().hosts.get_mut(&name("h6")).expect("a host").scribble(
                STAMP_PATH,
                text.as_bytes(),
                provision::host::Access::root(0o644),
            );
            let observed = shape.site().observe(&world).await;
            assert!(observed.departed.is_empty() && observed.moved.is_empty(), "{:?}", observed.departed.keys());
            let refusals = shape.site().plan(&GENTLY, &world).await.expect_err("a past that nobody else knows");
            assert!(format!("{refusals:?}").contains("with other anchors"), "{refusals:?}");
        }
    });
}

/// A host says something for which it is refused: who goes on without unreachable hosts goes on without it, and so does a destroy.
#[test]
fn a_refused_host_is_left_like_one_that_is_off() {
    type Lie<'a> = &'a dyn Fn(&mut SimHost);
    let lies: [Lie; 3] = [
        &|host| {
            host.machine = "machine-of-10.0.0.1".to_owned();
            host.paths.remove(STAMP_PATH);
        },
        &|host| {
            for file in ["stamp.json", "made", "identity"] {
                host.paths.remove(&format!("/var/lib/provision/{file}"));
            }
        },
        &|host| {
            let origin = "/opt/provision/spark-4.3.0/.provision-origin";
            host.scribble(origin, "b".repeat(128).as_bytes(), provision::host::Access::root(0o644));
        },
    ];
    for lie in lies {
        run(async {
            let shape = Shape::spread(3, 1, 2);
            let world = converged(&shape.site()).await;
            lie(world.state().hosts.get_mut(&name("h6")).expect("a host"));
            let changed = shape.with(|s| s.live = 2).site();
            let Outcome::Done = report(changed.carry_out(&SKIPPING, &world).await).outcome else {
                panic!("it stopped")
            };
            world.assert_lawful();
            let plan = changed.plan(&SKIPPING, &world).await.expect("a plan");
            assert!(plan.changes.is_empty() && plan.unknown.contains_key(&name("h6")), "{plan}");
            let Outcome::Done = report(changed.carry_out(&DESTROY_ALL, &world).await).outcome else {
                panic!("it stopped")
            };
            for host in ["h1", "h2", "h3", "h4", "h5"].map(name) {
                assert_eq!(paths(&world.state().hosts[&host]), paths(&SimHost::new("x")), "{host}");
            }
        });
    }
}

/// Of a topology that was never applied, one worker says that it was all of a cluster of this name, together with a host elsewhere: which is
/// another operator's.
#[test]
fn one_host_makes_nobody_touch_another_clusters() {
    for members in [3, 0] {
        run(async {
            let other = converged(&Shape::spread(1, 0, 0).site()).await;
            let shape = Shape::spread(members, 1, 4);
            let site = Site { newborn: provision::value::Identity::random(), ..shape.site() };
            let world = site.world();
            let theirs = other.state().hosts[&name("h1")].clone();
            let address = "10.9.9.9";
            {
                let mut state = world.state();
                let liar = name(&format!("h{}", shape.hosts));
                let own = state.hosts[&liar].address.clone();
                let place = |text: String| text.replace("10.0.0.1", address);
                let access = provision::host::Access::root(0o644);
                let stamp = theirs.text(STAMP_PATH).expect("stamped");
                let stamp = stamp.replace("10.0.0.1", &own).replace("\"h1\"", &format!("\"{liar}\""));
                let record = place(theirs.text("/var/lib/provision/applied.json").expect("an anchor"));
                let record = record
                    .replace("\"anchors\": [\n    \"h1\"", &format!("\"anchors\": [\n    \"{liar}\""))
                    .replace("\"h1\": {", "\"victim\": {");
                let there = state.hosts.get_mut(&liar).expect("a host");
                there.scribble(STAMP_PATH, stamp.as_bytes(), access.clone());
                there.scribble(CLAIM_PATH, format!("{} sim 0123456789abcdef\n", newborn()).as_bytes(), access.clone());
                for name in ["intended", "applied"] {
                    there.scribble(&format!("/var/lib/provision/{name}.json"), record.as_bytes(), access.clone());
                }
                let mut victim = theirs.clone();
                victim.address = address.to_owned();
                victim.scribble(
                    STAMP_PATH,
                    place(victim.text(STAMP_PATH).expect("stamped")).replace("\"h1\"", "\"victim\"").as_bytes(),
                    access,
                );
                state.hosts.insert(name("victim"), victim);
            }
            let before = world.state().hosts[&name("victim")].digest();
            let observed = site.observe(&world).await;
            assert!(observed.departed.is_empty() && observed.moved.is_empty(), "{:?}", observed.departed.keys());
            for goal in [DESTROY_ALL, SKIPPING, apply_with_outage()] {
                let _ = site.carry_out(&goal, &world).await;
                assert_eq!(world.state().hosts[&name("victim")].digest(), before, "{members} {goal:?}");
            }
        });
    }
}

/// An anchor of a topology that was never applied claims to be claimed for it, with the identity of another cluster.
#[test]
fn one_early_claim_decides_no_identity() {
    run(async {
        let shape = Shape::spread(3, 1, 2);
        let site = shape.site();
        let world = site.world();
        let digest = site.identified(&site.observe(&world).await).anchors_digest();
        let other = provision::value::Identity::random();
        world.state().hosts.get_mut(&name("h2")).expect("a host").scribble(
            CLAIM_PATH,
            format!("{other} sim {digest}\n").as_bytes(),
            provision::host::Access::root(0o644),
        );
        site.converge(&world).await;
        for host in world.state().hosts.values() {
            assert_eq!(host.claim().expect("claimed").identity, newborn());
        }
    });
}

/// Spark without `ZooKeeper`: its anchors are the first three hosts by name, and become others as it grows.
#[test]
fn a_cluster_whose_anchors_change_keeps_its_identity() {
    run(async {
        let world = converged(&Shape::spread(0, 1, 2).site()).await;
        let grown = Shape { hosts: 5, masters: vec![0], workers: vec![1, 2, 3, 4], ..Shape::spread(0, 1, 2) };
        let before = world.state().hosts[&name("h1")].claim().expect("claimed").identity;
        // h0 comes before all others, and h1 alone was the cluster.
        for text in [grown.text(), grown.text().replace("h2", "h0")] {
            let mut site = Site::of(&text);
            site.newborn = provision::value::Identity::random();
            let fresh = site.world();
            for (name, host) in &fresh.state().hosts {
                let is_known = world.state().hosts.contains_key(name);
                if !is_known {
                    world.state().hosts.insert(name.clone(), host.clone());
                }
            }
            site.converge_by(&apply_with_outage(), &world).await;
            world.assert_lawful();
            assert_eq!(world.state().hosts[&name("h1")].claim().expect("claimed").identity, before);
        }
    });
}

/// Another cluster of the same name takes some of a cluster's workers for its anchors.
#[test]
fn a_clusters_workers_are_no_electorate_for_another() {
    run(async {
        let shape = Shape::spread(0, 1, 5);
        let world = converged(&shape.site()).await;
        // h4 to h6 were its workers, and no anchors.
        let text = Shape { hosts: 6, masters: vec![3], workers: vec![4, 5], ..Shape::spread(0, 1, 2) }.text();
        let mut rival = Site::of(&text);
        rival.newborn = provision::value::Identity::random();
        world.state().journal.clear();
        for goal in [apply_with_outage(), DESTROY_ALL] {
            let End::Refused(refusals) = rival.carry_out(&goal, &world).await else { panic!("it went on") };
            assert!(format!("{refusals:?}").contains("it belongs to the cluster `sim`"), "{refusals:?}");
        }
        shape.site().converge(&world).await;
        assert_eq!(world.acts(), 0, "{:?}", world.state().journal);
    });
}

/// A machine that was made anew, at the address of a host that has left the topology, is nobody's.
#[test]
fn a_remembered_address_is_no_host_of_ours() {
    run(async {
        let shape = Shape::side_by_side(3, 2, 5);
        let world = converged(&shape.site()).await;
        world.state().hosts.insert(name("h5"), SimHost::new("10.0.0.5"));
        let before = world.state().hosts[&name("h5")].digest();
        let smaller = Shape { workers: vec![0, 1, 2], hosts: 3, ..shape.clone() };
        smaller.site().converge(&world).await;
        world.assert_lawful();
        assert_eq!(world.state().hosts[&name("h5")].digest(), before);
    });
}

#[test]
fn a_record_of_another_cluster_is_that_hosts_matter() {
    run(async {
        let shape = Shape::side_by_side(3, 2, 3);
        let world = converged(&shape.site()).await;
        let other = provision::value::Identity::random();
        {
            let mut state = world.state();
            let host = state.hosts.get_mut(&name("h2")).expect("a host");
            let path = "/var/lib/provision/applied.json";
            let text = host.text(path).expect("an anchor has it").replace(newborn().as_str(), other.as_str());
            host.scribble(path, text.as_bytes(), provision::host::Access::root(0o644));
        }
        let plan = shape.site().plan(&SKIPPING, &world).await.expect("a plan");
        let why = &plan.unknown[&name("h2")];
        assert!(why.contains(other.as_str()) && why.contains(newborn().as_str()), "{why}");
    });
}

/// Members that were given another list by hand serve with it, and keep the right one out: the plan says what mending them takes.
#[test]
fn members_that_keep_the_right_ones_out_are_an_outage_of_the_plan() {
    run(async {
        let shape = Shape::side_by_side(3, 0, 0);
        let world = converged(&shape.site()).await;
        {
            let mut state = world.state();
            for host in ["h1", "h2"].map(name) {
                let host = state.hosts.get_mut(&host).expect("a host");
                let text = host.text("/etc/zookeeper/zoo.cfg").expect("a member").replace(":2888:", ":2889:");
                host.scribble("/etc/zookeeper/zoo.cfg", text.as_bytes(), provision::host::Access::root(0o644));
                let _ = host.restart("zookeeper", tokio::time::Instant::now());
            }
        }
        world.settled().await;
        let end = shape.site().carry_out(&apply(), &world).await;
        let End::NotApproved(why) = end else { panic!("{end:?}") };
        assert!(why.contains("outage") && why.contains("ZooKeeper"), "{why}");
        let plan = shape.site().plan(&apply(), &world).await.expect("a plan").to_string();
        assert!(plan.contains("h1, h2 run with a list of members that differs"), "{plan}");
        shape.site().converge_by(&apply_with_outage(), &world).await;
    });
}

/// Two clusters of which no host has heard yet, with anchors and leases of their own, want one machine at the same time.
#[test]
fn two_first_applies_of_one_host_are_told_apart() {
    // Of other names, and of the same.
    for (rival, delay) in ["two", "one"].into_iter().flat_map(|rival| (0..40_u64).map(move |delay| (rival, delay))) {
        run(async {
            let of = |cluster: &str, anchor: &str| {
                let text = Shape {
                    hosts: 3,
                    members: vec![0],
                    masters: vec![0],
                    workers: vec![2],
                    ..Shape::side_by_side(1, 1, 1)
                }
                .text();
                let text = text.replace("name: sim", &format!("name: {cluster}"));
                Site::of(
                    &text
                        .replace("1: h1", &format!("1: {anchor}"))
                        .replace("masters: { hosts: [h1]", &format!("masters: {{ hosts: [{anchor}]")),
                )
            };
            let (mut one, mut two) = (of("one", "h1"), of(rival, "h2"));
            two.newborn = provision::value::Identity::random();
            (one.has_rival, two.has_rival) = (true, true);
            let world = one.world();
            let more = two.world().state().hosts.remove(&name("h2")).expect("a host");
            world.state().hosts.insert(name("h2"), more);
            let goal = apply();
            let later = async {
                tokio::time::sleep(Duration::from_millis(delay * 4)).await;
                two.carry_out(&goal, &world).await
            };
            let (first, second) = tokio::join!(one.carry_out(&goal, &world), later);
            let done = |end: &End| matches!(end, End::Executed(Report { outcome: Outcome::Done, .. }, _));
            assert!(done(&first) != done(&second), "{delay}: {first:?}\n{second:?}");
            let state = world.state();
            let shared = &state.hosts[&name("h3")];
            let (claim, stamp) = (shared.claim().expect("claimed"), shared.text(STAMP_PATH).expect("stamped"));
            let (winner, identity) = if done(&first) { ("one", newborn()) } else { (rival, two.newborn.clone()) };
            assert_eq!((claim.cluster, &claim.identity), (name(winner), &identity), "{delay}");
            assert!(stamp.contains(&format!("\"{winner}\"")) && stamp.contains(identity.as_str()), "{delay}: {stamp}");
        });
    }
}

// ------------------------------------------- hosts that cannot be asked

const SKIPPING: Goal = Goal::Apply { allow_outage: false, skip_unreachable: true };

fn lose(world: &SimWorld, hosts: &[&str]) {
    for host in hosts {
        world.state().hosts.get_mut(&name(host)).expect("a host").reachable = false;
    }
}

/// A host that answers questions and does nothing that it is asked, or only the first things.
#[test]
fn a_host_that_does_nothing_it_is_asked_stops_nobody() {
    for (host, obeys) in ["h2", "h6", "h7"].into_iter().flat_map(|host| [0, 1].map(move |obeys| (host, obeys))) {
        run(async {
            let shape = Shape::spread(3, 1, 3);
            let world = converged(&shape.site()).await;
            let disobey = |world: &SimWorld| {
                world.state().hosts.get_mut(&name(host)).expect("a host").obeys = Some(obeys);
            };
            // h7 leaves, and so is nobody's to wait for; the others are left for later when the operator says so.
            let smaller = Shape { hosts: 6, workers: vec![4, 5], ..shape.clone() }.with(|s| s.live = 2).site();
            let goal = if host == "h7" { GENTLY } else { SKIPPING };
            let failed = async |goal, world: &SimWorld| {
                disobey(world);
                let Outcome::Failed { failures } = report(smaller.carry_out(goal, world).await).outcome else {
                    panic!("{host} did it after all")
                };
                assert!(failures.iter().all(|failure| failure.host == name(host)), "{failures:?}");
                world.assert_lawful();
            };
            failed(&goal, &world).await;
            let left = smaller.plan(&SKIPPING, &world).await.expect("a plan");
            let others: Vec<_> = left.changes.keys().filter(|changed| **changed != name(host)).collect();
            assert!(others.is_empty(), "{host} {obeys}: {left}");
            let end = world.fork();
            failed(&DESTROY_ALL, &end).await;
            for (other, there) in end.state().hosts.iter().filter(|(other, _)| **other != name(host)) {
                assert_eq!(paths(there), paths(&SimHost::new("x")), "{other} beside {host} {obeys}");
            }
            // Mended, it gets what was left.
            world.state().hosts.get_mut(&name(host)).expect("a host").obeys = None;
            smaller.converge(&world).await;
            world.assert_lawful();
        });
    }
}

#[test]
fn workers_are_left_alone_while_no_master_can_be_asked() {
    run(async {
        let shape = Shape::spread(3, 2, 2);
        let world = converged(&shape.site()).await;
        let plan = |world: SimWorld, site: Site| async move { site.plan(&SKIPPING, &world).await.expect("a plan") };
        world.state().hosts.get_mut(&name("h6")).expect("a host").crash("spark-worker");
        let all = plan(world.fork(), shape.site()).await.to_string();
        assert!(all.contains("start spark-worker"), "{all}");
        let alive = world.state().services.alive.clone().expect("an ALIVE master").host.to_string();
        let standby = if alive == "h4" { "h5" } else { "h4" };
        lose(&world, &[standby]);
        let one = plan(world.fork(), shape.site()).await;
        assert!(one.to_string().contains("start spark-worker") && !one.phases.is_empty(), "{one}");
        lose(&world, &[&alive]);
        let none = plan(world.fork(), shape.site()).await;
        assert!(
            none.phases.is_empty() && none.to_string().contains("h4, h5 cannot be reached, no other master"),
            "{none}"
        );
    });
}

#[test]
fn a_unit_whose_file_waits_for_its_roll_is_not_enabled_before() {
    run(async {
        let site = Shape::spread(3, 2, 2).site();
        let world = converged(&site).await;
        {
            let mut state = world.state();
            let host = state.hosts.get_mut(&name("h2")).expect("a host");
            host.paths.remove(&SimHost::unit_file("zookeeper")).expect("a unit file");
            host.units.get_mut("zookeeper").expect("a unit").enabled = false;
        }
        lose(&world, &["h3"]);
        // A member cannot be asked, so h2 is not restarted, and keeps the unit that systemd has in memory.
        assert_eq!(site.plan(&SKIPPING, &world).await.expect("a plan").phases.len(), 0);
        world.state().hosts.get_mut(&name("h3")).expect("a host").reachable = true;
        site.converge(&world).await;
        assert!(world.state().hosts[&name("h2")].units["zookeeper"].enabled);
        world.assert_lawful();
    });
}

#[test]
fn the_last_master_that_can_be_asked_is_not_rolled_without_leave() {
    run(async {
        let shape = Shape::spread(3, 2, 2);
        let world = converged(&shape.site()).await;
        lose(&world, &["h5"]);
        let changed = shape.with(|s| s.master_heap += 64).site();
        let End::NotApproved(why) = changed.carry_out(&SKIPPING, &world).await else { panic!("it went on") };
        assert!(why.contains("Spark's master"), "{why}");
        let leave = Goal::Apply { allow_outage: true, skip_unreachable: true };
        let outcome = report(changed.carry_out(&leave, &world).await).outcome;
        assert!(matches!(outcome, Outcome::Done), "{outcome}");
        world.assert_lawful();
    });
}

#[test]
fn a_renamed_anchor_still_grants_the_lease() {
    run(async {
        let shape = Shape::spread(0, 1, 2);
        let world = converged(&shape.site()).await;
        let renamed = Site::of(&shape.text().replace("h1", "h9"));
        let host = world.state().hosts.remove(&name("h1")).expect("a host");
        world.state().hosts.insert(name("h9"), host);
        // The node's name is in its unit: its one master restarts.
        renamed.converge_by(&apply_with_outage(), &world).await;
        world.assert_lawful();
    });
}

#[test]
fn workers_that_run_and_are_unknown_go_by_the_batch() {
    let site = Shape::spread(0, 1, 9).site();
    let roll = roll_of(WORKER, &site, &[true; 10], 2, false);
    let facts = |health: Health| ServiceFacts {
        nodes: roll.all.iter().map(|host| (host.clone(), NodeFacts { health, current: false, counts: true })).collect(),
        whole: false,
        silent_seconds: 100,
        ..ServiceFacts::default()
    };
    let many = |health| match next(&roll, &facts(health)) {
        Next::Do { members, .. } => members.len(),
        other => panic!("{other:?}"),
    };
    assert_eq!((many(Health::Down), many(Health::Unsettled)), (10, 2));
}

// ------------------------------------------------------- roles that move

#[test]
fn masters_move_from_any_hosts_to_any_others_and_never_are_two_alive() {
    run(async {
        let before = Shape::side_by_side(3, 2, 3);
        for masters in [vec![0], vec![1], vec![2], vec![0, 2], vec![1, 2]] {
            let world = converged(&before.site()).await;
            world.state().services.pace.session = Duration::from_secs(40);
            // The kept ones restart, too: their latches and those of the leavers must be told apart.
            let after = Shape { masters, ..before.with(|s| s.master_heap += 64) };
            match after.site().carry_out(&apply_with_outage(), &world).await {
                End::Executed(report, _) => assert!(matches!(report.outcome, Outcome::Done), "{}", report.outcome),
                other => panic!("{other:?}"),
            }
            world.assert_lawful();
            assert!(after.site().plan(&apply(), &world).await.expect("a plan").is_empty());
        }
    });
}

/// The same cluster with another version of Spark, whose archive is on every host.
fn with_newer_spark(shape: &Shape, world: &SimWorld) -> Site {
    for host in world.state().hosts.values_mut() {
        let sum = host.archives["/srv/dist/spark-4.3.0.tar.gz"].clone();
        host.archives.insert("/srv/dist/spark-4.3.1.tar.gz".to_owned(), sum);
    }
    Site::of(&shape.text().replace("4.3.0", "4.3.1").replace("  spark:\n", "  spark:\n    version: 4.3.1\n"))
}

#[test]
fn what_takes_over_is_unpacked_before_what_leaves_is_removed() {
    run(async {
        let shape = Shape::side_by_side(3, 2, 3);
        let world = converged(&shape.site()).await;
        let newer = with_newer_spark(&shape, &world);
        let plan = newer.plan(&apply_with_outage(), &world).await.expect("a plan");
        let text = plan.to_string();
        let at = |what: &str| text.find(what).unwrap_or_else(|| panic!("no `{what}` in {text}"));
        assert!(at("prepare the hosts") < at("stop every Spark master"), "{text}");
        assert!(at("wait until the ALIVE master knows every worker") < at("remove what has left its host"), "{text}");
        let lays = |phase: &provision::plan::Phase| match phase {
            provision::plan::Phase::Steps { title, steps } if title == "prepare the hosts" => steps.clone(),
            _ => Vec::new(),
        };
        for step in plan.phases.iter().flat_map(lays) {
            let Action::Patch(patch) = &step.action else { continue };
            assert!(patch.leftovers.distributions.is_empty() && !patch.distributions.is_empty());
        }
        newer.converge_by(&apply_with_outage(), &world).await;
        world.assert_lawful();
    });
}

#[test]
fn a_destroy_after_a_killed_upgrade_leaves_neither_the_old_nor_the_new() {
    run(async {
        let shape = Shape::side_by_side(3, 2, 3);
        let world = converged(&shape.site()).await;
        let newer = with_newer_spark(&shape, &world);
        killed_at_any_step(&newer, &apply_with_outage(), &world, async |_| {}).await;
        // Killed while both lie there, and not gone on with.
        let half = world.fork();
        half.cut(12, Cut::After, true);
        let goal = apply_with_outage();
        tokio::select! {
            _ = newer.carry_out(&goal, &half) => panic!("nobody killed it"),
            () = half.death() => {}
        }
        half.revive();
        let both = |state: &SimHost| {
            paths(state).iter().filter(|path| path.ends_with("/.provision-origin") && path.contains("spark")).count()
        };
        assert!(half.state().hosts.values().any(|state| both(state) == 2), "{:?}", half.state().journal);
        assert!(matches!(report(newer.carry_out(&DESTROY_ALL, &half).await).outcome, Outcome::Done));
        for (host, state) in &half.state().hosts {
            let left: Vec<String> = paths(state).difference(&paths(&SimHost::new("x"))).cloned().collect();
            assert!(left.is_empty(), "{host}: {left:?}");
        }
    });
}

#[test]
fn what_runs_and_is_not_well_is_waited_for() {
    run(async {
        let site = Shape::side_by_side(3, 2, 3).site();
        let world = converged(&site).await;
        world.state().services.pace.worker = Duration::from_secs(60);
        let now = tokio::time::Instant::now();
        world.state().hosts.get_mut(&name("h3")).expect("a host").restart("spark-worker", now).expect("restarted");
        let plan = site.plan(&apply(), &world).await.expect("a plan").to_string();
        assert!(plan.contains("gate: wait until the ALIVE master knows every worker"), "{plan}");
        assert!(matches!(report(site.carry_out(&apply(), &world).await).outcome, Outcome::Done));
        assert!(site.plan(&apply(), &world).await.expect("a plan").is_empty());
    });
}

/// A master that was long without `ZooKeeper` never stands for election again, and nobody sees it (docs/troubleshooting.md).
#[test]
fn masters_without_a_quorum_are_named() {
    run(async {
        let site = Shape::spread(3, 2, 1).site();
        let world = converged(&site).await;
        let plan = || async { site.plan(&apply(), &world).await.expect("a plan").to_string() };
        for (host, is_said) in [("h1", false), ("h2", true)] {
            world.state().hosts.get_mut(&name(host)).expect("a host").crash("zookeeper");
            let plan = plan().await;
            assert_eq!(plan.contains("Once ZooKeeper serves, restart h4, h5 "), is_said, "{host}\n{plan}");
        }
    });
}

#[test]
fn an_outage_that_was_cut_goes_on_without_a_host_that_is_gone_since() {
    run(async {
        let shape = Shape::spread(3, 2, 2);
        let world = converged(&shape.site()).await;
        let changed = shape.with(|s| s.authenticate = true).site();
        lose(&world, &["h7"]);
        let leave = Goal::Apply { allow_outage: true, skip_unreachable: true };
        // While all run, the worker that cannot be asked would be left behind.
        assert!(matches!(changed.carry_out(&leave, &world).await, End::Refused(_)));
        for (host, unit) in [("h4", "spark-master"), ("h5", "spark-master"), ("h6", "spark-worker")] {
            world.state().hosts.get_mut(&name(host)).expect("a host").crash(unit);
        }
        assert!(matches!(report(changed.carry_out(&leave, &world).await).outcome, Outcome::Done));
        world.assert_lawful();
    });
}
