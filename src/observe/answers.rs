//! What `ZooKeeper` and Spark answer, read into facts. All protocol knowledge is here; the host only carries bytes.

use serde::Deserialize;

/// A member, as `srvr` and `mntr` describe it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberFacts {
    pub mode: MemberMode,
    /// The epoch of the last transaction it knows: the upper half of its zxid.
    pub epoch: u64,
    /// Whether its peer state is `broadcast`: it takes part and is in sync.
    pub broadcasts: bool,
    /// Voters (itself not counted) that the leader has in sync.
    pub synced_voters: Option<u32>,
    pub pending_syncs: Option<u32>,
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
            broadcasts: mode == MemberMode::Standalone
                || key("zk_peer_state").is_some_and(|state| state.ends_with("broadcast")),
            synced_voters: voters,
            pending_syncs: count("zk_pending_syncs"),
            quorum_size: count("zk_quorum_size"),
            uptime_millis,
        })
    }

    fn not_serving() -> MemberFacts {
        MemberFacts {
            mode: MemberMode::NotServing,
            epoch: 0,
            broadcasts: false,
            synced_voters: None,
            pending_syncs: None,
            quorum_size: None,
            uptime_millis: 0,
        }
    }

    pub fn serves(&self) -> bool {
        self.mode != MemberMode::NotServing && self.broadcasts
    }
}

/// A master's `/json/`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct MasterFacts {
    /// ALIVE, STANDBY, RECOVERING, `COMPLETING_RECOVERY`.
    pub status: String,
    #[serde(default)]
    pub workers: Vec<WorkerEntry>,
    #[serde(default)]
    pub activeapps: Vec<serde_json::Value>,
}

/// A worker as a master lists it. Former ones stay listed, as DEAD.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct WorkerEntry {
    pub host: String,
    pub port: u16,
    pub state: String,
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
        self.status == "ALIVE"
    }

    pub fn is_standby(&self) -> bool {
        self.status == "STANDBY"
    }
}

/// A worker's own `/json/`. Whether a master knows it is the master's to say.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct WorkerFacts {
    #[serde(default)]
    pub executors: Vec<serde_json::Value>,
}

impl WorkerFacts {
    pub fn read(answer: &[u8]) -> Option<WorkerFacts> {
        serde_json::from_slice(body(answer)?).ok()
    }
}

/// What is behind the headers of an HTTP answer that says 200.
fn body(answer: &[u8]) -> Option<&[u8]> {
    let ok = answer.starts_with(b"HTTP/1.") && answer.get(8..12) == Some(b" 200");
    let at = answer.windows(4).position(|window| window == b"\r\n\r\n")?;
    ok.then(|| &answer[at + 4..])
}

/// One fixed name: `mntr` counts by top-level names, so a new name each time would grow its answer.
const CANARY: &str = "/provision-canary";
/// A canary's session, in milliseconds: gone soon if its answer never comes.
const CANARY_TIMEOUT: u32 = 4000;
const OP_CREATE: i32 = 1;
const OP_CLOSE: i32 = -11;
const EPHEMERAL: i32 = 1;
const ALL_PERMISSIONS: i32 = 31;
const NODE_EXISTS: i32 = -110;

/// A whole session in one piece, as `ZooKeeper`'s wire protocol has it: connect, create an ephemeral node, close.
/// It answers only once the quorum has agreed, and leaves nothing behind.
pub fn canary_request() -> Vec<u8> {
    let frame = |body: Vec<u8>| [u32::try_from(body.len()).expect("short").to_be_bytes().to_vec(), body].concat();
    let text = |text: &str| {
        [u32::try_from(text.len()).expect("short").to_be_bytes().to_vec(), text.as_bytes().to_vec()].concat()
    };
    let connect = [
        vec![0; 4], // protocol version
        vec![0; 8], // last zxid seen
        CANARY_TIMEOUT.to_be_bytes().to_vec(),
        vec![0; 8],                    // session id: a new one
        16_u32.to_be_bytes().to_vec(), // password
        vec![0; 16],
        vec![0], // not read-only
    ]
    .concat();
    let create = [
        1_i32.to_be_bytes().to_vec(), // xid
        OP_CREATE.to_be_bytes().to_vec(),
        text(CANARY),
        vec![0; 4],                   // no data
        1_u32.to_be_bytes().to_vec(), // one ACL
        ALL_PERMISSIONS.to_be_bytes().to_vec(),
        text("world"),
        text("anyone"),
        EPHEMERAL.to_be_bytes().to_vec(),
    ]
    .concat();
    let close = [2_i32.to_be_bytes().to_vec(), OP_CLOSE.to_be_bytes().to_vec()].concat();
    [frame(connect), frame(create), frame(close)].concat()
}

/// Whether a canary's answer proves a committed write. No answer is not "not written", but it is not a proof either.
pub fn canary_succeeded(answer: &[u8]) -> bool {
    let mut frames = Vec::new();
    let mut rest = answer;
    while let Some((length, tail)) = rest.split_at_checked(4) {
        let length = u32::from_be_bytes(length.try_into().expect("four bytes")) as usize;
        let Some((frame, tail)) = tail.split_at_checked(length) else { break };
        frames.push(frame);
        rest = tail;
    }
    let number = |at: usize| Some(i32::from_be_bytes(frames.get(1)?.get(at..at + 4)?.try_into().ok()?));
    // Another operator's canary still being there proves a commit as well: the refusal went through the quorum.
    number(0) == Some(1) && matches!(number(12), Some(0 | NODE_EXISTS))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(hex: &str) -> Vec<u8> {
        let hex: String = hex.split_whitespace().collect();
        (0..hex.len() / 2).map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).expect("hex")).collect()
    }

    /// Recorded from `ZooKeeper` 3.9.5.
    #[test]
    fn a_canary_is_what_zookeeper_answered_to() {
        let request = "0000002d 00000000 0000000000000000 00000fa0 0000000000000000 00000010
            00000000000000000000000000000000 00 00000040 00000001 00000001 00000011
            2f70726f766973696f6e2d63616e617279 00000000 00000001 0000001f 00000005 776f726c64
            00000006 616e796f6e65 00000001 00000008 00000002 fffffff5";
        assert_eq!(canary_request(), bytes(request));
        let success = "00000025 00000000 00000fa0 0100001580fb0000 00000010 e75b30e2e8dcb1989d4a144e711b0bfe 00
            00000025 00000001 0000000100000002 00000000 00000011 2f70726f766973696f6e2d63616e617279
            00000010 00000002 0000000100000003 00000000";
        assert!(canary_succeeded(&bytes(success)));
        assert!(canary_succeeded(&bytes(&success.replacen(
            "0000000100000002 00000000",
            "0000000100000002 ffffff92",
            1
        ))));
        assert!(!canary_succeeded(&bytes(&success.replacen(
            "0000000100000002 00000000",
            "0000000100000002 ffffff9c",
            1
        ))));
        assert!(!canary_succeeded(b""));
        assert!(!canary_succeeded(&bytes("00000025 00000000 00000fa0")));
    }
}
