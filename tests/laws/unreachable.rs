//! Hosts that cannot be asked, or do not do what they are asked.

use std::collections::BTreeMap;

use crate::model::SimWorld;
use crate::model::host::SimHost;
use crate::model::services::POISON;
use crate::model::site::{End, Shape, Site, apply, apply_with_outage, run};
use provision::execute::{Outcome, Report};
use provision::host::{Health, HostError, NodeFacts, Seen, ServiceFacts};
use provision::plan::roll::{Next, next};
use provision::plan::{Goal, Roll, reach};
use provision::service::spark::WORKER;
use provision::service::zookeeper::MEMBER;
use provision::value::Name;

use crate::common::*;
use crate::rolls::roll_of;

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
                assert_eq!(but_epoch(there), paths(&SimHost::new("x")), "{other} beside {host} {obeys}");
            }
            // Mended, it gets what was left.
            world.state().hosts.get_mut(&name(host)).expect("a host").obeys = None;
            smaller.converge(&world).await;
            world.assert_lawful();
        });
    }
}

/// Two of three members run with a wrong file, and the host of one of them does not do all that it is asked: the other one has a majority with the third.
#[test]
fn a_broken_majority_is_repaired_beside_a_member_that_cannot_be() {
    for obeys in [99, 0, 1, 2, 3, 4] {
        run(async {
            let shape = Shape::spread(3, 0, 0);
            let site = shape.site();
            let world = converged(&site).await;
            for host in ["h1", "h2"] {
                let mut state = world.state();
                let host = state.hosts.get_mut(&name(host)).expect("a host");
                let path = "/etc/zookeeper/zoo.cfg";
                let text = host.text(path).expect("it is there").replace("maxClientCnxns=6", POISON);
                let access = host.paths[path].access.clone();
                host.scribble(path, text.as_bytes(), access);
                let _ = host.restart("zookeeper", tokio::time::Instant::now());
            }
            world.state().hosts.get_mut(&name("h1")).expect("a host").obeys = (obeys < 99).then_some(obeys);
            let first = site.carry_out(&SKIPPING, &world).await;
            let left = site.plan(&SKIPPING, &world).await.expect("a plan");
            assert!(!left.changes.contains_key(&name("h2")), "h1 obeys {obeys} times: {first:?}\n{left}");
            world.assert_lawful();
            world.state().hosts.get_mut(&name("h1")).expect("a host").obeys = None;
            site.converge(&world).await;
            world.assert_lawful();
        });
    }
}

/// All masters were restarted with the address of no ensemble: each stands by, and none is ever ALIVE.
#[test]
fn masters_that_all_wait_for_another_election_are_restarted() {
    run(async {
        let site = Shape::spread(3, 2, 2).site();
        let world = converged(&site).await;
        for host in ["h4", "h5"] {
            let mut state = world.state();
            let host = state.hosts.get_mut(&name(host)).expect("a host");
            let path = "/etc/spark/ha.conf";
            let text = host.text(path).expect("it is there").replace(":2181", ":2199");
            let access = host.paths[path].access.clone();
            host.scribble(path, text.as_bytes(), access);
            host.restart("spark-master", tokio::time::Instant::now()).expect("it starts");
        }
        site.converge(&world).await;
        world.assert_lawful();
        assert!(world.state().services.alive.is_some());
    });
}

/// All masters change together. Beside one whose host does not stop it, none is started with the new settings; and the latch of one that nobody can ask
/// is not removed.
#[test]
fn no_master_starts_with_new_settings_beside_one_with_the_old() {
    let timeout = HostError::Timeout { seconds: 210, during: "stop spark-master".into() };
    let lost = HostError::Lost { during: "stop spark-master".into(), why: "simulated".to_owned() };
    let ends = [None, Some(timeout), Some(lost)];
    for (obeys, end) in (0..6).flat_map(|obeys| ends.iter().map(move |end| (obeys, end))) {
        run(async {
            let shape = Shape::spread(3, 2, 2);
            let world = converged(&shape.site()).await;
            let changed = shape.with(|s| s.authenticate = true).site();
            let life = |world: &SimWorld, host: &str| {
                world.state().hosts[&name(host)].process("spark-master").map(|process| process.life)
            };
            let (old, other) = (life(&world, "h4"), life(&world, "h5"));
            {
                let mut state = world.state();
                let h4 = state.hosts.get_mut(&name("h4")).expect("a host");
                h4.obeys = Some(obeys);
                h4.disobeys_with = end.clone().unwrap_or_else(|| h4.disobeys_with.clone());
            }
            let goal = Goal::Apply { allow_outage: true, skip_unreachable: true };
            let end = changed.carry_out(&goal, &world).await;
            let mixed = life(&world, "h4") == old && life(&world, "h5").is_some() && life(&world, "h5") != other;
            assert!(!mixed, "h4 obeys {obeys} times: {end:?}");
        });
    }
    run(async {
        let shape = Shape::spread(3, 3, 1);
        let world = converged(&shape.site()).await;
        world.state().hosts.get_mut(&name("h6")).expect("a host").reachable = false;
        let smaller = Shape { hosts: 7, masters: vec![3, 4], ..shape.clone() }.with(|s| s.authenticate = true).site();
        let goal = Goal::Apply { allow_outage: true, skip_unreachable: true };
        let plan = smaller.plan(&goal, &world).await.expect("a plan");
        assert!(!plan.releases_latches, "{plan}");
        assert!(plan.to_string().contains("turn off h6 before this outage"), "{plan}");
    });
}

/// All that can be reached is stopped already, as by an outage that was killed; the ALIVE master runs where only the operator cannot reach it.
#[test]
fn no_master_changes_while_one_that_may_lead_cannot_be_asked() {
    run(async {
        let shape = Shape::spread(3, 2, 2);
        let world = converged(&shape.site()).await;
        let alive = world.state().services.alive.clone().expect("an ALIVE master").host.to_string();
        lose(&world, &[&alive]);
        for host in world.state().hosts.values_mut().filter(|host| host.reachable) {
            ["spark-master", "spark-worker"].into_iter().for_each(|unit| host.crash(unit));
        }
        let changed = shape.with(|s| s.authenticate = true).site();
        let goal = Goal::Apply { allow_outage: true, skip_unreachable: true };
        let End::Refused(refusals) = changed.carry_out(&goal, &world).await else { panic!("it went on") };
        assert!(format!("{refusals:?}").contains("SomeUnreachable"), "{refusals:?}");
    });
}

/// A drop-in takes away what records a start. What is about to change is known all the same; what a service runs with now is not.
#[test]
fn a_service_without_a_record_is_restarted_for_each_change_and_for_nothing_else() {
    run(async {
        let shape = Shape::spread(3, 1, 2);
        let world = converged(&shape.site()).await;
        {
            let mut state = world.state();
            let units = &mut state.hosts.get_mut(&name("h1")).expect("a host").units;
            units.get_mut("zookeeper").expect("a unit").records_nothing = true;
        }
        let plan = shape.site().plan(&apply(), &world).await.expect("a plan");
        assert!(plan.phases.is_empty(), "{plan}");
        assert!(plan.to_string().contains("h1: zookeeper: it did not record what it started with"), "{plan}");
        let life = |world: &SimWorld| world.state().hosts[&name("h1")].process("zookeeper").map(|process| process.life);
        let before = life(&world);
        let changed = shape.with(|s| s.connections += 1).site();
        changed.converge_by(&apply(), &world).await;
        assert_ne!(life(&world), before);
        world.assert_lawful();
    });
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
            none.phases.is_empty() && none.to_string().contains("h4, h5 cannot be reached or used, no other master"),
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
        missing: vec!["something".to_owned()],
        silent_seconds: 100,
        ..ServiceFacts::default()
    };
    let many = |health| match next(&roll, &facts(health)) {
        Next::Do { members, .. } => members.len(),
        other => panic!("{other:?}"),
    };
    assert_eq!((many(Health::Down), many(Health::Unsettled)), (10, 2));
}

/// Beside a member that cannot be asked, others with wrong inputs that served nowhere are repaired one after the other: once the first is back and
/// serves, the next is no part of what serves.
#[test]
fn idle_members_are_repaired_beside_an_unseen_one_while_others_serve() {
    let site = Shape::side_by_side(3, 0, 0).site();
    let repaired = |idle: bool| {
        let roll = Roll { idle, unseen: 1, ..roll_of(MEMBER, &site, &[false, false, true], 1, false) };
        let node = |(at, host): (usize, &Name)| {
            let (health, current) = if at < 2 { (Health::Serving, true) } else { (Health::Unsettled, false) };
            (host.clone(), NodeFacts { health, current, counts: true })
        };
        let nodes = roll.all.iter().enumerate().map(node).collect();
        next(&roll, &ServiceFacts { nodes, missing: vec!["h3 does not serve".to_owned()], ..ServiceFacts::default() })
    };
    assert!(matches!(repaired(true), Next::Do { members, .. } if members == [name("h3")]));
    // It may serve on another port, and be one of the three that are a majority of four.
    assert!(matches!(repaired(false), Next::Wait { .. }));
}

/// With `--skip-unreachable`, the report names a host that was unknown, also if the plan had no work that waits for it.
#[test]
fn an_apply_reports_the_hosts_that_it_left() {
    run(async {
        let shape = Shape::spread(3, 2, 2);
        let world = converged(&shape.site()).await;
        let changed = shape.with(|s| s.live += 1).site();
        assert_eq!(report(changed.carry_out(&SKIPPING, &world.fork()).await).left, Vec::<String>::new());
        lose(&world, &["h7"]);
        let left = report(changed.carry_out(&SKIPPING, &world).await).left;
        assert!(left.len() == 1 && left[0].starts_with("h7 is unknown: "), "{left:?}");
    });
}

/// The report of a destroy names the hosts that the executed plan left.
#[test]
fn a_destroy_reports_the_hosts_that_it_left() {
    run(async {
        let site = Shape::side_by_side(3, 2, 3).site();
        let world = converged(&site).await;
        assert_eq!(report(site.carry_out(&DESTROY, &world.fork()).await).left, Vec::<String>::new());
        lose(&world, &["h3"]);
        let left = report(site.carry_out(&DESTROY, &world).await).left;
        assert!(left.len() == 1 && left[0].contains("h3"), "{left:?}");
    });
}

/// `--skip-unreachable` holds under the lease too: a host that is found unfit only then is left for later.
#[test]
fn a_host_found_unfit_under_the_lease_is_left_for_later() {
    run(async {
        let shape = Shape::spread(3, 1, 3);
        let world = converged(&shape.site()).await;
        let why = "not fit: port: 7078 is taken by uid 0".to_owned();
        let unfit = BTreeMap::from([(name("h6"), HostError::Refused { why })]);
        let meanwhile = |world: &SimWorld| {
            world.state().hosts.get_mut(&name("h7")).expect("a host").crash("spark-worker");
        };
        let changed = Site { meanwhile, unfit, ..shape.with(|s| s.live = 2).site() };
        let outcome = report(changed.carry_out(&SKIPPING, &world).await).outcome;
        assert!(matches!(outcome, Outcome::Done), "{outcome}");
        world.assert_lawful();
        let left = Site { unfit: BTreeMap::new(), ..changed }.plan(&GENTLY, &world).await.expect("a plan");
        assert_eq!(left.changes.keys().collect::<Vec<_>>(), [&name("h6")], "{left}");
    });
}

/// A program that hangs is silent for its own host, too: nobody takes that for a firewall.
#[test]
fn a_program_that_hangs_is_no_matter_of_the_way_to_it() {
    run(async {
        let site = Shape::spread(3, 1, 2).site();
        let world = converged(&site).await;
        let mut observed = site.observe(&world).await;
        let asked = reach::before(&site.desired, &observed);
        // Each host is asked about its own ports, too.
        let address = |host: &str| site.desired.hosts[&name(host)].host.address.to_string();
        let place = |host: &str, port: u16| (address(host), port);
        assert!(asked[&name("h5")].contains(&place("h5", 7078)) && asked[&name("h4")].contains(&place("h5", 7078)));
        let mut be_silent = |from: &str, to: (String, u16)| {
            let Some(Seen::Present(facts)) = observed.hosts.get_mut(&name(from)) else { panic!("{from}") };
            facts.silent.push(to);
        };
        be_silent("h4", place("h5", 7078));
        be_silent("h5", place("h5", 7078));
        be_silent("h4", place("h6", 7078));
        let silences = reach::silences(&site.desired, &observed.hosts);
        assert_eq!(
            silences.iter().map(ToString::to_string).collect::<Vec<_>>(),
            ["h6 does not answer h4 on port 7078"]
        );
    });
}

/// With `--skip-unreachable` the others are rolled and started, whatever one worker does that runs and that no master lists.
#[test]
fn a_worker_that_no_master_lists_stops_nobody() {
    for (shunned, starts) in ["h5", "h6", "h9"].into_iter().flat_map(|host| [false, true].map(|starts| (host, starts)))
    {
        run(async {
            let shape = Shape::spread(3, 1, 5);
            let world = converged(&shape.site()).await;
            {
                let mut state = world.state();
                state.hosts.get_mut(&name(shunned)).expect("a host").is_shunned = true;
                let stopped = state.hosts.get_mut(&name("h7")).expect("a host");
                if starts {
                    stopped.crash("spark-worker");
                }
            }
            let changed = if starts { shape.site() } else { shape.with(|s| s.daemon += 1).site() };
            let Outcome::Failed { failures } = report(changed.carry_out(&SKIPPING, &world).await).outcome else {
                panic!("{shunned} {starts}: it is not said")
            };
            assert!(failures.iter().all(|failure| failure.host == name(shunned)), "{shunned} {starts}: {failures:?}");
            world.assert_lawful();
            world.state().hosts.get_mut(&name(shunned)).expect("a host").is_shunned = false;
            let left = changed.plan(&GENTLY, &world).await.expect("a plan");
            let others: Vec<_> = left.changes.keys().filter(|changed| **changed != name(shunned)).collect();
            assert!(others.is_empty(), "{shunned} {starts}: {left}");
        });
    }
}

/// Workers that the ALIVE master has forgotten run and never register again by themselves: the plan says so, and restarts them.
#[test]
fn a_worker_that_the_master_has_forgotten_is_restarted() {
    run(async {
        let site = Shape::spread(3, 2, 3).site();
        let world = converged(&site).await;
        for host in ["h6", "h8"] {
            let mut state = world.state();
            let host = state.hosts.get_mut(&name(host)).expect("a host");
            host.forgotten = host.process("spark-worker").map(|worker| worker.life);
        }
        let plan = site.plan(&GENTLY, &world).await.expect("a plan");
        assert!(plan.to_string().contains("h6, h8: the ALIVE master does not list it"), "{plan}");
        site.converge(&world).await;
        world.assert_lawful();
    });
}

/// A destroy that had to leave a host, an anchor or not, is completed by the next one once the host does what it is asked.
#[test]
fn a_destroy_that_left_a_host_is_completed_by_the_next() {
    for (members, host) in [(3, "h2"), (3, "h6"), (0, "h2"), (0, "h3")] {
        for fails in [false, true] {
            run(async {
                let site = Shape::spread(members, 1, 2).site();
                let world = converged(&site).await;
                let set = |works: bool| {
                    let mut state = world.state();
                    let host = state.hosts.get_mut(&name(host)).expect("a host");
                    (host.reachable, host.obeys) = (works || fails, if works || !fails { None } else { Some(2) });
                };
                set(false);
                let _ = site.carry_out(&DESTROY_ALL, &world).await;
                set(true);
                let again = Site { new_identity: provision::value::Identity::random(), ..Site::of(&site.text) };
                let end = again.carry_out(&DESTROY_ALL, &world).await;
                let End::Executed(Report { outcome: Outcome::Done, left, .. }, _) = end else {
                    panic!("{members} {host} {fails}: {end:?}")
                };
                assert_eq!(left, Vec::<String>::new(), "{members} {host} {fails}");
                for (name, host) in &world.state().hosts {
                    assert!(host.users.is_empty() && host.claim().is_none(), "{members} {name} {fails}");
                }
            });
        }
    }
}

/// One member runs with a list of its own and serves nobody, another is off: the others are no majority, so its restart takes nothing away, and
/// without it nobody would ever serve.
#[test]
fn a_member_that_keeps_the_ensemble_down_beside_a_lost_one_is_repaired() {
    for (wrong, off) in [("h1", "h2"), ("h2", "h3"), ("h3", "h1")] {
        run(async {
            let site = Shape::spread(3, 1, 2).site();
            let world = converged(&site).await;
            {
                let mut state = world.state();
                let host = state.hosts.get_mut(&name(wrong)).expect("a host");
                let text = host.text("/etc/zookeeper/zoo.cfg").expect("a member").replace(":2888:", ":2889:");
                host.scribble("/etc/zookeeper/zoo.cfg", text.as_bytes(), provision::host::Access::root(0o644));
                host.restart("zookeeper", tokio::time::Instant::now()).expect("it restarts");
                state.hosts.get_mut(&name(off)).expect("a host").stop("zookeeper").expect("it stops");
            }
            lose(&world, &[off]);
            world.settled().await;
            let outcome = report(site.carry_out(&SKIPPING, &world).await).outcome;
            assert!(matches!(outcome, Outcome::Done), "{wrong} {off}: {outcome:?}");
            assert!(world.state().services.leader.is_some(), "{wrong} {off}: nobody leads");
            world.settled().await;
            let left = site.plan(&SKIPPING, &world).await.expect("a plan");
            assert!(left.phases.is_empty(), "{left}");
            world.assert_lawful();
        });
    }
}
