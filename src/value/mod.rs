//! Values that cannot be wrong once they exist. Each parses from the text of a topology and knows its schema.

mod counted;
mod duration;
mod identity;
mod inline_secret;
pub mod listener;
mod names;
mod network;
mod node;
mod numbers;
mod path;
mod property;
mod quote;
mod role;
mod root;
mod secret;
mod shown;
mod size;
mod unit;
mod version;
mod words;

pub use counted::{counted, listed};
pub use duration::Duration;
pub use identity::{Identity, random_digits};
pub use inline_secret::{
    SECRET_NAMES, announces_secret, asks_for_secret, carries_secret, is_redacted_by_spark, is_reference,
    logins_in_urls, names_secret, secret_word,
};
pub use names::{
    AddressOrRange, ConfigKey, Label, MavenPackage, Name, NameOrRange, Reason, ResourceUrl, UserName, Zone,
};
pub use network::{Address, Cidr, Endpoint, is_address};
pub use node::node_name;
pub use numbers::{Disk, FirstPort, JavaInt, MemberId, Nice, OomScore, Percent, Port, ServicePort, Weight, digits};
pub use path::HostPath;
pub use property::PropertyValue;
pub use quote::{DEFAULT_TOPOLOGY, as_argument, of_file, quote};
pub use role::{Interruption, Redundancy, Role, RoleData, Slots, Takeover};
pub use root::FolderRoot;
pub use secret::{SecretFile, SecretRef};
pub use shown::{acts, brief, cut, shown, shown_bytes, shown_line};
pub use size::JvmSize;
pub use unit::{Count, CpuQuota, Cpus, EnvironmentName, EnvironmentValue, JvmOption, Limit, MemoryLimit, Slice, Tasks};
pub use version::Version;

/// A newtype over text with one rule: `FromStr` checks it, serde and the schema follow.
macro_rules! text_value {
    ($(#[$doc:meta])* $name:ident, pattern $pattern:literal, $check:expr) => {
        text_value!(@of "String", "string", $(#[$doc])* $name, pattern $pattern, $check);
    };
    // What may look like a number is kept as it was written.
    ($(#[$doc:meta])* $name:ident, raw pattern $pattern:literal, $check:expr) => {
        text_value!(@of "crate::yaml::RawScalar", ["string", "integer"], $(#[$doc])* $name, pattern $pattern, $check);

        impl TryFrom<crate::yaml::RawScalar> for $name {
            type Error = String;
            fn try_from(text: crate::yaml::RawScalar) -> Result<Self, String> {
                text.0.parse()
            }
        }
    };
    (@of $from:literal, $type:tt, $(#[$doc:meta])* $name:ident, pattern $pattern:literal, $check:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(try_from = $from)]
        pub struct $name(String);

        impl $name {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::str::FromStr for $name {
            type Err = String;
            fn from_str(text: &str) -> Result<Self, String> {
                let check: fn(&str) -> Result<(), String> = $check;
                check(text).map(|()| $name(text.to_owned()))
            }
        }

        impl TryFrom<String> for $name {
            type Error = String;
            fn try_from(text: String) -> Result<Self, String> {
                text.parse()
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(&self.0)
            }
        }

        impl schemars::JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": $type, "pattern": $pattern })
            }
        }
    };
}
pub(crate) use text_value;
pub(crate) use words::words;
