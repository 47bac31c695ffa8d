//! Law 5: whatever is killed goes on; whoever was overtaken is refused.

use crate::model::host::SimHost;
use crate::model::site::{End, Shape, Site, apply, run};
use crate::model::{Cut, SimWorld};
use provision::execute::{Outcome, Report};
use provision::host::{Action, BIRTH_PATH, CLAIM_PATH, HostError, Target};
use provision::plan::Goal;
use provision::world::World;

use crate::common::*;

/// Kills the operator at every action of `goal`, in every way; then `goal` is carried out again, and `check` looks.
pub async fn killed_at_any_step(site: &Site, goal: &Goal, start: &SimWorld, check: impl AsyncFn(&SimWorld)) {
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

/// The things that a destroy leaves where data is to stay.
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

/// The power of a host fails while it is retired: the next apply goes on with it, and only then forgets it.
#[test]
fn law_5_a_host_that_loses_power_while_it_is_retired_is_not_forgotten() {
    run(async {
        let before = Shape::spread(3, 1, 2);
        let start = converged(&before.site()).await;
        let after = Shape { workers: vec![4], ..before }.site();
        let whole = start.fork();
        assert!(matches!(report(after.carry_out(&apply(), &whole).await).outcome, Outcome::Done));
        let at =
            whole.state().journal.iter().position(|(host, action)| *host == name("h6") && action.starts_with("remove"));
        for changes in 0..40 {
            let world = start.fork();
            world.cut(at.expect("h6 is retired"), Cut::Within(changes), false);
            after.carry_out(&apply(), &world).await;
            world.revive();
            let again = after.carry_out(&apply(), &world).await;
            assert!(
                matches!(&again, End::Nothing | End::Executed(Report { outcome: Outcome::Done, .. }, _)),
                "{again:?}"
            );
            world.assert_lawful();
            let mut left = paths(&world.state().hosts[&name("h6")]);
            // Between the last record and its folder nothing can say any more whose the folder is: it is empty.
            left.remove("/var/lib/provision");
            assert_eq!(left, paths(&SimHost::new("x")), "after {changes} changes");
        }
    });
}

/// An anchor that grants its lease to two operators makes them have one epoch. Each host obeys the one that reached it first, and no other.
#[test]
fn law_5_of_two_leases_with_one_epoch_each_host_obeys_the_first() {
    run(async {
        let site = Shape::side_by_side(3, 0, 0).site();
        let world = converged(&site).await;
        let epoch = world.state().hosts[&name("h1")].epoch() + 1;
        let stop = Action::Stop { unit: "zookeeper".to_owned() };
        let (first, second) = (permit(epoch), permit(epoch));
        for (host, ours, theirs) in [("h1", &first, &second), ("h2", &second, &first)] {
            let target = Target::of(&site.desired.hosts[&name(host)].host);
            world.act(&target, &Action::Raise, ours).await.expect("raised");
            world.act(&target, &Action::Raise, ours).await.expect("raised again");
            for action in [&Action::Raise, &stop] {
                let refused = world.act(&target, action, theirs).await;
                assert!(matches!(refused, Err(HostError::Fenced { .. })), "{host}: {refused:?}");
            }
            world.act(&target, &stop, ours).await.expect("stopped");
        }
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
