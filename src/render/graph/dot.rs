//! The picture for Graphviz.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::{Card, Change, Picture, Talk};
use crate::value::Role;

/// The picture in the DOT language.
pub fn dot(picture: &Picture) -> String {
    let Picture { cluster, groups, talks, steps } = picture;
    let mut out = String::new();
    let mut line = |text: String| writeln!(out, "{text}").expect("a String takes all text");
    line(format!("digraph {} {{", quote(cluster)));
    line("  graph [rankdir=LR, fontname=\"sans-serif\"];".to_owned());
    line("  node [shape=box, style=\"rounded,filled\", fillcolor=white, fontname=\"sans-serif\"];".to_owned());
    line("  edge [fontname=\"sans-serif\", fontsize=10];".to_owned());
    // A node for each role, and an edge for each pair that talks; hosts hang on the roles that they have.
    let roles: BTreeSet<Role> =
        groups.iter().flat_map(|group| &group.cards).flat_map(|card| &card.services).map(|(role, _)| *role).collect();
    for role in &roles {
        line(format!("  {} [label={}, shape=ellipse];", quote(role.unit()), quote(role.title())));
    }
    for Talk { from, to, ports } in talks {
        line(format!("  {} -> {} [label={}];", quote(from.unit()), quote(to.unit()), quote(&ports.join("\n"))));
    }
    for (at, group) in groups.iter().enumerate() {
        line(format!("  subgraph cluster_{at} {{"));
        line(format!("    label={};", quote(&group.title)));
        for card in &group.cards {
            line(format!("    {} [label={}{}];", quote(&host(card)), quote(&label(card)), fill(card.change)));
        }
        if group.more > 0 {
            line(format!("    more_{at} [label={}, style=dashed];", quote(&format!("and {} more", group.more))));
        }
        line("  }".to_owned());
        for (card, (role, _)) in
            group.cards.iter().flat_map(|card| card.services.iter().map(move |service| (card, service)))
        {
            line(format!("  {} -> {} [dir=none, style=dotted];", quote(&host(card)), quote(role.unit())));
        }
    }
    if let Some(steps) = steps {
        let all: Vec<_> = steps.iter().enumerate().map(|(at, step)| format!("{}. {step}\n", at + 1)).collect();
        let text = if all.is_empty() { "nothing to do\n".to_owned() } else { all.concat() };
        // Lines that end with \l stand at the left.
        let text = quote(&text).replace("\\n", "\\l");
        line(format!("  plan [shape=note, label={text}];"));
    }
    out + "}\n"
}

fn label(card: &Card) -> String {
    let services = card.services.iter().map(|(role, ports)| format!("\n{}: {ports}", role.title()));
    format!("{}\n{}{}", card.name, card.place, services.collect::<String>())
}

fn fill(change: Change) -> &'static str {
    match change {
        Change::None => "",
        Change::Changed => ", fillcolor=\"#fff3d6\"",
        Change::Unknown => ", fillcolor=\"#eeeeee\", style=\"rounded,filled,dashed\"",
    }
}

/// A host may be called as a role is.
fn host(card: &Card) -> String {
    format!("host {}", card.name)
}

/// A string of DOT.
fn quote(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}
