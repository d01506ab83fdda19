"""A connection's other end and `X-Forwarded-For` in; out, the address that a client is counted by."""

import re
from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

LONGEST = 64  # characters of an address, with brackets, a port and a zone
# A port may follow, as some proxies write it.
WITH_PORT = re.compile(r"\[([^\]]+)\](?::[0-9]{1,5})?|([0-9.]+):[0-9]{1,5}")
OF_ONE_SUBSCRIBER = 64  # bits: whoever is given less than that of IPv6 is an exception


def client_address(peer: str, forwarded: str, trusted: Sequence[Network]) -> str:
    """The address of the client: the last hop that no trusted proxy vouches for.

    `forwarded` is read from its end, as long as the hop before is trusted, since what stands further left is what the
    client wrote itself. An entry that is no address ends the walk. IPv6 is grouped by /64, which one subscriber has.
    """
    address = read(peer)
    for entry in reversed(forwarded.split(",")) if forwarded else ():
        if address is None or not any(address in network for network in trusted):
            break
        hop = read(entry.strip())
        if hop is None:
            break
        address = hop
    return grouped(address)


@lru_cache(4096)
def _read(text: str) -> Address | None:
    """The address that a text is, an IPv4 one where it is that in IPv6; None where it is none."""
    found = WITH_PORT.fullmatch(text)
    try:
        address = ip_address((found[1] or found[2]) if found else text)
    except ValueError:
        return None
    return (address.ipv4_mapped if isinstance(address, IPv6Address) else None) or address


def read(text: str) -> Address | None:
    """The address that a text is, or None. What is too long for one is not kept."""
    return _read(text) if len(text) <= LONGEST else None


def grouped(address: Address | None) -> str:
    """What an address is counted as; all that have none, such as clients of a Unix socket, as one."""
    if isinstance(address, IPv6Address):
        return f"{IPv6Address(int(address) >> OF_ONE_SUBSCRIBER << OF_ONE_SUBSCRIBER)}/{OF_ONE_SUBSCRIBER}"
    return str(address) if address else "unknown"
