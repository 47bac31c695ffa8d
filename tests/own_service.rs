//! A service is one folder and one line in the registry: one of the tests' own goes through validate, plan, apply, roll, status and destroy.

mod beacon;
#[expect(dead_code, reason = "the laws use the rest of the model")]
#[path = "model/mod.rs"]
mod model;

use std::sync::Once;

use beacon::{KEEPER, LAMP};
use model::SimWorld;
use model::site::{End, Site, apply, apply_with_outage, run};
use provision::diagnostic::Source;
use provision::execute::{Event, Outcome};
use provision::plan::{Goal, Refusal};
use provision::service::{self, health};
use provision::value::Name;
use provision::{plan, topology};

fn registered() {
    static ONCE: Once = Once::new();
    // The one line.
    ONCE.call_once(|| service::add(vec![&beacon::OnHosts]));
}

fn text(settings: &str) -> String {
    let hosts: String = (1..=5).map(|at| format!("        h{at}: {{ address: 10.0.0.{at} }}\n")).collect();
    format!(
        "apiVersion: provision/v1\nname: sim\nplatforms:\n  rack:\n    nodes:\n      hosts:\n{hosts}services:\n  beacon:\n    \
         keepers: [h1, h2, h3]\n    lamps: [h3, h4, h5]\n{settings}"
    )
}

fn site(settings: &str) -> Site {
    registered();
    Site::of(&text(settings))
}

fn name(text: &str) -> Name {
    text.parse().expect("a name")
}

/// The plan as people read it.
async fn shown(site: &Site, goal: &Goal, world: &SimWorld) -> String {
    site.plan(goal, world).await.expect("a plan").to_string()
}

/// Carries it out, and says which hosts were restarted in which order.
async fn rolled(site: &Site, goal: &Goal, world: &SimWorld) -> Vec<String> {
    match site.carry_out(goal, world).await {
        End::Executed(report, events) if matches!(report.outcome, Outcome::Done) => {
            let host =
                |event: &Event| if let Event::Rolling { host, .. } = event { Some(host.to_string()) } else { None };
            events.iter().filter_map(host).collect()
        }
        end => panic!("{end:?}"),
    }
}

#[test]
fn its_part_of_the_file_is_read_and_checked() {
    registered();
    let problems = |text: &str| {
        let (file, mut problems) = topology::load(&Source::new("beacon.yaml", text));
        topology::check(&file, &mut problems);
        problems.sorted().iter().map(|problem| problem.message.clone()).collect::<Vec<_>>()
    };
    assert_eq!(problems(&text("")), Vec::<String>::new());
    assert_eq!(problems(&text("    bright: 3\n")), ["unknown key `bright`"]);
    assert_eq!(problems(&text("    brightness: far\n")), ["expected a whole number, found the text \"far\""]);
    assert_eq!(
        problems(&text("").replace("[h1, h2, h3]", "[h1, h9]")),
        ["2 keepers: an odd number can agree", "no host `h9` is declared"]
    );
    assert_eq!(problems(&text("").replace("  beacon:", "  becon:")), ["unknown key `becon`"]);
    let clash =
        problems(&text("    port: 8080\n  spark:\n    masters: { hosts: [h1] }\n    workers: { hosts: [h2] }\n"));
    assert!(
        clash.iter().any(|problem| problem.contains("port 8080 on `h1` is wanted by the Spark master (master-ui)")),
        "{clash:?}"
    );
    let schema: serde_json::Value = serde_json::from_str(&topology::schema()).expect("JSON");
    assert_eq!(schema["properties"]["services"]["properties"]["beacon"]["description"], "A beacon of the tests.");
}

#[test]
fn it_is_applied_rolled_and_destroyed() {
    run(async {
        let site = site("");
        let world = site.world();
        let first = shown(&site, &apply(), &world).await;
        assert!(
            first.contains("start beacon-keeper") && first.contains("gate: wait until every keeper has spoken"),
            "{first}"
        );
        site.converge(&world).await;
        // A pool goes in batches, and only its own role.
        let brighter = self::site("    brightness: 2\n");
        let plan = shown(&brighter, &apply(), &world).await;
        assert!(!plan.contains("restart beacon-keeper"), "{plan}");
        assert_eq!(rolled(&brighter, &apply(), &world).await, ["h3", "h4", "h5"]);
        brighter.assert_current(&world);
        // A quorum goes one by one, and the one that leads is last.
        let slower = self::site("    brightness: 2\n    beat: 9\n");
        assert_eq!(rolled(&slower, &apply(), &world).await, ["h2", "h3", "h1"]);
        slower.converge(&world).await;
        // Old and new ports do not talk: everything of it stops together, and the plan says so.
        let moved = self::site("    brightness: 2\n    beat: 9\n    port: 9100\n");
        let plan = shown(&moved, &apply_with_outage(), &world).await;
        assert!(plan.contains("outage: Beacon for about 2 s: beacon.port changes from 9000 to 9100"), "{plan}");
        assert!(matches!(moved.carry_out(&apply(), &world).await, End::NotApproved(_)));
        moved.converge_by(&apply_with_outage(), &world).await;
        let observed = moved.observe(&world).await;
        let hosts: Vec<Name> = moved.desired.hosts.keys().cloned().collect();
        for role in [KEEPER, LAMP] {
            assert!(health(role, &hosts, false, &moved.desired, &observed.hosts).is_whole());
        }
        let says = |host: &str, role| service::of(role).state(role, observed.facts(&name(host)).expect("it answers"));
        assert_eq!(says("h1", KEEPER), "keepers h1 h2 h3, port 9100, beat 9");
        assert_eq!(says("h4", LAMP), "keepers h1 h2 h3, port 9100, brightness 2");
        moved.carry_out(&Goal::Destroy { delete_data: true }, &world).await;
        assert!(world.state().hosts.values().all(|host| host.text("/etc/beacon/beacon-lamp.conf").is_none()));
        assert!(
            plan::plan(&apply(), &moved.identified(&moved.observe(&world).await), &moved.observe(&world).await).is_ok()
        );
    });
}

#[test]
fn no_keeper_is_stopped_while_another_may_be_down() {
    run(async {
        let site = site("");
        let world = site.world();
        site.converge(&world).await;
        let slower = self::site("    beat: 9\n");
        world.state().hosts.get_mut(&name("h2")).expect("a host").reachable = false;
        let goal = Goal::Apply { allow_outage: false, skip_unreachable: true };
        let plan = shown(&slower, &goal, &world).await;
        assert!(plan.contains("no member is stopped while another may be down"), "{plan}");
        // With a majority down, those that do not run come first.
        world.state().hosts.get_mut(&name("h2")).expect("a host").reachable = true;
        for host in ["h2", "h3"] {
            world.state().hosts.get_mut(&name(host)).expect("a host").crash("beacon-keeper");
        }
        slower.converge(&world).await;
    });
}

#[test]
fn it_stands_beside_the_others_and_settings_that_nobody_has_are_refused() {
    run(async {
        let site = site(
            "  zookeeper:\n    archive: { onHost: { path: /srv/dist/zookeeper-3.9.5.tar.gz } }\n    members: { 1: h1, 2: h2, 3: h3 }\n",
        );
        let world = site.world();
        site.converge(&world).await;
        world.assert_lawful();
        let without = Site::of(&site.text.replace("    lamps: [h3, h4, h5]", "    lamps: [h4, h5]"));
        without.converge(&world).await;
        assert!(world.state().hosts[&name("h3")].process("beacon-lamp").is_none());
        let refused = Site::of(&site.text.replace("members: { 1: h1,", "members: { 4: h1,"));
        let refusals = refused.plan(&apply(), &world).await.expect_err("members do not move");
        assert!(refusals.iter().any(|refusal| matches!(refusal, Refusal::Setting { .. } | Refusal::Host { .. })));
    });
}
