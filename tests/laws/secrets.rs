//! Law 6: no secret is anywhere but in its file.

use std::collections::BTreeSet;

use crate::model::Cut;
use crate::model::site::{
    End, SECRET, Shape, Site, apply, apply_with_outage, key_ref, new_identity, path_of_secret, run, secret_ref,
};
use provision::host::{Access, Action, Content, Secrets, sha256};
use provision::plan::SealedPlan;
use provision::render;
use provision::world::script;

use crate::common::*;

/// The secret itself, and digests that need no key.
fn traces() -> &'static [String] {
    static TRACES: std::sync::LazyLock<Vec<String>> = std::sync::LazyLock::new(|| {
        let site = Shape::side_by_side(3, 2, 3).with(|s| (s.authenticate, s.history) = (true, Some(512))).site();
        let files = site.desired.hosts.values().flat_map(|state| state.files.values());
        let secret = files.filter(|file| matches!(file.content, Content::Secret(_)));
        let texts: BTreeSet<String> = secret.map(|file| file.content.full(&site.secrets)).collect();
        // The secret of `authenticate`, and the properties of jobs, workers and the history server.
        assert_eq!(texts.len(), 4, "{texts:?}");
        let whole = texts.iter().flat_map(|text| [sha256(text.as_bytes()), sha256(text.trim_end().as_bytes())]);
        whole.chain([SECRET.to_owned(), sha256(SECRET.as_bytes())]).collect()
    });
    &TRACES
}

fn assert_no_trace(of: &str, text: &str) {
    for trace in traces() {
        assert!(!text.contains(trace), "{of} shows `{trace}`");
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
        assert!(drifted.to_string().contains("it differs (hidden: it contains a secret)"), "{drifted}");
        plans.push(drifted);
        for plan in plans {
            assert_no_trace("a plan", &format!("{plan}{plan:?}{}", serde_json::to_string(&plan).expect("JSON")));
            let sealed = SealedPlan::seal(&plan, &new_identity(), "site.yaml", &site.text);
            assert_no_trace("a sealed plan", &format!("{sealed:?}{}", serde_json::to_string(&sealed).expect("JSON")));
            for action in actions(&plan) {
                let script = script::act(&action, &permit(1), &site.secrets, &script::ScriptPlace::machine());
                assert_no_trace("an action or its script", &format!("{action:?}{script:?}{}", action.title()));
            }
        }
        world.cut(2, Cut::Before, false);
        let failed = site.carry_out(&apply(), &world).await;
        assert_no_trace("a failed execution", &format!("{failed:?}"));
        world.revive();
        site.converge_by(&apply_with_outage(), &world).await;
        for host in world.state().hosts.values() {
            for path in host.paths.keys().filter(|at| *at != path.as_str() && !HAVE_THE_KEY.contains(&at.as_str())) {
                assert_no_trace(path, &host.text(path).unwrap_or_default());
            }
            for unit in host.units.values().filter_map(|unit| unit.process.as_ref()) {
                assert_no_trace("the record of a service", &format!("{:?}", unit.started));
            }
        }
    });
}

/// The files with the secret of a property.
const HAVE_THE_KEY: &[&str] = &["/etc/spark/spark-defaults.conf", "/etc/spark/worker.conf", "/etc/spark/history.conf"];

/// A secret file is known to be the same or another one, and nothing else.
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
                drain: member.drain,
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
        let newer = Secrets([(secret_ref(), "another-one".to_owned()), (key_ref(), SECRET.to_owned())].into());
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
                .any(|state| state.files.values().any(|file| matches!(file.content, Content::Secret(_))))
        );
    });
}

/// Files that contain the secret of a property can be read by Spark's user alone; whoever reads it at its start is rolled, and nobody else.
#[test]
fn law_6_a_changed_secret_of_a_property_is_rolled() {
    run(async {
        let site = Shape::spread(3, 2, 2).with(|s| s.authenticate = true).site();
        let world = converged(&site).await;
        for path in ["/etc/spark/worker.conf", "/etc/spark/spark-defaults.conf"] {
            let host = world.state().hosts[&name("h6")].clone();
            assert!(host.text(path).is_some_and(|text| text.contains(&format!("secret.key {SECRET}\n"))), "{path}");
            let Access { owner, group, mode } = &host.paths[path].access;
            assert_eq!((owner.as_str(), group.as_str(), *mode), ("root", "spark", 0o640), "{path}");
        }
        let newer = Secrets([(secret_ref(), SECRET.to_owned()), (key_ref(), "another-one".to_owned())].into());
        let site = Site { secrets: newer.clone(), ..site };
        let mut world = world.fork();
        world.secrets = newer;
        let plan = site.plan(&apply(), &world).await.expect("a plan").to_string();
        assert!(plan.contains("file /etc/spark/worker.conf: it differs (hidden: it contains a secret)"), "{plan}");
        assert!(plan.contains("restart spark-worker") && !plan.contains("restart spark-master"), "{plan}");
        assert!(!plan.contains("outage"), "{plan}");
        site.converge(&world).await;
        world.assert_lawful();
    });
}

/// A secret that becomes a plain value: the file on the host is another's secret for good, and no diff shows it.
#[test]
fn law_6_a_secret_that_leaves_the_topology_is_not_shown() {
    run(async {
        let shape = Shape::spread(0, 1, 1).with(|s| s.authenticate = true);
        let harmless = shape.text().replace("spark.hadoop.fs.s3a.secret.key", "spark.sql.catalog.lake.uri");
        let site = Site::of(&harmless);
        let world = converged(&site).await;
        let plain = Site::of(&harmless.replace("{ env: SIM_KEY }", "\"x\""));
        let plan = plain.plan(&apply(), &world).await.expect("a plan");
        assert_no_trace("a plan", &format!("{plan}{}", serde_json::to_string(&plan.form()).expect("JSON")));
        assert!(plan.to_string().contains("file /etc/spark/spark-defaults.conf: it differs (hidden"), "{plan}");
    });
}
