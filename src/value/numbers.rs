//! Whole numbers with bounds.

/// A number of digits alone: Rust's own parsers take a sign, too.
pub fn digits(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

fn whole(text: &str) -> Result<i64, String> {
    text.parse().map_err(|_| format!("`{}` is not a whole number", text.escape_default()))
}

macro_rules! number_value {
    ($(#[$doc:meta])* $name:ident($inner:ty), $low:literal..=$high:literal, $what:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(try_from = "i64")]
        pub struct $name($inner);

        impl $name {
            pub const fn get(self) -> $inner {
                self.0
            }
        }

        impl TryFrom<i64> for $name {
            type Error = String;
            fn try_from(number: i64) -> Result<Self, String> {
                <$inner>::try_from(number)
                    .ok()
                    .filter(|number| ($low..=$high).contains(number))
                    .map($name)
                    .ok_or_else(|| format!("{number} is not {} ({} to {})", $what, $low, $high))
            }
        }

        impl std::str::FromStr for $name {
            type Err = String;
            fn from_str(text: &str) -> Result<Self, String> {
                whole(text)?.try_into()
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
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
                schemars::json_schema!({ "type": "integer", "minimum": $low, "maximum": $high })
            }
        }
    };
}

number_value!(
    /// A TCP port.
    Port(u16), 1..=65535, "a port"
);
number_value!(
    /// A TCP port that a service listens at. The system keeps those below 1024 for itself (`ip_unprivileged_port_start`).
    ServicePort(u16), 1024..=65535, "a port that a service may open"
);
number_value!(
    /// The first of the 1000 ports that a cluster on `local` has, below those that Linux uses for outgoing connections.
    FirstPort(u16), 1024..=31768, "a first port"
);
number_value!(
    /// The id of a `ZooKeeper` member, for good.
    MemberId(u8), 1..=255, "a member id"
);
number_value!(
    /// A whole percentage.
    Percent(u8), 1..=100, "a percentage"
);
number_value!(
    /// A disk in GiB.
    Disk(u32), 1..=65536, "a disk size in GiB"
);

number_value!(
    /// The preference of the kernel when memory runs out.
    OomScore(i16), -1000..=1000, "a score"
);
number_value!(
    /// A scheduling priority.
    Nice(i8), -20..=19, "a priority"
);
number_value!(
    /// A share beside others.
    Weight(u16), 1..=10000, "a weight"
);

impl Port {
    /// For defaults, which are known to be ports.
    pub const fn new(port: u16) -> Self {
        assert!(port > 0, "port 0 asks the kernel for a random port");
        Port(port)
    }
}

impl ServicePort {
    /// This port and the `count` behind it, as far as there are ports.
    pub fn through(self, count: u16) -> std::ops::RangeInclusive<u16> {
        self.0..=self.0.saturating_add(count)
    }
}

/// A whole number of at least `LOW` that fits Java's `int`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, serde::Deserialize)]
#[serde(try_from = "i64")]
pub struct JavaInt<const LOW: u32>(u32);

impl<const LOW: u32> JavaInt<LOW> {
    const MOST: u32 = i32::MAX.unsigned_abs();

    pub const fn get(self) -> u32 {
        self.0
    }
}

impl<const LOW: u32> TryFrom<i64> for JavaInt<LOW> {
    type Error = String;
    fn try_from(number: i64) -> Result<Self, String> {
        match u32::try_from(number) {
            Ok(fits) if (LOW..=Self::MOST).contains(&fits) => Ok(JavaInt(fits)),
            _ if number < i64::from(LOW) => Err(format!("{number} is below the minimum of {LOW}")),
            _ => Err(format!("{number} is above the maximum of {}", Self::MOST)),
        }
    }
}

impl<const LOW: u32> std::str::FromStr for JavaInt<LOW> {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        whole(text)?.try_into()
    }
}

impl<const LOW: u32> std::fmt::Display for JavaInt<LOW> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl<const LOW: u32> schemars::JsonSchema for JavaInt<LOW> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "JavaInt".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "integer", "minimum": LOW, "maximum": Self::MOST })
    }
}
