//! The pages of masters and workers, read into facts. The host only carries bytes.

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::listeners::{HISTORY_PAGE, MASTER_PAGE, WORKER_PAGE};
use super::roles::{MASTER, WORKER};
use crate::host::{Ask, Host, HostFacts, Lines};
use crate::value::listener::Listener;
use crate::value::{Role, counted, words};

// Spark's web servers close after one answer in HTTP/1.0. Only the parts of a master's page that a job cannot lengthen are needed; the list of
// applications is asked for separately, for display.
const STATUS: (&str, &[u8]) = ("master-status", b"GET /json/status HTTP/1.0\r\n\r\n");
const WORKERS: (&str, &[u8]) = ("master-workers", b"GET /json/workers HTTP/1.0\r\n\r\n");
const APPLICATIONS: (&str, &[u8]) = ("master-applications", b"GET /json/activeapps HTTP/1.0\r\n\r\n");
const WORKER_PAGE_ANSWER: (&str, &[u8]) = ("worker", b"GET /json/ HTTP/1.0\r\n\r\n");
const HISTORY_VERSION: (&str, &[u8]) = ("history-version", b"GET /api/v1/version HTTP/1.0\r\n\r\n");
const HISTORY_ANSWER: (&str, &[u8]) = ("history", b"GET /api/v1/applications HTTP/1.0\r\n\r\n");

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

/// A number of things, which may be unknown.
pub fn counted_or_unknown(count: Option<usize>, noun: &str) -> String {
    count.map_or_else(|| format!("an unknown number of {noun}s"), |count| counted(count, noun))
}

/// A master, as its page describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MasterFacts {
    pub status: MasterState,
    pub workers: Vec<WorkerEntry>,
    /// The number of running applications; `None` where their names are too long to be read.
    pub applications: Option<usize>,
}

/// Reads one key of a JSON object that may be cut off; `None` if its value is incomplete. The first occurrence counts.
fn value<'a, T: Deserialize<'a>>(text: &'a [u8], key: &str) -> Option<T> {
    serde_json::Deserializer::from_slice(behind(text, key)?).into_iter().next()?.ok()
}

/// The workers that a master lists, as far as they can be read: whoever has Spark's secret can register one with any figures.
fn entries(text: &[u8]) -> Vec<WorkerEntry> {
    struct Entries<'a>(&'a mut Vec<WorkerEntry>);

    impl<'de> DeserializeSeed<'de> for Entries<'_> {
        type Value = ();

        fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
            deserializer.deserialize_seq(self)
        }
    }

    impl<'de> Visitor<'de> for Entries<'_> {
        type Value = ();

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a list of workers")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
            // What is no worker costs no memory, however it is nested.
            while let Some(entry) = list.next_element::<&RawValue>()? {
                self.0.extend(serde_json::from_str::<WorkerEntry>(entry.get()).ok());
            }
            Ok(())
        }
    }

    let mut all = Vec::new();
    if let Some(rest) = behind(text, "workers") {
        // A list that is cut off has entries before that.
        let _ = Entries(&mut all).deserialize(&mut serde_json::Deserializer::from_slice(rest));
    }
    all
}

/// The text behind the first occurrence of a key.
fn behind<'a>(text: &'a [u8], key: &str) -> Option<&'a [u8]> {
    let key = format!("\"{key}\"");
    let at = text.windows(key.len()).position(|window| window == key.as_bytes())?;
    text[at + key.len()..].trim_ascii_start().strip_prefix(b":")
}

/// The length of a list. What is in it is a job's word, and costs no memory.
fn count(text: &[u8], key: &str) -> Option<usize> {
    value::<Vec<IgnoredAny>>(text, key).map(|list| list.len())
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
    pub fn read(status: &[u8], workers: &[u8], applications: &[u8]) -> Option<MasterFacts> {
        Some(MasterFacts {
            status: value(body(status)?, "status")?,
            workers: body(workers).map(entries).unwrap_or_default(),
            applications: body(applications).and_then(|text| count(text, "activeapps")),
        })
    }

    pub fn is_alive(&self) -> bool {
        self.status == MasterState::Alive
    }

    pub fn is_standby(&self) -> bool {
        self.status == MasterState::Standby
    }
}

/// A worker, as the head of its own page describes it: below stand executors that have ended, with names that jobs choose. Whether a master knows it is
/// the master's to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkerFacts {
    /// The number of running executors; `None` where their list is too long to be read.
    pub executors: Option<usize>,
    /// The URL of the master that it follows.
    pub master: String,
}

impl WorkerFacts {
    pub fn read(answer: &[u8]) -> Option<WorkerFacts> {
        let text = body(answer)?;
        let master = value(text, "masterurl").unwrap_or_default();
        Some(WorkerFacts { executors: count(text, "executors"), master })
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
    MasterFacts::read(facts.answer(STATUS.0), facts.answer(WORKERS.0), facts.answer(APPLICATIONS.0))
}

/// A worker's own page, if it answers.
pub fn worker_facts(facts: &HostFacts) -> Option<WorkerFacts> {
    WorkerFacts::read(facts.answer(WORKER_PAGE_ANSWER.0))
}

/// Returns true if a history server answers. Its list of applications may take long: that is for display.
pub fn history_answers(facts: &HostFacts) -> bool {
    body(facts.answer(HISTORY_VERSION.0)).is_some()
}

/// The number of applications that a history server shows; `None` where their list is too long to be read.
pub fn ended_applications(facts: &HostFacts) -> Option<usize> {
    let list = body(facts.answer(HISTORY_ANSWER.0))?;
    serde_json::from_slice::<Vec<IgnoredAny>>(list).ok().map(|list| list.len())
}

/// The questions for the page of a node.
pub fn questions(role: Role, host: &Host, listeners: &[Listener]) -> Vec<Ask> {
    let (listener, all): (_, &[_]) = match role {
        MASTER => (MASTER_PAGE, &[(STATUS, Ask::SHORT), (WORKERS, Ask::LONG), (APPLICATIONS, Ask::SHORT)]),
        WORKER => (WORKER_PAGE, &[(WORKER_PAGE_ANSWER, Ask::HEAD)]),
        _ => (HISTORY_PAGE, &[(HISTORY_VERSION, Ask::SHORT), (HISTORY_ANSWER, Ask::SHORT)]),
    };
    let (address, port) = (host.address.to_string(), host.port(listeners, listener));
    let ask = |&((name, request), most): &((&'static str, &[u8]), u32)| Ask {
        name,
        address: address.clone(),
        port,
        bytes: request.to_vec(),
        most,
        lines: Lines::Short,
    };
    all.iter().map(ask).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_jobs_choose_hide_nothing_that_matters() {
        let page = |body: &str| format!("HTTP/1.1 200 OK\r\nContent-Type: text/json\r\n\r\n{body}").into_bytes();
        let long = "x".repeat(100);
        let whole = format!(
            "{{ \"id\" : \"w\", \"masterurl\" : \"spark://h1:7077\", \"executors\" : [ {{}}, {{}} ], \"finishedexecutors\" : [ {{ \"name\" : \"{long}\" }} ] }}"
        );
        let cut = |at: usize| WorkerFacts::read(&page(&whole[..at])).expect("it answers");
        let known = WorkerFacts { executors: Some(2), master: "spark://h1:7077".to_owned() };
        assert_eq!(cut(whole.len()), known);
        assert_eq!(cut(whole.len() - 50), known);
        assert_eq!(cut(60), WorkerFacts { executors: None, ..known });
        let status = page("{ \"status\" : \"ALIVE\" }");
        let (workers, applications) = (page("{ \"workers\" : [ ] }"), page("{ \"activeapps\" : [ { \"name\" : \"xxx"));
        let master = MasterFacts::read(&status, &workers, &applications).expect("it answers");
        assert!(master.is_alive() && master.applications.is_none());
        let good = r#"{ "id": "a", "host": "h5", "port": 7078, "cores": 1, "memory": 512, "state": "ALIVE" }"#;
        let bad = r#"{ "id": "b", "host": "h6", "port": 70000, "cores": -1, "memory": 512, "state": "ALIVE" }"#;
        for list in
            [format!("[ {bad}, {good} ] }}"), format!("[ {good}, {bad} ] }}"), format!("[ {good}, {{ \"id\" : \"xxx")]
        {
            let workers = page(&format!("{{ \"workers\" : {list}"));
            let master = MasterFacts::read(&status, &workers, &applications).expect("it answers");
            assert_eq!(master.workers.iter().map(|worker| worker.host.as_str()).collect::<Vec<_>>(), ["h5"], "{list}");
        }
    }
}
