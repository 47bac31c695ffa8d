//! The pages of masters and workers, read into facts. The host only carries bytes.

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny};

use super::listeners::{HISTORY_PAGE, MASTER_PAGE, WORKER_PAGE};
use super::roles::{MASTER, WORKER};
use crate::host::{Ask, Host, HostFacts};
use crate::value::listener::Listener;
use crate::value::{Role, words};

/// Spark's web servers close after one answer in HTTP/1.0.
const JSON_REQUEST: &[u8] = b"GET /json/ HTTP/1.0\r\n\r\n";
const MASTER_ANSWER: &str = "master";
const HISTORY_REQUEST: &[u8] = b"GET /api/v1/applications HTTP/1.0\r\n\r\n";
const WORKER_ANSWER: &str = "worker";
const HISTORY_ANSWER: &str = "history";

words!(
    /// The state of a master (`RecoveryState`).
    MasterState {
        Alive "ALIVE",
        Standby "STANDBY",
        Recovering "RECOVERING",
        CompletingRecovery "COMPLETING_RECOVERY",
    }
);
words!(
    /// The state of a worker, as a master sees it (`WorkerState`).
    WorkerState {
        Alive "ALIVE",
        Dead "DEAD",
        Decommissioned "DECOMMISSIONED",
        Unknown "UNKNOWN",
    }
);

/// A master's `/json/`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct MasterFacts {
    pub status: MasterState,
    #[serde(default)]
    pub workers: Vec<WorkerEntry>,
    #[serde(default, rename = "activeapps", deserialize_with = "count")]
    pub applications: usize,
}

/// The length of a list. What is in it is a job's word, and costs no memory.
fn count<'de, D: Deserializer<'de>>(list: D) -> Result<usize, D::Error> {
    Vec::<IgnoredAny>::deserialize(list).map(|list| list.len())
}

/// A worker as a master lists it. Former ones stay listed, as DEAD.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct WorkerEntry {
    pub host: String,
    pub port: u16,
    pub state: WorkerState,
    pub cores: u32,
    #[serde(default)]
    pub coresused: u32,
    /// MiB.
    pub memory: u64,
    #[serde(default)]
    pub memoryused: u64,
}

impl MasterFacts {
    pub fn read(answer: &[u8]) -> Option<MasterFacts> {
        serde_json::from_slice(body(answer)?).ok()
    }

    pub fn is_alive(&self) -> bool {
        self.status == MasterState::Alive
    }

    pub fn is_standby(&self) -> bool {
        self.status == MasterState::Standby
    }
}

/// A worker's own `/json/`. Whether a master knows it is the master's to say.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct WorkerFacts {
    #[serde(default, deserialize_with = "count")]
    pub executors: usize,
}

impl WorkerFacts {
    pub fn read(answer: &[u8]) -> Option<WorkerFacts> {
        serde_json::from_slice(body(answer)?).ok()
    }
}

/// The body of an HTTP answer that says 200.
fn body(answer: &[u8]) -> Option<&[u8]> {
    let ok = answer.starts_with(b"HTTP/1.") && answer.get(8..12) == Some(b" 200");
    let at = answer.windows(4).position(|window| window == b"\r\n\r\n")?;
    ok.then(|| &answer[at + 4..])
}

/// A master's own page, if it answers.
pub fn master_facts(facts: &HostFacts) -> Option<MasterFacts> {
    MasterFacts::read(facts.answer(MASTER_ANSWER))
}

/// A worker's own page, if it answers.
pub fn worker_facts(facts: &HostFacts) -> Option<WorkerFacts> {
    WorkerFacts::read(facts.answer(WORKER_ANSWER))
}

/// The number of applications that a history server shows, if it answers.
pub fn ended_applications(facts: &HostFacts) -> Option<usize> {
    let list: Vec<IgnoredAny> = serde_json::from_slice(body(facts.answer(HISTORY_ANSWER))?).ok()?;
    Some(list.len())
}

/// The question for the page of a node.
pub fn questions(role: Role, host: &Host, listeners: &[Listener]) -> Vec<Ask> {
    let (name, listener, request, most) = match role {
        MASTER => (MASTER_ANSWER, MASTER_PAGE, JSON_REQUEST, Ask::LONG),
        WORKER => (WORKER_ANSWER, WORKER_PAGE, JSON_REQUEST, Ask::SHORT),
        _ => (HISTORY_ANSWER, HISTORY_PAGE, HISTORY_REQUEST, Ask::SHORT),
    };
    let port = host.port(listeners, listener);
    vec![Ask { name, address: host.address.to_string(), port, bytes: request.to_vec(), most }]
}
