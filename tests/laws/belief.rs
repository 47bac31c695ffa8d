//! One host alone decides nothing for the others.

use std::time::Duration;

use crate::model::SimWorld;
use crate::model::host::{MemberLie, SimHost};
use crate::model::site::{End, Shape, Site, apply, apply_with_outage, new_identity, run};
use provision::execute::{Outcome, Report};
use provision::host::{Active, BIRTH_PATH, CLAIM_PATH, Claim, HostError, Listening, STAMP_PATH, Seen, Sub};
use provision::plan::preflight::preflight;
use provision::plan::{ClusterRefusal, HostRefusal, Refusal};
use provision::service::spark::WORKER;

use crate::common::*;

/// The records that a compromised host would write: another one's machine, an anchor that never answers, an epoch that nobody reaches.
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
                other.raise(3, "1").expect("room");
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
        (CLAIM_PATH, &|text| text.replace(new_identity().as_str(), other.as_str())),
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
            assert!(observed.departed.is_empty() && observed.old_places.is_empty(), "{:?}", observed.departed.keys());
            let refusals = shape.site().plan(&GENTLY, &world).await.expect_err("a past that nobody else knows");
            let by_anchors =
                |refusal: &Refusal| matches!(refusal, Refusal::Host { because: HostRefusal::OtherAnchors { .. }, .. });
            assert!(refusals.iter().any(by_anchors), "{refusals:?}");
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
                assert_eq!(but_epoch(&world.state().hosts[&host]), paths(&SimHost::new("x")), "{host}");
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
            let site = Site { new_identity: provision::value::Identity::random(), ..shape.site() };
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
                there.scribble(
                    CLAIM_PATH,
                    format!("{} sim 0123456789abcdef\n", new_identity()).as_bytes(),
                    access.clone(),
                );
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
            assert!(observed.departed.is_empty() && observed.old_places.is_empty(), "{:?}", observed.departed.keys());
            let liar = name(&format!("h{}", shape.hosts));
            let End::Refused(refusals) = site.carry_out(&GENTLY, &world).await else { panic!("it went on") };
            let names_liar = |refusal: &Refusal| matches!(refusal, Refusal::Host { host, .. } if *host == liar);
            assert!(refusals.iter().any(names_liar), "{refusals:?}");
            for goal in [DESTROY_ALL, SKIPPING, apply_with_outage()] {
                let end = site.carry_out(&goal, &world).await;
                // It keeps nobody else out.
                let done = matches!(&end, End::Executed(report, _) if matches!(report.outcome, Outcome::Done));
                assert!(goal != SKIPPING || done, "{end:?}");
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
            assert_eq!(host.claim().expect("claimed").identity, new_identity());
        }
    });
}

/// Somebody deleted stamps and identities: the records of most anchors tell whose the hosts are.
#[test]
fn hosts_without_stamp_and_identity_are_known_by_the_records() {
    run(async {
        let site = Shape::spread(3, 2, 2).site();
        let world = converged(&site).await;
        for host in world.state().hosts.values_mut() {
            for file in ["stamp.json", "identity"] {
                host.paths.remove(&format!("/var/lib/provision/{file}"));
            }
        }
        let again = Site { new_identity: provision::value::Identity::random(), ..Site::of(&site.text) };
        again.converge(&world).await;
        world.assert_lawful();
        assert_eq!(world.state().hosts[&name("h1")].claim().expect("claimed").identity, new_identity());
    });
}

/// Two first applies at once, over hosts that both topologies have, each took some: neither can go on, and each can be taken back.
#[test]
fn of_two_first_applies_that_stopped_each_other_each_can_be_destroyed() {
    run(async {
        let site = Shape::spread(3, 1, 2).site();
        let world = site.world();
        let digest = site.identified(&site.observe(&world).await).anchors_digest();
        let claim = |hosts: &[&str], claim: String| {
            for host in hosts {
                let mut state = world.state();
                let host = state.hosts.get_mut(&name(host)).expect("a host");
                host.raise(1, "1").expect("raised");
                host.scribble(CLAIM_PATH, claim.as_bytes(), provision::host::Access::root(0o644));
            }
        };
        let other = provision::value::Identity::random();
        claim(&["h1", "h2"], format!("{} sim {digest}\n", new_identity()));
        claim(&["h3"], format!("{other} other 1\n"));
        assert!(matches!(site.carry_out(&GENTLY, &world).await, End::Refused(_)));
        let left = report(site.carry_out(&DESTROY, &world).await).left;
        assert!(left.len() == 1 && left[0].contains("h3") && left[0].contains("`other`"), "{left:?}");
        let claims =
            world.state().hosts.values().filter_map(SimHost::claim).map(|claim| claim.identity).collect::<Vec<_>>();
        assert_eq!(claims, [other]);
        // Nothing is this cluster's now: the topology may be the wrong one.
        assert!(matches!(site.carry_out(&DESTROY, &world).await, End::Refused(_)));
    });
}

/// A topology was copied with its name and identity, for other hosts; later it takes hosts of the first cluster, and leaves them again.
#[test]
fn a_copied_topology_takes_no_host_of_the_original() {
    run(async {
        let original = converged(&Shape::spread(0, 1, 2).site()).await;
        let alone = Shape { hosts: 3, masters: vec![0], workers: vec![0, 1, 2], ..Shape::spread(0, 1, 2) };
        let moved = |shape: &Shape| Site::of(&shape.text().replace("h1", "h9").replace("10.0.0.1 ", "10.0.0.9 "));
        let copy = moved(&Shape { hosts: 1, workers: vec![0], ..alone.clone() });
        // Each began in a world of its own: the simulated one has one master that leads.
        let world = converged(&copy).await;
        for host in ["h2", "h3"].map(name) {
            world.state().hosts.insert(host.clone(), original.state().hosts[&host].clone());
        }
        let before = world.fork().state().hosts.clone();
        let End::Refused(refusals) = moved(&alone).carry_out(&apply_with_outage(), &world).await else {
            panic!("it took them")
        };
        assert!(refusals.iter().all(|refusal| refusal.to_string().contains("other anchors")), "{refusals:?}");
        for host in ["h2", "h3"] {
            let name = name(host);
            assert_eq!(world.state().hosts[&name].digest(), before[&name].digest(), "{host}");
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
            site.new_identity = provision::value::Identity::random();
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
        rival.new_identity = provision::value::Identity::random();
        world.state().journal.clear();
        for goal in [apply_with_outage(), DESTROY_ALL] {
            let End::Refused(refusals) = rival.carry_out(&goal, &world).await else { panic!("it went on") };
            let others =
                |refusal: &Refusal| matches!(refusal, Refusal::Host { because: HostRefusal::OtherIdentity { .. }, .. });
            assert!(refusals.iter().any(others), "{refusals:?}");
        }
        shape.site().converge(&world).await;
        assert_eq!(world.acts(), 0, "{:?}", world.state().journal);
    });
}

/// A machine that was replaced, at the address of a host that has left the topology, is nobody's.
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
            let text = host.text(path).expect("an anchor has it").replace(new_identity().as_str(), other.as_str());
            host.scribble(path, text.as_bytes(), provision::host::Access::root(0o644));
        }
        let plan = shape.site().plan(&SKIPPING, &world).await.expect("a plan");
        let why = &plan.unknown[&name("h2")];
        assert!(why.contains(other.as_str()) && why.contains(new_identity().as_str()), "{why}");
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
            two.new_identity = provision::value::Identity::random();
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
            let (winner, identity) =
                if done(&first) { ("one", new_identity()) } else { (rival, two.new_identity.clone()) };
            assert_eq!((claim.cluster, &claim.identity), (name(winner), &identity), "{delay}");
            assert!(stamp.contains(&format!("\"{winner}\"")) && stamp.contains(identity.as_str()), "{delay}: {stamp}");
        });
    }
}

/// Of a topology without `ZooKeeper` that was never applied, one worker says that it was all of this cluster, with settings of its own. It is refused
/// by name, is asked for no lease, and who goes on without it needs nothing from it.
#[test]
fn before_the_first_apply_one_host_has_no_memory_for_the_others() {
    run(async {
        let site = Shape::spread(0, 1, 5).site();
        let other = converged(&Shape::spread(0, 1, 1).site()).await;
        let theirs = other.state().hosts[&name("h1")].clone();
        let world = site.world();
        {
            let mut state = world.state();
            let liar = state.hosts.get_mut(&name("h6")).expect("a host");
            let mine = |text: String| text.replace("\"h1\"", "\"h6\"").replace("10.0.0.1", "10.0.0.6");
            let mut stamp: serde_json::Value =
                serde_json::from_str(&mine(theirs.text(STAMP_PATH).expect("stamped"))).expect("JSON");
            stamp.as_object_mut().expect("an object").remove("identity");
            let access = provision::host::Access::root(0o644);
            liar.scribble(STAMP_PATH, stamp.to_string().as_bytes(), access.clone());
            for record in ["intended", "applied"] {
                let path = format!("/var/lib/provision/{record}.json");
                let text = mine(theirs.text(&path).expect("an anchor"));
                let mut record: serde_json::Value = serde_json::from_str(&text).expect("JSON");
                record.as_object_mut().expect("an object").remove("identity");
                record["settings"]["spark.version"] = serde_json::json!({ "value": "9.9.9", "class": "migrate" });
                liar.scribble(&path, record.to_string().as_bytes(), access.clone());
            }
        }
        assert!(site.observe(&world).await.memory.is_empty());
        let refusals = site.plan(&GENTLY, &world).await.expect_err("a past that nobody else knows");
        let of_h6 = |refusal: &Refusal| matches!(refusal, Refusal::Host { host, because: HostRefusal::OtherAnchors { .. } } if *host == name("h6"));
        assert!(refusals.iter().all(of_h6), "{refusals:?}");
        let Outcome::Done = report(site.carry_out(&SKIPPING, &world).await).outcome else { panic!("it stopped") };
        world.assert_lawful();
    });
}

/// Before the first apply, or after one that was killed, one member says that the ensemble has served.
#[test]
fn one_members_birth_is_not_the_ensembles() {
    run(async {
        for unseen in [false, true] {
            let site = Shape::spread(3, 1, 1).site();
            let born = converged(&site).await;
            let text = born.state().hosts[&name("h2")].text(BIRTH_PATH).expect("born");
            assert!(text.contains("\"complete\":true") || text.contains("\"complete\": true"), "{text}");
            let world = site.world();
            let access = provision::host::Access::root(0o644);
            world.state().hosts.get_mut(&name("h2")).expect("a host").scribble(BIRTH_PATH, text.as_bytes(), access);
            if unseen {
                lose(&world, &["h3"]);
            }
            for goal in [GENTLY, SKIPPING] {
                let End::Refused(refusals) = site.carry_out(&goal, &world).await else {
                    panic!("{unseen}: it went on")
                };
                let text: Vec<String> = refusals.iter().map(ToString::to_string).collect();
                let named = |refusal: &Refusal| matches!(refusal, Refusal::Cluster { because: ClusterRefusal::DataLost { served, .. } } if *served == [name("h2")]);
                assert!(refusals.iter().any(named), "{unseen}: {text:?}");
            }
            let state = world.state();
            let copied = ["h1", "h3"].map(|host| state.hosts[&name(host)].text(BIRTH_PATH));
            assert_eq!(copied, [None, None], "{unseen}");
        }
    });
}

/// A job goes to hosts that say themselves that they are this cluster's: not to one that has become another's, or another host's, and not to a bare one.
#[test]
fn a_job_goes_to_this_clusters_hosts_alone() {
    let other = provision::value::Identity::random();
    let lies: [Lie; 4] = [
        (CLAIM_PATH, &|text| text.replace(new_identity().as_str(), other.as_str())),
        (CLAIM_PATH, &|text| text.replace(" sim ", " others ")),
        (STAMP_PATH, &|text| text.replace("\"sim\"", "\"others\"")),
        (STAMP_PATH, &|text| text.replace("\"host\": \"h4\"", "\"host\": \"h5\"")),
    ];
    run(async {
        let site = Shape::spread(3, 2, 1).site();
        let masters = [name("h4"), name("h5")];
        let strangers = async |world: &SimWorld| {
            let strangers = provision::observe::not_ours(&site.desired, &masters, world).await;
            strangers.into_iter().collect::<Vec<_>>()
        };
        let world = converged(&site).await;
        assert_eq!(strangers(&world).await, Vec::new());
        for (path, lie) in lies {
            let world = world.fork();
            let text = world.state().hosts[&name("h4")].text(path).expect("it is there");
            assert_ne!(lie(&text), text, "{path}");
            let access = provision::host::Access::root(0o644);
            world.state().hosts.get_mut(&name("h4")).expect("a host").scribble(path, lie(&text).as_bytes(), access);
            let refused = strangers(&world).await;
            // The message names the cluster that the host says, and never this one's own claim.
            let names_theirs = |error: &HostError| match error {
                HostError::Foreign { carries } => {
                    path == CLAIM_PATH
                        && carries
                            .as_ref()
                            .is_some_and(|claim| claim.identity == other || claim.cluster == name("others"))
                }
                HostError::Refused { why } => path == STAMP_PATH && (why.contains("`others`") || why.contains("h5")),
                _ => false,
            };
            assert!(
                refused.len() == 1 && refused[0].0 == name("h4") && names_theirs(&refused[0].1),
                "{path}: {refused:?}"
            );
        }
        assert_eq!(strangers(&site.world()).await.len(), 2);
        lose(&world, &["h5"]);
        assert_eq!(strangers(&world).await.len(), 1);
    });
}

/// A program in a member's place says that it leads, whether the member has left the ensemble or follows the real leader: no other is restarted. Most
/// members are connected to the real one, so the false one is its own host's failure, and the others go on without it.
#[test]
fn a_member_that_poses_as_leader_has_no_other_restarted() {
    for (liar, follows) in ["h1", "h2", "h3"].into_iter().flat_map(|host| [false, true].map(|follows| (host, follows)))
    {
        run(async {
            let shape = Shape::spread(3, 1, 2);
            let world = converged(&shape.site()).await;
            {
                let mut state = world.state();
                let host = state.hosts.get_mut(&name(liar)).expect("a host");
                host.lie = Some(MemberLie::Leads);
                if !follows {
                    // Its list of members is its own: it takes part in no ensemble of ours any more.
                    let process = host.process_mut("zookeeper").expect("it runs");
                    let cfg = process.inputs.get_mut("/etc/zookeeper/zoo.cfg").expect("an input");
                    *cfg = String::from_utf8_lossy(cfg).replace("2888", "2999").into_bytes();
                }
            }
            world.settled().await;
            let leader = world.state().services.leader.clone().expect("a leader").0;
            if leader == name(liar) {
                return;
            }
            let changed = shape.with(|s| (s.connections, s.daemon) = (61, 2)).site();
            let End::NotApproved(why) = changed.carry_out(&GENTLY, &world).await else { panic!("it went on") };
            assert!(why.contains(liar) && !why.contains(leader.as_str()), "{why}");
            let outcome = report(changed.carry_out(&SKIPPING, &world).await).outcome;
            assert!(matches!(outcome, Outcome::Done), "{liar} {follows}: {outcome:?}");
            world.assert_lawful();
        });
    }
}

/// Whatever a member says that keeps every gate from passing, in whatever time: that is its own host's failure, by name. No other member is restarted, and
/// the others' work goes on.
#[test]
fn a_member_that_keeps_gates_from_passing_is_its_own_hosts_failure() {
    let lies = [MemberLie::HasLostOne, MemberLie::Follows, MemberLie::StartsAgain, MemberLie::Flaps].map(Some);
    for (lie, slowness) in lies.into_iter().map(|lie| (lie, 0)).chain([(None, 45)]) {
        for is_leader in [true, false] {
            if !is_leader && matches!(lie, Some(MemberLie::HasLostOne | MemberLie::Follows)) {
                continue; // A lie of leaders.
            }
            run(async {
                let shape = Shape::spread(3, 1, 2);
                let world = converged(&shape.site()).await;
                let leader = world.state().services.leader.clone().expect("a leader").0;
                let mut members = ["h1", "h2", "h3"].into_iter();
                let liar = members.find(|host| (*host == leader.as_str()) == is_leader).expect("a member");
                let honest = ["h1", "h2", "h3"].into_iter().filter(|host| *host != liar);
                let lives = || honest.clone().map(|host| life(&world, host)).collect::<Vec<_>>();
                let before = lives();
                {
                    let mut state = world.state();
                    let host = state.hosts.get_mut(&name(liar)).expect("a host");
                    (host.lie, host.slowness) = (lie, Duration::from_secs(slowness));
                }
                let changed = shape.with(|s| (s.connections, s.daemon) = (61, 2)).site();
                let outcome = report(changed.carry_out(&SKIPPING, &world).await).outcome;
                world.assert_lawful();
                // A leader that is alone at fault is restarted first: then it leads no more, what it says as a follower bothers nobody, and the others
                // follow in their turn.
                let leads_no_more = matches!(lie, Some(MemberLie::HasLostOne | MemberLie::Follows));
                if leads_no_more && matches!(outcome, Outcome::Done) {
                    return;
                }
                if !leads_no_more {
                    assert_eq!(lives(), before, "{lie:?}");
                }
                let failures = match &outcome {
                    Outcome::Failed { failures } => failures,
                    // It was restarted, and nobody restarts others while it does not recover.
                    Outcome::PutBack { node, .. } if lie == Some(MemberLie::Flaps) && node.ends_with(&liar[1..]) => {
                        return;
                    }
                    _ => panic!("{lie:?} of {liar}: {outcome}"),
                };
                assert!(failures.iter().all(|failure| failure.host == name(liar)), "{lie:?}: {failures:?}");
                let left = changed.plan(&SKIPPING, &world).await.expect("a plan");
                assert!(
                    ["h4", "h5", "h6"].iter().all(|host| !left.changes.contains_key(&name(host))),
                    "{lie:?}: {left}"
                );
            });
        }
    }
}

/// Two members say that they lead, and the third cannot be asked: nobody can tell which of the two lies, and neither is restarted.
#[test]
fn of_two_leaders_without_a_third_word_neither_is_restarted() {
    run(async {
        let shape = Shape::spread(3, 1, 2);
        let world = converged(&shape.site()).await;
        let leader = world.state().services.leader.clone().expect("a leader").0;
        let mut others = ["h1", "h2", "h3"].into_iter().filter(|host| *host != leader.as_str());
        let (liar, off) = (others.next().expect("a follower"), others.next().expect("another"));
        let lives = || [liar, leader.as_str()].map(|host| life(&world, host));
        let before = lives();
        world.state().hosts.get_mut(&name(liar)).expect("a host").lie = Some(MemberLie::Leads);
        world.state().hosts.get_mut(&name(off)).expect("a host").reachable = false;
        let changed = shape.with(|s| (s.connections, s.daemon) = (61, 2)).site();
        for goal in [GENTLY, SKIPPING] {
            changed.carry_out(&goal, &world).await;
            world.assert_lawful();
        }
        assert_eq!(lives(), before);
    });
}

fn life(world: &SimWorld, host: &str) -> u64 {
    world.state().hosts[&name(host)].process("zookeeper").expect("it runs").life
}

/// A standby that is not Spark's says that it is ALIVE, and lists no worker: that fails no worker, and the others go on without it.
#[test]
fn a_standby_that_poses_as_alive_fails_no_worker() {
    run(async {
        let shape = Shape::spread(3, 2, 3);
        let world = converged(&shape.site()).await;
        let alive = world.state().services.alive.clone().expect("an ALIVE master").host;
        let liar = if alive == name("h4") { name("h5") } else { name("h4") };
        world.state().hosts.get_mut(&liar).expect("a host").poses_as_alive = true;
        let workers = ["h6", "h7", "h8"].map(name);
        let seen =
            provision::execute::look(WORKER, &workers, &shape.site().desired, &shape.site().secrets, &world).await;
        let facts = provision::service::health(WORKER, &workers, false, &shape.site().desired, &seen);
        assert!(facts.is_whole(), "{}", facts.because());
        let changed = shape.with(|s| s.daemon = 2).site();
        let End::NotApproved(why) = changed.carry_out(&GENTLY, &world).await else { panic!("it went on") };
        assert!(why.contains(liar.as_str()) && !why.contains(alive.as_str()), "{why}");
        let end = changed.carry_out(&SKIPPING, &world).await;
        world.assert_lawful();
        let left = changed.plan(&SKIPPING, &world).await.expect("a plan");
        assert!(workers.iter().all(|worker| !left.changes.contains_key(worker)), "{end:?}\n{left}");
    });
}

/// The ALIVE master says that it stands by. Nobody restarts the others for it, and it is named: most workers follow it.
#[test]
fn an_alive_master_that_poses_as_standby_is_named() {
    run(async {
        let shape = Shape::spread(3, 2, 3);
        let world = converged(&shape.site()).await;
        let alive = world.state().services.alive.clone().expect("an ALIVE master").host;
        world.state().hosts.get_mut(&alive).expect("a host").poses_as_standby = true;
        let changed = shape.with(|s| (s.master_heap, s.connections) = (s.master_heap + 64, 61)).site();
        let outcome = report(changed.carry_out(&SKIPPING, &world).await).outcome;
        world.assert_lawful();
        let Outcome::Failed { failures } = &outcome else { panic!("{outcome}") };
        assert!(failures.iter().all(|failure| failure.host == alive), "{failures:?}");
        let left = changed.plan(&SKIPPING, &world).await.expect("a plan");
        assert!(!left.changes.contains_key(&name("h1")), "{left}");
    });
}

/// The only worker is on the host of a false master, which it follows: it has no vote on which of the two is real.
#[test]
fn a_false_master_is_not_confirmed_by_its_own_hosts_worker() {
    let mut tried = 0;
    for (liar, at) in [("h4", 3), ("h5", 4)] {
        run(async {
            let shape = Shape { workers: vec![at], hosts: 5, ..Shape::spread(3, 2, 0) };
            let world = converged(&shape.site()).await;
            let alive = world.state().services.alive.clone().expect("an ALIVE master").host;
            if alive == name(liar) {
                return;
            }
            {
                let mut state = world.state();
                let host = state.hosts.get_mut(&name(liar)).expect("a host");
                host.poses_as_alive = true;
                host.follows = Some(host.address.clone());
            }
            let observed = shape.site().observe(&world).await;
            assert!(observed.facts(&alive).is_some(), "{:?}", observed.unknown().collect::<Vec<_>>());
            tried += 1;
        });
    }
    assert!(tried > 0, "the liar is never the standby");
}

/// A job of Spark's user listens where the master would: while the master's unit has no process, that is no process of it.
#[test]
fn a_job_on_the_port_of_a_service_is_named() {
    run(async {
        let site = Shape::spread(3, 2, 1).site();
        let world = converged(&site).await;
        let named = |sub: Sub, active: Active| {
            let (site, world) = (site.clone(), &world);
            async move {
                let mut observed = site.observe(world).await;
                let Some(Seen::Present(facts)) = observed.hosts.get_mut(&name("h4")) else { panic!("it answers") };
                let uid = facts.users.get("spark").copied();
                assert!(uid.is_some());
                let address = Some("10.0.0.4".parse().expect("an address"));
                facts.listening = vec![Listening { address, port: 7077, uid }];
                let unit = facts.units.get_mut("spark-master").expect("a unit");
                (unit.sub, unit.active) = (sub, active);
                let checks = preflight(&site.desired, &observed);
                checks.iter().any(|check| {
                    check.what == "port"
                        && check.problem.is_some()
                        && check.seen.contains("7077 is taken by a process of spark")
                })
            }
        };
        assert!(!named(Sub::Running, Active::Active).await);
        assert!(named(Sub::Dead, Active::Inactive).await);
        assert!(named(Sub::AutoRestart, Active::Activating).await);
    });
}
