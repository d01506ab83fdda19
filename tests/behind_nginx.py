"""The nginx file in `.deploy` and the service in; out, what comes of requests through both.

Ends with 1 where an answer is not what it is to be, or where nginx or openssl is missing: python -m tests.behind_nginx
"""

import json
import re
import signal
import socket
import ssl
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import brotli

from api.negotiation import IDENTITY
from tests.nginx import CHOSEN, HOST, Answer, Proxy, proxy
from tests.processes import send
from tests.servers import Up, up

VALIDATE, BATCH = "/v1/session-plans/validate", "/v1/session-plans/validate-batch"
PLAN = {"sessions": [{"treatments": [{"area": "leg", "amount": {"value": "12", "unit": "cc"}}]}]}
KEY = "scl_live_Nobody"
MEGABYTE = 1024 * 1024
STALE_AFTER = 60  # seconds for which the newest release may be kept


def health(at: Proxy) -> None:
    for path in ("/livez", "/readyz"):
        for tls in (False, True):
            for host in (HOST, "10.0.0.7", "another.example"):
                assert at.ask("GET", path, tls=tls, Host=host).status == 200


def reading(at: Proxy) -> None:
    answer = at.ask("GET", "/v1/areas")
    assert answer.status == 200
    assert answer.json["items"]
    assert answer.headers["access-control-allow-origin"] == "*"
    head = at.ask("HEAD", "/v1/areas")
    assert (head.status, head.body) == (200, b"")
    assert head.headers["content-length"] == str(len(answer.body))
    assert at.ask("GET", "/static/api/page.css").status == 200
    assert f"https://{HOST}/v1".encode() in at.ask("GET", "/").body


def sending(at: Proxy) -> None:
    answer = at.ask("POST", VALIDATE, PLAN, X_Request_ID="partner-4711")
    assert (answer.status, answer.json["verdict"]) == (200, "outside_limits")
    assert answer.headers["x-request-id"] == "partner-4711"
    refused = at.ask("POST", VALIDATE, {})
    assert (refused.status, refused.json["code"]) == (400, "invalid_plan")


def batch_of(size: int) -> bytes:
    """A batch of a plan, in so many bytes."""
    text = json.dumps({"plans": [PLAN]}).encode()
    return text + b" " * (size - len(text))


def sizes(at: Proxy) -> None:
    assert at.ask("POST", BATCH, batch_of(MEGABYTE)).status == 200
    for size in (MEGABYTE + 1, 2 * MEGABYTE, 2 * MEGABYTE + 1, 5 * MEGABYTE):
        try:
            answer = at.ask("POST", BATCH, batch_of(size))
        except OSError:
            assert size > 2 * MEGABYTE, "cut off"
            continue
        assert (answer.status, answer.json["code"]) == (413, "body_too_large"), size
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["x-request-id"] == answer.json["request_id"]


def codings(at: Proxy) -> None:
    plain = at.ask("GET", "/v1/session-limits")
    for coding in ("gzip", "br", "zstd", IDENTITY):
        answer = at.ask("GET", "/v1/session-limits", Accept_Encoding=coding)
        assert answer.headers.get("content-encoding", IDENTITY) == coding
        assert answer.headers["content-length"] == str(len(answer.body))
        assert (answer.headers["etag"] == plain.headers["etag"]) is (coding == IDENTITY)
        assert not answer.headers["etag"].startswith("W/")
    assert "content-encoding" not in at.ask("GET", "/readyz", Accept_Encoding="gzip").headers
    assert brotli.decompress(at.ask("GET", "/v1/session-limits", Accept_Encoding="br").body) == plain.body


def conditional(at: Proxy) -> None:
    for coding in ("br", IDENTITY):
        tag = at.ask("GET", "/v1/areas", Accept_Encoding=coding).headers["etag"]
        again = at.ask("GET", "/v1/areas", Accept_Encoding=coding, If_None_Match=tag)
        assert (again.status, again.body, again.headers["etag"]) == (304, b"", tag)


def plain_http(at: Proxy) -> None:
    for proto in ("", "https", "https, https"):
        for method, path, body in (("GET", "/v1/areas", None), ("POST", VALIDATE, PLAN), ("GET", "/", None)):
            answer = at.ask(method, path, body, tls=False, X_Forwarded_Proto=proto, Forwarded="proto=https")
            assert (answer.status, answer.json["code"]) == (400, "https_required")
            assert "strict-transport-security" not in answer.headers
            assert "location" not in answer.headers
    refused = at.ask("GET", "/v1/areas", tls=False, exact={"X_Forwarded_Proto": "https"})
    assert (refused.status, refused.json["code"]) == (400, "https_required")
    told = at.ask("GET", "/v1/areas", X_Forwarded_Proto="http")
    assert (told.status, told.headers["strict-transport-security"]) == (200, "max-age=60")


def wrong_hosts(at: Proxy) -> None:
    for host in ("another.example", "127.0.0.1", "localhost", f"{HOST}.evil.example", "a b", f"{HOST},x"):
        for forwarded in ("", HOST):
            answer = at.ask("GET", "/v1/areas", Host=host, X_Forwarded_Host=forwarded)
            assert (answer.status, answer.json["code"]) == (400, "bad_request"), host
    assert at.ask("GET", "/v1/areas", Host=f"{HOST}:443").status == 200


def in_chunks(at: Proxy) -> None:
    """nginx holds the body until it is whole, and says its length."""
    connection = at.connection()
    parts = re.findall(".{1,9}", json.dumps(PLAN))
    headers = {"Host": HOST, "Content-Type": "application/json"}
    connection.request("POST", VALIDATE, (part.encode() for part in parts), headers, encode_chunked=True)
    assert connection.getresponse().status == 200
    connection.close()


def held(at: Proxy, path: str, **headers: Any) -> str:
    """Whether nginx had the answer, as it says in its log; `-` where it did not look."""
    answer = at.ask("GET", path, **headers)
    assert answer.status == 200
    [line] = lines_of(at, [answer])
    return line.split(" ")[-1]


def kept(at: Proxy) -> None:
    """Public answers are kept by address and by what they vary by; nothing else is."""
    assert [held(at, "/v1/rules") for _ in range(3)] == ["MISS", "HIT", "HIT"]
    assert held(at, "/v1/rules?limit=2") == "MISS"
    for coding in ("br", "gzip"):
        assert [held(at, "/v1/rules", Accept_Encoding=coding) for _ in range(2)] == ["MISS", "HIT"]
    assert [held(at, "/v1/problems", Accept=form) for form in ("text/html", "application/json")] == ["MISS", "MISS"]
    assert at.ask("GET", "/v1/problems", Accept="text/html").headers["content-type"].startswith("text/html")
    assert at.ask("GET", "/v1/rules", Host="another.example").status == 400
    assert at.ask("GET", "/v1/rules", tls=False).status == 400
    first, second = (at.ask("GET", "/v1/rules") for _ in range(2))
    assert first.headers["x-request-id"] != second.headers["x-request-id"]
    assert at.ask("GET", "/v1/rules", X_Request_ID="partner-4712").headers["x-request-id"] == "partner-4712"
    assert at.ask("GET", "/v1/rules", If_None_Match=first.headers["etag"]).status == 304
    head = at.ask("HEAD", "/v1/rules")
    assert (head.headers["content-length"], head.body) == (first.headers["content-length"], b"")
    assert at.ask("GET", "/v1/rules", Range="bytes=0-9").body == first.body


def not_kept(at: Proxy) -> None:
    """What is asked for with a key or a cookie, what is sent, and what says so."""
    assert {held(at, "/v1/rules", Cookie="a=b") for _ in range(2)} == {"-"}
    answers = [at.ask("GET", "/v1/rules", Authorization="x") for _ in range(2)]
    assert {answer.status for answer in answers} == {401}
    assert {line.split(" ")[-1] for line in lines_of(at, answers)} == {"-"}
    answers = [at.ask("POST", VALIDATE, PLAN) for _ in range(2)]
    assert {line.split(" ")[-1] for line in lines_of(at, answers)} == {"-"}
    for path in ("/readyz", "/", "/v1/nowhere"):
        answers = [at.ask("GET", path) for _ in range(2)]
        assert {line.split(" ")[-1] for line in lines_of(at, answers)} == {"MISS"}, path


def lines_of(at: Proxy, answers: list[Answer]) -> list[str]:
    """The lines of the log on these answers."""
    ids = {answer.headers["x-request-id"] for answer in answers}
    for _ in range(100):
        found = [line for line in at.log.read_text("utf-8").splitlines() if ids & {*line.split(" ")}]
        if len(found) == len(answers):
            return found
        time.sleep(0.02)
    raise AssertionError("they are not in the log")


def raw(at: Proxy, sent: bytes, tls: bool = True) -> Answer:
    """What comes back for bytes as they are."""
    with socket.create_connection(("127.0.0.1", at.tls if tls else at.plain), timeout=60) as plain:
        context = ssl.create_default_context(cafile=str(at.certificate))
        client = context.wrap_socket(plain, server_hostname=HOST) if tls else plain
        client.sendall(sent)
        with client.makefile("rb") as stream:
            text = stream.read()
        client.close()
    head, _, body = text.partition(b"\r\n\r\n")
    first, *rest = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in rest)}
    return Answer(int(first.split(" ")[1]), headers, body)


def request(*lines: str, method: str = "GET", target: str = "/v1/areas", version: str = "HTTP/1.1") -> bytes:
    """A request as text, which ends its connection."""
    host = () if any(line.lower().startswith("host:") for line in lines) else (f"Host: {HOST}",)
    return "\r\n".join([f"{method} {target} {version}", *host, *lines, "Connection: close", "", ""]).encode("latin-1")


MALFORMED: list[tuple[bytes, int, str]] = [
    (b"what is this\r\n\r\n", 400, "bad_request"),
    (request(version="HTTP/9.9"), 400, "bad_request"),
    (request(version="HTP/1.1"), 400, "bad_request"),
    (request("Host: a", f"Host: {HOST}"), 400, "bad_request"),
    (request("Host: a b"), 400, "bad_request"),
    (b"GET /v1/areas HTTP/1.1\r\nConnection: close\r\n\r\n", 400, "bad_request"),
    (request("Content-Length: x", method="POST", target=VALIDATE), 400, "bad_request"),
    (request("Content-Length: 5", "Transfer-Encoding: chunked", method="POST", target=VALIDATE), 400, "bad_request"),
    (request("Transfer-Encoding: gzip", method="POST", target=VALIDATE), 400, "bad_request"),
    (request(target="/v1/../../x"), 400, "bad_request"),
    (request(target="/%zz"), 400, "bad_request"),
    (request(method="TRACE"), 405, "method_not_allowed"),
    (request(method="CONNECT", target=f"{HOST}:443"), 400, "bad_request"),
    (request(method="PROPFIND"), 405, "method_not_allowed"),
    (request(method="SPAM"), 405, "method_not_allowed"),
    (request(method="get"), 400, "bad_request"),
    (request(f"Content-Length: {5 * MEGABYTE}", method="POST", target=BATCH), 413, "body_too_large"),
    (request(target="/v1/areas?after=" + "a" * 9_000), 414, "uri_too_long"),
    (request(target="/v1/areas?after=" + "a" * 40_000), 414, "uri_too_long"),
    (request("X-Long: " + "a" * 40_000), 431, "headers_too_large"),
    (request(*[f"X-Long-{k}: {'a' * 30_000}" for k in range(9)]), 431, "headers_too_large"),
    (request(*[f"X-Many-{k}: a" for k in range(150)]), 431, "headers_too_large"),
]


def malformed(at: Proxy) -> None:
    """Whatever is refused, by nginx or by the service, is a problem with a page."""
    cases = [*MALFORMED, (b"GET /v1/areas HTTP/1.1\r\n\r\n", 400, "bad_request")]
    for sent, status, code in cases:
        answer = raw(at, sent)
        assert (answer.status, answer.json["code"]) == (status, code), (sent[:80], answer)
        assert answer.json["status"] == status
        assert answer.json["request_id"] == answer.headers["x-request-id"]
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert ("allow" in answer.headers) is (status == 405)
        assert at.ask("GET", answer.json["type"], Accept="application/json").json["status"] == status
    assert raw(at, request(method="TRACE", target=VALIDATE)).headers["allow"] == "POST"
    over_plain = raw(at, b"GET /v1/areas HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", tls=False)
    assert over_plain.json["code"] == "https_required"


def left(answer: Answer) -> int:
    """How many requests an answer says are left."""
    return int(answer.headers["ratelimit"].partition(";r=")[2].partition(";")[0])


def rates(at: Proxy) -> None:
    """Whatever a client says, it is counted by its own address."""
    before = left(at.ask("GET", "/v1/nowhere"))
    for said in ("203.0.113.1", "203.0.113.2, 127.0.0.1", "127.0.0.1", ""):
        before -= 1
        assert left(at.ask("GET", "/v1/nowhere", X_Forwarded_For=said, X_Real_IP=said)) == before
    # The service takes such names for those with hyphens, so they must not come through.
    assert left(at.ask("GET", "/v1/nowhere", exact={"X_Forwarded_For": "203.0.113.3"})) == before - 1


def keys(at: Proxy) -> None:
    """A key in a header is looked at by the service; one in an address is refused, and main finds none in the log."""
    refused = at.ask("GET", "/v1/areas", Authorization="Bearer scl_live_nobody")
    assert (refused.status, refused.json["code"]) == (401, "invalid_key")
    assert refused.headers["www-authenticate"].startswith("Bearer ")
    for path in (f"/v1/areas/{KEY}", f"/v1/areas?key={KEY}", f"/{KEY.replace('_', '%5F')}", f"/{KEY.upper()}"):
        assert at.ask("GET", path).json["code"] == "key_in_url"
    for line in (f"GET /{KEY} HTTP/9.9", f"GET /{KEY}%zz HTTP/1.1", f"GET /../../{KEY} HTTP/1.1", f"{KEY} / HTTP/1.1"):
        assert raw(at, f"{line}\r\nHost: {HOST}\r\n\r\n".encode()).status in (400, 405, 505)
    assert at.ask("GET", f"/{KEY}{'x' * 60_000}").status == 414
    assert at.ask("POST", f"/{KEY}", b" " * 2_200_000).status == 413


@contextmanager
def frozen(server: Up) -> Iterator[None]:
    """The service answers nothing, though it is there."""
    pids = [server.process.pid, *server.workers()]
    send(signal.SIGSTOP, pids)
    yield
    send(signal.SIGCONT, pids)


def gone(at: Proxy) -> None:
    """What was kept is served; all else is a 503, which says when to come again."""
    for method, path, body in (("GET", "/v1/claims", None), ("POST", VALIDATE, PLAN), ("GET", "/readyz", None)):
        answer = at.ask(method, path, body)
        assert (answer.status, answer.json["code"]) == (503, "content_unavailable")
        assert answer.headers["retry-after"] == "5"
    assert at.ask("GET", "/v1/rules").status == 200


CHECKS = (
    health,
    reading,
    sending,
    sizes,
    codings,
    conditional,
    kept,
    not_kept,
    plain_http,
    wrong_hosts,
    in_chunks,
    rates,
    keys,
)


def main() -> None:
    """Run every check, the last ones without the service."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with up(folder / "up.log", DATABASE_URL=f"sqlite:///{folder / 'db.sqlite3'}", **CHOSEN) as server:
            server.until("Serving on")
            with proxy(folder, server.port) as at:
                for check in (*CHECKS, malformed):
                    check(at)
                    print(f"{check.__name__.replace('_', ' ')}: well", flush=True)
                begun = time.monotonic()
                with frozen(server):
                    gone(at)
                print("service frozen: well", flush=True)
                server.end()
                time.sleep(max(0.0, STALE_AFTER + 1 - (time.monotonic() - begun)))
                gone(at)
                print("service gone for longer than answers may be kept: well")
        log = (folder / "nginx.log").read_text("utf-8")
        assert "buffered to a temporary file" not in log, log
        assert "sessions" not in log, log
        assert "nobody" not in log.lower(), log
        assert "/v1" not in log, log


if __name__ == "__main__":
    main()
