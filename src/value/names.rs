//! Names, each with the alphabet of the place it ends up in.

use super::text_value;

/// The longest DNS label (RFC 1035).
const LABEL_MAX: usize = 63;
/// The longest id of a resource of Azure, an image's version in a gallery, has 387 letters.
const LABEL_TEXT_MAX: usize = 400;

text_value!(
    /// A DNS label: lower-case letters, digits and dashes, 1 to 63 of them.
    Name,
    pattern "^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$",
    |text| {
        let edge = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        let ok = (1..=LABEL_MAX).contains(&text.len())
            && text.bytes().all(|b| edge(b) || b == b'-')
            && text.bytes().next().is_some_and(edge)
            && text.bytes().last().is_some_and(edge);
        if ok {
            return Ok(());
        }
        let fixed: String = text
            .to_lowercase()
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
            .take(LABEL_MAX)
            .collect();
        let fixed = fixed.trim_matches('-');
        let message = format!("`{}` is not a name: lower-case letters, digits and dashes, at most 63", text.escape_default());
        if text.contains('[') {
            return Err(crate::yaml::with_help(message, "a range of hosts may be written in a list of `hosts`, and as a name of a platform's hosts"));
        }
        Err(if fixed.is_empty() { message } else { crate::yaml::with_help(message, format!("`{fixed}` would be valid")) })
    }
);

text_value!(
    /// One word of a cloud or a tool (a size, a location, an image): no spaces, quotes or control characters.
    Label,
    pattern "^[A-Za-z0-9._:/@-]{1,400}$",
    |text| {
        let ok = (1..=LABEL_TEXT_MAX).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._:/@-".contains(&b));
        if ok {
            return Ok(());
        }
        if text.len() > LABEL_TEXT_MAX {
            return Err(format!("a word of {} letters is too long: at most {LABEL_TEXT_MAX}", text.len()));
        }
        let message = format!("`{}` is not one word of letters, digits and ._:/@-", text.escape_default());
        // As a cloud shows it to people: `West Europe`.
        let near: String = text.to_lowercase().split(' ').collect();
        let is_word = !near.is_empty() && near.len() <= LABEL_TEXT_MAX && near.bytes().all(|b| b.is_ascii_alphanumeric());
        Err(if is_word { crate::yaml::with_help(message, format!("`{near}` would be valid")) } else { message })
    }
);

text_value!(
    /// A user of a Unix machine.
    UserName,
    pattern "^[a-z_][a-z0-9_-]{0,31}$",
    |text| {
        let ok = (1..=32).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_-".contains(&b))
            && text.bytes().next().is_some_and(|b| b.is_ascii_lowercase() || b == b'_');
        if ok { Ok(()) } else { Err(format!("`{}` is not a Unix user name", text.escape_default())) }
    }
);

text_value!(
    /// A key of Spark's configuration.
    ConfigKey,
    pattern "^[A-Za-z0-9._*-]{1,200}$",
    |text| {
        // Metrics are given for all of their sources with a star.
        let ok = (1..=200).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._*-".contains(&b));
        if ok { Ok(()) } else { Err(format!("`{}` is not a configuration key: letters, digits, dots, dashes, stars", text.escape_default())) }
    }
);

/// A failure zone: whatever the platform calls it (`1`, `b`, `rack-4`), at most 64 letters, digits and `._-`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, schemars::JsonSchema)]
#[schemars(transparent, inline)]
pub struct Zone(#[schemars(with = "crate::yaml::RawScalar")] String);

impl Zone {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for Zone {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let ok =
            (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
        if ok { Ok(Zone(text.to_owned())) } else { Err(format!("`{}` is not a zone", text.escape_default())) }
    }
}

impl<'de> serde::Deserialize<'de> for Zone {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = crate::yaml::RawScalar::deserialize(deserializer)?.0;
        text.parse().map_err(serde::de::Error::custom)
    }
}

text_value!(
    /// The reason for a decision, for its later readers.
    Reason, pattern r"\S", |text| if text.trim().is_empty() { Err("a reason in words is missing".to_owned()) } else { Ok(()) }
);

text_value!(
    /// The address of a file that Spark fetches. Commas separate several of them on its command line.
    ResourceUrl,
    pattern "^[a-z][a-z0-9+.-]*:[!-+\\--~]+$",
    |text| {
        let scheme = text.split_once(':').map_or("", |(scheme, _)| scheme);
        let is_scheme = scheme.starts_with(|c: char| c.is_ascii_lowercase())
            && scheme.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"+.-".contains(&b));
        let plain = text.len() > scheme.len() + 1 && text.len() < 1000 && text.bytes().all(|b| b.is_ascii_graphic() && b != b',');
        let wrong = || format!("`{}` is not a URL (such as s3a://bucket/lib.zip or local:///opt/lib.zip)", text.escape_default());
        // These mean the operator's machine, or the distribution, for an application alone.
        if scheme == "home" || scheme == "file" && !text.starts_with("file:/") {
            let help = "only an application may be `home:` or `file:`; further files lie where the driver finds them: local:///opt/lib.jar on every host, or a store that all of them reach";
            return Err(crate::yaml::with_help(wrong(), help));
        }
        match is_scheme && plain {
            true => Ok(()),
            false if text.starts_with('/') => Err(crate::yaml::with_help(wrong(), format!("write local://{text}"))),
            false => Err(wrong()),
        }
    }
);

text_value!(
    /// A package of Maven's: group, artifact, version.
    MavenPackage,
    pattern "^[A-Za-z0-9._-]+:[A-Za-z0-9._-]+:[A-Za-z0-9._-]+$",
    |text| {
        let parts: Vec<&str> = text.split(':').collect();
        let plain = |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
        if parts.len() == 3 && parts.iter().all(plain) { Ok(()) } else { Err(format!("`{}` is not a package (such as org.apache.spark:spark-avro_2.13:4.3.0)", text.escape_default())) }
    }
);

/// The schema of a name of hosts: one, or a range such as `w[01-40]`, which stands for as many. Ranges are replaced before anything is read.
#[derive(Clone, Copy, Debug)]
pub struct NameOrRange;

impl schemars::JsonSchema for NameOrRange {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "NameOrRange".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "pattern": "^[a-z0-9][-a-z0-9]*(\\[[0-9]+-[0-9]+\\])?[-a-z0-9]*$" })
    }
}

/// The schema of the addresses of hosts: one, or a range such as `10.0.2.[1-40]`.
#[derive(Clone, Copy, Debug)]
pub struct AddressOrRange;

impl schemars::JsonSchema for AddressOrRange {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "AddressOrRange".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]*(\\[[0-9]+-[0-9]+\\])?[A-Za-z0-9._-]*$" })
    }
}
