"""Readers of knobs: the text of an environment variable in; its value out, or ValueError where it may not be that."""

import re
from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network
from typing import TypeVar

Value = TypeVar("Value")

SWITCH = {"on": True, "true": True, "yes": True, "1": True, "off": False, "false": False, "no": False, "0": False}
DEFAULT_PORTS = {"http": "80", "https": "443"}
NONE = "none"
SHORTEST_PREFIX = 8  # bits: 10.0.0.0/8 is the widest network that anybody has for itself
LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
IN_URI = r"[A-Za-z0-9._~:/?#@!$&'()*+,;=%-]"
CONTACT = re.compile(rf"https://[A-Za-z0-9]{IN_URI}*|mailto:[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+(\?{IN_URI}*)?")


class UnfitError(ValueError):
    """Why a text is not what it may be, in words that an operator sees."""


def switch(text: str) -> bool:
    """Whether it is on."""
    if text.lower() not in SWITCH:
        raise ValueError
    return SWITCH[text.lower()]


def word(*words: str) -> Callable[[str], str]:
    """A reader of one of the words, in capitals or not."""

    def read(text: str) -> str:
        if text.upper() not in words:
            raise ValueError
        return text.upper()

    return read


def whole(least: int, most: int) -> Callable[[str], int]:
    """A reader of whole numbers from the least to the most."""

    def read(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,18}", text) or not least <= int(text) <= most:
            raise ValueError
        return int(text)

    return read


def secret(least: int) -> Callable[[str], str]:
    """A reader of texts of at least so many characters."""

    def read(text: str) -> str:
        if len(text) < least:
            raise ValueError
        return text

    return read


def items(read: Callable[[str], Value]) -> Callable[[str], list[Value]]:
    """A reader of a list with commas, which names the item that is refused; blanks around an item do not count."""

    def read_item(text: str) -> Value:
        try:
            return read(text)
        except ValueError as error:
            because = f", since {error}" if isinstance(error, UnfitError) else ""
            raise UnfitError(f"{text!r} is not{because}") from None

    return lambda text: [read_item(item.strip()) for item in text.split(",")]


def or_none(read: Callable[[str], Value]) -> Callable[[str], Value | None]:
    """A reader of the same, or of the word `none`."""
    return lambda text: None if text.lower() == NONE else read(text)


def contact(text: str) -> str:
    """The URI of a page or a mailbox, as it is."""
    if not CONTACT.fullmatch(text):
        raise ValueError
    return text


def host(text: str) -> str:
    """A host name or address as a Host header has it, without a port: an IPv6 address in brackets."""
    name = text.lower()
    if name.startswith("[") and name.endswith("]"):
        return f"[{IPv6Address(name[1:-1])}]"
    labels = name.split(".")
    if labels[-1].isdigit():
        return str(IPv4Address(name))
    if len(name) > 253 or not all(LABEL.fullmatch(label) for label in labels):
        raise ValueError
    return name


def origins(text: str) -> list[str]:
    """Origins of pages, as browsers name them; `*` alone stands for any, `none` alone for none."""
    if text.lower() == NONE:
        return []
    return ["*"] if text == "*" else items(origin)(text)


def origin(text: str) -> str:
    """An origin as an `Origin` header has it: scheme, host, and the port where it is not the scheme's own."""
    found = re.fullmatch(r"(https?)://([^:/@\[\]]+|\[[^/@\]]+\])(?::([0-9]{1,5}))?", text.lower())
    if found is None:
        raise ValueError
    scheme, name, port = found.groups()
    if port is None or port == DEFAULT_PORTS[scheme]:
        return f"{scheme}://{host(name)}"
    return f"{scheme}://{host(name)}:{whole(1, 65535)(port)}"


def networks(text: str) -> list[IPv4Network | IPv6Network]:
    """Networks, an address being one of its own; `none` alone for none."""
    return [] if text.lower() == NONE else items(network)(text)


def network(text: str) -> IPv4Network | IPv6Network:
    """A network as CIDR has it, without bits behind its length."""
    found = ip_network(text)
    if isinstance(found, IPv6Network) and found.network_address.ipv4_mapped is not None:
        raise UnfitError("an IPv4 address in IPv6 is written as IPv4")
    if found.prefixlen < SHORTEST_PREFIX:
        raise UnfitError("it is more than a network")
    return found


def cache(text: str) -> str | None:
    """The URL of a Valkey, of which nothing is told where it is refused: it may hold a password."""
    if text.lower() == NONE:
        return None
    found = re.fullmatch(
        r"(?:redis|valkey)://(?:[^@/?#]*@)?([^:/@?#\[\]]+|\[[^/@]+\])(?::([0-9]{1,5}))?(?:/[0-9]{0,4})?", text
    )
    if found is None:
        raise ValueError
    name, port = found.groups()
    host(name)
    whole(1, 65535)(port or "6379")
    return text
