//! The lines of a script that remove what provision owns on a host.

use std::fmt::Write as _;

use super::act::{Writer, line};
use crate::desired::FIREWALL_RULES;
use crate::host::{Owned, Removal, STAMP_PATH, STATE_FOLDER};
use crate::service::{self, Service};
use crate::value::{HostPath, quote};

impl Writer<'_> {
    pub(super) fn remove_owned(&mut self, owned: &Owned, delete_data: bool) {
        let Owned { users, directories, files, distributions, units } = owned;
        // Data is found by the names that services give it.
        let names = service::all().flat_map(Service::data_names).map(|name| quote(name));
        line!(self, "with_our_names() {{ \"$@\" {}; }}", names.collect::<Vec<_>>().join(" "));
        if !owned.is_empty() {
            line!(self, "no_mounts");
        }
        // The trial of a killed run would bring the old rules back after the last unit that knows of them is gone.
        if files.iter().any(|path| path.as_str() == FIREWALL_RULES) {
            line!(self, "end_trial");
        }
        for unit in units {
            line!(self, "drop_unit {}", quote(unit));
        }
        // The stamp goes last of all, with the host's other records: a removal that was cut short goes on by it.
        for path in files.iter().filter(|path| path.as_str() != STAMP_PATH) {
            line!(self, "remove_file {}", self.place.word(path));
        }
        if !units.is_empty() {
            line!(self, "reload_units");
            let all: Vec<_> = units.iter().map(|unit| quote(&format!("{unit}.service"))).collect();
            line!(self, "systemctl reset-failed {} 2>/dev/null", all.join(" "));
        }
        for home in distributions {
            line!(self, "remove_distribution {}", self.place.word(home));
        }
        // Its unit does so when it stops, if it is there.
        if files.iter().any(|path| path.as_str() == FIREWALL_RULES) {
            line!(self, "drop_table");
        }
        // The deepest first, so that what is empty by then can go.
        for (path, data) in directories.iter().rev().filter(|(path, _)| path.as_str() != STATE_FOLDER) {
            let word = self.place.word(path);
            if service::all().any(|service| service.scratch().as_ref() == Some(path)) {
                line!(self, "remove_scratch {word}");
            }
            line!(self, "remove_directory {word} {data} {delete_data}");
        }
        for (user, home) in users {
            // Its home, or what lies beside it.
            let is_own = |path: &HostPath| path.is_within(home) || path.parent() == home.parent();
            let own = self.data_words(directories.iter().filter(|(path, _)| is_own(path)));
            line!(self, "remove_user {}{own}", quote(user));
        }
    }

    /// The directories that hold data, as words behind a space each.
    fn data_words<'d>(&self, directories: impl IntoIterator<Item = (&'d HostPath, &'d bool)>) -> String {
        let data = directories.into_iter().filter(|(_, data)| **data);
        data.map(|(path, _)| format!(" {}", self.place.word(path))).collect()
    }

    pub(super) fn remove(&mut self, removal: &Removal) {
        let Removal { owned, delete_data, keeps_epoch } = removal;
        // All services of the host are stopped, so their users' other processes may be ended.
        line!(self, "all_goes=yes");
        line!(self, "end_jobs");
        // What comes back of a trial of the firewall are rules of ours.
        line!(self, "end_trial && drop_table");
        line!(self, "no_mounts");
        self.remove_owned(owned, *delete_data);
        line!(self, "remove_made_parents");
        line!(self, "name_packages");
        if *delete_data {
            line!(self, "deletes=yes");
        }
        if *keeps_epoch {
            line!(self, "keeps_epoch=yes");
        }
        // While data stays, so does what says whose it is, and what of the host was made for it.
        line!(self, "remove_memory{}", self.data_words(&owned.directories));
    }
}
