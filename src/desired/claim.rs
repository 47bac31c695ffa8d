//! Whose a host is, in one line on it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::topology::value::{Identity, MemberId, Name};

/// The cluster that a host belongs to. Laid under the host's lock by the first apply, before anything else, and checked by every action.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Claim {
    pub identity: Identity,
    pub cluster: Name,
}

impl FromStr for Claim {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (identity, cluster) = text.trim_end().split_once(' ').ok_or("it is not an identity and a name")?;
        Ok(Claim { identity: identity.parse()?, cluster: cluster.parse()? })
    }
}

impl fmt::Display for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` (identity {})", self.cluster, self.identity)
    }
}

/// Whose the data in a directory is: it stays with the data when the machine is another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whose {
    pub claim: Claim,
    pub member: MemberId,
}

impl fmt::Display for Whose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Whose { claim: Claim { identity, cluster }, member } = self;
        writeln!(f, "cluster {cluster} {identity}, member {member}")
    }
}

impl FromStr for Whose {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "it is not a cluster and a member".to_owned();
        let rest = text.trim_end().strip_prefix("cluster ").ok_or_else(wrong)?;
        let (cluster, member) = rest.split_once(", member ").ok_or_else(wrong)?;
        let (cluster, identity) = cluster.split_once(' ').ok_or_else(wrong)?;
        let member = MemberId::try_from(member.parse::<i64>().map_err(|_| wrong())?)?;
        Ok(Whose { claim: Claim { identity: identity.parse()?, cluster: cluster.parse()? }, member })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_on_a_host_comes_back() {
        let claim = Claim { identity: Identity::random(), cluster: "analytics".parse().expect("a name") };
        let whose = Whose { claim: claim.clone(), member: MemberId::try_from(3).expect("an id") };
        assert_eq!(whose.to_string().parse(), Ok(whose));
        assert_eq!(format!("{} {}\n", claim.identity, claim.cluster).parse(), Ok(claim));
        for other in ["", "x", "0123 analytics", "cluster a, member 1", "\u{1b}[2J"] {
            assert!(other.parse::<Claim>().is_err() && other.parse::<Whose>().is_err(), "{other}");
        }
    }
}
