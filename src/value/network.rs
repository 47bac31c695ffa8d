//! Addresses and ranges.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use super::text_value;

const NO_IPV6: &str = "IPv6 is not supported: Spark's list of masters cannot hold such addresses";

text_value!(
    /// The address of a host: an IPv4 address or a DNS name. (IPv6 is refused: Spark's master list cannot carry it unambiguously.)
    Address,
    pattern "^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$",
    |text| {
        let numeric = text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        let name = (1..=253).contains(&text.len())
            && text.split('.').all(|label| {
                (1..=63).contains(&label.len())
                    && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
                    && !label.starts_with('-')
                    && !label.ends_with('-')
            });
        let ok = if numeric { text.parse::<Ipv4Addr>().is_ok() } else { name };
        let message = || format!("`{}` is neither an IPv4 address nor a DNS name", text.escape_default());
        match ok {
            true => Ok(()),
            false if text.trim_matches(['[', ']']).parse::<Ipv6Addr>().is_ok() => {
                Err(crate::yaml::with_help(message(), NO_IPV6))
            }
            false => Err(message()),
        }
    }
);

impl Address {
    pub fn is_ipv4(&self) -> bool {
        self.as_str().parse::<Ipv4Addr>().is_ok()
    }

    /// Returns true if it means one machine from everywhere: `0.0.0.0`, `127.0.0.1` and `localhost` lead each machine to itself.
    pub fn leads_to_one_machine(&self) -> bool {
        let reserved = |ip: Ipv4Addr| ip.is_unspecified() || ip.is_loopback() || ip.is_broadcast() || ip.is_multicast();
        let name = self.as_str().to_lowercase();
        name != "localhost" && !name.ends_with(".localhost") && !self.as_str().parse().is_ok_and(reserved)
    }
}

text_value!(
    /// A host and a TCP port, for example `zk1.example.com:2181`.
    Endpoint,
    pattern "^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?:[0-9]{1,5}$",
    |text| {
        let wrong = || format!("`{}` is not a host with a port, such as zk1.example.com:2181", text.escape_default());
        if text.contains('/') {
            let help = "leave the path out: the masters of a cluster use a znode of their own, /spark-NAME-ID";
            return Err(crate::yaml::with_help(wrong(), help));
        }
        let (host, port) = text.rsplit_once(':').ok_or_else(wrong)?;
        host.parse::<Address>()?;
        let port = super::digits(port).filter(|port| (1..=65535).contains(port)).ok_or_else(wrong)?;
        // One spelling a port: what is compared and shown is the text.
        if text.ends_with(&format!(":{port}")) { Ok(()) } else { Err(wrong()) }
    }
);

impl Endpoint {
    /// Its host and its port.
    pub fn parts(&self) -> (&str, u16) {
        let (host, port) = self.as_str().rsplit_once(':').expect("it was checked");
        (host, port.parse().expect("it was checked"))
    }
}

/// Returns true for an address over HTTP, or over HTTPS alone, that means the same to sh and to every program.
pub fn is_address(text: &str, secure: bool) -> bool {
    let plain = |b: u8| b.is_ascii_graphic() && !b"\"'\\`$<>{}|^ ".contains(&b);
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://").filter(|_| !secure));
    rest.is_some_and(|rest| !rest.is_empty()) && text.bytes().all(plain)
}

/// A range of IPv4 addresses, for example `10.20.0.0/16`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(try_from = "String")]
pub struct Cidr {
    network: Ipv4Addr,
    prefix: u8,
}

impl Cidr {
    /// The number of addresses in the range.
    pub fn size(self) -> u64 {
        1 << (32 - u32::from(self.prefix))
    }

    pub fn prefix(self) -> u8 {
        self.prefix
    }

    /// Its lowest address.
    pub fn first(self) -> Ipv4Addr {
        self.network
    }

    /// The n-th range of `prefix` bits in it. A range has one address at least.
    pub fn part(self, prefix: u8, number: u32) -> Cidr {
        let prefix = prefix.min(32);
        let size = Cidr { network: self.network, prefix }.size();
        let first = u64::from(u32::from(self.network)) + size * u64::from(number);
        Cidr { network: Ipv4Addr::from(u32::try_from(first).unwrap_or(u32::MAX)), prefix }
    }

    pub fn overlaps(self, other: Cidr) -> bool {
        self.contains(other.network) || other.contains(self.network)
    }

    pub fn contains(self, address: Ipv4Addr) -> bool {
        u64::from(u32::from(address) ^ u32::from(self.network)) < self.size()
    }
}

impl FromStr for Cidr {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{}` is not a range such as 10.20.0.0/16", text.escape_default());
        if text.split('/').next().is_some_and(|network| network.parse::<Ipv6Addr>().is_ok()) {
            return Err(crate::yaml::with_help(wrong(), NO_IPV6));
        }
        if text.parse::<Ipv4Addr>().is_ok() {
            return Err(crate::yaml::with_help(wrong(), format!("for this one address write {text}/32")));
        }
        let (network, prefix) = text.split_once('/').ok_or_else(wrong)?;
        let network: Ipv4Addr = network.parse().map_err(|_| wrong())?;
        let prefix = super::digits(prefix).and_then(|prefix| u8::try_from(prefix).ok());
        let prefix = prefix.filter(|prefix| *prefix <= 32).ok_or_else(wrong)?;
        let range = Cidr { network, prefix };
        let base =
            Ipv4Addr::from(u32::try_from(u64::from(u32::from(network)) / range.size() * range.size()).unwrap_or(0));
        if base != network {
            let message = format!("`{text}` has host bits set");
            return Err(crate::yaml::with_help(message, format!("write {base}/{prefix}")));
        }
        Ok(range)
    }
}

impl TryFrom<String> for Cidr {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl std::fmt::Display for Cidr {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.network, self.prefix)
    }
}

impl schemars::JsonSchema for Cidr {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Cidr".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "pattern": "^[0-9.]+/[0-9]{1,2}$" })
    }
}
