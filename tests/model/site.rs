//! Topologies to try, and the way from one to a changed site: look, plan, lease, look again, approve, execute.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::SimWorld;
use super::host::SimHost;
use provision::desired::{self, Desired};
use provision::diagnostic::{Severity, Source};
use provision::execute::{Event, NoLease, NotBegun, Operator, Outcome, Report, Sink, Stop, Work, identify};
use provision::host::{HostError, Secrets};
use provision::observe::{self, Observed};
use provision::plan::{self, Goal, Moved, Plan, Refusal, SealedPlan};
use provision::value::{Identity, Name, SecretRef};
use provision::{cluster, topology};

pub const ARCHIVES: [&str; 2] = ["/srv/dist/zookeeper-3.9.5.tar.gz", "/srv/dist/spark-4.3.0.tar.gz"];

/// A topology in a few numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    pub hosts: usize,
    /// The hosts of the members, in the order of their ids.
    pub members: Vec<usize>,
    pub masters: Vec<usize>,
    pub workers: Vec<usize>,
    pub log_dir: bool,
    pub settings: Settings,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    pub connections: u32,
    pub tick: u32,
    pub zookeeper_heap: u32,
    pub master_heap: u32,
    pub worker_heap: u32,
    pub cores: u32,
    pub authenticate: bool,
    pub firewall: bool,
    /// A property of jobs alone, and one that daemons read.
    pub live: u32,
    pub daemon: u32,
    pub sum: Option<char>,
    /// The heap of a history server on the first master's host, if there is one.
    pub history: Option<u32>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            connections: 60,
            tick: 2000,
            zookeeper_heap: 256,
            master_heap: 512,
            worker_heap: 512,
            cores: 1,
            authenticate: false,
            firewall: false,
            live: 1,
            daemon: 1,
            sum: None,
            history: None,
        }
    }
}

impl Shape {
    /// Members, masters and workers side by side on the same hosts.
    pub fn side_by_side(members: usize, masters: usize, workers: usize) -> Shape {
        let hosts = members.max(masters).max(workers);
        let first = |count: usize| (0..count).collect();
        Shape {
            hosts,
            members: first(members),
            masters: first(masters),
            workers: (hosts - workers..hosts).collect(),
            log_dir: false,
            settings: Settings::default(),
        }
    }

    /// A host for each: members first, then masters, then workers.
    pub fn spread(members: usize, masters: usize, workers: usize) -> Shape {
        Shape {
            hosts: members + masters + workers,
            members: (0..members).collect(),
            masters: (members..members + masters).collect(),
            workers: (members + masters..members + masters + workers).collect(),
            log_dir: false,
            settings: Settings::default(),
        }
    }

    pub fn with(&self, change: impl FnOnce(&mut Settings)) -> Shape {
        let mut shape = self.clone();
        change(&mut shape.settings);
        shape
    }

    pub fn text(&self) -> String {
        let Settings {
            connections,
            tick,
            zookeeper_heap,
            master_heap,
            worker_heap,
            cores,
            authenticate,
            firewall,
            live,
            daemon,
            sum,
            history,
        } = &self.settings;
        let sum = sum.map_or_else(String::new, |digit| format!(", sha512: \"{}\"", digit.to_string().repeat(128)));
        let [zookeeper, spark] = ARCHIVES;
        let mut t =
            String::from("apiVersion: provision/v1\nname: sim\nplatforms:\n  rack:\n    nodes:\n      hosts:\n");
        for host in 0..self.hosts {
            let at = host + 1;
            line(&mut t, &format!("        h{at}: {{ address: 10.0.{}.{} }}", at / 250, at % 250));
        }
        if *firewall {
            line(&mut t, "      firewall: nftables");
        }
        line(&mut t, "services:");
        if !self.members.is_empty() {
            let members: Vec<_> =
                self.members.iter().enumerate().map(|(at, host)| format!("{}: h{}", at + 1, host + 1)).collect();
            line(&mut t, "  zookeeper:");
            line(&mut t, &format!("    archive: {{ onHost: {{ path: {zookeeper}{sum} }} }}"));
            line(&mut t, &format!("    members: {{ {} }}", members.join(", ")));
            line(&mut t, "    dataDir: /data/zookeeper");
            if self.log_dir {
                line(&mut t, "    dataLogDir: /log/zookeeper");
            }
            line(&mut t, &format!("    heap: {zookeeper_heap}m"));
            line(&mut t, &format!("    config: {{ tickTime: {tick}, maxClientCnxns: {connections} }}"));
        }
        let secret = if *authenticate { ", spark.hadoop.fs.s3a.secret.key: { env: SIM_KEY }" } else { "" };
        if !self.masters.is_empty() {
            line(&mut t, "  spark:");
            line(&mut t, &format!("    archive: {{ onHost: {{ path: {spark} }} }}"));
            line(&mut t, &format!("    masters: {{ hosts: [{}], heap: {master_heap}m }}", hosts(&self.masters)));
            line(
                &mut t,
                &format!(
                    "    workers: {{ hosts: [{}], cores: {cores}, memory: 1g, heap: {worker_heap}m }}",
                    hosts(&self.workers)
                ),
            );
            line(
                &mut t,
                &format!(
                    "    config: {{ spark.eventLog.level: \"{live}\", spark.worker.cleanup.interval: \"{daemon}\"{secret} }}"
                ),
            );
            if let Some(heap) = history {
                let host = self.masters[0] + 1;
                line(&mut t, &format!("    history: {{ host: h{host}, events: /mnt/events, heap: {heap}m }}"));
            }
            if *authenticate {
                line(&mut t, "    authenticate: { secret: { env: SIM_SECRET } }");
            }
        }
        t
    }

    pub fn site(&self) -> Site {
        Site::of(&self.text())
    }
}

fn hosts(all: &[usize]) -> String {
    all.iter().map(|host| format!("h{}", host + 1)).collect::<Vec<_>>().join(", ")
}

fn line(text: &mut String, line: &str) {
    writeln!(text, "{line}").expect("a String takes all text");
}

/// A topology as commands see it.
#[derive(Clone, Debug)]
pub struct Site {
    pub text: String,
    /// The identity that the cluster gets if no host has one yet.
    pub new_identity: Identity,
    /// True if somebody else changes the same hosts meanwhile.
    pub has_rival: bool,
    /// A change of the world between the plan and the lease.
    pub meanwhile: fn(&SimWorld),
    /// Hosts that turn out not to be fit then, if the plan is another.
    pub unfit: BTreeMap<Name, HostError>,
    pub desired: Desired,
    pub secrets: Secrets,
}

pub const SECRET: &str = "correct-horse-battery-staple";

impl Site {
    pub fn of(text: &str) -> Site {
        let source = Source::new("site.yaml", text);
        let (file, mut problems) = topology::load(&source);
        let topology = topology::check(&file, &mut problems);
        let sorted = problems.sorted();
        let errors: Vec<_> = sorted.iter().filter(|problem| problem.code.severity() == Severity::Error).collect();
        assert!(errors.is_empty(), "{text}\n{errors:#?}");
        let cluster = cluster::resolve(&topology.expect("there are no errors"), || Err("no".to_owned()))
            .expect("machines are delivered");
        let desired = desired::of(&cluster);
        let files = desired.hosts.values().flat_map(|state| state.files.values());
        let secret = files.flat_map(|file| file.content.secrets());
        let secrets = Secrets(secret.map(|(secret, _)| (secret.clone(), SECRET.to_owned())).collect());
        Site {
            text: text.to_owned(),
            new_identity: new_identity(),
            has_rival: false,
            meanwhile: |_| {},
            unfit: BTreeMap::new(),
            desired,
            secrets,
        }
    }

    /// Fresh machines.
    pub fn world(&self) -> SimWorld {
        let fresh = |address: &str| {
            let mut host = SimHost::new(address);
            host.archives = ARCHIVES.iter().map(|path| ((*path).to_owned(), "a".repeat(128))).collect();
            host
        };
        let hosts: BTreeMap<Name, SimHost> =
            self.desired.hosts.iter().map(|(name, state)| (name.clone(), fresh(state.host.address.as_str()))).collect();
        SimWorld::new(hosts, Secrets([secret_ref(), key_ref()].map(|secret| (secret, SECRET.to_owned())).into()))
    }

    pub async fn observe(&self, world: &SimWorld) -> Observed {
        observe::observe(&self.desired, &self.secrets, world).await
    }

    pub async fn plan(&self, goal: &Goal, world: &SimWorld) -> Result<Plan, Vec<Refusal>> {
        let observed = self.observe(world).await;
        plan::plan(goal, &self.identified_for(goal, &observed), &observed)
    }

    /// The desired state with the identity that hosts carry, else the one that tests expect.
    pub fn identified(&self, observed: &Observed) -> Desired {
        self.identified_for(&apply(), observed)
    }

    fn identified_for(&self, goal: &Goal, observed: &Observed) -> Desired {
        let mut desired = self.desired.clone();
        identify(goal, &mut desired, &self.new_identity, observed);
        desired
    }

    /// As the command does it, up to the end of the execution.
    pub async fn carry_out(&self, goal: &Goal, world: &SimWorld) -> End {
        self.carry_out_sealed(goal, None, world).await
    }

    /// The same with a saved plan, which must still hold once the lease is there.
    pub async fn carry_out_sealed(&self, goal: &Goal, sealed: Option<&SealedPlan>, world: &SimWorld) -> End {
        let observed = self.observe(world).await;
        let mut desired = self.identified_for(goal, &observed);
        let plan = match plan::plan(goal, &desired, &observed) {
            Ok(plan) if plan.is_empty() => return End::Nothing,
            Ok(plan) => plan,
            Err(refusals) => return End::Refused(refusals),
        };
        (self.meanwhile)(world);
        let destroys = matches!(goal, Goal::Destroy { .. });
        let allowed = destroys || matches!(goal, Goal::Apply { allow_outage: true, .. });
        let mut desk = Desk {
            log: Vec::new(),
            world,
            has_rival: self.has_rival,
            destroys,
            allowed,
            asked: false,
            unfit: self.unfit.clone(),
        };
        let stop = Stop::default();
        let work = Work {
            goal,
            sealed,
            desired: &mut desired,
            new_identity: &self.new_identity,
            secrets: &self.secrets,
            world,
            who: "the test",
            stop: &stop,
            unfit: &BTreeMap::new(),
        };
        match work.converge(&plan, &observed, &mut desk).await {
            Ok(report) => End::Executed(report, desk.log),
            Err(NotBegun::NoLease(error)) => End::NoLease(error),
            Err(NotBegun::NoPlan(refusals, _)) => End::Refused(refusals),
            Err(NotBegun::NotApproved(error)) => End::NotApproved(error.to_string()),
            Err(NotBegun::Moved(moved)) => End::NotApproved(format!("{moved:?}")),
            Err(NotBegun::No(moved)) => End::NotApproved(moved),
        }
    }

    /// Applied, with nothing left to do.
    pub async fn converge(&self, world: &SimWorld) {
        self.converge_by(&apply(), world).await;
    }

    pub async fn converge_by(&self, goal: &Goal, world: &SimWorld) {
        match self.carry_out(goal, world).await {
            End::Nothing => {}
            End::Executed(Report { outcome: Outcome::Done, .. }, _) => {
                let plan =
                    self.plan(goal, world).await.unwrap_or_else(|refusals| panic!("{refusals:?}\n{}", self.text));
                assert!(plan.is_empty(), "a plan after an apply is not empty:\n{plan}\n{}", self.text);
            }
            end => panic!("{end:?}\n{}", self.text),
        }
        self.assert_current(world);
    }

    /// Checks that every running process started with the files that lie on its host and that the topology asks for.
    pub fn assert_current(&self, world: &SimWorld) {
        let state = world.state();
        for (name, wanted) in &self.desired.hosts {
            let host = &state.hosts[name];
            for (unit, service) in &wanted.services {
                let process =
                    host.process(unit).unwrap_or_else(|| panic!("{unit} on {name} does not run\n{}", self.text));
                for path in &service.inputs {
                    let now = host.bytes(path.as_str()).unwrap_or_else(|| panic!("{path} on {name} is not there"));
                    let then = process.inputs.get(path.as_str()).map(Vec::as_slice);
                    assert_eq!(
                        then,
                        Some(now),
                        "{unit} on {name} runs with another {path} than lies there\n{}",
                        self.text
                    );
                }
            }
        }
    }
}

/// The identity of every cluster that the tests let begin.
pub fn new_identity() -> Identity {
    "abcdef0123456789abcdef0123456789".parse().expect("an identity")
}

pub fn secret_ref() -> SecretRef {
    SecretRef::Env("SIM_SECRET".to_owned())
}

/// The secret of a property.
pub fn key_ref() -> SecretRef {
    SecretRef::Env("SIM_KEY".to_owned())
}

pub fn path_of_secret() -> provision::value::HostPath {
    provision::value::HostPath::known(provision::service::spark::SECRET_FILE)
}

/// The end of an attempt.
#[allow(dead_code, reason = "some ends are only printed, when a test fails")]
#[derive(Debug)]
pub enum End {
    Nothing,
    Refused(Vec<Refusal>),
    NoLease(NoLease),
    NotApproved(String),
    Executed(Report, Vec<Event>),
}

/// The operator of the tests, who watches that nothing happens which the plan does not say.
struct Desk<'a> {
    log: Vec<Event>,
    world: &'a SimWorld,
    has_rival: bool,
    destroys: bool,
    allowed: bool,
    asked: bool,
    unfit: BTreeMap<Name, HostError>,
}

impl Sink for Desk<'_> {
    fn event(&mut self, event: Event) {
        self.log.push(event);
    }
}

impl Operator for Desk<'_> {
    type No = String;

    async fn agree(
        &mut self,
        fresh: &Plan,
        moved: &[Moved],
        _: &Desired,
        _: &Observed,
    ) -> Result<BTreeMap<Name, HostError>, String> {
        if !moved.is_empty() && self.has_rival {
            return Err(format!("{moved:?}"));
        }
        // As at the terminal: a plan that is the same is not judged again.
        if !self.asked && !moved.is_empty() && !self.unfit.is_empty() {
            self.asked = true;
            return Ok(self.unfit.clone());
        }
        // Without the hosts that failed it is another one.
        assert!(moved.is_empty() || self.asked, "nothing changed in between, and {moved:?}");
        self.asked = true;
        let planned = fresh.outages.iter().any(|outage| outage.what.contains("ZooKeeper"));
        let witness = &mut self.world.state().witness;
        witness.allow_outage = self.allowed;
        witness.quorum_may_stop = self.destroys || (self.allowed && planned);
        Ok(BTreeMap::new())
    }
}

pub fn apply() -> Goal {
    Goal::Apply { allow_outage: false, skip_unreachable: false }
}

pub fn apply_with_outage() -> Goal {
    Goal::Apply { allow_outage: true, skip_unreachable: false }
}

pub fn run<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime").block_on(work)
}
