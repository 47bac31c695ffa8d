//! The things that belong to this cluster, and those that do not.

use crate::model::host::SimHost;
use crate::model::site::{End, Shape, Site, apply, new_identity, run};
use provision::execute::Outcome;
use provision::host::{RecordName, STAMP_PATH};
use provision::plan::Refusal;

use crate::common::*;

/// The refusals as an operator reads them.
fn words(refusals: &[Refusal]) -> String {
    refusals.iter().map(|refusal| format!("{refusal}\n")).collect()
}

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
            (format!("cluster sim {}, member 2\n", new_identity()), true),
            (format!("cluster sim {}, member 3\n", new_identity()), false),
            (format!("cluster other {}, member 2\n", new_identity()), false),
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
        let said = words(&refusals);
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
        let said = words(&refusals);
        assert!(said.contains("h1") && !said.contains("h3: it is the same machine"), "{said}");
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
            let End::Refused(refusals) = copy.carry_out(&goal, &world).await else { panic!("it went on") };
            assert!(words(&refusals).contains("carries this cluster's stamp with other anchors"), "{refusals:?}");
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
                assert!(words(&refusals).contains("its old place 10.0.0.3 still carries"), "{refusals:?}");
            }
        });
    }
}
