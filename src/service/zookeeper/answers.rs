//! A member's answers, read into facts. The host only carries bytes.

use super::wire::canary_succeeded;
use crate::host::HostFacts;

// The names of the questions.
pub(super) const SRVR: &str = "srvr";
pub(super) const MNTR: &str = "mntr";
/// The metrics that are read: of thousands, whose number and names the users of `ZooKeeper` decide.
pub(super) const METRICS: &[&str] = &["zk_peer_state", "zk_synced_", "zk_quorum_size", "zk_uptime"];
pub(super) const CANARY: &str = "canary";

/// A member, as `srvr` and `mntr` describe it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberFacts {
    pub mode: MemberMode,
    /// The epoch of the last transaction it knows: the upper half of its zxid.
    pub epoch: u64,
    /// True if its peer state is `broadcast`: it takes part and is in sync. `None` without an answer to `mntr`.
    pub broadcasts: Option<bool>,
    /// Voters (itself not counted) that the leader has in sync.
    pub synced_voters: Option<u32>,
    pub quorum_size: Option<u32>,
    pub uptime_millis: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemberMode {
    Leader,
    Follower,
    Standalone,
    /// It answers, and says that it serves nobody.
    NotServing,
}

impl MemberFacts {
    pub fn read(srvr: &[u8], mntr: &[u8]) -> Option<MemberFacts> {
        let srvr = String::from_utf8_lossy(srvr);
        if srvr.contains("not currently serving requests") {
            return Some(MemberFacts::not_serving());
        }
        let after = |label: &str| srvr.lines().find_map(|line| line.strip_prefix(label)).map(str::trim);
        let mode = match after("Mode:")? {
            "leader" => MemberMode::Leader,
            "follower" => MemberMode::Follower,
            "standalone" => MemberMode::Standalone,
            _ => return None,
        };
        let zxid =
            after("Zxid:").and_then(|zxid| u64::from_str_radix(zxid.trim_start_matches("0x"), 16).ok()).unwrap_or(0);
        let mntr = String::from_utf8_lossy(mntr);
        let key = |key: &str| {
            mntr.lines().find_map(|line| line.split_once('\t').filter(|(name, _)| *name == key)).map(|(_, v)| v)
        };
        let number = |name: &str| key(name).and_then(|value| value.parse::<f64>().ok());
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "counters far below 2^32, never negative"
        )]
        let count = |name: &str| number(name).map(|value| value as u32);
        let voters = match (count("zk_synced_followers"), count("zk_synced_non_voting_followers")) {
            (Some(all), others) => Some(all - others.unwrap_or(0).min(all)),
            (None, _) => None,
        };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "milliseconds of a process")]
        let uptime_millis = number("zk_uptime").map_or(0, |value| value as u64);
        Some(MemberFacts {
            mode,
            epoch: zxid >> 32,
            broadcasts: match mode {
                MemberMode::Standalone => Some(true),
                _ => key("zk_peer_state").map(|state| state.ends_with("broadcast")),
            },
            synced_voters: voters,
            quorum_size: count("zk_quorum_size"),
            uptime_millis,
        })
    }

    fn not_serving() -> MemberFacts {
        MemberFacts {
            mode: MemberMode::NotServing,
            epoch: 0,
            broadcasts: Some(false),
            synced_voters: None,
            quorum_size: None,
            uptime_millis: 0,
        }
    }

    /// Returns true if a leader says itself that its ensemble is not one of `all` members.
    pub fn leads_another_ensemble(&self, all: usize) -> bool {
        match self.mode {
            MemberMode::Standalone => all > 1,
            MemberMode::Leader => self.quorum_size.is_some_and(|size| size as usize != all),
            MemberMode::Follower | MemberMode::NotServing => false,
        }
    }

    /// Returns true if a leader says itself that it has no majority of `all` members in sync.
    pub fn has_lost_its_majority(&self, all: usize) -> bool {
        self.mode == MemberMode::Leader && self.synced_voters.is_some_and(|synced| (synced as usize) < all / 2)
    }

    /// Returns true if it serves clients: a member that does not says so to `srvr`.
    pub fn serves(&self) -> bool {
        self.mode != MemberMode::NotServing && self.broadcasts != Some(false)
    }
}

/// A member's own words, if it answers.
pub fn member_facts(facts: &HostFacts) -> Option<MemberFacts> {
    MemberFacts::read(facts.answer(SRVR), facts.answer(MNTR))
}

/// The outcome of the write that was tried through a member; `None` if none was asked for.
pub fn canary(facts: &HostFacts) -> Option<bool> {
    facts.answers.get(CANARY).map(|answer| canary_succeeded(answer))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_that_serves_clients_serves_whatever_its_metrics_say_of_them() {
        let srvr = b"Zookeeper version: 3.9.5\nZxid: 0x100000001\nMode: follower\nNode count: 5\n";
        let serves = |mntr: &[u8]| MemberFacts::read(srvr, mntr).map(|member| (member.serves(), member.broadcasts));
        assert_eq!(serves(b"zk_peer_state\tfollowing - broadcast\n"), Some((true, Some(true))));
        assert_eq!(serves(b"zk_peer_state\tfollowing - synchronization\n"), Some((false, Some(false))));
        // Too long, or late: nobody knows, and nothing is done for it.
        assert_eq!(serves(b""), Some((true, None)));
    }
}
