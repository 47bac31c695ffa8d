//! Law 2: an apply reaches its goal, and a second one has nothing to do.

use crate::model::host::SimHost;
use crate::model::site::{End, Shape, Site, apply, apply_with_outage, run};

use crate::common::*;
use provision::desired::{Desired, FIREWALL_RULES};
use provision::host::Action;
use provision::plan::refusal::Expected;
use provision::plan::{HostRefusal, Phase, Step};
use provision::value::{HostPath, Name};

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
        let changes: [fn(&mut crate::model::site::Settings); 9] = [
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

/// Nothing of it runs that could stop.
#[test]
fn a_service_that_is_new_needs_no_outage() {
    run(async {
        let world = converged(&Shape::side_by_side(3, 0, 0).site()).await;
        let with_spark = Shape::side_by_side(3, 2, 3).site();
        let plan = with_spark.plan(&apply(), &world).await.expect("a plan");
        assert!(plan.outages.is_empty(), "{plan}");
        with_spark.converge(&world).await;
        world.assert_lawful();
        // One that leaves ends once, whatever settings it had.
        let bare = Shape::side_by_side(3, 0, 0).site();
        let plan = bare.plan(&apply_with_outage(), &world).await.expect("a plan");
        assert_eq!(plan.outages.len(), 1, "{plan}");
        let said = "outage: Spark ends: it leaves the topology; running applications are lost";
        assert!(plan.to_string().contains(said), "{plan}");
        bare.converge_by(&apply_with_outage(), &world).await;
        world.assert_lawful();
    });
}

/// The services that take over may need a port that the old rules close.
#[test]
fn a_firewall_that_leaves_goes_before_anything_starts() {
    run(async {
        let closed = Shape::spread(3, 2, 3).with(|s| s.firewall = true);
        let world = converged(&closed.site()).await;
        // With a worker that leaves its host, which goes last, and a service that is new.
        let mut open = closed.with(|s| (s.firewall, s.history) = (false, Some(512)));
        let worker = open.workers.pop().expect("a worker");
        open.masters.push(worker);
        world.state().journal.clear();
        open.site().converge(&world).await;
        world.assert_lawful();
        let journal = world.state().journal.clone();
        let starts = journal.iter().position(|(_, title)| title.starts_with("start ")).expect("something starts");
        let before: std::collections::BTreeSet<_> = journal[..starts]
            .iter()
            .filter(|(_, title)| title.contains("remove what has left"))
            .map(|(host, _)| host)
            .collect();
        let hosts: std::collections::BTreeSet<_> = journal.iter().map(|(host, _)| host).collect();
        assert_eq!(before, hosts, "{journal:#?}");
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

/// No host decides for the others which archive a distribution is from, however its name sorts.
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
            let [provision::plan::Refusal::Host { host, because }] = refusals.as_slice() else {
                panic!("{refusals:?}")
            };
            let by_most = |because: &HostRefusal| {
                matches!(because, HostRefusal::OtherArchive { expected: Expected::ByMostHosts(_), .. })
            };
            assert!(*host == name("h1") && by_most(because), "{refusals:?}");
        }
    });
}

/// Before most hosts have a distribution, the one that says it has speaks for itself alone.
#[test]
fn one_early_archive_is_no_measure_for_the_others() {
    run(async {
        let text = Shape::side_by_side(3, 2, 3).text();
        let site = Site::of(
            &text.replace("onHost: { path: /srv/dist/zookeeper-3.9.5.tar.gz }", "file: { path: zookeeper.tar.gz }"),
        );
        let world = site.world();
        let origin = "/opt/provision/zookeeper-3.9.5/.provision-origin";
        let forged = "c".repeat(128);
        world.state().hosts.get_mut(&name("h3")).expect("a host").scribble(
            origin,
            forged.as_bytes(),
            provision::host::Access::root(0o644),
        );
        let plan = site.plan(&apply(), &world).await.expect("nothing is refused");
        assert!(!serde_json::to_string(&plan).expect("plain JSON").contains(&forged), "{plan}");
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

/// A node that leaves is reached until it has gone; then its ports are closed.
#[test]
fn a_closed_cluster_reaches_what_leaves_until_it_has_left() {
    run(async {
        let before = Shape::spread(3, 2, 3).with(|s| s.firewall = true);
        let world = converged(&before.site()).await;
        let mut after = before.clone();
        // One worker leaves with its host, and one for a host of its own that has a master now.
        let leaves = name(&format!("h{}", after.workers.pop().expect("a worker") + 1));
        after.hosts -= 1;
        let stays = after.workers.pop().expect("a second one");
        after.masters.push(stays);
        let plan = after.site().plan(&apply_with_outage(), &world).await.expect("a plan");
        let tried = |phase: &Phase| match phase {
            Phase::Steps { steps, .. } => steps.iter().filter_map(rules_of).collect(),
            _ => Vec::new(),
        };
        let goes = |phase: &Phase| match phase {
            Phase::Steps { title, .. } => title.starts_with("remove what") || title.starts_with("retire what"),
            _ => false,
        };
        let first = plan.phases.iter().position(goes).expect("somebody leaves");
        let last = plan.phases.iter().rposition(goes).expect("somebody leaves");
        let (wide, narrow): (Vec<_>, Vec<_>) = (
            plan.phases[..first].iter().flat_map(tried).collect(),
            plan.phases[last..].iter().flat_map(tried).collect(),
        );
        assert!(!wide.is_empty() && wide.len() == narrow.len(), "{plan}");
        let path = HostPath::known(FIREWALL_RULES);
        let (old, new) = (before.site().desired, after.site().desired);
        let rules_on = |desired: &Desired, host: &Name| desired.hosts[host].files[&path].content.public();
        let address = old.hosts[&leaves].host.address.to_string();
        assert!(wide.iter().any(|(_, rules)| rules.contains(&address)), "{wide:#?}");
        for (host, rules) in &wide {
            let lines = |text: &str| -> Vec<String> {
                text.lines().filter(|line| line.contains(" saddr ")).map(str::to_owned).collect()
            };
            for line in lines(&rules_on(&old, host)) {
                assert!(rules.contains(&line), "{host} closes {line}");
            }
        }
        for (host, rules) in &narrow {
            assert_eq!(*rules, rules_on(&new, host));
            assert!(!rules.contains(&address), "{host}: {rules}");
        }
        after.site().converge_by(&apply_with_outage(), &world).await;
        world.assert_lawful();
        assert!(after.site().plan(&apply(), &world).await.expect("a plan").is_empty());
    });
}

/// A host, and the rules that it tries in a step.
fn rules_of(step: &Step) -> Option<(Name, String)> {
    match &step.action {
        Action::TryRules { rules, .. } => Some((step.target.name.clone(), rules.clone())),
        _ => None,
    }
}
