"""By which address a client is counted: the last hop that no trusted proxy vouches for."""

from ipaddress import ip_network

import pytest

from api.addresses import LONGEST, client_address

PROXIES = [ip_network("10.0.0.0/8"), ip_network("fd00::/8")]


@pytest.mark.parametrize(
    ("peer", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),  # of an IPv6 socket that takes IPv4, too
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::9", "2001:db8:1:3::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::1", "::/64"),
        ("192.0.2.7:5050", "192.0.2.7"),
        ("[2001:db8::1]:5050", "2001:db8::/64"),
        ("", "unknown"),  # of a Unix socket
        ("localhost", "unknown"),
        ("192.0.2.07", "unknown"),
        ("1" * (LONGEST + 1), "unknown"),
    ],
)
def test_a_connection_is_counted_by_its_other_end(peer: str, counted: str) -> None:
    assert client_address(peer, "", []) == counted
    assert client_address(peer, "203.0.113.9", []) == counted


@pytest.mark.parametrize(
    ("forwarded", "counted"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("203.0.113.9:1234", "203.0.113.9"),
        ("[2001:db8::1]", "2001:db8::/64"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        # What the client wrote itself stands further left.
        ("198.51.100.1, 203.0.113.9", "203.0.113.9"),
        ("198.51.100.1,203.0.113.9 , 10.9.9.9", "203.0.113.9"),
        ("198.51.100.1, 10.1.1.1, 203.0.113.9, fd00::7, ::ffff:10.9.9.9", "203.0.113.9"),
        ("10.1.1.1, 10.2.2.2", "10.1.1.1"),
        # An entry that is no address ends the walk where it stands.
        ("203.0.113.9, nobody", "10.0.0.1"),
        ("203.0.113.9, nobody, 10.2.2.2", "10.2.2.2"),
        ("203.0.113.9,", "10.0.0.1"),
        ("", "10.0.0.1"),
        ("unknown", "10.0.0.1"),
        ("203.0.113.9;10.0.0.1", "10.0.0.1"),
        ("203.0.113.\u0669", "10.0.0.1"),
        ("203.0.113.9/32", "10.0.0.1"),
        ("9" * 32_000, "10.0.0.1"),
    ],
)
@pytest.mark.parametrize("peer", ["10.0.0.1", "::ffff:10.0.0.1"])
def test_what_trusted_proxies_say_is_read_from_the_right(peer: str, forwarded: str, counted: str) -> None:
    assert client_address(peer, forwarded, PROXIES) == counted


def test_nobody_else_is_believed() -> None:
    for peer in ("192.0.2.7", "2001:db8::7", "11.0.0.1", "unknown"):
        assert client_address(peer, "203.0.113.9, 10.0.0.1", PROXIES) == client_address(peer, "", PROXIES)


def test_a_long_chain_of_proxies_is_walked_to_its_end() -> None:
    assert client_address("10.0.0.1", ",".join(["203.0.113.9", *["10.2.2.2"] * 2000]), PROXIES) == "203.0.113.9"
