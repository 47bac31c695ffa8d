//! Roles that move from host to host.

use std::time::Duration;

use crate::model::host::{MUTE, SimHost};
use crate::model::services::GIVES_UP;
use crate::model::site::{End, Shape, Site, apply, apply_with_outage, new_identity, run};
use crate::model::{Cut, SimWorld, State};
use provision::execute::Outcome;
use provision::host::Action;
use provision::plan::{Goal, Refusal};

use crate::common::*;
use crate::killed::killed_at_any_step;

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

/// Members whose data the masters' election is in cannot be given up for an ensemble that somebody else runs.
#[test]
fn a_cluster_does_not_move_to_an_external_ensemble() {
    run(async {
        let shape = Shape::side_by_side(3, 2, 3);
        let world = converged(&shape.site()).await;
        let text = shape.text();
        let (before, rest) = text.split_once("  zookeeper:\n").expect("an ensemble");
        let (_, after) = rest.split_once("  spark:\n").expect("Spark");
        let external = "  zookeeper: { external: { connect: [zk1.example.com:2181] } }\n  spark:\n";
        let named = before.replace("name: sim\n", "name: sim\nid: abcdef0123456789abcdef0123456789\n");
        let moved = Site::of(&format!("{named}{external}{after}"));
        let End::Refused(refusals) = moved.carry_out(&apply_with_outage(), &world).await else { panic!("it went on") };
        let of_members = |refusal: &Refusal| matches!(refusal, Refusal::Setting { setting, .. } if setting.starts_with("zookeeper.members"));
        assert!(refusals.iter().any(of_members), "{refusals:?}");
        shape.site().converge_by(&apply(), &world).await;
    });
}

/// Masters leave while one that stays answers nobody before its restart: nothing waits for it before that.
#[test]
fn a_master_that_its_restart_repairs_is_not_waited_for_before() {
    for mute in ["h4", "h5"] {
        run(async {
            let before = Shape::spread(3, 3, 1);
            let world = converged(&before.site()).await;
            {
                let mut state = world.state();
                let process = state.hosts.get_mut(&name(mute)).expect("a host").process_mut("spark-master");
                let process = process.expect("it runs");
                let path = "/etc/spark/ha.conf";
                let input = process.inputs.get_mut(path).expect("an input");
                input.extend(MUTE);
                process.started.insert(path.to_owned(), provision::host::sha256(input));
            }
            // h6's master leaves.
            let after = Shape { masters: vec![3, 4], ..before.clone() };
            let outcome = report(after.site().carry_out(&apply(), &world).await).outcome;
            assert!(matches!(outcome, Outcome::Done), "{mute}: {outcome}");
            world.assert_lawful();
            assert!(after.site().plan(&apply(), &world).await.expect("a plan").is_empty());
        });
    }
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

/// On a host that stays and on one that goes.
#[test]
fn a_worker_that_leaves_finishes_first() {
    run(async {
        let before = Shape::side_by_side(3, 2, 4);
        let world = converged(&before.site()).await;
        let after = Shape { workers: vec![0, 1], hosts: 3, ..before };
        let began = world.acts();
        report(after.site().carry_out(&apply(), &world).await);
        let journal = world.state().journal[began..].to_vec();
        for (host, removes) in [("h3", "remove what has left the topology"), ("h4", "remove what provision made")] {
            let at = |title: &str| journal.iter().position(|(at, done)| *at == name(host) && done.contains(title));
            let (finished, removed) = (at("drain spark-worker"), at(removes));
            assert!(finished.is_some() && finished < removed, "{host}: {journal:?}");
        }
        world.assert_lawful();
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
        assert!(plan.contains("the ALIVE master does not list it; it is restarted unless it recovers"), "{plan}");
        let lives = || {
            world
                .state()
                .hosts
                .values()
                .map(|host| host.process("spark-worker").map(|worker| worker.life))
                .collect::<Vec<_>>()
        };
        let before = lives();
        assert!(matches!(report(site.carry_out(&apply(), &world).await).outcome, Outcome::Done));
        assert_eq!(lives(), before, "a worker that was only slow was restarted");
        assert!(site.plan(&apply(), &world).await.expect("a plan").is_empty());
    });
}

/// A master that was without a quorum for more than 40 s takes part in no election again (docs/measurements.md): it is found, and restarted.
#[test]
fn masters_that_gave_up_are_restarted() {
    run(async {
        for masters in 1..=3 {
            let site = Shape::spread(3, masters, 1).site();
            let world = converged(&site).await;
            for host in ["h1", "h2", "h3"] {
                world.state().hosts.get_mut(&name(host)).expect("a host").crash("zookeeper");
            }
            // While no member leads, nobody can say whether they have given up.
            let plan = site.plan(&apply(), &world).await.expect("a plan").to_string();
            assert!(
                plan.contains("ZooKeeper has no quorum, and a master that finds none for more than 40 s"),
                "{plan}"
            );
            assert!(!plan.contains("outage"), "{plan}");
            tokio::time::sleep(GIVES_UP).await;
            for host in ["h1", "h2", "h3"] {
                let now = tokio::time::Instant::now();
                world.state().hosts.get_mut(&name(host)).expect("a host").restart("zookeeper", now).expect("restarted");
            }
            world.settled().await;
            let plan = site.plan(&apply(), &world).await.expect("a plan").to_string();
            assert!(plan.contains("it is STANDBY and takes no part in the election"), "{plan}");
            let outcome = report(site.carry_out(&apply(), &world).await).outcome;
            assert!(matches!(outcome, Outcome::Done), "{masters} masters: {outcome}");
            assert!(site.plan(&apply(), &world).await.expect("a plan").is_empty());
            world.assert_lawful();
        }
    });
}

/// Of two standbys one has given up, and nobody can tell which: both are restarted, and the one that leads is not.
#[test]
fn of_two_standbys_the_one_that_gave_up_is_restarted() {
    run(async {
        for stuck in ["h5", "h6"] {
            let site = Shape::spread(3, 3, 1).site();
            let world = converged(&site).await;
            // One whose session lasts as long as a real one hides the other for that time.
            world.state().services.pace.session = Duration::from_secs(40);
            {
                let mut state = world.state();
                let State { services, hosts, .. } = &mut *state;
                services.leave_election(&name(stuck), hosts);
            }
            tokio::time::sleep(Duration::from_secs(60)).await;
            let leads = world.state().services.alive.clone();
            let plan = site.plan(&apply(), &world).await.expect("a plan").to_string();
            assert!(plan.contains("it is STANDBY and perhaps takes no part in the election"), "{plan}");
            let outcome = report(site.carry_out(&apply(), &world).await).outcome;
            assert!(matches!(outcome, Outcome::Done), "{stuck}: {outcome}");
            tokio::time::sleep(Duration::from_secs(60)).await;
            assert!(site.plan(&apply(), &world).await.expect("a plan").is_empty());
            assert_eq!(world.state().services.alive, leads);
            world.assert_lawful();
        }
    });
}

/// Something on one host says STANDBY and never takes part: a healthy standby is restarted beside it, and everything else goes on.
#[test]
fn a_host_that_only_says_standby_keeps_nobody_from_an_apply() {
    run(async {
        for liar in ["h5", "h6"] {
            let shape = Shape::spread(3, 3, 1);
            let world = converged(&shape.site()).await;
            let leads = world.state().services.alive.clone();
            {
                let mut state = world.state();
                state.hosts.get_mut(&name(liar)).expect("a host").never_elects = true;
                let State { services, hosts, .. } = &mut *state;
                services.leave_election(&name(liar), hosts);
            }
            tokio::time::sleep(Duration::from_secs(60)).await;
            let changed = shape.with(|s| s.cores = 2).site();
            let outcome = report(changed.carry_out(&apply(), &world).await).outcome;
            assert!(matches!(outcome, Outcome::Done), "{liar}: {outcome}");
            let worker = world.state().hosts[&name("h7")].process("spark-worker").expect("it runs").unit.clone();
            assert!(worker.contains("--cores 2"), "{liar}");
            assert_eq!(world.state().services.alive, leads);
            world.assert_lawful();
        }
    });
}

/// The apply that starts an ensemble again must find out which masters have given up meanwhile.
#[test]
fn masters_that_gave_up_are_restarted_by_the_apply_that_starts_the_ensemble() {
    run(async {
        let site = Shape::spread(3, 2, 1).site();
        for (long, restarts) in [(false, 0), (true, 2)] {
            let world = converged(&site).await;
            for host in ["h1", "h2", "h3"] {
                world.state().hosts.get_mut(&name(host)).expect("a host").crash("zookeeper");
            }
            let _ = site.plan(&apply(), &world).await;
            if long {
                tokio::time::sleep(GIVES_UP).await;
                let _ = site.plan(&apply(), &world).await;
            }
            let before = world.acts();
            assert!(matches!(report(site.carry_out(&apply(), &world).await).outcome, Outcome::Done));
            let journal = world.state().journal[before..].to_vec();
            let restarted = journal.iter().filter(|(_, title)| title.contains("restart spark-master")).count();
            assert_eq!(restarted, restarts, "long: {long}: {journal:?}");
            assert!(site.plan(&apply(), &world).await.expect("a plan").is_empty());
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

/// A small cluster grows to six hosts, or to two of which the new one is the anchor. Where two of its three anchors say what it was, that is enough;
/// one alone is confirmed by the operator, with the cluster's identity.
#[test]
fn a_cluster_that_grows_to_more_than_twice_its_size_is_confirmed_by_its_identity() {
    run(async {
        let alone = Shape { hosts: 1, workers: vec![0], ..Shape::spread(0, 1, 0) };
        let six = Shape::spread(0, 1, 5).text();
        let before = Shape::spread(0, 1, 1).text().replace("h2", "h0");
        for (small, grown) in [(Shape::spread(0, 1, 1), six.clone()), (alone.clone(), six), (alone, before)] {
            let world = converged(&small.site()).await;
            {
                let more = Site::of(&grown).world();
                let mut state = world.state();
                for (name, host) in &more.state().hosts {
                    state.hosts.entry(name.clone()).or_insert_with(|| host.clone());
                }
            }
            let fresh = Site { new_identity: provision::value::Identity::random(), ..Site::of(&grown) };
            if small.hosts == 2 {
                fresh.converge(&world).await;
                continue;
            }
            let End::Refused(refusals) = fresh.carry_out(&GENTLY, &world).await else { panic!("it went on") };
            let said: Vec<String> = refusals.iter().map(ToString::to_string).collect();
            let way = format!("write `id: {}` into the topology", new_identity());
            assert!(said.iter().any(|text| text.contains(&way)), "{said:?}");
            Site::of(&grown.replace("name: sim", &format!("name: sim\nid: {}", new_identity()))).converge(&world).await;
            world.assert_lawful();
        }
    });
}
