//! Words of a unit and of its process, each in an alphabet that means the same to systemd, to sh and to the JVM's launcher.

use super::text_value;

/// Characters that are plain everywhere; `%` is doubled where systemd reads it.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_graphic() && !b"\"'\\$`".contains(&byte)
}

/// A number of things or bytes, as systemd reads it.
fn is_amount(text: &str) -> bool {
    let digits = text.strip_suffix(['K', 'M', 'G', 'T']).unwrap_or(text);
    text == "infinity" || (!digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) && digits.len() < 16)
}

/// Bytes or things; infinity is more than any number.
fn amount(text: &str) -> u128 {
    let digits = text.trim_end_matches(['K', 'M', 'G', 'T']);
    let unit = match text.as_bytes().last() {
        Some(b'K') => 1 << 10,
        Some(b'M') => 1 << 20,
        Some(b'G') => 1 << 30,
        Some(b'T') => 1 << 40,
        _ => 1,
    };
    digits.parse::<u128>().map_or(u128::MAX, |number| number * unit)
}

/// A soft limit is not above the hard one.
fn is_ordered(text: &str) -> bool {
    text.split_once(':').is_none_or(|(soft, hard)| amount(soft) <= amount(hard))
}

fn is_part(text: &str) -> bool {
    text.strip_suffix('%').and_then(super::digits).is_some_and(|percent| (1..=100).contains(&percent))
}

fn is_percentage(text: &str) -> bool {
    let digits = text.strip_suffix('%').unwrap_or_default();
    !digits.is_empty() && digits.len() < 7 && digits.bytes().all(|byte| byte.is_ascii_digit()) && digits != "0"
}

text_value!(
    /// One option of a JVM.
    JvmOption,
    pattern "^-[A-Za-z0-9_.,:;=/+@*%#~^?!&|<>(){}\\[\\]-]+$",
    |text| {
        let begins = text.starts_with('-') && text.len() > 1 && text.len() < 1000;
        if begins && text.bytes().all(is_plain) {
            Ok(())
        } else {
            Err(format!("`{}` is not one option of a JVM (such as -XX:+UseG1GC): no spaces, quotes, backslashes, $ or backticks", text.escape_default()))
        }
    }
);

text_value!(
    /// The name of an environment variable.
    EnvironmentName,
    pattern "^[A-Za-z_][A-Za-z0-9_]{0,99}$",
    |text| {
        let word = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if word && (1..=100).contains(&text.len()) && !text.starts_with(|c: char| c.is_ascii_digit()) {
            Ok(())
        } else {
            Err(format!("`{}` is not the name of an environment variable: letters, digits and _", text.escape_default()))
        }
    }
);

/// The value of an environment variable.
#[derive(Clone, Debug, PartialEq, Eq, schemars::JsonSchema)]
#[schemars(transparent)]
pub struct EnvironmentValue(#[schemars(with = "crate::yaml::RawScalar")] String);

impl EnvironmentValue {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for EnvironmentValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> serde::Deserialize<'de> for EnvironmentValue {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = crate::yaml::RawScalar::deserialize(deserializer)?.0;
        if text.len() < 4000 && text.bytes().all(|byte| byte == b' ' || is_plain(byte)) {
            Ok(EnvironmentValue(text))
        } else {
            Err(serde::de::Error::custom(
                "the value of a variable must be plain ASCII without quotes, backslashes, $ or backticks, which mean something else to sh",
            ))
        }
    }
}

text_value!(
    /// A number of things, as systemd limits it: one, or a soft and a hard one, for example `65536` or `1000:infinity`.
    Count,
    raw pattern "^(infinity|[1-9][0-9]*)(:(infinity|[1-9][0-9]*))?$",
    |text| {
        let is_count = |text: &str| text == "infinity" || (is_amount(text) && text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0'));
        if text.splitn(2, ':').all(is_count) && is_ordered(text) { Ok(()) } else { Err(format!("`{}` is not a limit (such as 65536 or infinity)", text.escape_default())) }
    }
);

text_value!(
    /// The most processes and threads of a unit: a number, or a part of the machine's.
    Tasks,
    raw pattern "^(infinity|[1-9][0-9]*|[1-9][0-9]?%|100%)$",
    |text| {
        let is_count = text == "infinity" || super::digits(text).is_some_and(|number| number > 0);
        if is_count || is_part(text) { Ok(()) } else { Err(format!("`{}` is not a number of tasks (such as 4096, 50% or infinity)", text.escape_default())) }
    }
);

text_value!(
    /// A limit of systemd's in bytes: one, or a soft and a hard one, for example `65536` or `1000:infinity`.
    Limit,
    raw pattern "^(infinity|[0-9]+[KMGT]?)(:(infinity|[0-9]+[KMGT]?))?$",
    |text| {
        if text.splitn(2, ':').all(is_amount) && is_ordered(text) { Ok(()) } else { Err(format!("`{}` is not a size (such as 65536, 8M or infinity)", text.escape_default())) }
    }
);

text_value!(
    /// An amount of memory as systemd reads it, in bytes, or a part of the machine's.
    MemoryLimit,
    raw pattern "^(infinity|[0-9]+[KMGT]?|[0-9]+%)$",
    |text| {
        if (is_amount(text) && amount(text) > 0) || is_part(text) { Ok(()) } else { Err(format!("`{}` is not an amount of memory (such as 8G, 50% or infinity)", text.escape_default())) }
    }
);

text_value!(
    /// A part of one core, or more than one.
    CpuQuota,
    pattern "^[0-9]+%$",
    |text| if is_percentage(text) { Ok(()) } else { Err(format!("`{}` is not a percentage of one core (such as 250%)", text.escape_default())) }
);

text_value!(
    /// Cores by their numbers.
    Cpus,
    raw pattern "^[0-9]+(-[0-9]+)?(,[0-9]+(-[0-9]+)?)*$",
    |text| {
        let is_number = |text: &str| (1..=4).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        let is_range = |range: &str| {
            let ends: Vec<&str> = range.splitn(2, '-').collect();
            ends.iter().all(|end| is_number(end)) && ends.first().and_then(|low| super::digits(low)) <= ends.last().and_then(|high| super::digits(high))
        };
        if text.split(',').all(is_range) { Ok(()) } else { Err(format!("`{}` is not a list of cores (such as 0-3,8)", text.escape_default())) }
    }
);

text_value!(
    /// A slice of systemd's.
    Slice,
    pattern "^[a-z0-9][a-z0-9-]*\\.slice$",
    |text| {
        let name = text.strip_suffix(".slice").unwrap_or_default();
        let ok = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        let dashes = name.starts_with('-') || name.ends_with('-') || name.contains("--");
        if ok && !name.is_empty() && !dashes && name.len() < 100 { Ok(()) } else { Err(format!("`{}` is not a slice (such as batch.slice)", text.escape_default())) }
    }
);
