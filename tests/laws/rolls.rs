//! Law 3: no roll takes a majority, or the last master.

use std::collections::BTreeSet;
use std::time::Duration;

use proptest::prelude::*;

use crate::model::SimWorld;
use crate::model::host::SimHost;
use crate::model::random::{Drift, drifts, happen, settings, shapes};
use crate::model::services::POISON;
use crate::model::site::{End, Shape, Site, apply, apply_with_outage, run};
use provision::execute::{Outcome, Report};
use provision::host::{Health, NodeFacts, ServiceFacts, Target};
use provision::plan::roll::{Next, next};
use provision::plan::{Goal, Plan, Roll, RollMember};
use provision::service::spark::{MASTER, WORKER};
use provision::service::zookeeper::MEMBER;
use provision::value::{Name, Redundancy, Role};

use crate::common::*;

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
            let planned = changed.plan(&goal, &world).await;
            let end = changed.carry_out(&goal, &world).await;
            prop_lawful(&world, &end, &changed);
            if let (Ok(planned), End::Executed(Report { outcome: Outcome::Done, .. }, _)) = (planned, &end) {
                // Beside a host that is not seen nobody waits for the last workers to register.
                world.settled().await;
                assert_did_what_it_showed(&planned, &changed.plan(&goal, &world).await.expect("a plan"));
            }
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

/// After an apply, what its plan showed as changed is right, and what it showed as left for later is still to be done.
fn assert_did_what_it_showed(planned: &Plan, left: &Plan) {
    let changes = |plan: &Plan, only_later: bool| -> BTreeSet<String> {
        let by_host = plan.changes_by_host().into_iter();
        let changes = by_host.flat_map(|(host, changes)| changes.into_iter().map(move |change| (host.clone(), change)));
        changes
            .filter(|(_, change)| change.later || !only_later)
            .map(|(host, change)| format!("{host}: {:?} {}", change.kind, change.name))
            .collect()
    };
    // What was left may be done now: what it waited for, such as a master that leads, can have come since.
    assert_eq!(changes(planned, true), changes(left, false), "before:\n{planned}\nafter:\n{left}");
}

fn prop_lawful(world: &SimWorld, end: &End, site: &Site) {
    let journal: Vec<String> = world.state().journal.iter().map(|(host, title)| format!("{host}: {title}")).collect();
    assert_eq!(world.violations(), Vec::<String>::new(), "{journal:#?}\n{end:?}\n{}", site.text);
}

prop_compose! {
    fn node()(health in 0..6, current: bool, counts in prop::bool::weighted(0.8)) -> NodeFacts {
        let all = [Health::Unknown, Health::Down, Health::Serving, Health::Leading, Health::Unsettled, Health::Straying];
        let health = all[usize::try_from(health).expect("0 to 5")];
        NodeFacts { health, current, counts }
    }
}

pub fn roll_of(role: Role, site: &Site, pending: &[bool], batch: usize, outage_allowed: bool) -> Roll {
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
    Roll {
        role,
        members,
        all,
        batch,
        seconds: 120,
        outage_allowed,
        regroup: false,
        idle: false,
        unseen: 0,
        led_elsewhere: false,
    }
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
                    prop_assert!(facts.is_whole(), "{members:?} stopped while not all is well");
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
                prop_assert!(facts.is_whole());
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
            let released = state.journal[before..]
                .iter()
                .filter(|(_, title)| title.contains("the latch of a master that has ended"))
                .count();
            assert!(released > 0, "{:?}", state.journal);
            let longest = state.services.longest_vacancy;
            assert!(longest > Duration::ZERO && longest < Duration::from_secs(5), "{longest:?}: {:?}", state.journal);
            drop(state);
            world.assert_lawful();
        }
    });
}

/// A member that serves and answers nonsense, because of what it runs with, is restarted when the others are a majority; one that needs no restart holds
/// the others up.
#[test]
fn the_one_member_at_fault_is_restarted_first() {
    let site = Shape::side_by_side(3, 0, 0).site();
    let roll = roll_of(MEMBER, &site, &[true, true, false], 1, false);
    let next_with = |suspects: &[&str]| {
        let mut facts = ServiceFacts::default();
        for (host, health) in [("h1", Health::Serving), ("h2", Health::Leading), ("h3", Health::Serving)] {
            facts.nodes.insert(name(host), NodeFacts { health, current: host == "h3", counts: true });
        }
        suspects.iter().for_each(|host| facts.suspect(&name(host), format!("{host} does not answer `mntr`")));
        next(&roll, &facts)
    };
    assert!(matches!(next_with(&["h1"]), Next::Do { members, .. } if members == [name("h1")]));
    assert!(matches!(next_with(&["h2"]), Next::Do { members, .. } if members == [name("h2")]));
    assert!(matches!(next_with(&["h3"]), Next::Wait { .. }));
    assert!(matches!(next_with(&["h1", "h2"]), Next::Wait { .. }));
}

#[test]
fn a_worker_is_drained_for_as_long_as_the_topology_says() {
    let site = Shape::side_by_side(3, 2, 2).site();
    let seconds = |drain: &str| {
        let text = site.text.replace("memory: 1g, heap: ", &format!("memory: 1g,{drain} heap: "));
        assert!(drain.is_empty() || text != site.text);
        let drains = Site::of(&text).desired.drains;
        drains.into_iter().map(|(role, drain)| (role.unit(), drain.seconds)).collect::<Vec<_>>()
    };
    assert_eq!(seconds(""), [("spark-worker", 60)]);
    assert_eq!(seconds(" drain: 10m,"), [("spark-worker", 600)]);
    assert_eq!(seconds(" drain: 0s,"), []);
}
