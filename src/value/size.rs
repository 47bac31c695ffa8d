//! Memory as Java writes it: `512m`, `1g`.

use std::fmt;
use std::str::FromStr;

/// An amount of memory in whole mebibytes, written as Java and Spark read it: `512m`, `1g`, `1t`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct JvmSize {
    mebibytes: u64,
}

impl JvmSize {
    pub const fn from_mebibytes(mebibytes: u64) -> Self {
        JvmSize { mebibytes }
    }

    pub fn mebibytes(self) -> u64 {
        self.mebibytes
    }
}

impl FromStr for JvmSize {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong =
            || format!("`{}` is not a size: a whole number with m, g or t (such as 512m)", text.escape_default());
        let (digits, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or_else(wrong)?;
        let factor = match unit.to_ascii_lowercase().as_str() {
            "m" => 1,
            "g" => 1024,
            "t" => 1024 * 1024,
            _ => return Err(wrong()),
        };
        let number = super::digits(digits).ok_or_else(wrong)?;
        let mebibytes = number.checked_mul(factor).filter(|size| *size > 0).ok_or_else(wrong)?;
        Ok(JvmSize { mebibytes })
    }
}

impl<'de> serde::Deserialize<'de> for JvmSize {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error;
        let text = crate::yaml::RawScalar::deserialize(deserializer)?.0;
        if text.parse::<u64>().is_ok() {
            let help = format!("write {text}m for mebibytes or {text}g for gibibytes");
            return Err(D::Error::custom(crate::yaml::with_help(format!("{text} has no unit"), help)));
        }
        text.parse().map_err(D::Error::custom)
    }
}

impl fmt::Display for JvmSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.mebibytes {
            size if size % 1024 == 0 => write!(f, "{}g", size / 1024),
            size => write!(f, "{size}m"),
        }
    }
}

impl schemars::JsonSchema for JvmSize {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "JvmSize".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "pattern": "^[0-9]+[mgtMGT]$" })
    }
}
