//! Law 1: rendering is deterministic, and a small edit is a small difference.

use crate::model::site::{Shape, Site};
use provision::render;

#[test]
fn law_1_rendering_twice_gives_the_same_bytes() {
    let nodes =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/topologies/nodes.yaml")).expect("the example");
    let shape = Shape::side_by_side(3, 2, 3);
    let variations = [
        nodes.clone(),
        nodes.replace("maxClientCnxns: 60", "maxClientCnxns: 600"),
        shape.with(|s| s.firewall = true).text(),
        shape.with(|s| s.authenticate = true).text(),
        Shape::side_by_side(7, 4, 8).text(),
    ];
    for text in variations {
        let first = render::hosts(&Site::of(&text).desired);
        assert!(!first.is_empty());
        assert_eq!(first, render::hosts(&Site::of(&text).desired));
    }
}

#[test]
fn law_1_one_changed_number_is_one_changed_line_on_each_member() {
    let shape = Shape::side_by_side(3, 2, 3);
    let (old, new) =
        (render::hosts(&shape.site().desired), render::hosts(&shape.with(|s| s.connections = 61).site().desired));
    let changed: Vec<_> = old.keys().filter(|path| old[*path] != new[*path]).collect();
    assert_eq!(changed.len(), 3, "{changed:?}");
    for path in changed {
        let differ = old[path].lines().zip(new[path].lines()).filter(|(old, new)| old != new).count();
        assert_eq!((differ, old[path].lines().count()), (1, new[path].lines().count()), "{}", path.display());
    }
}
