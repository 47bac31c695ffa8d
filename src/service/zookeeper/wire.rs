//! Whole sessions of `ZooKeeper`'s wire protocol, each in one piece: connect, one operation, close. What a host sends for us
//! needs no client there, and leaves no session behind.

/// One fixed name: `mntr` counts by top-level names, so a new name each time would grow its answer.
const CANARY: &str = "/provision-canary";
/// The session's timeout, in milliseconds: gone soon if its answer never comes.
const SESSION_TIMEOUT: u32 = 4000;
const OP_CREATE: i32 = 1;
const OP_DELETE: i32 = 2;
const OP_CHILDREN: i32 = 8;
const OP_CLOSE: i32 = -11;
const ANY_VERSION: i32 = -1;
const EPHEMERAL: i32 = 1;
const ALL_PERMISSIONS: i32 = 31;
const NODE_EXISTS: i32 = -110;
const NO_AUTH: i32 = -102;
const NO_NODE: i32 = -101;

/// Creates an ephemeral node. It is answered only once the quorum has agreed.
pub fn canary_request() -> Vec<u8> {
    session(&[
        OP_CREATE.to_be_bytes().to_vec(),
        text(CANARY),
        vec![0; 4],                   // no data
        1_u32.to_be_bytes().to_vec(), // one ACL
        ALL_PERMISSIONS.to_be_bytes().to_vec(),
        text("world"),
        text("anyone"),
        EPHEMERAL.to_be_bytes().to_vec(),
    ])
}

/// Returns true if a canary's answer proves a committed write. A missing answer proves neither success nor failure.
pub fn canary_succeeded(answer: &[u8]) -> bool {
    // Two refusals prove a commit as well, because the leader has the quorum agree to them: another operator's canary is still there, or somebody has
    // taken the right to create it away from everybody.
    reply(answer).is_some_and(|reply| matches!(reply.error, 0 | NODE_EXISTS | NO_AUTH))
}

/// Asks for the names of a node's children.
pub fn children_request(path: &str) -> Vec<u8> {
    session(&[OP_CHILDREN.to_be_bytes().to_vec(), text(path), vec![0]]) // no watch
}

/// The children; `None` without an answer, none at all where the node is not there.
pub fn children(answer: &[u8]) -> Option<Vec<String>> {
    let Reply { error, body } = reply(answer)?;
    if error == NO_NODE {
        return Some(Vec::new());
    }
    let (count, mut rest) = body.filter(|_| error == 0)?.split_at_checked(4)?;
    let count = u32::from_be_bytes(count.try_into().expect("four bytes"));
    let mut all = Vec::new();
    for _ in 0..count {
        let (name, tail) = framed(rest)?;
        all.push(String::from_utf8(name.to_vec()).ok()?);
        rest = tail;
    }
    Some(all)
}

/// Removes a node, whatever its version.
pub fn delete_request(path: &str) -> Vec<u8> {
    session(&[OP_DELETE.to_be_bytes().to_vec(), text(path), ANY_VERSION.to_be_bytes().to_vec()])
}

fn session(operation: &[Vec<u8>]) -> Vec<u8> {
    let connect = [
        vec![0; 4], // protocol version
        vec![0; 8], // last zxid seen
        SESSION_TIMEOUT.to_be_bytes().to_vec(),
        vec![0; 8],                    // session id: a new one
        16_u32.to_be_bytes().to_vec(), // password
        vec![0; 16],
        vec![0], // not read-only
    ]
    .concat();
    let operation = [1_i32.to_be_bytes().to_vec(), operation.concat()].concat(); // the first request
    let close = [2_i32.to_be_bytes(), OP_CLOSE.to_be_bytes()].concat();
    [connect, operation, close].into_iter().flat_map(|body| frame(&body)).collect()
}

fn frame(body: &[u8]) -> Vec<u8> {
    [&u32::try_from(body.len()).expect("short").to_be_bytes(), body].concat()
}

fn text(text: &str) -> Vec<u8> {
    frame(text.as_bytes())
}

fn framed(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, tail) = bytes.split_at_checked(4)?;
    tail.split_at_checked(u32::from_be_bytes(length.try_into().expect("four bytes")) as usize)
}

/// The answer to the one operation of a session.
struct Reply<'a> {
    error: i32,
    body: Option<&'a [u8]>,
}

fn reply(answer: &[u8]) -> Option<Reply<'_>> {
    let (_connected, rest) = framed(answer)?;
    let (frame, _) = framed(rest)?;
    let number = |at: usize| Some(i32::from_be_bytes(frame.get(at..at + 4)?.try_into().ok()?));
    // The request's number, the transaction (8 bytes), the error, what was asked for.
    (number(0)? == 1).then_some(())?;
    Some(Reply { error: number(12)?, body: frame.get(16..) })
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
        let with = |error: &str| {
            bytes(&success.replacen("0000000100000002 00000000", &format!("0000000100000002 {error}"), 1))
        };
        // It is there already; somebody took the right to create it away; and a fault of the system, an expired session.
        for (error, proves) in [("ffffff92", true), ("ffffff9a", true), ("ffffff9c", false), ("ffffff90", false)] {
            assert_eq!(canary_succeeded(&with(error)), proves, "{error}");
        }
        assert!(!canary_succeeded(b""));
        assert!(!canary_succeeded(&bytes("00000025 00000000 00000fa0")));
    }

    /// Built by hand after the protocol's own description (`zookeeper.jute`); the lab's rolls prove it on real members.
    #[test]
    fn children_are_read_and_nothing_is_made_up() {
        let connected = "00000004 00000000";
        let two =
            "0000002b 00000001 0000000100000002 00000000 00000002 00000008 5f635f612d303032 00000007 5f635f622d3031";
        let answer = bytes(&format!("{connected} {two}"));
        assert_eq!(children(&answer), Some(vec!["_c_a-002".to_owned(), "_c_b-01".to_owned()]));
        let absent = "00000010 00000001 0000000100000002 ffffff9b";
        assert_eq!(children(&bytes(&format!("{connected} {absent}"))), Some(Vec::new()));
        for cut in 0..answer.len() {
            assert_eq!(children(&answer[..cut]), None, "{cut}");
        }
    }
}
