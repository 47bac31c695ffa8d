//! The hosts that a platform names, for checks of services placed on them.

use std::collections::BTreeMap;

use super::file::HostFile;
use crate::diagnostic::{Code, Diagnostics};
use crate::value::{Name, Zone};
use crate::yaml::{Entries, Field, Span, suggest};

/// The hosts that a platform names, for checks of services placed on them.
#[derive(Debug)]
pub struct Hosts<'a> {
    /// `None` where the platform names none, or its hosts are wrong and reported already.
    named: Option<BTreeMap<&'a str, &'a Field<HostFile>>>,
}

impl<'a> Hosts<'a> {
    pub fn of(entries: Option<&'a Entries<HostFile>>) -> Hosts<'a> {
        let by_name = |entries: &'a Entries<HostFile>| {
            entries.into_iter().map(|entry| (entry.key.text.as_str(), &entry.value)).collect()
        };
        Hosts { named: entries.map(by_name) }
    }

    /// Returns true if `host` is declared; reports it otherwise. Where the hosts are unknown nothing is reported.
    pub fn check_declared(&self, at: Span, host: &Name, problems: &mut Diagnostics) -> bool {
        let Some(hosts) = &self.named else { return false };
        if hosts.contains_key(host.as_str()) {
            return true;
        }
        problems
            .add(Code::T010, at, format!("no host `{host}` is declared"))
            .maybe_help(suggest::hint(host.as_str(), hosts.keys().copied()));
        false
    }

    pub fn zone(&self, host: &Name) -> Option<&'a Zone> {
        self.named.as_ref()?.get(host.as_str())?.ok()?.zone.ok()
    }
}
