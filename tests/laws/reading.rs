//! Law 4: looking and planning change nothing.

use crate::model::site::{Shape, apply, apply_with_outage, run};

use crate::common::*;

#[test]
fn law_4_looking_and_planning_change_nothing() {
    run(async {
        let shape = Shape::side_by_side(3, 2, 3);
        let fresh = shape.site().world();
        let converged = converged(&shape.site()).await;
        let drifted = converged.fork();
        drifted.state().hosts.get_mut(&name("h1")).expect("a host").paths.remove("/etc/zookeeper/zoo.cfg");
        for world in [fresh, converged, drifted] {
            world.state().journal.clear();
            let before = world.digest();
            for goal in [apply(), apply_with_outage(), DESTROY, DESTROY_ALL] {
                shape.with(|s| s.connections = 61).site().plan(&goal, &world).await.expect("a plan");
            }
            assert_eq!(world.acts(), 0);
            assert_eq!(world.digest(), before);
        }
    });
}
