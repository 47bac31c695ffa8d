//! The claim of a host: the cluster that it belongs to, as one line in a file.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::value::{Identity, MemberId, Name};

/// The cluster that a host belongs to. Laid under the host's lock by the first apply, before anything else, and checked by every action.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Claim {
    pub identity: Identity,
    pub cluster: Name,
    /// A digest of the anchors' places when the host was claimed, by which an apply recognizes hosts of one that was killed early.
    pub anchors: String,
}

impl FromStr for Claim {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let words: Vec<&str> = text.trim_end().split(' ').collect();
        match words.as_slice() {
            [identity, cluster, anchors] if anchors.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
                // Not with the help that belongs to a topology.
                let identity =
                    identity.parse().map_err(|_| format!("`{}` is no identity", identity.escape_default()))?;
                Ok(Claim { identity, cluster: cluster.parse()?, anchors: (*anchors).to_owned() })
            }
            _ => Err("it is not an identity, a name and a digest".to_owned()),
        }
    }
}

impl Claim {
    /// The one line on the host.
    pub fn line(&self) -> String {
        let Claim { identity, cluster, anchors } = self;
        format!("{identity} {cluster} {anchors}")
    }
}

impl fmt::Display for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` (identity {})", self.cluster, self.identity)
    }
}

/// The label of a data directory: the member that its data belongs to. It stays with the data when the machine is another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataLabel {
    pub identity: Identity,
    pub cluster: Name,
    pub member: MemberId,
}

impl fmt::Display for DataLabel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let DataLabel { identity, cluster, member } = self;
        writeln!(f, "cluster {cluster} {identity}, member {member}")
    }
}

impl FromStr for DataLabel {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "it is not a cluster and a member".to_owned();
        let rest = text.trim_end().strip_prefix("cluster ").ok_or_else(wrong)?;
        let (cluster, member) = rest.split_once(", member ").ok_or_else(wrong)?;
        let (cluster, identity) = cluster.split_once(' ').ok_or_else(wrong)?;
        let member = MemberId::try_from(member.parse::<i64>().map_err(|_| wrong())?)?;
        Ok(DataLabel { identity: identity.parse()?, cluster: cluster.parse()?, member })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_on_a_host_comes_back() {
        let (identity, cluster) = (Identity::random(), "analytics".parse::<Name>().expect("a name"));
        let whose = DataLabel {
            identity: identity.clone(),
            cluster: cluster.clone(),
            member: MemberId::try_from(3).expect("an id"),
        };
        assert_eq!(whose.to_string().parse(), Ok(whose));
        let claim = Claim { identity, cluster, anchors: "0123abcd".to_owned() };
        assert_eq!(format!("{}\n", claim.line()).parse(), Ok(claim));
        for other in ["", "x", "0123 analytics 0", "cluster a, member 1", "\u{1b}[2J"] {
            assert!(other.parse::<Claim>().is_err() && other.parse::<DataLabel>().is_err(), "{other}");
        }
    }
}
