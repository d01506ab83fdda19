"""Live, expired and revoked keys in; out, headers that are near to a right one and none, each with its kind."""

import base64
import random
from collections.abc import Callable, Iterator, Mapping
from urllib.parse import quote

from api import keys

SCHEMES = (
    "Basic",
    "Token",
    "Digest",
    "Negotiate",
    "ApiKey",
    "Bearers",
    "Beare",
    "Bearer:",
    "Bearer,",
    "B\u0435arer",
    "Bearer\xa0",
)
BLANKS = ("\t", "  ", "\x0b", "\x0c", "\xa0", "\u2003", "\n", "\r\n ", "\0", "")
ENDS = (" ", "\t", "\n", "\r\n", "\0", ",", ";", ".", "=", "==", "\xa0", " x", "?", "#", "/", "\u200b", "\xff", "é")
ALIKE = str.maketrans("aceopxyi0l1", "\u0430\u0441\u0435\u043e\u0440\u0445\u0443\u0456OI\u0661")


def with_checksum(text: str) -> str:
    """The key with the checksum that belongs to all before it."""
    return text[: -keys.CHECKSUM_LENGTH] + keys.checksum(text[: -keys.CHECKSUM_LENGTH])


def unknown(draw: random.Random, prefix: str | None = None) -> str:
    """A whole key that never was, of a prefix or any."""
    drawn = "".join(draw.choices(keys.ALPHABET, k=keys.ID_LENGTH + keys.SECRET_LENGTH))
    return with_checksum(f"{prefix or draw.choice([*keys.PREFIXES.values()])}{drawn}{'0' * keys.CHECKSUM_LENGTH}")


def wrong_secret(draw: random.Random, key: str) -> str:
    """A whole key with the id of one that is there, and another secret."""
    start = keys.PREFIX_LENGTH + keys.ID_LENGTH
    return with_checksum(key[:start] + unknown(draw)[start:])


def edited(draw: random.Random, text: str) -> str:
    """The text with a letter more, less, in place of another, or in the other case."""
    place = draw.randrange(len(text))
    letter = draw.choice(f"{keys.ALPHABET}_- .\xe9\u0661")
    edits = (letter + text[place], "", letter, text[place].swapcase())
    return text[:place] + draw.choice(edits) + text[place + 1 :]


def _cut(draw: random.Random, key: str) -> str:
    """A part of a key."""
    first, last = sorted(draw.sample(range(len(key) + 1), 2))
    return key[first:last]


def _encoded(draw: random.Random, key: str) -> str:
    """A key in another writing."""
    as_base64 = base64.b64encode(key.encode()).decode()
    percent = quote(key, safe="").replace("_", "%5F")
    return draw.choice(
        (as_base64, percent, key[::-1], key.upper(), key.lower(), key.translate(ALIKE), key.encode().hex())
    )


def _quoted(draw: random.Random, key: str) -> str:
    """A key in quotes, brackets or as a parameter."""
    shapes = (
        '"{}"',
        "'{}'",
        "<{}>",
        "{{{}}}",
        "token={}",
        'token="{}"',
        "Bearer {}",
        "{0} {0}",
        "{0},{0}",
        "[{}]",
        ":{}",
    )
    return draw.choice(shapes).format(key)


def _swapped_prefix(draw: random.Random, key: str) -> str:
    """A live key as one for tests, or the reverse, with its checksum or that of the other."""
    is_test = key.startswith(keys.PREFIXES[True])
    other = keys.PREFIXES[not is_test] + key[keys.PREFIX_LENGTH :]
    return draw.choice((other, with_checksum(other)))


Kinds = Mapping[str, Callable[[], str]]


def kinds(draw: random.Random, live: str, others: list[str]) -> Kinds:
    """What makes a header of each kind; `others` are keys that expired or were revoked."""
    end = keys.CHECKSUM_LENGTH
    return {
        "another scheme": lambda: f"{draw.choice(SCHEMES)} {live}",
        "Basic with the key as a name": lambda: f"Basic {base64.b64encode(f'{live}:'.encode()).decode()}",
        "no scheme": lambda: draw.choice((live, f" {live}", "", " ", "Bearer", "Bearer ", f"{live} Bearer", live[:20])),
        "another blank": lambda: f"Bearer{draw.choice(BLANKS)}{live}",
        "something before": lambda: f"{draw.choice(ENDS)}Bearer {live}",
        "something behind": lambda: f"Bearer {live}{draw.choice(ENDS)}{draw.choice(('', ' ', draw.choice(ENDS)))}",
        "doubled": lambda: (
            f"Bearer {live}{draw.choice((',', ', ', ';', ' '))}Bearer {draw.choice((live, unknown(draw)))}"
        ),
        "edited": lambda: f"Bearer {edited(draw, live)}",
        "edited twice": lambda: f"Bearer {edited(draw, edited(draw, live))}",
        "another checksum": lambda: f"Bearer {live[:-end]}{''.join(draw.choices(keys.ALPHABET, k=end))}",
        "a part": lambda: f"Bearer {_cut(draw, live)}",
        "another writing": lambda: f"Bearer {_encoded(draw, live)}",
        "in quotes": lambda: f"Bearer {_quoted(draw, live)}",
        "another prefix": lambda: f"Bearer {_swapped_prefix(draw, live)}",
        "the digest or the id": lambda: (
            f"Bearer {draw.choice((keys.digest_of(live), keys.id_of(live), f'scl_live_{keys.id_of(live)}'))}"
        ),
        "unknown": lambda: f"Bearer {unknown(draw)}",
        "wrong secret": lambda: f"Bearer {wrong_secret(draw, live)}",
        "expired or revoked": lambda: f"{draw.choice(('Bearer', 'bearer', 'BEARER'))} {draw.choice(others)}",
        "long": lambda: f"Bearer {live * draw.randrange(2, 100)}",
    }


def is_right(header: str, live: str) -> bool:
    """Whether a header is a right one by chance: the name of the scheme is read in any case (RFC 9110)."""
    return header[:7].lower() == "bearer " and header[7:] == live


def variants(count: int, seed: int, live: str, others: list[str]) -> Iterator[tuple[str, str]]:
    """So many headers, each of a kind and none of them right."""
    draw = random.Random(seed)  # noqa: S311 - the same variants each time
    makers = [*kinds(draw, live, others).items()]
    made = 0
    while made < count:
        kind, make = makers[made % len(makers)]
        header = make()
        if not is_right(header, live):
            made += 1
            yield kind, header
