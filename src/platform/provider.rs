//! Platforms that make machines.

use super::machine::Machine;
use crate::value::{Address, Label, Role, UserName};

/// A platform that makes machines.
pub trait MachineProvider {
    /// Address and zone of the n-th member or master, from 1; `pinned` goes before its ordinal's zone.
    fn machine(&self, role: Role, number: u32, pinned: Option<&str>) -> (Address, Option<String>);

    /// The user that logs in to them.
    fn user(&self) -> &UserName;

    /// The size of a role's machines where the topology does not say.
    fn size(&self, role: Role) -> &'static str;

    /// A size as the cloud spells it.
    fn spelled(&self, size: &str) -> String {
        size.to_owned()
    }
}

/// The size that is written, or the platform's own.
pub fn size(platform: &impl MachineProvider, role: Role, machine: &Machine) -> String {
    platform.spelled(machine.size.as_ref().map_or(platform.size(role), Label::as_str))
}
