//! The picture as SVG, drawn by hand: it is looked at in a browser, in a review, beside a plan.

use std::fmt::Write as _;

use super::{Card, Change, Group, Picture, Talk};
use crate::value::Role;

const WIDTH: usize = 1040;
const MARGIN: usize = 24;
const CARD: usize = 309;
const GAP: usize = 16;
const LINE: usize = 18;
/// A role's box.
const BOX: usize = 180;
/// Letters of the small font that a step's line holds.
const LETTERS: usize = 140;

const STYLE: &str = "text{font-family:system-ui,sans-serif;font-size:13px;fill:#1c2733}\
.title{font-size:20px;font-weight:600}.group{font-size:14px;font-weight:600;fill:#44525f}.small{font-size:11px;fill:#5c6975}\
.name{font-weight:600}.frame{fill:#f6f8fa;stroke:#d5dde4}.card{fill:#fff;stroke:#c2ccd5}\
.changed{fill:#fff3d6;stroke:#d9a62e}.unknown{fill:#eee;stroke:#999;stroke-dasharray:4 3}.arrow{stroke:#5c6975;fill:none}";

/// The picture as one SVG file.
pub fn svg(picture: &Picture) -> String {
    let Picture { cluster, groups, talks, steps } = picture;
    let mut page = Page { body: String::new(), y: MARGIN };
    page.y += 16;
    page.text(MARGIN, "title", cluster);
    page.y += 20;
    page.talks(talks);
    groups.iter().for_each(|group| page.group(group));
    if let Some(steps) = steps {
        page.steps(steps);
    }
    let height = page.y + MARGIN;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\">\n\
         <style>{STYLE}</style>\n\
         <defs><marker id=\"head\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" orient=\"auto\">\
         <path d=\"M0 0L8 4L0 8z\" fill=\"#5c6975\"/></marker></defs>\n\
         <rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#fff\"/>\n{}</svg>\n",
        page.body
    )
}

/// Grows downwards.
struct Page {
    body: String,
    y: usize,
}

impl Page {
    fn put(&mut self, element: &str) {
        self.body.push_str(element);
        self.body.push('\n');
    }

    fn text(&mut self, x: usize, class: &str, text: &str) {
        let y = self.y;
        self.put(&format!("<text x=\"{x}\" y=\"{y}\" class=\"{class}\">{}</text>", escape(text)));
    }

    /// The roles in a row, an arrow for each pair that talks, and the ports on it.
    fn talks(&mut self, talks: &[Talk]) {
        let mut roles: Vec<Role> = talks.iter().flat_map(|talk| [talk.from, talk.to]).collect();
        roles.sort();
        roles.dedup();
        if roles.is_empty() {
            return;
        }
        let apart = if roles.len() > 1 { (WIDTH - 2 * MARGIN - BOX) / (roles.len() - 1) } else { 0 };
        let left = |role: Role| MARGIN + roles.iter().position(|other| *other == role).unwrap_or(0) * apart;
        let top = self.y;
        let lines = talks.iter().map(|talk| talk.ports.len()).max().unwrap_or(0);
        let height = (2 * lines * 14 + 30).max(70);
        let middle = top + height / 2;
        for role in &roles {
            let x = left(*role);
            self.put(&format!(
                "<rect x=\"{x}\" y=\"{top}\" width=\"{BOX}\" height=\"{height}\" rx=\"8\" fill=\"{}\" stroke=\"{}\"/>",
                role.colours().0,
                role.colours().1
            ));
            self.y = top + 22;
            self.text(x + 12, "name", role.title());
            for talk in talks.iter().filter(|talk| talk.from == *role && talk.to == *role) {
                self.y += 8;
                for port in std::iter::once("among themselves:").chain(talk.ports.iter().map(String::as_str)) {
                    self.y += 14;
                    self.text(x + 12, "small", port);
                }
            }
        }
        for Talk { from, to, ports } in talks.iter().filter(|talk| talk.from != talk.to) {
            let rightwards = left(*from) < left(*to);
            let near = left(*from).abs_diff(left(*to)) <= apart;
            let (start, end) = if rightwards { (left(*from) + BOX, left(*to)) } else { (left(*from), left(*to) + BOX) };
            // One direction above the middle, the other below; who is not beside the other is reached around the rest.
            let y = if rightwards { middle - 8 } else { middle + 14 };
            if near {
                self.put(&format!("<path class=\"arrow\" marker-end=\"url(#head)\" d=\"M{start} {y}H{end}\"/>"));
            } else {
                let dip = top + height + 22;
                let (start, end) = (left(*from) + BOX / 2, left(*to) + BOX / 2);
                let bottom = top + height;
                self.put(&format!(
                    "<path class=\"arrow\" marker-end=\"url(#head)\" d=\"M{start} {bottom}C{start} {dip} {end} {dip} {end} {bottom}\"/>"
                ));
            }
            let x = start.min(end) + 8;
            for (at, port) in ports.iter().enumerate() {
                self.y = match (near, rightwards) {
                    (false, _) => top + height + 18 + at * 14,
                    (true, true) => y - 6 - (ports.len() - 1 - at) * 14,
                    (true, false) => y + 14 + at * 14,
                };
                self.text(x, "small", port);
            }
        }
        let around = talks.iter().any(|talk| left(talk.from).abs_diff(left(talk.to)) > apart);
        self.y = top + height + if around { 48 } else { 24 };
    }

    fn group(&mut self, group: &Group) {
        let Group { title, cards, more } = group;
        let per_row = (WIDTH - 2 * MARGIN - GAP) / (CARD + GAP);
        let services = cards.iter().map(|card| card.services.len()).max().unwrap_or(0);
        let card_height = 44 + services * 2 * LINE;
        let rows = cards.len().div_ceil(per_row);
        let top = self.y;
        let height = 38 + rows * (card_height + GAP) + if *more > 0 { 22 } else { 0 };
        let width = WIDTH - 2 * MARGIN;
        self.put(&format!(
            "<rect class=\"frame\" x=\"{MARGIN}\" y=\"{top}\" width=\"{width}\" height=\"{height}\" rx=\"10\"/>"
        ));
        self.y = top + 25;
        self.text(MARGIN + GAP, "group", title);
        for (at, card) in cards.iter().enumerate() {
            let x = MARGIN + GAP + at % per_row * (CARD + GAP);
            self.y = top + 38 + at / per_row * (card_height + GAP);
            self.card(x, card_height, card);
        }
        if *more > 0 {
            self.y = top + height - 10;
            self.text(MARGIN + GAP, "small", &format!("and {more} more like {}", cards[cards.len() - 1].name));
        }
        self.y = top + height + GAP;
    }

    fn card(&mut self, x: usize, height: usize, card: &Card) {
        let Card { name, place, services, change } = card;
        let top = self.y;
        let class = match change {
            Change::None => "card",
            Change::Changed => "changed",
            Change::Unknown => "unknown",
        };
        self.put(&format!(
            "<rect class=\"{class}\" x=\"{x}\" y=\"{top}\" width=\"{CARD}\" height=\"{height}\" rx=\"6\"/>"
        ));
        self.y = top + 20;
        self.text(x + 12, "name", name);
        self.y += 15;
        self.text(x + 12, "small", place);
        for (role, ports) in services {
            self.y += LINE + 2;
            let dot = self.y - 5;
            self.put(&format!("<circle cx=\"{}\" cy=\"{dot}\" r=\"4\" fill=\"{}\"/>", x + 16, role.colours().1));
            self.text(x + 26, "", role.title());
            self.y += LINE - 4;
            self.text(x + 26, "small", ports);
        }
    }

    fn steps(&mut self, steps: &[String]) {
        self.y += 18;
        self.text(MARGIN, "group", if steps.is_empty() { "Nothing to do." } else { "In this order" });
        for (at, step) in steps.iter().enumerate() {
            self.y += LINE;
            let text: String = step.chars().take(LETTERS).collect();
            let cut = if step.chars().count() > LETTERS { "..." } else { "" };
            self.text(MARGIN + 12, "", &format!("{}. {text}{cut}", at + 1));
        }
    }
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c => write!(out, "{c}").expect("a String takes all text"),
        }
    }
    out
}
