//! Saved plans.

use crate::model::site::{End, Shape, apply, new_identity, run};
use provision::plan::{NotSealed, SealedPlan, Standing};

use crate::common::*;

#[test]
fn a_sealed_plan_that_was_edited_is_not_intact() {
    run(async {
        let site = Shape::side_by_side(3, 2, 3).site();
        let plan = site.plan(&apply(), &site.world()).await.expect("a plan");
        let sealed = SealedPlan::seal(&plan, &new_identity(), "site.yaml", &site.text);
        let json = serde_json::to_value(&sealed).expect("JSON");
        let read = |json: &serde_json::Value| SealedPlan::read(&json.to_string()).expect("a saved plan");
        assert_eq!(read(&json).expect("its seal holds").standing(&plan), Standing::Same);
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
            assert!(matches!(read(&json), Err(NotSealed::Broken)), "{at} was edited, and the seal still holds");
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
        let sealed = SealedPlan::seal(
            &site.plan(&apply(), &world).await.expect("a plan"),
            &new_identity(),
            "site.yaml",
            &site.text,
        );
        // What does not touch the plan may change.
        world.state().hosts.get_mut(&name("h1")).expect("a host").scribble(
            "/etc/motd",
            b"hello",
            provision::host::Access::root(0o644),
        );
        assert_eq!(sealed.standing(&site.plan(&apply(), &world).await.expect("a plan")), Standing::Same);
        world.state().hosts.get_mut(&name("h2")).expect("a host").paths.remove("/etc/spark/worker.conf");
        let standing = sealed.standing(&site.plan(&apply(), &world).await.expect("a plan"));
        let Standing::Moved(moved) = standing else { panic!("{standing:?}") };
        assert!(
            moved.iter().any(|moved| moved.at.contains("/changes/h2/files/") || moved.at.contains("/changes/h2")),
            "{moved:?}"
        );
        assert!(
            moved.iter().all(|moved| !moved.at.contains("/changes/h1") && !moved.at.contains("/changes/h3")),
            "{moved:?}"
        );
        // The library refuses it too, whatever the command has compared before.
        let end = site.carry_out_sealed(&apply(), Some(&sealed), &world).await;
        assert!(matches!(&end, End::NotApproved(why) if why.contains("/changes/h2")), "{end:?}");
        let config = world.state().hosts[&name("h1")].text("/etc/zookeeper/zoo.cfg").expect("a file");
        assert!(config.contains("maxClientCnxns=60\n"), "{config}");
    });
}
