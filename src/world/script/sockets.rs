//! Addresses of listening sockets, as systems print them.

use std::net::IpAddr;

/// The address of a socket as the kernel prints it: each 32 bits in the machine's own order of bytes, which is the little end
/// first on all that we run on. `None` where it is every address.
pub(super) fn socket_address(hex: &str) -> Option<IpAddr> {
    let words: Vec<[u8; 4]> = hex
        .as_bytes()
        .chunks(8)
        .filter_map(|word| Some(u32::from_str_radix(std::str::from_utf8(word).ok()?, 16).ok()?.to_le_bytes()))
        .collect();
    let address = match words.as_slice() {
        [word] => IpAddr::from(*word),
        [_, _, _, _] => IpAddr::from(<[u8; 16]>::try_from(words.concat()).ok()?).to_canonical(),
        _ => return None,
    };
    (!address.is_unspecified()).then_some(address)
}

/// The address of a listening socket as BSD's netstat prints it: `Some(None)` where it is every address. One with a zone, or cut short, is
/// none of ours.
pub(super) fn said_by_netstat(address: &str) -> Option<Option<IpAddr>> {
    if address == "*" { Some(None) } else { address.parse().ok().map(Some) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sockets_are_told_apart_by_address() {
        let table = [
            ("00000000", None),
            ("0100007F", Some("127.0.0.1")),
            ("00000000000000000000000000000000", None),
            ("00000000000000000000000001000000", Some("::1")),
            ("0000000000000000FFFF00000201537F", Some("127.83.1.2")),
            // Java's way to say every address of IPv4.
            ("0000000000000000FFFF000000000000", None),
        ];
        for (hex, address) in table {
            assert_eq!(socket_address(hex), address.map(|text| text.parse().expect("an address")), "{hex}");
        }
        assert_eq!(said_by_netstat("*"), Some(None));
        assert_eq!(said_by_netstat("127.0.0.1"), Some(Some(IpAddr::from([127, 0, 0, 1]))));
        for other in ["fe80::1%lo0", "2001:db8:1234:56", ""] {
            assert_eq!(said_by_netstat(other), None, "{other:?}");
        }
    }
}
