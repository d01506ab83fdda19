"""A document in; out, the bytes of a body that differs from it in a few places, by chance, in shape or in bytes."""

import copy
import gzip
import json
from collections.abc import Callable
from random import Random
from typing import Any


class Raw(str):
    """Text that stands in a body as it is, JSON or not."""

    __slots__ = ()


class Pairs(list[tuple[str, Any]]):
    """An object whose members may come more than once."""


# fmt: off
ODD_TEXTS = (
    "", " ", "\x00", "a" * 101, "a" * 5000, "\ud800", "\udfff", "\ud83d\ude00", "\ufeff", "\u202e", "e\u0301", "İ", "ß",
    "null", "true", "NaN", "0", "-1", "1e1", "1.0001", "\u0661", "calf\n", "CALF", "c a l f", "../..", "%00", "{{ 7 }}",
    "<script>", "' OR 1=1 --", "$where", "__proto__", "constructor", "2026-02-30", "0000-01-01", "9999-12-31", "1e999",
)
ODD_VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 500, 501, 2**31, 2**63, 2**64, 10**30, 0.1, 1.5, 1e300, [], {}, [[]], [{}], {"": 1},
    *map(Raw, (
        "-0", "1e5", "1E400", "-1e999", "0.1e1", "1.0", "00", "01", "1.", ".1", "+1", "0x10", "1_000", "NaN", "//x",
        "Infinity", "-Infinity", "9" * 4301, "0." + "3" * 5000, "'x'", "undefined", "nul", "True", "[1,]", '{"a":1,}',
        '"\t"', '"\\x41"', '"\\u12"', '"\\ud800"', '"\\udc00\\ud800"', '"\\u0000"', '"', "[", "}", "",
        "[" * 31 + "]" * 31, "[" * 40 + "]" * 40, "[" * 5000, '{"a":' * 2000 + "1" + "}" * 2000,
    )),
)
ODD_BYTES = (
    b"\x00", b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xef\xbb\xbf", b"\xe2\x80\xa8", b"\x1f\x8b",
    b"\x0b", b"\x85", b"\xc2\xa0", b",", b":", b'"', b"\\", b"\\u", b"{", b"}", b"[", b"]", b"NaN", b"//", b"\r\n\r\n",
)
# fmt: on
ENCODINGS = ("utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-7", "latin-1", "cp1252", "cp037")


def text_of(node: Any) -> str:
    """The text of a document that may hold raw text and doubled members."""
    if isinstance(node, Raw):
        return str(node)
    if isinstance(node, dict):
        node = Pairs(node.items())
    if isinstance(node, Pairs):
        return "{" + ",".join(f"{json.dumps(name)}:{text_of(value)}" for name, value in node) + "}"
    if isinstance(node, list):
        return "[" + ",".join(map(text_of, node)) + "]"
    return json.dumps(node)


def spoilt(document: Any, random: Random) -> bytes:
    """The bytes of a body that differs from the document in one to three places."""
    root = {"": copy.deepcopy(document)}
    for _ in range(random.choice((0, 1, 1, 1, 2, 3))):
        random.choice(IN_SHAPE)(root, random)
    body = text_of(root[""]).encode("utf-8", "surrogatepass")
    for _ in range(random.choice((0, 0, 0, 1, 2))):
        body = random.choice(IN_BYTES)(body, random)
    return body


# In the shape of a document: each edit takes an object that holds the document, and changes something in it.

Holder = Any
Edit = Callable[[Any, Random], None]


def places(node: Any) -> list[tuple[Holder, Any]]:
    """What holds each value, and under which name or as which entry."""
    names = node if isinstance(node, dict) else range(len(node)) if type(node) is list else ()
    found = [(node, name) for name in names]
    return found + [place for holder, name in found for place in places(holder[name])]


def odd_value(random: Random) -> Any:
    return copy.deepcopy(random.choice(ODD_VALUES))


def replace_value(root: Any, random: Random) -> None:
    holder, name = random.choice(places(root))
    holder[name] = odd_value(random)


def replace_text(root: Any, random: Random) -> None:
    texts = [(holder, name) for holder, name in places(root) if isinstance(holder[name], str)]
    holder, name = random.choice(texts or places(root))
    holder[name] = random.choice(ODD_TEXTS)


def retype(root: Any, random: Random) -> None:
    """A number as text, a text as what it may stand for, anything else within a text."""
    holder, name = random.choice(places(root))
    value = holder[name]
    holder[name] = Raw(value) if isinstance(value, str) else text_of(value)


def take_away(root: Any, random: Random) -> None:
    holder, name = random.choice(places(root))
    if holder is not root:
        del holder[name]


def rename(root: Any, random: Random) -> None:
    objects = [(holder, name) for holder, name in places(root) if isinstance(holder, dict) and holder is not root]
    if objects:
        holder, name = random.choice(objects)
        holder[random.choice((name.upper(), f"{name} ", random.choice(objects)[1], *ODD_TEXTS))] = holder.pop(name)


def add_member(root: Any, random: Random) -> None:
    objects = [holder[name] for holder, name in places(root) if isinstance(holder[name], dict)]
    if objects:
        random.choice(objects)[random.choice(("name", "id", "surprise", *ODD_TEXTS))] = odd_value(random)


def double(root: Any, random: Random) -> None:
    """A member that comes twice."""
    found = [(holder, name) for holder, name in places(root) if isinstance(holder[name], dict) and holder[name]]
    if found:
        holder, name = random.choice(found)
        pairs = Pairs(holder[name].items())
        holder[name] = Pairs([*pairs, random.choice(pairs)])


def repeat(root: Any, random: Random) -> None:
    """An entry of a list many times."""
    lists = [holder[name] for holder, name in places(root) if type(holder[name]) is list and holder[name]]
    if lists:
        found = random.choice(lists)
        found.extend([random.choice(found)] * random.choice((1, 2, 21, 51, 101, 201)))


def swap(root: Any, random: Random) -> None:
    """What stands at one place at another, too."""
    (holder, name), (other, theirs) = random.choice(places(root)), random.choice(places(root))
    holder[name] = copy.deepcopy(other[theirs])


def wrap(root: Any, random: Random) -> None:
    holder, name = random.choice(places(root))
    for _ in range(random.choice((1, 1, 2, 35))):
        holder[name] = random.choice(([holder[name]], {"0": holder[name]}))


IN_SHAPE: tuple[Edit, ...] = (
    *(replace_value, replace_text, retype, take_away, rename, add_member, double, repeat, swap, wrap),
)


# In its bytes.


def flip(body: bytes, random: Random) -> bytes:
    place = random.randrange(len(body) + 1)
    return body[:place] + bytes([random.randrange(256)]) + body[place + 1 :]


def insert(body: bytes, random: Random) -> bytes:
    place = random.choice((0, random.randrange(len(body) + 1), len(body)))
    return body[:place] + random.choice(ODD_BYTES) * random.choice((1, 1, 2, 40)) + body[place:]


def cut(body: bytes, random: Random) -> bytes:
    start, end = sorted(random.randrange(len(body) + 1) for _ in range(2))
    return random.choice((body[:start], body[end:], body[:start] + body[end:]))


def stutter(body: bytes, random: Random) -> bytes:
    start, end = sorted(random.randrange(len(body) + 1) for _ in range(2))
    return body[:end] + body[start:end] + body[end:]


def encode(body: bytes, random: Random) -> bytes:
    return body.decode("utf-8", "replace").encode(random.choice(ENCODINGS), "replace")


def pack(body: bytes, random: Random) -> bytes:
    return gzip.compress(body, 1, mtime=0)


IN_BYTES: tuple[Callable[[bytes, Random], bytes], ...] = (flip, flip, insert, insert, cut, stutter, encode, pack)
