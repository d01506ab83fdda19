"""An exported release and the nginx files in `.deploy` in; out, where nginx answers otherwise than the service.

Lists, and some rows, are asked of both in each coding, with and without their ETag. Ends with 1 where an answer
differs, or where nginx or openssl is missing: python -m tests.files_behind_nginx
"""

import json
import sys
import tempfile
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from tests.commands import python
from tests.nginx import CHOSEN, HOST, Answer, Proxy, proxy
from tests.servers import UNHINDERED, up

# What each server says itself, and what is of a single request.
OWN = ("date", "server", "connection", "x-request-id", "ratelimit", "ratelimit-policy", "transfer-encoding")
OF_304 = ("allow",)  # which nginx says in those that it makes of what its cache holds
SENT_FOR = {"identity": "identity", "br": "zstd, BR, gzip", "zstd": "gzip, zstd", "gzip": "gzip, deflate"}
LIST_SLASHES, EACH_ROW = 2, 20  # of rows, one in so many is asked for; tests/test_export_release.py has them all
# What no file answers: other forms, weights, keys, filters, other releases, what is not there.
FOR_THE_SERVICE: list[tuple[str, dict[str, str]]] = [
    ("/v1/areas", {"Accept-Encoding": "br;q=0.5, gzip"}),
    ("/v1/areas", {"Accept-Encoding": "*"}),
    ("/v1/areas", {"Accept-Encoding": "identity;q=0"}),
    ("/v1/areas", {"Authorization": "Bearer scl_live_nobody"}),
    ("/v1/areas", {"Host": "another.example"}),
    ("/v1/areas?limit=2", {}),
    ("/v1/areas?release=9", {}),
    ("/v1/areas?", {}),
    ("/v1//areas", {}),
    ("/v1/areas/", {}),
    ("/v1/areas/index.json", {}),
    ("/release/files/v1/index.json", {}),
    ("/v1/problems", {"Accept": "text/html"}),
    ("/readyz", {}),
]


def ask(connection: HTTPConnection, path: str, headers: dict[str, str], method: str = "GET") -> Answer:
    """What comes back over a connection that goes on."""
    connection.request(method, path, headers={"Host": HOST, "Accept-Encoding": "", **headers})
    response = connection.getresponse()
    return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())


def difference(one: Answer, two: Answer) -> str:
    """How two answers differ, in words; nothing where they do not."""
    if one.status != two.status:
        return f"{one.status}, not {two.status}"
    passed_over = (*OWN, *OF_304) if one.status == 304 else OWN
    headers = [{name: text for name, text in each.headers.items() if name not in passed_over} for each in (one, two)]
    if headers[0] != headers[1]:
        return f"headers {dict(headers[0].items() ^ headers[1].items())}"
    return "" if one.body == two.body else "another body"


def asked(headers: dict[str, dict[str, dict[str, str]]]) -> Iterator[tuple[str, dict[str, str], bool]]:
    """Requests with their headers, and whether a file answers: of each list, and of one row in so many, in all ways."""
    for number, (address, codings) in enumerate(headers.items()):
        if address.count("/") > LIST_SLASHES and number % EACH_ROW:
            continue
        for coding, accepted in SENT_FOR.items():
            tag = codings.get(coding, codings["identity"])["ETag"]
            sent = {} if coding == "identity" else {"Accept-Encoding": accepted}
            yield address, sent, True
            yield address, {**sent, "If-None-Match": '"x"'}, True
            for condition in (tag, f'"x", W/{tag}', "*"):
                yield address, {**sent, "If-None-Match": condition}, False
    for address, sent in FOR_THE_SERVICE:
        yield address, sent, False


def compared(at: Proxy, service: HTTPConnection, headers: dict[str, dict[str, dict[str, str]]]) -> Iterator[str]:
    """What is wrong with each answer of nginx."""
    nginx = at.connection()
    for address, sent, is_file in asked(headers):
        own = ask(nginx, address, sent)
        if is_file and "ratelimit" in own.headers:
            yield f"{address} {sent}: asked of the service"
        expected = ask(service, address, {"X-Forwarded-Proto": "https", **sent})
        words = difference(own, expected)
        failed_alike = own.status == expected.status >= 400  # such an answer names its request
        if words and not failed_alike:
            yield f"{address} {sent}: {words}"
    head, got = (ask(nginx, "/v1/areas", {"Accept-Encoding": "br"}, method) for method in ("HEAD", "GET"))
    if (head.body, head.headers["content-length"]) != (b"", str(len(got.body))):
        yield "HEAD is not as GET"
    ranged = ask(nginx, "/v1/areas", {"Range": "bytes=0-9"})
    if ranged.status != 200:
        yield "a range is sent"
    nginx.close()


def main() -> int:
    """Publish a small part of the content, export, serve and compare."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        settings: dict[str, Any] = {**CHOSEN, **UNHINDERED, "DATABASE_URL": f"sqlite:///{folder / 'db.sqlite3'}"}
        export = ("manage.py", "export_release", str(folder / "release"))
        for command in (("-m", "tests.small_database"), ("manage.py", "publish", "--note", "A part"), export):
            run = python(*command, **settings)
            assert run.returncode == 0, run.stderr
        headers = json.loads((folder / "release" / "headers.json").read_text("utf-8"))
        with up(folder / "up.log", **settings) as server:
            server.until("Serving on")
            with proxy(folder, server.port, folder / "release") as at:
                wrong = [*compared(at, HTTPConnection("127.0.0.1", server.port, timeout=60), headers)]
    print("\n".join(wrong[:20]))
    print(f"{len(headers)} addresses in {len(SENT_FOR)} codings: {len(wrong)} answers are not those of the service")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
