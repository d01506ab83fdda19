"""A canary in; out, requests that have it in every place: members, headers, parameters, paths, and broken requests."""

import base64
import json
import socket
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any, NamedTuple
from urllib.parse import quote

from tests.breaking import PRESENT, read
from tests.plans import FULL, VALIDATE

BATCH, COMPARE = f"{VALIDATE}-batch", "/v1/session-plans/compare"
# Like what a partner may send by mistake; the number makes each another one. Each has a part that is never escaped.
KINDS = (
    "Zyxwina Quorrek{:02}",
    "zyxwin@wendola{:02}.example",
    "scl_live_Vextrom{:02}AbCdEfGhIjKlMnOpQrStUvWxYz0123456789AbCdEfGh",
    "brilda-{:02}-wonneck",
    "2187-03-{:02}",
    "731{:02}.517",
    "198.51.100.1{:02}",
    "eyJhbGciOiJIUzI1NiJ9.plumgar{:02}.zorvin",
    "tessique{:02}\u00e9\u4e2d\U0001f489",
    "JORVAND{:02}<script>' OR 1=1 -- \\",
)
CANARIES = [KINDS[number % len(KINDS)].format(number // len(KINDS) + 11) for number in range(40)]
HEADERS = (
    *("Accept", "Accept-Charset", "Accept-Encoding", "Accept-Language", "Authorization", "Cache-Control", "Cookie"),
    *("Content-Encoding", "Content-Language", "Content-Type", "Expect", "Forwarded", "From", "Host", "If-Match"),
    *("If-Modified-Since", "If-None-Match", "If-Range", "Origin", "Pragma", "Prefer", "Proxy-Authorization", "Range"),
    *("Referer", "TE", "Transfer-Encoding", "Upgrade", "User-Agent", "Via", "X-API-Key", "X-Canary"),
    *("X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-HTTP-Method-Override", "X-Original-URL"),
    *("X-Real-IP", "X-Request-ID", "Access-Control-Request-Method", "Access-Control-Request-Headers"),
)
CONTRACT = read(PRESENT)
SECONDS = 20
NONE: Mapping[str, str] = {}
PREFLIGHT = "Access-Control-Request-Method"
PEOPLE = {"Accept": "text/html, application/json;q=0.9, */*;q=0.1"}


class Raw(NamedTuple):
    """A request as bytes, and whether the client goes before it is answered."""

    data: bytes
    leaves: bool = False


def raw(method: str, target: str, body: bytes = b"", headers: Mapping[str, str] = NONE) -> Raw:
    """A request with these headers beside the usual ones."""
    usual = {"Host": "localhost", "Connection": "close"}
    of_body = {"Content-Length": str(len(body)), "Content-Type": "application/json"} if body else {}
    named = {**usual, **of_body, **headers}
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in named.items())]
    return Raw("\r\n".join(lines).encode() + b"\r\n\r\n" + body)


def sent(port: int, request: Raw) -> int:
    """The status that a request got; 0 where there was none."""
    with socket.create_connection(("127.0.0.1", port), timeout=SECONDS) as connection, suppress(OSError):
        connection.sendall(request.data)
        if request.leaves:
            return 0
        head = connection.recv(65536)
        while connection.recv(65536):
            pass
        return int(head.split()[1]) if head.startswith(b"HTTP/") else 0
    return 0


def requests_with(canary: str) -> Iterator[Raw]:
    """Requests that have the canary in every place."""
    yield from in_members(canary)
    yield from in_headers(canary)
    yield from in_parameters(canary)
    yield from in_paths(canary)
    yield from in_what_is_broken(canary)


def in_members(canary: str) -> Iterator[Raw]:
    """As the value and as the name of every member; and where it is a number or a date, in a plan that is fine."""
    plans = [with_values(FULL, canary), with_names(FULL, canary), canary, [canary], {canary: canary}]
    if canary[0].isdigit():
        amount = {"value": canary, "unit": "mL"}
        plans.append({"sessions": [{"treatments": [{"area": "leg", "amount": amount}]}]})
        plans.append(
            {"sessions": [{"date": canary, "treatments": [{"area": "leg", "amount": {**amount, "value": "1"}}]}]}
        )
    for plan in plans:
        yield raw("POST", VALIDATE, json.dumps(plan).encode())
        yield raw("POST", VALIDATE, json.dumps(plan, ensure_ascii=False).encode())
    yield raw("POST", BATCH, json.dumps({"plans": plans}).encode())
    yield raw("POST", COMPARE, json.dumps({"plans": plans, "from_release": 1}).encode())
    yield raw("POST", COMPARE, json.dumps({"plans": plans, "from_release": canary, canary: 1}).encode())


def with_values(node: Any, canary: str) -> Any:
    """A document whose every value is the canary."""
    if isinstance(node, dict):
        return {name: with_values(value, canary) for name, value in node.items()}
    return [with_values(entry, canary) for entry in node] if isinstance(node, list) else canary


def with_names(node: Any, canary: str) -> Any:
    """A document whose every object has a member of the canary's name, too."""
    if isinstance(node, dict):
        return {canary: 1, **{name: with_names(value, canary) for name, value in node.items()}}
    return [with_names(entry, canary) for entry in node] if isinstance(node, list) else node


def in_headers(canary: str) -> Iterator[Raw]:
    plan = json.dumps(FULL).encode()
    pair = base64.b64encode(f"{canary}:{canary}".encode()).decode()
    values = dict.fromkeys(HEADERS, canary) | {"Authorization": f"Bearer {canary}", "X-Request-ID": f".{canary}"}
    also = [
        ("Authorization", f"Basic {pair}"),
        ("Accept", f"text/{quote(canary, safe='')}"),
        ("Cookie", f"{canary}={canary}"),
    ]
    for name, value in (*values.items(), *also):
        yield raw("GET", "/v1/areas", headers={name: value})
        yield raw("POST", VALIDATE, plan, {name: value})
    yield raw("OPTIONS", VALIDATE, headers={"Origin": f"https://{quote(canary)}", PREFLIGHT: canary})


def in_parameters(canary: str) -> Iterator[Raw]:
    """As the value of every parameter, and as a name of one."""
    escaped = quote(canary, safe="")
    shared = CONTRACT["components"]["parameters"]
    for path, methods in CONTRACT["paths"].items():
        for method, operation in methods.items():
            declared = [shared[each["$ref"].rpartition("/")[2]] for each in operation.get("parameters", ())]
            names = [each["name"] for each in declared if each["in"] == "query"]
            query = "&".join(f"{name}={escaped}" for name in (*names, "key", "token", "access_token"))
            target = filled(path, "1")
            yield raw(method.upper(), f"{target}?{query}&{escaped}=1&{escaped}", b"{}" if method == "post" else b"")
    for path in ("/", "/docs", "/livez", "/readyz", "/v1/problems/not_found", "/static/api/page.css", "/v1/faqs"):
        yield raw("GET", f"{path}?q={escaped}", headers=PEOPLE)


def filled(path: str, value: str) -> str:
    """A path of the contract with its parts filled in."""
    for name in ("slug", "number", "code"):
        path = path.replace(f"{{{name}}}", value)
    return path


def in_paths(canary: str) -> Iterator[Raw]:
    escaped = quote(canary, safe="")
    paths = {filled(path, escaped) for path in CONTRACT["paths"] if "{" in path}
    paths |= {
        f"{start}/{escaped}" for start in ("", "/v1", "/docs", "/static", "/static/api", "/v1/session-plans", "/admin")
    }
    paths |= {f"/v1/areas/calf/{escaped}", f"/v1/areas%00{escaped}", f"/{escaped}%ff", f"/v1/areas/%zz{escaped}"}
    for path in sorted(paths):
        for method in ("GET", "POST", "DELETE"):
            yield raw(method, path, b"{}" if method == "POST" else b"")
    yield raw("GET", f"http://{quote(canary)}/v1/areas")


def in_what_is_broken(canary: str) -> Iterator[Raw]:
    """In requests that no application sees, or that it cannot read: sizes, lengths, codings, and clients that leave."""
    text = canary.encode()
    for body in (text, b'{"' + text + b'": NaN}', b"\xff" + text, b'{"sessions": "' + text, b"[" * 5000 + text):
        yield raw("POST", VALIDATE, body)
    yield raw("POST", VALIDATE, b'"' + text * (400_000 // len(text)) + b'"')
    yield raw("POST", BATCH, b'"' + text * (1_200_000 // len(text)) + b'"')
    short = raw("POST", VALIDATE, text, {"Content-Length": "5000"})
    yield Raw(short.data, leaves=True)
    for name, value in (("Content-Encoding", "gzip"), ("Content-Type", "text/plain"), ("Content-Length", f"1{canary}")):
        yield raw("POST", VALIDATE, text, {name: value})
    chunk = b"%x\r\n%b\r\n0\r\n\r\n" % (len(text), text)
    in_chunks = {"Transfer-Encoding": "chunked", "Content-Type": "application/json"}
    yield Raw(raw("POST", VALIDATE, headers=in_chunks).data + chunk)
    yield raw("GET", f"/v1/areas?q={quote(canary) * 8000}")
    yield raw("GET", "/v1/areas", headers={"X-Canary": canary * 9000})
    yield raw("PROPFIND", f"/{quote(canary)}", headers={"Depth": canary})
    yield raw(quote(canary).replace("%", "x").upper(), "/v1/areas")
    yield from (
        Raw(data)
        for data in (
            text,
            text + b"\r\n\r\n",
            b"GET " + text + b" HTTP/9\r\n\r\n",
            b"GET / HTTP/1.1\r\n" + text + b"\r\n\r\n",
        )
    )
