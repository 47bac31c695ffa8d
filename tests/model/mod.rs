//! A simulated world: hosts, what runs on them, and a witness who looks at every action.
//!
//! `look` answers in the words of `look.sh`, read by the program's own parser; `act` does what `act.sh` does.

pub mod act;
pub mod host;
pub mod look;
pub mod random;
pub mod services;
pub mod site;
pub mod witness;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use tokio::sync::watch;
use tokio::time::Instant;

use host::SimHost;
use provision::host::{Action, Claim, HostError, HostFacts, HostQuery, Secrets, Target};
use provision::value::Name;
use provision::world::{Hold, LeaseId, Output, Permit, World, script};
use services::Services;
use witness::Witness;

/// The point at which the operator's process is killed, or the host is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    Before,
    /// So many primitive changes were made.
    Within(usize),
    After,
}

/// The fault of one action.
#[derive(Clone, Copy, Debug)]
pub struct Fault {
    /// The action, counted from 0.
    pub at: usize,
    pub cut: Cut,
    /// True if the whole operator dies, false if only this action's connection does.
    pub kills: bool,
}

pub struct State {
    pub hosts: BTreeMap<Name, SimHost>,
    pub services: Services,
    pub witness: Witness,
    pub fault: Option<Fault>,
    /// Actions that began, by host and title.
    pub journal: Vec<(Name, String)>,
    pub holds: BTreeMap<Name, (u64, String)>,
    next_hold: u64,
}

/// The world of the tests.
#[derive(Clone)]
pub struct SimWorld {
    state: Arc<Mutex<State>>,
    pub secrets: Secrets,
    dead: watch::Sender<bool>,
}

impl SimWorld {
    pub fn new(hosts: BTreeMap<Name, SimHost>, secrets: Secrets) -> SimWorld {
        let state = State {
            hosts,
            services: Services::default(),
            witness: Witness::default(),
            fault: None,
            journal: Vec::new(),
            holds: BTreeMap::new(),
            next_hold: 0,
        };
        SimWorld { state: Arc::new(Mutex::new(state)), secrets, dead: watch::Sender::new(false) }
    }

    /// Another apply raises every host's epoch, and takes the lease away if the anchors agree.
    pub fn overtake(&self, anchors_agree: bool) {
        let mut state = self.state();
        for host in state.hosts.values_mut() {
            host.raise(host.epoch() + 9, "somebody else's").expect("room");
        }
        if anchors_agree {
            state.holds.clear();
        }
    }

    /// The same world once more, to try something else on. Times go on in the same runtime.
    pub fn fork(&self) -> SimWorld {
        let state = self.state();
        let copy = State {
            hosts: state.hosts.clone(),
            services: state.services.clone(),
            witness: state.witness.clone(),
            fault: None,
            journal: Vec::new(),
            holds: BTreeMap::new(),
            next_hold: 0,
        };
        SimWorld { state: Arc::new(Mutex::new(copy)), secrets: self.secrets.clone(), dead: watch::Sender::new(false) }
    }

    /// The state, with everything settled that was due by now.
    pub fn state(&self) -> MutexGuard<'_, State> {
        let mut guard = self.state.lock().expect("no test panics while it holds the state");
        let State { hosts, services, .. } = &mut *guard;
        services.gate_if_unwell(hosts, Instant::now());
        guard
    }

    /// Some seconds pass: whoever can, has come up and elected.
    pub async fn settled(&self) {
        for _ in 0..3 {
            drop(self.state());
            tokio::time::sleep(std::time::Duration::from_secs(2)).await;
        }
    }

    /// The operator is killed at this action of the next run, counted from 0.
    pub fn cut(&self, at: usize, cut: Cut, kills: bool) {
        let mut state = self.state();
        state.journal.clear();
        state.fault = Some(Fault { at, cut, kills });
    }

    /// Resolves once the operator was killed.
    pub async fn death(&self) {
        let mut dead = self.dead.subscribe();
        let _ = dead.wait_for(|dead| *dead).await;
    }

    /// The output of a host that is asked.
    pub fn answer(&self, target: &Target, query: &HostQuery) -> String {
        let state = self.state();
        look::answer(&state, &state.key(target), query, Instant::now())
    }

    /// Another operator sits down.
    pub fn revive(&self) {
        self.dead.send_replace(false);
        let mut state = self.state();
        state.fault = None;
        state.hosts.values_mut().for_each(|host| host.budget = None);
    }

    pub fn acts(&self) -> usize {
        self.state().journal.len()
    }

    pub fn assert_lawful(&self) {
        assert_eq!(self.violations(), Vec::<String>::new(), "{:#?}", self.state().journal);
    }

    pub fn violations(&self) -> Vec<String> {
        self.state().witness.violations.clone()
    }

    pub fn digest(&self) -> String {
        self.state().hosts.values().map(SimHost::digest).collect()
    }

    async fn if_alive(&self) {
        if *self.dead.borrow() {
            std::future::pending::<()>().await;
        }
    }
}

fn unreachable(target: &Target) -> HostError {
    HostError::Unreachable { address: target.reach.address().to_string(), why: "simulated".to_owned() }
}

impl State {
    fn reachable(&mut self, target: &Target) -> Result<&mut SimHost, HostError> {
        let host = self.hosts.get_mut(&self.key(target)).filter(|host| host.address == target.reach.address().as_str());
        host.filter(|host| host.reachable).ok_or_else(|| unreachable(target))
    }

    /// Under which name the machine at an address is kept here: a target may be the former address of a name.
    fn key(&self, target: &Target) -> Name {
        let at = |host: &SimHost| host.address == target.reach.address().as_str();
        let other = || self.hosts.iter().find(|(_, host)| at(host)).map(|(name, _)| name.clone());
        self.hosts
            .get(&target.name)
            .filter(|host| at(host))
            .map(|_| target.name.clone())
            .or_else(other)
            .unwrap_or_else(|| target.name.clone())
    }

    /// Takes one action in; `true` where the operator dies of it.
    fn act(
        &mut self,
        target: &Target,
        action: &Action,
        permit: &Permit,
        secrets: &Secrets,
    ) -> (Result<Vec<String>, HostError>, bool) {
        let now = Instant::now();
        let number = self.journal.len();
        self.journal.push((target.name.clone(), action.title()));
        let fault = self.fault.filter(|fault| fault.at == number);
        let lost = || Err(HostError::Lost { during: action.title().as_str().into(), why: "simulated".to_owned() });
        let kills = fault.is_some_and(|fault| fault.kills);
        if fault.is_some_and(|fault| fault.cut == Cut::Before) {
            return (lost(), kills);
        }
        let before = Witness::before(&self.services, &self.hosts, &target.name, action, now);
        let host = match self.reachable(target) {
            Ok(host) => host,
            Err(error) => return (Err(error), kills),
        };
        match &mut host.obeys {
            Some(0) => return (Err(host.disobeys_with.clone()), kills),
            Some(left) => *left -= 1,
            None => {}
        }
        host.budget = fault.and_then(|fault| match fault.cut {
            Cut::Within(changes) => Some(changes),
            Cut::Before | Cut::After => None,
        });
        let result = act::act(host, action, permit, secrets, now);
        host.budget = None;
        if let (Action::Release { latches, .. }, Ok(_)) = (action, &result) {
            let wrong = latches.iter().filter_map(|latch| self.services.release(latch, &self.hosts));
            self.witness.violations.extend(wrong.collect::<Vec<_>>());
        }
        self.services.gate_if_unwell(&mut self.hosts, now);
        self.witness.after(&before, &self.services, &self.hosts, &target.name, action);
        if fault.is_some() { (lost(), kills) } else { (result, kills) }
    }
}

impl World for SimWorld {
    async fn look(&self, target: &Target, query: &HostQuery) -> Result<HostFacts, HostError> {
        self.if_alive().await;
        self.state().reachable(target)?;
        let slowness = self.state().hosts[&target.name].slowness;
        if slowness > query.limit() {
            tokio::time::sleep(query.limit()).await;
            return Err(HostError::Timeout { seconds: query.limit().as_secs(), during: "looking".into() });
        }
        tokio::time::sleep(slowness).await;
        let answer = self.answer(target, query);
        let output = Output { status: 0, stdout: answer.into_bytes(), stderr: Vec::new() };
        script::facts(query, &script::ScriptPlace::machine(), &output, &(0..=i128::MAX))
    }

    async fn digest(&self, _: &std::path::Path) -> Option<String> {
        None
    }

    async fn act(&self, target: &Target, action: &Action, permit: &Permit) -> Result<Vec<String>, HostError> {
        self.if_alive().await;
        // Hosts are not equally fast: what happens at once happens in an order of its own.
        let slowness = self.state().journal.len() % 3 + target.name.as_str().len() % 2;
        tokio::time::sleep(std::time::Duration::from_millis(slowness as u64 * 7)).await;
        self.if_alive().await;
        let (result, dies) = self.state().act(target, action, permit, &self.secrets);
        if dies {
            self.dead.send_replace(true);
        }
        self.if_alive().await;
        result
    }

    async fn hold(
        &self,
        target: &Target,
        who: &str,
        ours: &Claim,
        lease: &LeaseId,
    ) -> Result<Box<dyn Hold>, HostError> {
        self.if_alive().await;
        let mut state = self.state();
        state.reachable(target)?;
        if let Some((_, owner)) = state.holds.get(&target.name) {
            return Err(HostError::Held { owner: owner.clone(), since: "2026-11-25T22:15:00Z".to_owned() });
        }
        state.next_hold += 1;
        let number = state.next_hold;
        state.holds.insert(target.name.clone(), (number, who.to_owned()));
        let host = state.reachable(target)?;
        if let Some(claim) = host.claim().filter(|claim| claim.identity != ours.identity && !host.is_early(claim, ours))
        {
            return Err(HostError::Foreign { carries: Some(claim) });
        }
        let epoch = host.epoch() + 1;
        host.raise(epoch, lease.as_str())?;
        Ok(Box::new(SimHold { world: self.state.clone(), host: target.name.clone(), number, epoch }))
    }
}

struct SimHold {
    world: Arc<Mutex<State>>,
    host: Name,
    number: u64,
    epoch: u64,
}

impl Hold for SimHold {
    fn is_held(&self) -> bool {
        let state = self.world.lock().expect("no test panics while it holds the state");
        state.hosts[&self.host].reachable
            && state.holds.get(&self.host).is_some_and(|(number, _)| *number == self.number)
    }

    fn epoch(&self) -> u64 {
        self.epoch
    }
}

impl Drop for SimHold {
    fn drop(&mut self) {
        if let Ok(mut state) = self.world.lock()
            && state.holds.get(&self.host).is_some_and(|(number, _)| *number == self.number)
        {
            state.holds.remove(&self.host);
        }
    }
}
