//! The division of a network. Nothing in it moves when nodes are added: each tier has its block for good.

use std::net::Ipv4Addr;

use crate::diagnostic::{Code, Diagnostics};
use crate::value::{Address, Cidr, Zone};
use crate::yaml::{Field, Span};

/// A small block is for a handful of fixed machines: no wider than this, and no more of the network than its platform says.
const SMALL: u8 = 24;
/// The first addresses of a block are the cloud's, and the next few are kept for load balancers and the like.
const FIRST: u32 = 10;

/// A network whose upper half is for workers, and whose lower half is cut into small blocks.
#[derive(Clone, Copy, Debug)]
pub struct Blocks {
    network: Cidr,
    small: u8,
}

impl Blocks {
    /// `split`: the least number of bits by which a small block's prefix is longer than the network's.
    pub fn of(network: Cidr, split: u8) -> Blocks {
        Blocks { network, small: SMALL.max(network.prefix() + split).min(32) }
    }

    /// The n-th small block.
    pub fn small(self, number: u32) -> Cidr {
        self.network.part(self.small, number)
    }

    /// A block within a small one, as for a service that wants an exact size.
    pub fn within(self, number: u32, prefix: u8) -> Cidr {
        self.small(number).part(prefix.max(self.small), 0)
    }

    /// The lower half.
    pub fn lower(self) -> Cidr {
        self.network.part(self.network.prefix() + 1, 0)
    }

    /// The upper half, or the n-th of `parts` (a power of two) of it.
    pub fn upper(self, number: u32, parts: u32) -> Cidr {
        let bits = u8::try_from(parts.trailing_zeros()).expect("a few");
        self.network.part(self.network.prefix() + 1 + bits, parts + number)
    }
}

/// The fixed address of the n-th machine (from 1) in a block.
pub fn fixed(block: Cidr, number: u32) -> Address {
    address(block, FIRST + number)
}

/// The address of what stands in front of the machines of a block.
pub fn front(block: Cidr) -> Address {
    address(block, FIRST)
}

fn address(block: Cidr, offset: u32) -> Address {
    Ipv4Addr::from(u32::from(block.first()) + offset).to_string().parse().expect("an IPv4 address")
}

/// The number of fixed machines that a block has room for: the last address is the network's own.
pub fn room(block: Cidr) -> u64 {
    block.size().saturating_sub(u64::from(FIRST) + 2)
}

/// The largest prefix that a network may have to be divided at all: both clouds leave five addresses of a subnet to themselves.
const NETWORK_PREFIX_MAX: u8 = 24;
/// And the smallest: Azure takes what is private (RFC 1918), a VPC of AWS has at most 65,536 addresses.
pub const AZURE_PREFIX_MIN: u8 = 8;
pub const AWS_PREFIX_MIN: u8 = 16;

/// Both clouds keep the first four addresses and the last of every subnet for themselves.
pub const RESERVED: u64 = 5;

/// Ranges that mean something else everywhere (RFC 6890), and the address of Azure's own services.
const SPECIAL: &[(&str, &str)] = &[
    ("0.0.0.0/8", "the range that no machine has addresses in"),
    ("127.0.0.0/8", "the loopback range of every machine"),
    ("168.63.129.16/32", "the address of Azure's own services"),
    ("169.254.0.0/16", "the link-local range, where the clouds' metadata service is"),
    ("224.0.0.0/3", "the range for multicast groups and reserved addresses"),
];

/// The network, where it can be divided; reports it otherwise.
pub fn check(field: &Field<Cidr>, widest: u8, problems: &mut Diagnostics) -> Option<(Span, Cidr)> {
    let (at, network) = field.spanned()?;
    for (range, what) in SPECIAL {
        if range.parse::<Cidr>().is_ok_and(|range| range.overlaps(*network)) {
            let message = format!("{network} overlaps {what} ({range})");
            problems.add(Code::T012, at, message).help("use a private range, for example 10.20.0.0/16");
            return None;
        }
    }
    if !(widest..=NETWORK_PREFIX_MAX).contains(&network.prefix()) {
        let message = format!(
            "{network} cannot be divided into subnets: its prefix is not between /{widest} and /{NETWORK_PREFIX_MAX}"
        );
        problems.add(Code::T012, at, message).help("use a /16, for example 10.20.0.0/16");
        return None;
    }
    Some((at, *network))
}

/// The zone of the n-th machine, from 1: round over the list, so that growing moves nobody.
pub fn zone(zones: &[Zone], number: u32) -> Option<&Zone> {
    let at = (number as usize - 1).checked_rem(zones.len())?;
    zones.get(at)
}

/// Reports a network that overlaps what its Kubernetes keeps for itself.
pub fn check_apart(at: Span, network: Cidr, kept: &[&str], problems: &mut Diagnostics) {
    for range in kept.iter().filter_map(|range| range.parse::<Cidr>().ok()).filter(|range| range.overlaps(network)) {
        let message = format!("{network} overlaps {range}, which the cluster's own pods or services use");
        problems.add(Code::T012, at, message).help("use another range, for example 10.40.0.0/16");
    }
}
