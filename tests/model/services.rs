//! The behaviour of `ZooKeeper` and Spark on the simulated machines, as far as plans and gates can tell.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tokio::time::Instant;

use super::host::{Process, SimHost};
use provision::host::Access;
use provision::value::Name;

pub const ZOOKEEPER: &str = "zookeeper";
pub const MASTER: &str = "spark-master";
pub const WORKER: &str = "spark-worker";
/// A member with this in its configuration comes up and never serves.
pub const POISON: &str = "maxClientCnxns=666";

/// The time without a quorum after which a master takes part in no election again.
pub const GIVES_UP: Duration = Duration::from_secs(20);

/// The durations of things.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    pub join: Duration,
    pub election: Duration,
    pub master: Duration,
    /// The time that a master's session outlives it.
    pub session: Duration,
    pub worker: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        let millis = Duration::from_millis;
        Pace {
            join: millis(900),
            election: millis(500),
            master: millis(700),
            session: millis(1500),
            worker: millis(500),
        }
    }
}

/// The state of a site's services.
#[derive(Clone, Debug, Default)]
pub struct Services {
    pub pace: Pace,
    /// The leader, and since when it leads.
    pub leader: Option<(Name, Instant)>,
    /// Members with a majority behind them: in sync, and (after an election) serving.
    pub synced: BTreeSet<Name>,
    pub serving: BTreeSet<Name>,
    pub elections: u64,
    /// The number of times that a history of transactions began from nothing.
    pub births: u64,
    /// True if all members of the ensemble served at once at some time.
    pub was_whole: bool,
    pub alive: Option<Alive>,
    vacant: Option<Instant>,
    /// In order: the first leads.
    pub latches: Vec<Latch>,
    latches_made: u64,
    /// Since when no member has served.
    unserved: Option<Instant>,
    /// Address and life of masters that take part in no election again.
    outside: BTreeSet<(String, u64)>,
    /// The longest time without an ALIVE master after the first.
    pub longest_vacancy: Duration,
}

/// The active master: which life of it, and under which leader of `ZooKeeper`.
#[derive(Clone, Debug, PartialEq)]
pub struct Alive {
    pub host: Name,
    life: u64,
    pub since: Instant,
    elections: u64,
}

/// The latch of a master in `ZooKeeper`, for as long as its session lasts: longer than its process.
#[derive(Clone, Debug)]
pub struct Latch {
    host: Name,
    life: u64,
    number: u64,
    until: Option<Instant>,
}

impl Latch {
    pub fn name(&self) -> String {
        // Nobody can read in it whose it is.
        format!("_c_{:08x}-latch-{:010}", self.number * 7919, self.number)
    }

    fn is_of(&self, alive: &Alive) -> bool {
        (&self.host, self.life) == (&alive.host, alive.life)
    }

    fn lives(&self, hosts: &BTreeMap<Name, SimHost>) -> bool {
        let process = hosts.get(&self.host).and_then(|host| host.process(MASTER));
        process.is_some_and(|process| process.life == self.life)
    }
}

/// A running member's own view.
#[derive(Clone, Debug)]
pub struct Member {
    pub host: Name,
    pub id: u8,
    /// `address:peer:election` by id.
    pub list: BTreeMap<u8, String>,
    pub client: String,
    pub data_dir: String,
    pub up: bool,
}

fn setting<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='))
}

pub fn input(process: &Process, path: &str) -> String {
    process.inputs.get(path).map(|bytes| String::from_utf8_lossy(bytes).into_owned()).unwrap_or_default()
}

pub fn folders(zoo_cfg: &str) -> (String, String) {
    let data = setting(zoo_cfg, "dataDir").unwrap_or("/nowhere").to_owned();
    let log = setting(zoo_cfg, "dataLogDir").unwrap_or(&data).to_owned();
    (data, log)
}

pub fn has_data(host: &SimHost, data: &str, log: &str) -> bool {
    [data, log].iter().any(|folder| host.holds_something(&format!("{folder}/version-2")))
}

impl Member {
    pub fn of(name: &Name, host: &SimHost, now: Instant, pace: &Pace) -> Option<Member> {
        let process = host.process(ZOOKEEPER)?;
        let mut cfg = input(process, "/etc/zookeeper/zoo.cfg");
        // A file of somebody's own, with other ports of members.
        if process.unit.contains("mine.cfg") {
            cfg = cfg.replace(":2888:", ":2889:");
        }
        let (data_dir, _) = folders(&cfg);
        let id: u8 = input(process, "/etc/zookeeper/myid").trim().parse().ok()?;
        let list: BTreeMap<u8, String> = cfg
            .lines()
            .filter_map(|line| line.strip_prefix("server.")?.split_once('='))
            .filter_map(|(id, place)| Some((id.parse().ok()?, place.to_owned())))
            .collect();
        let listed = list.get(&id).is_some_and(|place| place.starts_with(&format!("{}:", host.address)));
        let client = format!("{}:{}", host.address, setting(&cfg, "clientPort").unwrap_or("0"));
        let up = listed && !cfg.contains(POISON) && process.since + pace.join <= now;
        Some(Member { host: name.clone(), id, list, client, data_dir, up })
    }

    pub fn majority(&self) -> usize {
        self.list.len() / 2 + 1
    }
}

/// A one-shot marker is consumed at start, by a member without data only.
pub fn begin_member(host: &mut SimHost) {
    let Some(process) = host.process(ZOOKEEPER) else { return };
    let cfg = input(process, "/etc/zookeeper/zoo.cfg");
    let (data, log) = folders(&cfg);
    let marker = format!("{log}/initialize");
    if !has_data(host, &data, &log) && host.bytes(&marker).is_some() {
        host.paths.remove(&marker);
        keep_data(host, &data, 0);
    }
}

fn snapshot(data_dir: &str) -> String {
    format!("{data_dir}/version-2/snapshot.0")
}

fn keep_data(host: &mut SimHost, data_dir: &str, birth: u64) {
    host.scribble(&snapshot(data_dir), format!("{birth}\n").as_bytes(), Access::of(ZOOKEEPER, 0o640));
}

fn birth_of(host: &SimHost, data_dir: &str) -> Option<u64> {
    host.text(&snapshot(data_dir))?.trim().parse().ok()
}

impl Services {
    /// Lets everything happen that was due by now.
    pub fn gate_if_unwell(&mut self, hosts: &mut BTreeMap<Name, SimHost>, now: Instant) {
        hosts.values_mut().for_each(|host| host.retry(now));
        self.settle_ensemble(hosts, now);
        self.settle_masters(hosts, now);
    }

    fn settle_ensemble(&mut self, hosts: &mut BTreeMap<Name, SimHost>, now: Instant) {
        let members: Vec<Member> =
            hosts.iter().filter_map(|(name, host)| Member::of(name, host, now, &self.pace)).collect();
        let mut groups: BTreeMap<&BTreeMap<u8, String>, Vec<&Member>> = BTreeMap::new();
        for member in members.iter().filter(|member| member.up) {
            groups.entry(&member.list).or_default().push(member);
        }
        self.synced.clear();
        self.serving.clear();
        let mut formed = None;
        for group in groups.into_values() {
            let with_data =
                group.iter().filter(|member| birth_of(&hosts[&member.host], &member.data_dir).is_some()).count();
            // A member without data counts for nothing while a quorum forms; one that stands keeps whoever is in it.
            if with_data >= group[0].majority() {
                assert!(formed.is_none(), "two ensembles at once");
                formed = Some(group);
            }
        }
        let Some(group) = formed else {
            self.leader = None;
            return;
        };
        let newest =
            group.iter().filter_map(|member| birth_of(&hosts[&member.host], &member.data_dir)).max().unwrap_or(0);
        let birth = if newest > 0 {
            newest
        } else {
            self.births += 1;
            self.births
        };
        for member in &group {
            let host = hosts.get_mut(&member.host).expect("members are on hosts");
            if birth_of(host, &member.data_dir) != Some(birth) {
                keep_data(host, &member.data_dir, birth);
            }
            self.synced.insert(member.host.clone());
        }
        let stays = self.leader.as_ref().filter(|(leader, since)| {
            self.synced.contains(leader)
                && hosts[leader].process(ZOOKEEPER).is_some_and(|process| process.since <= *since)
        });
        if stays.is_none() {
            let leader = group.iter().max_by_key(|member| member.id).expect("a majority is somebody");
            self.leader = Some((leader.host.clone(), now));
            self.elections += 1;
        }
        let since = self.leader.as_ref().expect("elected above").1;
        if since + self.pace.election <= now || group[0].list.len() == 1 {
            self.serving = self.synced.clone();
            self.was_whole |= self.serving.len() == group[0].list.len();
        }
    }

    /// The client address of every member that serves.
    pub fn clients(&self, hosts: &BTreeMap<Name, SimHost>, now: Instant) -> Vec<String> {
        self.serving
            .iter()
            .filter_map(|name| Some(Member::of(name, hosts.get(name)?, now, &self.pace)?.client))
            .collect()
    }

    fn settle_masters(&mut self, hosts: &mut BTreeMap<Name, SimHost>, now: Instant) {
        let elections = self.elections;
        if let Some(alive) = self.alive.as_ref().filter(|alive| alive.elections != elections) {
            // A new leader of ZooKeeper ends the active master's session: it exits, and systemd starts it again.
            let process = hosts.get_mut(&alive.host).and_then(|host| host.process_mut(MASTER));
            if let Some(process) = process.filter(|process| process.life == alive.life) {
                process.since = now;
                process.life += 1 << 32;
            }
        }
        for latch in self.latches.iter_mut().filter(|latch| latch.until.is_none() && !latch.lives(hosts)) {
            latch.until = Some(now + self.pace.session);
        }
        self.latches.retain(|latch| latch.until.is_none_or(|until| until > now));
        let clients = self.clients(hosts, now);
        self.give_up(hosts, clients.is_empty(), now);
        for (host, process) in hosts.iter().filter_map(|(name, host)| Some((name, host.process(MASTER)?))) {
            let conf = input(process, "/etc/spark/ha.conf");
            let elects = conf.contains("recoveryMode") && !process.unit.contains("mine.conf");
            let able = !elects || clients.iter().any(|client| conf.contains(client.as_str()));
            let has = self.latches.iter().any(|latch| latch.host == *host && latch.life == process.life);
            let gave_up = self.outside.contains(&(hosts[host].address.clone(), process.life));
            let stands = !hosts[host].never_elects && (!elects || !gave_up);
            if able && stands && !has && process.since + self.pace.master <= now {
                self.latches.push(Latch {
                    host: host.clone(),
                    life: process.life,
                    number: self.latches_made,
                    until: None,
                });
                self.latches_made += 1;
            }
        }
        match self.latches.first().filter(|latch| latch.until.is_none()) {
            Some(latch) if self.alive.as_ref().is_none_or(|alive| !latch.is_of(alive)) => {
                self.alive = Some(Alive { host: latch.host.clone(), life: latch.life, since: now, elections });
                if let Some(vacant) = self.vacant.take() {
                    self.longest_vacancy = self.longest_vacancy.max(now - vacant);
                }
            }
            None if self.alive.take().is_some() => self.vacant = Some(now),
            Some(_) | None => {}
        }
    }

    /// The active master of an ensemble that is gone exits, and systemd starts it again; the others stay up. None of them elects again, if it was long.
    fn give_up(&mut self, hosts: &mut BTreeMap<Name, SimHost>, unserved: bool, now: Instant) {
        let since = *self.unserved.get_or_insert(now);
        if !unserved {
            self.unserved = None;
        } else if since + GIVES_UP <= now {
            let elects = |process: &Process| input(process, "/etc/spark/ha.conf").contains("recoveryMode");
            for (name, host) in hosts.iter_mut() {
                let address = host.address.clone();
                let Some(process) = host.process_mut(MASTER).filter(|process| elects(process)) else { continue };
                if self.alive.as_ref().is_some_and(|alive| alive.host == *name && alive.life == process.life) {
                    process.since = now;
                    process.life += 1 << 32;
                }
                if process.since + GIVES_UP <= now || process.since == now {
                    self.outside.insert((address, process.life));
                }
                self.latches.retain(|latch| latch.host != *name);
            }
        }
    }

    /// One master takes part in no election again, while the others do.
    pub fn leave_election(&mut self, host: &Name, hosts: &BTreeMap<Name, SimHost>) {
        let life = hosts[host].process(MASTER).expect("its master runs").life;
        self.outside.insert((hosts[host].address.clone(), life));
        self.latches.retain(|latch| latch.host != *host);
    }

    /// Somebody removes a latch. Returns what is wrong with that.
    pub fn release(&mut self, path: &str, hosts: &BTreeMap<Name, SimHost>) -> Option<String> {
        let at = self.latches.iter().position(|latch| path.ends_with(&latch.name()))?;
        let latch = self.latches.remove(at);
        latch.lives(hosts).then(|| format!("the latch {path} of a master that lives was removed"))
    }

    /// It leads, or would.
    pub fn master_can_lead(&self, host: &SimHost, now: Instant) -> bool {
        let gave_up = |process: &Process| self.outside.contains(&(host.address.clone(), process.life));
        self.master_stands(host, now) && !host.never_elects && !host.process(MASTER).is_some_and(gave_up)
    }

    /// ALIVE or STANDBY.
    pub fn master_stands(&self, host: &SimHost, now: Instant) -> bool {
        host.process(MASTER).is_some_and(|process| process.since + self.pace.master <= now)
    }

    /// Address and port of every worker that the active master knows.
    pub fn workers(&self, hosts: &BTreeMap<Name, SimHost>, now: Instant) -> Vec<(String, String)> {
        let Some(alive) = self.alive.as_ref().filter(|alive| alive.since + self.pace.worker <= now) else {
            return Vec::new();
        };
        let master = &hosts[&alive.host];
        let Some(active) = master.process(MASTER) else { return Vec::new() };
        let place = format!("{}:{}", master.address, option(&active.unit, "--port "));
        hosts
            .values()
            .filter(|host| !host.is_shunned)
            .filter_map(|host| Some((host, host.process(WORKER)?)))
            .filter(|(host, worker)| host.forgotten != Some(worker.life) && worker.since + self.pace.worker <= now)
            .filter(|(_, worker)| worker.unit.split(['/', ',', '\n', ' ']).any(|master| master == place))
            .filter(|(_, worker)| secret(worker) == secret(active))
            .map(|(host, worker)| (host.address.clone(), option(&worker.unit, "--port ").to_owned()))
            .collect()
    }
}

fn secret(process: &Process) -> String {
    input(process, "/etc/spark/secret.env")
}

fn option<'a>(unit: &'a str, name: &str) -> &'a str {
    unit.split_once(name).map_or("", |(_, rest)| rest.split_whitespace().next().unwrap_or_default())
}
