"""A seed in; out, a request that was valid to one of all addresses before it was spoilt in a few places, by chance."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from random import Random
from typing import Any
from urllib.parse import quote, urlencode

from api.releases import Row
from api.schema import examples
from tests import odd
from tests.asking import in_full
from tests.contract import OPERATIONS, whole
from tests.random_plans import random_plan
from tests.spoilt_json import ODD_BYTES, ODD_TEXTS, insert, spoilt

PLANS = "/v1/session-plans"
VALIDATE, BATCH, COMPARE = f"{PLANS}/validate", f"{PLANS}/validate-batch", f"{PLANS}/compare"
SWAGGER = "/static/drf_spectacular_sidecar/swagger-ui-dist"
PAGES = (
    *(
        "/",
        "/docs",
        "/v1/problems/invalid_plan",
        "/static/api/page.css",
        "/static/api/reference.js",
        "/static/api/icon.svg",
    ),
    *(f"{SWAGGER}/swagger-ui.css", f"{SWAGGER}/favicon-32x32.png"),
)
PREFLIGHT = {"HTTP_ORIGIN": "https://a.example", "HTTP_ACCESS_CONTROL_REQUEST_METHOD": "POST"}
Content = Mapping[str, Sequence[Row]]


@dataclass
class Request:
    """A request as it is made ready. Its header names are as WSGI has them."""

    method: str
    path: str
    query: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    document: Any = None
    body: bytes = b""
    leaves: bool = False  # before the body came

    def __str__(self) -> str:
        return f"{self.method} {self.path[:200]}?{self.query[:200]} {self.headers} {self.body[:2000]!r}"[:4000]


def request_of(seed: int, content: Content) -> Request:
    """The spoilt request of a seed."""
    random = Random(seed)  # noqa: S311 - requests, not secrets
    request = random.choice(VALID)(random, content)
    if request.document is not None:
        request.body = json.dumps(request.document).encode()
    for _ in range(random.choice((1, 1, 1, 2, 2, 3))):
        random.choice(SPOILS if request.document is None else SPOILS_OF_BODIES)(request, random)
    return request


# Valid requests.


def plan(random: Random, content: Content) -> Request:
    return _posted(VALIDATE, random_plan(random, content), random)


def batch(random: Random, content: Content) -> Request:
    plans = [random_plan(random, content) for _ in range(random.choice((1, 2, 3)))]
    return _posted(BATCH, {"plans": plans}, random)


def comparison(random: Random, content: Content) -> Request:
    plans = [random_plan(random, content) for _ in range(random.choice((1, 2, 3)))]
    releases = {"from_release": random.choice((1, 2)), **random.choice(({}, {"to_release": 1}, {"to_release": 2}))}
    return _posted(COMPARE, {"plans": plans, **releases}, random)


def _posted(path: str, document: Any, random: Random) -> Request:
    query = random.choice(("", "", "release=1")) if path != COMPARE else ""
    return Request("POST", path, query, {"CONTENT_TYPE": "application/json"}, document)


def reading(random: Random, content: Content) -> Request:
    """An address of the contract, with some of its parameters, each as the contract shows or allows it."""
    path, _, operation = random.choice([each for each in OPERATIONS if each[1] == "get"])
    declared = [whole(parameter) for parameter in operation.get("parameters", ())]
    for each in declared:
        path = path.replace(f"{{{each['name']}}}", str(each["example"]))
    asked = [each for each in declared if each["in"] == "query" and random.random() < 0.4]
    query = urlencode({each["name"]: random.choice(_values(each)) for each in asked})
    return Request(random.choice(("GET", "GET", "GET", "HEAD")), path, query)


def _values(parameter: Mapping[str, Any]) -> Sequence[Any]:
    return [parameter["example"], *whole(parameter["schema"]).get("enum", ())]


def page(random: Random, content: Content) -> Request:
    headers = random.choice(({}, {"HTTP_ACCEPT": "text/html"}, {"HTTP_ACCEPT_ENCODING": "br, gzip"}))
    return Request(random.choice(("GET", "HEAD")), random.choice(PAGES), headers=dict(headers))


def preflight(random: Random, content: Content) -> Request:
    return Request("OPTIONS", random.choice((VALIDATE, BATCH, "/v1/areas", "/nowhere")), headers=dict(PREFLIGHT))


@cache
def _shown() -> tuple[Mapping[str, Any], ...]:
    return tuple(example["request"] for _, example in examples())


def example(random: Random, content: Content) -> Request:
    """A request that the contract shows."""
    shown = random.choice(_shown())
    path, _, query = in_full(shown["path"]).partition("?")
    headers = {_cgi(name): in_full(value) for name, value in shown.get("headers", {}).items()}
    sent = shown.get("body")
    if isinstance(sent, str):
        return Request(shown["method"], path, query, headers, body=sent.encode())
    return Request(shown["method"], path, query, {"CONTENT_TYPE": "application/json", **headers}, sent)


def _cgi(name: str) -> str:
    plain = name.upper().replace("-", "_")
    return plain if plain in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{plain}"


VALID: tuple[Callable[[Random, Content], Request], ...] = (
    *(plan, plan, plan, batch, comparison),
    *(reading, reading, reading, reading, page, example, preflight),
)


# How they are spoilt.


def another_method(request: Request, random: Random) -> None:
    request.method = random.choice(odd.METHODS)


def another_target(request: Request, random: Random) -> None:
    request.path, _, query = random.choice(odd.TARGETS).partition("?")
    request.query = query or request.query


def spoil_path(request: Request, random: Random) -> None:
    """Odd bytes in it, a segment more or less, or other capitals."""
    parts = request.path.split("/")
    place = random.randrange(len(parts))
    odd_part = quote(random.choice(ODD_TEXTS).encode("utf-8", "surrogatepass"), safe="/")
    ways = (
        lambda: parts.insert(place, odd_part),
        lambda: parts.pop(place),
        lambda: parts.insert(place, parts[place]),
        lambda: parts.__setitem__(place, insert(parts[place].encode("latin-1"), random).decode("latin-1")),
        lambda: parts.__setitem__(place, f"{parts[place]}%{random.randrange(256):02x}"),
        lambda: parts.__setitem__(place, parts[place].swapcase()),
    )
    random.choice(ways)()
    request.path = "/".join(parts)


def another_query(request: Request, random: Random) -> None:
    request.query = random.choice(odd.QUERIES).removeprefix("?")


def spoil_query(request: Request, random: Random) -> None:
    """One parameter more, doubled, or with an odd value."""
    pairs = request.query.split("&")
    own = random.choice(pairs).partition("=")[0]
    name = random.choice((own, "release", "limit", "after", "q", "product", "weight_kg", "key", "format"))
    sent = random.choice((*(text.encode("utf-8", "surrogatepass") for text in ODD_TEXTS), *ODD_BYTES))
    value = random.choice((quote(sent), sent.decode("latin-1"), "%", "%f"))
    pairs[random.randrange(len(pairs))] = f"{name}={value}"
    request.query = "&".join(random.choice((pairs, pairs * 2, pairs * 60)))


def spoil_header(request: Request, random: Random) -> None:
    name = random.choice([*odd.HEADERS])
    value = random.choice(odd.HEADERS[name])
    request.headers[name] = random.choice((value, insert(value.encode("latin-1"), random).decode("latin-1")))


def drop_header(request: Request, random: Random) -> None:
    if request.headers:
        del request.headers[random.choice([*request.headers])]


def wrong_length(request: Request, random: Random) -> None:
    more = random.choice((-1, 1, 100, 2_000_000, -len(request.body)))
    request.headers["CONTENT_LENGTH"] = str(len(request.body) + more)


def leave(request: Request, random: Random) -> None:
    request.leaves = True


def another_body(request: Request, random: Random) -> None:
    request.body = random.choice(odd.BODIES)


def spoil_body(request: Request, random: Random) -> None:
    request.body = spoilt(request.document, random)


Spoil = Callable[[Request, Random], None]
SPOILS: tuple[Spoil, ...] = (
    *(another_method, another_target, spoil_path, spoil_path, another_query, spoil_query, spoil_query, another_body),
    *(spoil_header,) * 5,
    *(drop_header, wrong_length),
)
SPOILS_OF_BODIES: tuple[Spoil, ...] = (*SPOILS, leave, *(spoil_body,) * 20)
