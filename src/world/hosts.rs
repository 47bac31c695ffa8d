//! Every host by the way that leads to it.

use super::local::Local;
use super::ssh::Ssh;
use super::{Epoch, Hold, HostError, Io, Target, Upload, World};
use crate::cluster::Reach;
use crate::observe::{HostFacts, HostQuery};
use crate::plan::Action;

/// Machines over SSH, and folders of this one.
#[derive(Debug)]
pub struct Hosts {
    pub ssh: Ssh,
    pub local: Local,
}

impl Hosts {
    /// Copies a file of the operator's to a host.
    pub async fn copy(&self, target: &Target, upload: Upload) -> Result<(), HostError> {
        match target.reach {
            Reach::Ssh(_) => self.ssh.copy(target, upload).await,
            Reach::Local(_) => self.local.copy(target, &upload),
        }
    }

    /// Runs a command line of the operator's with this machine's own input and output. Returns its exit code.
    pub async fn interactive(&self, target: &Target, command: &str, io: Io) -> Result<i32, HostError> {
        match target.reach {
            Reach::Ssh(_) => self.ssh.interactive(target, command, io).await,
            Reach::Local(_) => self.local.interactive(target, command, io).await,
        }
    }
}

impl World for Hosts {
    async fn look(&self, target: &Target, query: &HostQuery) -> Result<HostFacts, HostError> {
        match target.reach {
            Reach::Ssh(_) => self.ssh.look(target, query).await,
            Reach::Local(_) => self.local.look(target, query).await,
        }
    }

    async fn act(&self, target: &Target, action: &Action, epoch: Epoch) -> Result<Vec<String>, HostError> {
        match target.reach {
            Reach::Ssh(_) => self.ssh.act(target, action, epoch).await,
            Reach::Local(_) => self.local.act(target, action, epoch).await,
        }
    }

    async fn hold(&self, target: &Target, who: &str) -> Result<Box<dyn Hold>, HostError> {
        match target.reach {
            Reach::Ssh(_) => self.ssh.hold(target, who).await,
            Reach::Local(_) => self.local.hold(target, who).await,
        }
    }
}
