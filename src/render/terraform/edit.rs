//! What an edit of the topology does to machines that a module on disk has made already.
//!
//! Terraform changes machines in parallel and knows no gate. So what identifies a member or a master (name, address, zone) never
//! changes, and what would stop it (size, image) waits in the module until it is replaced by hand, one after the other.

use std::collections::BTreeMap;
use std::path::Path;

use hcl_edit::structure::Body;

use super::FileTree;
use crate::desired::cloud::Cloud;
use crate::hcl;

/// Machines with addresses of their own, by the name of their table.
const TABLES: &[&str] = &["zookeeper", "masters"];
/// What a machine is to everybody else.
const IDENTITY: &[&str] = &["name", "address", "zone"];
/// What it gets when it is made.
const MAKE: &[&str] = &["size", "image"];

/// The difference between a module on disk and the one of the topology.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edit {
    /// Why it must not be written.
    pub refused: Vec<String>,
    /// Machines that Terraform leaves as they are until they are replaced, in the order in which to do it.
    pub replacements: Vec<Replacement>,
}

/// One machine that is to be made anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replacement {
    /// The resource: `azurerm_linux_virtual_machine.zookeeper["1"]`.
    pub resource: String,
    /// What is attached to it, and must come along.
    pub attachment: Option<String>,
    /// What it gets: `size Standard_D4s_v5 (was Standard_D2s_v5)`.
    pub why: String,
}

impl Replacement {
    /// What an operator runs.
    pub fn command(&self) -> String {
        let target = self.attachment.as_ref().unwrap_or(&self.resource);
        format!("terraform apply -replace='{}' -target='{target}'", self.resource)
    }
}

impl Edit {
    /// `old`: what is on disk.
    pub fn between(old: &FileTree, new: &Cloud) -> Edit {
        let parse = |name: &str| old.get(Path::new(name)).and_then(|text| text.parse::<Body>().ok());
        let Some(tables) = parse("locals.tf") else { return Edit::default() };
        let mut edit = Edit::default();
        for (file, what) in [("network.tf", "location"), ("providers.tf", "region")] {
            let find = |body: &Body| hcl::find(body, what);
            let (before, after) = (parse(file).as_ref().and_then(find), new.files.get(file).and_then(find));
            if let (Some(before), Some(after)) = (before, after)
                && before != after
            {
                edit.refused.push(format!("{what} {after} (was {before}): every machine would be made anew, at once"));
            }
        }
        let Some(wanted) = new.files.get("locals.tf") else { return edit };
        for table in TABLES {
            let (before, after) = (hcl::table(&tables, table), hcl::table(wanted, table));
            for (key, row) in &after {
                if let Some(was) = before.get(key) {
                    edit.compare(new, table, key, was, row);
                }
            }
        }
        edit
    }

    fn compare(
        &mut self,
        cloud: &Cloud,
        table: &str,
        key: &str,
        was: &BTreeMap<String, String>,
        is: &BTreeMap<String, String>,
    ) {
        let none = "none".to_owned();
        let differ = |field: &&&str| was.get(**field) != is.get(**field);
        let text = |field: &str| {
            let (is, was) = (is.get(field).unwrap_or(&none), was.get(field).unwrap_or(&none));
            format!("{field} {is} (was {was})")
        };
        let moved: Vec<String> = IDENTITY.iter().filter(differ).map(|field| text(field)).collect();
        let machine = was.get("name").unwrap_or(&none);
        if !moved.is_empty() {
            self.refused.push(format!("{machine} would get {}", moved.join(", ")));
            return;
        }
        let made: Vec<String> = MAKE.iter().filter(differ).map(|field| text(field)).collect();
        // A table without these is of a module that this version has not written.
        if !made.is_empty() && was.contains_key("size") {
            let named = |kind: &str| format!("{kind}.{table}[\"{key}\"]");
            let has =
                |kind: &&&str| cloud.resources().iter().any(|r| r.address.kind == ***kind && r.address.name == table);
            let first = |kinds: &[&str]| kinds.iter().find(has).map(|kind| named(kind));
            let Some(resource) = first(&["azurerm_linux_virtual_machine", "aws_instance"]) else { return };
            let attachment = first(&["azurerm_virtual_machine_data_disk_attachment", "aws_volume_attachment"]);
            self.replacements.push(Replacement {
                resource,
                attachment,
                why: format!("{machine}: {}", made.join(", ")),
            });
        }
    }
}
