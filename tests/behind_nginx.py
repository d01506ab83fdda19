"""The nginx file in `.deploy` and the service in; out, what comes of requests through both.

Runs the file as it is, but for the addresses and folders that it names. Ends with 1 where an answer is not what it is
to be, or where nginx or openssl is missing: python -m tests.behind_nginx
"""

import json
import re
import shutil
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path
from typing import Any

import brotli

from api.negotiation import IDENTITY
from tests.commands import PROJECT
from tests.servers import free_port, up

CONF = PROJECT / ".deploy" / "nginx.conf"
HOST = "api.example.org"
VALIDATE, BATCH = "/v1/session-plans/validate", "/v1/session-plans/validate-batch"
PLAN = {"sessions": [{"treatments": [{"area": "leg", "amount": {"value": "12", "unit": "cc"}}]}]}
MEGABYTE = 1024 * 1024
STARTS = 100  # tries, of a twentieth of a second each


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Proxy:
    """A running nginx: its ports, and the certificate by which it is known."""

    plain: int
    tls: int
    certificate: Path

    def ask(self, method: str, path: str, body: Any = None, tls: bool = True, **headers: str) -> Answer:
        """What comes back through nginx. A header's name has `_` for `-`; `Host` is the one that is served."""
        context = ssl.create_default_context(cafile=str(self.certificate))
        connection = (
            HTTPSConnection("127.0.0.1", self.tls, context=context) if tls else HTTPConnection("127.0.0.1", self.plain)
        )
        sent = {"Host": HOST, **{name.replace("_", "-"): text for name, text in headers.items()}}
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        if data is not None:
            sent["Content-Type"] = "application/json"
        connection.request(method, path, data, sent)
        response = connection.getresponse()
        answer = Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
        connection.close()
        return answer


def program(name: str, package: str) -> str:
    """The path of a program.

    Raises:
        SystemExit: it is not installed.
    """
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin")
    if found is None:
        sys.exit(f"{name} is not installed. On Debian: apt-get install {package}")
    return found


def filled(text: str, places: dict[str, str]) -> str:
    """The text of the file with other places; each must be named in it."""
    for old, place in places.items():
        assert old in text, f"{CONF} does not name {old}"
        text = text.replace(old, place)
    return text


def certificate(folder: Path) -> Path:
    """A new certificate, signed by itself, beside its key."""
    openssl = program("openssl", "openssl")
    names = f"subjectAltName=DNS:{HOST},IP:127.0.0.1"
    make = (
        openssl,
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "2",
    )
    files = ("-keyout", "key.pem", "-out", "cert.pem", "-subj", f"/CN={HOST}", "-addext", names)
    subprocess.run([*make, *files], cwd=folder, check=True, capture_output=True)  # noqa: S603 - our own command
    return folder / "cert.pem"


@contextmanager
def proxy(folder: Path, service: int) -> Iterator[Proxy]:
    """The file run by nginx, before the service on a port."""
    folder.chmod(0o755)  # its workers are another user where the first process is root's
    running = Proxy(free_port(), free_port(), certificate(folder))
    places = {
        "/tmp/": f"{folder}/",  # noqa: S108 - only replaced
        "/etc/nginx/tls/": f"{folder}/",
        "http://service:8000": f"http://127.0.0.1:{service}",
        "listen 8080;": f"listen 127.0.0.1:{running.plain};",
        "listen 8443 ssl;": f"listen 127.0.0.1:{running.tls} ssl;",
    }
    conf, log = folder / "nginx.conf", folder / "nginx.log"
    conf.write_text(filled(CONF.read_text("utf-8"), places), "utf-8")
    command = [program("nginx", "nginx-light"), "-p", str(folder), "-c", str(conf), "-g", "daemon off;"]
    with log.open("w") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output)  # noqa: S603 - our own command
    try:
        until_it_listens(running, process, log)
        yield running
    finally:
        process.terminate()
        process.wait()


def until_it_listens(running: Proxy, process: subprocess.Popen[bytes], log: Path) -> None:
    """Return as soon as nginx answers."""
    for _ in range(STARTS):
        if process.poll() is not None:
            sys.exit(f"nginx ended:\n{log.read_text()}")
        try:
            running.ask("GET", "/livez")
            return
        except OSError:
            time.sleep(0.05)
    sys.exit(f"nginx never listened:\n{log.read_text()}")


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
    context = ssl.create_default_context(cafile=str(at.certificate))
    connection = HTTPSConnection("127.0.0.1", at.tls, context=context)
    parts = re.findall(".{1,9}", json.dumps(PLAN))
    headers = {"Host": HOST, "Content-Type": "application/json"}
    connection.request("POST", VALIDATE, (part.encode() for part in parts), headers, encode_chunked=True)
    assert connection.getresponse().status == 200
    connection.close()


def service_gone(at: Proxy) -> None:
    for method, path, body in (("GET", "/v1/areas", None), ("POST", VALIDATE, PLAN)):
        answer = at.ask(method, path, body)
        assert (answer.status, answer.json["code"]) == (503, "content_unavailable")
        assert answer.headers["retry-after"] == "5"


CHECKS = (health, reading, sending, sizes, codings, conditional, plain_http, wrong_hosts, in_chunks)


def main() -> None:
    """Run every check, the last one without the service."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        chosen: dict[str, Any] = {"ALLOWED_HOSTS": HOST, "SECRET_KEY": "".join(map(chr, range(48, 120)))}
        chosen |= {"BEHIND_HTTPS_PROXY": "on", "HSTS_SECONDS": "60"}
        with up(folder / "up.log", DATABASE_URL=f"sqlite:///{folder / 'db.sqlite3'}", **chosen) as server:
            server.until("Serving on")
            with proxy(folder, server.port) as at:
                for check in CHECKS:
                    check(at)
                    print(f"{check.__name__.replace('_', ' ')}: well", flush=True)
                server.end()
                service_gone(at)
                print("service gone: well")
        log = (folder / "nginx.log").read_text("utf-8")
        assert "buffered to a temporary file" not in log, log
        assert "sessions" not in log, log


if __name__ == "__main__":
    main()
