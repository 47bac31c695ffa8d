//! The closed list of codes, each with its severity and its page.

use super::Severity;

macro_rules! codes {
    ($($code:ident $severity:ident $title:literal,)*) => {
        /// A stable diagnostic code. Codes are never reused for another meaning.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code { $($code,)* }

        impl Code {
            pub const ALL: &[Code] = &[$(Code::$code,)*];

            pub fn name(self) -> &'static str {
                match self { $(Code::$code => stringify!($code),)* }
            }

            pub fn severity(self) -> Severity {
                match self { $(Code::$code => Severity::$severity,)* }
            }

            /// One line: what the code stands for.
            pub fn title(self) -> &'static str {
                match self { $(Code::$code => $title,)* }
            }

            /// The page that `provision explain` prints: what is wrong, what happens in a real cluster, what to write.
            pub fn page(self) -> &'static str {
                match self { $(Code::$code => include_str!(concat!("pages/", stringify!($code), ".md")),)* }
            }
        }
    };
}

codes! {
    T001 Error "not YAML, or a wrong type or value",
    T002 Error "unknown key",
    T003 Error "missing key",
    T004 Error "duplicate key or name",
    T010 Error "names something that is not declared",
    T011 Error "the platform cannot carry this service",
    T012 Error "does not fit",
    T013 Error "two listeners want one port on one host",
    T020 Error "a secret written as a value",
    T030 Error "an archive of unknown origin or without a checksum",
    T090 Note "not used by the chosen platform",
    ZK001 Warning "an even number of voting members",
    ZK002 Warning "one member only: no availability",
    ZK003 Warning "too many members in one zone to survive its loss",
    ZK005 Error "member ids not in 1..255, or reused",
    ZK006 Warning "purge of snapshots switched off",
    ZK007 Warning "a version with a known data loss",
    SP001 Warning "one master, so no takeover",
    SP002 Error "several masters without ZooKeeper",
    SP003 Error "executors that cannot be scheduled on the workers declared",
    SP004 Warning "two settings of a job contradict each other",
    SP005 Error "a setting that the tool derives is set by hand",
    SEC01 Warning "a network without authentication, or open beyond the cluster",
    AZ001 Error "a retired or unknown Azure size",
    AZ002 Error "a retired HDInsight version",
    K8S01 Warning "an executor pool of small machines",
}

impl std::str::FromStr for Code {
    type Err = UnknownCode;

    fn from_str(text: &str) -> Result<Self, UnknownCode> {
        let wanted = text.to_uppercase();
        Code::ALL.iter().copied().find(|code| code.name() == wanted).ok_or_else(|| UnknownCode(text.to_owned()))
    }
}

#[derive(Clone, Debug, thiserror::Error)]
#[error("there is no diagnostic code {0}; `provision explain` without a code lists them")]
pub struct UnknownCode(String);

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_says_what_is_wrong_what_happens_and_what_to_write() {
        for code in Code::ALL {
            let page = code.page();
            assert!(
                page.starts_with(&format!("# {code}: {}\n", code.title())),
                "{code}: heading differs from its title"
            );
            for part in ["## What is wrong", "## What happens in a real cluster", "## What to write instead"] {
                assert!(page.contains(part), "{code}: no part `{part}`");
            }
        }
    }
}
