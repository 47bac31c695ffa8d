//! Waiting until a service is whole, and stays so for a while.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tokio::time::Instant;

use super::{Event, Execution, Outcome, Sink, StepFailure};
use crate::desired::Desired;
use crate::host::{DROP_INS, Health, HostError, HostQuery, NodeFacts, Secrets, Seen, ServiceFacts, Target};
use crate::observe::{for_gate, look_at_all, set_unreadable_aside};
use crate::plan::Gate;
use crate::service::{self, health};
use crate::value::{Name, Redundancy, Role};
use crate::world::World;

/// docs/measurements.md: three passes in a row over at least two seconds; a member with a full disk looked well in between.
const PASSES: u32 = 3;
const PASSES_OVER: Duration = Duration::from_secs(2);
/// Between two looks: longer, the longer nothing has come of it. A look takes CPU from what it waits for.
const SHORTEST_PAUSE: Duration = Duration::from_millis(400);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// Between passes.
const PASS_PAUSE: Duration = Duration::from_secs(1);

/// Nodes of one role tend to fail for one reason.
const LOGS_SHOWN: usize = 3;

/// Looks at these hosts of a role (for workers at the masters too, which are the authority).
pub async fn look(
    role: Role,
    hosts: &[Name],
    desired: &Desired,
    secrets: &Secrets,
    world: &impl World,
) -> BTreeMap<Name, Seen> {
    look_at(&service::of(role).witnesses(role), role, hosts, desired, secrets, world).await
}

/// Looks at the nodes of `asked`, and of `role` only at those on `hosts`.
async fn look_at(
    asked: &[Role],
    role: Role,
    hosts: &[Name],
    desired: &Desired,
    secrets: &Secrets,
    world: &impl World,
) -> BTreeMap<Name, Seen> {
    let queries: Vec<(Target, HostQuery)> = desired
        .hosts
        .iter()
        .filter_map(|(name, state)| {
            let is_asked = |other: &Role| {
                if *other == role { hosts.contains(name) } else { state.services.contains_key(other.unit()) }
            };
            let asked: Vec<Role> = asked.iter().copied().filter(is_asked).collect();
            let query = for_gate(state, desired, secrets, &asked, role.redundancy() == Redundancy::Majority);
            (!asked.is_empty()).then(|| (Target::of(&state.host), query))
        })
        .collect();
    let mut seen = look_at_all(queries, world).await;
    seen.values_mut().for_each(set_unreadable_aside);
    seen
}

/// Counts passes in a row, and starts over when a member was restarted in between.
#[derive(Debug)]
pub struct Steady {
    role: Role,
    began: Instant,
    passes: u32,
    since: Option<Instant>,
    uptimes: BTreeMap<Name, u64>,
    /// The number of times that systemd has restarted each unit of a host.
    restarts: BTreeMap<(Name, String), u32>,
    /// Nodes that were not well after all had been, and before that had lasted: whoever changes back and forth keeps the others waiting.
    restless: BTreeSet<Name>,
    silent_since: Option<Instant>,
}

impl Steady {
    pub fn of(role: Role) -> Steady {
        Steady {
            role,
            began: Instant::now(),
            passes: 0,
            since: None,
            uptimes: BTreeMap::new(),
            restarts: BTreeMap::new(),
            restless: BTreeSet::new(),
            silent_since: None,
        }
    }

    /// The pause before the next look.
    pub fn pause(&self) -> impl Future<Output = ()> + use<> {
        let growing = (SHORTEST_PAUSE + self.began.elapsed() / 8).min(LONGEST_PAUSE);
        tokio::time::sleep(if self.passes > 0 { PASS_PAUSE } else { growing })
    }

    /// Adds one observation; for an ensemble it is whole only once that has lasted.
    pub fn take(&mut self, seen: &BTreeMap<Name, Seen>, facts: &mut ServiceFacts) {
        if facts.nodes.values().any(|node| node.health.serves()) {
            self.silent_since = None;
        } else {
            facts.silent_seconds = self.silent_since.get_or_insert_with(Instant::now).elapsed().as_secs();
        }
        for (name, uptime) in
            seen.iter().filter_map(|(name, seen)| Some((name, service::of(self.role).uptime(seen.facts()?)?)))
        {
            let before = self.uptimes.insert(name.clone(), uptime);
            if before.is_some_and(|before| uptime < before) {
                facts.suspect(name, format!("{name} says that it was started again since the last check"));
            }
        }
        for (name, unit, restarts) in seen
            .iter()
            .filter_map(|(name, seen)| Some((name, seen.facts()?)))
            .flat_map(|(name, facts)| facts.units.iter().map(move |(unit, seen)| (name, unit, seen.restarts)))
        {
            let before = self.restarts.insert((name.clone(), unit.clone()), restarts);
            if before.is_some_and(|before| restarts > before) {
                facts.suspect(name, format!("{name}: {unit} exited and was restarted by systemd"));
            }
        }
        if !facts.is_whole() {
            if (1..PASSES).contains(&self.passes) {
                let unwell = facts.nodes.iter().filter(|(host, node)| !is_well(facts, host, node));
                self.restless.extend(unwell.map(|(host, _)| host.clone()));
            }
            self.passes = 0;
            self.since = None;
        }
        if !facts.is_whole() || self.role.redundancy() != Redundancy::Majority {
            return;
        }
        self.passes += 1;
        let since = *self.since.get_or_insert_with(Instant::now);
        if self.passes < PASSES || since.elapsed() < PASSES_OVER {
            facts.missing.push("all members are healthy, and must stay so for 2 s".to_owned());
            facts.suspects.extend(self.restless.iter().cloned());
        } else {
            self.restless.clear();
        }
    }
}

/// Returns true if a node serves, and its answers do not keep the service from being whole.
fn is_well(facts: &ServiceFacts, host: &Name, node: &NodeFacts) -> bool {
    node.health.serves() && !facts.suspects.contains(host)
}

/// Turns a wait that ran out into failures of the nodes that are not well, keep the service from being whole, or contradict the others, if the service
/// works without them: a run that may leave hosts for later then goes on without these. Otherwise returns `otherwise`.
fn blame_nodes(role: Role, facts: &ServiceFacts, contradict: &[Name], otherwise: Outcome) -> Outcome {
    let (well, unwell): (Vec<_>, Vec<_>) =
        facts.nodes.iter().partition(|(host, node)| is_well(facts, host, node) && !contradict.contains(host));
    let works_without = match role.redundancy() {
        Redundancy::Majority => well.len() * 2 > facts.nodes.len(),
        Redundancy::One => !well.is_empty(),
        Redundancy::Pool => facts.blocked.is_none(),
    };
    // A lying master contradicts workers, whose role it does not have.
    let others = contradict.iter().filter(|host| !facts.nodes.contains_key(*host));
    let blamed: Vec<&Name> = unwell.into_iter().map(|(host, _)| host).chain(others).collect();
    if blamed.is_empty() || !works_without {
        return otherwise;
    }
    let failure = |host: &Name| {
        let why = format!("{otherwise} (`provision logs {host}` shows its own output)");
        let error = HostError::Failed { why };
        StepFailure { host: host.clone(), action: format!("wait for {}", role.unit()), error, unstopped: None }
    };
    Outcome::Failed { failures: blamed.into_iter().map(failure).collect() }
}

impl<W: World, S: Sink> Execution<'_, W, S> {
    /// Turns a wait that ran out into failures of the nodes to blame. Which those are may be known only to the other roles of the service: they are asked
    /// once.
    pub(super) async fn blame(
        &mut self,
        role: Role,
        hosts: &[Name],
        led_elsewhere: bool,
        mut facts: ServiceFacts,
        otherwise: Outcome,
    ) -> Outcome {
        self.show_logs(role, &facts).await;
        let service = service::of(role);
        let seen = look_at(service.roles(), role, hosts, self.desired, self.secrets, self.world).await;
        facts.suspects.extend(health(role, hosts, led_elsewhere, self.desired, &seen).suspects);
        let contradict: Vec<Name> =
            service.contradictions(self.desired, &seen).into_iter().map(|(host, _)| host).collect();
        blame_nodes(role, &facts, &contradict, otherwise)
    }

    /// Shows the last lines of nodes that do not serve: they alone say why.
    async fn show_logs(&mut self, role: Role, facts: &ServiceFacts) {
        let is_down = |node: &NodeFacts| matches!(node.health, Health::Down | Health::Unsettled);
        let down = facts.nodes.iter().filter(|(_, node)| is_down(node)).map(|(host, _)| host);
        let unit = role.unit().to_owned();
        let query = HostQuery { log: Some(unit.clone()), units: vec![unit], is_quick: true, ..HostQuery::default() };
        let queries = down.take(LOGS_SHOWN).map(|host| (Target::of(&self.desired.hosts[host].host), query.clone()));
        for (host, seen) in look_at_all(queries.collect(), self.world).await {
            let Some(facts) = seen.facts() else { continue };
            let drop_ins = facts.units.get(role.unit()).map(|unit| unit.drop_ins.join(", ")).unwrap_or_default();
            let theirs = (!drop_ins.is_empty()).then(|| format!("({DROP_INS} {drop_ins})"));
            let lines: Vec<String> = theirs.into_iter().chain(facts.log.iter().cloned()).collect();
            if !lines.is_empty() {
                self.sink.event(Event::Log { host, unit: role.unit().to_owned(), lines });
            }
        }
    }

    pub(super) async fn gate(&mut self, gate: &Gate) -> Result<(), Outcome> {
        let mut settled = Steady::of(gate.role);
        let end = Instant::now() + Duration::from_secs(gate.seconds);
        loop {
            let seen = look(gate.role, &gate.hosts, self.desired, self.secrets, self.world).await;
            let mut facts = health(gate.role, &gate.hosts, gate.led_elsewhere, self.desired, &seen);
            settled.take(&seen, &mut facts);
            if facts.is_whole() {
                self.sink.event(Event::Passed { what: format!("every {} is healthy", gate.role.title()) });
                return Ok(());
            }
            let because = facts.because();
            if Instant::now() > end {
                let what = format!("waiting for every {}", gate.role.title());
                let otherwise = Outcome::NotWell { what, seconds: gate.seconds, because, unit: gate.role.unit() };
                return Err(self.blame(gate.role, &gate.hosts, gate.led_elsewhere, facts, otherwise).await);
            }
            if self.stop.is_asked() {
                return Err(Outcome::Interrupted {
                    before: format!("wait until every {} is healthy", gate.role.title()),
                });
            }
            if !self.lease.is_held() {
                return Err(Outcome::LeaseLost);
            }
            self.sink.event(Event::Waiting { because });
            settled.pause().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::zookeeper::MEMBER;

    /// Members as one look has them: all serve but `down`.
    fn look(down: Option<&str>) -> ServiceFacts {
        let mut facts = ServiceFacts::default();
        for name in ["h1", "h2", "h3"] {
            let health = if Some(name) == down { Health::Unsettled } else { Health::Serving };
            if !health.serves() {
                facts.missing.push(format!("{name} does not serve"));
            }
            let node = NodeFacts { health, current: true, counts: true };
            facts.nodes.insert(name.parse().expect("a name"), node);
        }
        facts
    }

    #[tokio::test(start_paused = true)]
    async fn a_node_that_changes_back_and_forth_is_the_one_to_blame() {
        let mut settled = Steady::of(MEMBER);
        let mut suspects = Vec::new();
        // h2 has only just been started; h3 comes and goes.
        for down in [Some("h2"), None, Some("h3"), None, Some("h3"), None] {
            let mut facts = look(down);
            settled.take(&BTreeMap::new(), &mut facts);
            tokio::time::advance(Duration::from_secs(1)).await;
            suspects = facts.suspects.iter().map(ToString::to_string).collect();
        }
        assert_eq!(suspects, ["h3"]);
        // Once all have stayed well nobody is.
        for _ in 0..3 {
            let mut facts = look(None);
            settled.take(&BTreeMap::new(), &mut facts);
            tokio::time::advance(Duration::from_secs(1)).await;
            suspects = facts.suspects.iter().map(ToString::to_string).collect();
        }
        assert!(suspects.is_empty(), "{suspects:?}");
    }
}
