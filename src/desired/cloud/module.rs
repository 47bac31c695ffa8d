//! A platform's Terraform module: templates with holes, and what fills them.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use crate::hcl::{Holes, names_in};
use crate::host::render_template;
use crate::value::as_argument;

/// A platform's resources with holes, and what fills them.
#[derive(Debug, Default)]
pub struct Module {
    pub parts: Vec<Part>,
    texts: BTreeMap<&'static str, String>,
    /// The page beside the module: its template, and what fills it.
    page: Option<(&'static str, serde_json::Value)>,
    /// Every file that may be rendered here, whatever the topology says.
    pub names: BTreeSet<&'static str>,
}

/// Some resources of one file.
#[derive(Debug)]
pub struct Part {
    pub file: &'static str,
    pub template: &'static str,
    pub holes: Rc<Holes>,
}

/// The same for every cloud.
const BACKEND: (&str, &str) = ("backend.tf", include_str!("../../../templates/terraform/backend.tf"));

impl Module {
    /// The holes that no template has, and those that get no value.
    pub fn unmatched(&self) -> BTreeSet<String> {
        let mut asked: BTreeMap<*const Holes, BTreeSet<&str>> = BTreeMap::new();
        for part in &self.parts {
            asked.entry(Rc::as_ptr(&part.holes)).or_default().extend(names_in(part.template));
        }
        let differ = |part: &Part| -> Vec<String> {
            let asked = &asked[&Rc::as_ptr(&part.holes)];
            asked.symmetric_difference(&part.holes.names()).map(ToString::to_string).collect()
        };
        self.parts.iter().flat_map(differ).collect()
    }

    /// Files that another topology of this platform would have.
    pub fn may_have(&mut self, names: impl IntoIterator<Item = &'static str>) {
        self.names.extend(names);
    }

    /// The page beside the module.
    pub fn readme(&mut self, template: &'static str, values: serde_json::Value) {
        self.page = Some((template, values));
    }

    /// The files that are not HCL. `file`: the topology's name in its folder.
    pub fn texts(self, file: &str) -> BTreeMap<&'static str, String> {
        let mut texts = self.texts;
        if let Some((template, mut values)) = self.page {
            values["argument"] = as_argument(file).into();
            let page = render_template(template, &values);
            // Conditions leave their line breaks at the end.
            texts.insert("README.md", format!("{}\n", page.trim_end()));
        }
        texts
    }

    /// A file for each template, all with the same holes; and where the state is.
    pub fn of(
        templates: &[(&'static str, &'static str)],
        holes: Holes,
        texts: BTreeMap<&'static str, String>,
    ) -> Module {
        let holes = Rc::new(holes);
        let part = |(file, template): &(&'static str, &'static str)| Part { file, template, holes: holes.clone() };
        let mut texts = texts;
        texts.insert(".gitignore", include_str!("../../../templates/terraform/gitignore").to_owned());
        let templates: Vec<_> = templates.iter().chain([&BACKEND]).copied().collect();
        let names = templates.iter().map(|(name, _)| *name).chain(texts.keys().copied()).chain(["README.md"]).collect();
        Module { parts: templates.iter().map(part).collect(), texts, page: None, names }
    }
}

/// The files of a folder of `templates/terraform`.
macro_rules! templates {
    ($folder:literal: $($file:literal)*) => {
        &[$(($file, include_str!(concat!("../../../templates/terraform/", $folder, "/", $file)))),*]
    };
}
pub(crate) use templates;
