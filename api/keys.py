"""The text of partner keys: nothing in, a new one out; a text in, whether it can be one, its public id and digest out.

A key is `scl_live_` or `scl_test_`, then in base62 its public id, its secret, and a checksum of all that stands before.
"""

import hashlib
import json
import re
import secrets
import string
import zlib
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

SCOPES = ("content", "validate")
PREFIXES = {False: "scl_live_", True: "scl_test_"}  # by whether it is for tests
PREFIX = re.compile("|".join(PREFIXES.values()), re.IGNORECASE)
ALPHABET = string.digits + string.ascii_letters
PREFIX_LENGTH = len(PREFIXES[False])
ID_LENGTH = 10
SECRET_LENGTH = 32  # 190 bits
CHECKSUM_LENGTH = 6
_SHAPE = re.compile(rf"(?:{'|'.join(PREFIXES.values())})[0-9A-Za-z]{{{ID_LENGTH + SECRET_LENGTH + CHECKSUM_LENGTH}}}")


@dataclass(frozen=True)
class KeptLimits:
    """A version of the limits of its own that are kept for a partner. It never changes."""

    version: int
    digest: str  # SHA-256 of the text
    text: str = field(repr=False)  # the list, in canonical JSON

    def items(self) -> list[Any]:
        """The limits, each as a plan may carry it."""
        items: list[Any] = json.loads(self.text)
        return items


@dataclass(frozen=True)
class Caller:
    """Who sends a request, by its key; one without a key is anonymous."""

    partner: str | None = None  # slug of the partner
    key: str | None = None  # public id of the key, never secret
    is_test: bool = False
    scopes: frozenset[str] = frozenset(SCOPES)
    expires_at: datetime | None = None
    house: KeptLimits | None = None


def new_key(is_test: bool) -> str:
    """The text of a new key."""
    drawn = "".join(secrets.choice(ALPHABET) for _ in range(ID_LENGTH + SECRET_LENGTH))
    text = PREFIXES[is_test] + drawn
    return text + checksum(text)


def checksum(text: str) -> str:
    """The CRC-32 of a text in base62: tells a key that was mistyped, or one that leaked, from any other text."""
    rest, digits = zlib.crc32(text.encode()), ""
    for _ in range(CHECKSUM_LENGTH):
        rest, digit = divmod(rest, len(ALPHABET))
        digits = ALPHABET[digit] + digits
    return digits


def is_whole(text: str) -> bool:
    """Whether a text can be a key: its shape is that of one, and its checksum is right."""
    return bool(_SHAPE.fullmatch(text)) and text.endswith(checksum(text[:-CHECKSUM_LENGTH]))


def id_of(text: str) -> str:
    """The public id of a key, which may be shown and logged."""
    return text[PREFIX_LENGTH : PREFIX_LENGTH + ID_LENGTH]


def digest_of(text: str) -> str:
    """The SHA-256 of a key, which is all of it that is kept. It needs no salt, since a secret is random and long."""
    return hashlib.sha256(text.encode()).hexdigest()
