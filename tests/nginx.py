"""The nginx file in `.deploy`, a folder and the service's port in; nginx itself out, running the file.

It runs the file as it is, but for the addresses and folders that it names.
"""

import json
import shutil
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path
from typing import Any

from tests.commands import PROJECT
from tests.servers import free_port

CONF = PROJECT / ".deploy" / "nginx.conf"
HOST = "api.example.org"
CHOSEN: dict[str, Any] = {
    "ALLOWED_HOSTS": HOST,
    "SECRET_KEY": "".join(map(chr, range(48, 120))),
    "BEHIND_HTTPS_PROXY": "on",
    "HSTS_SECONDS": "60",
    "TRUSTED_PROXIES": "127.0.0.1",
}
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
    log: Path

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        tls: bool = True,
        exact: Mapping[str, str] | None = None,
        **headers: str,
    ) -> Answer:
        """What comes back through nginx. A header's name has `_` for `-`; `Host` is the one that is served.

        The names of `exact` are sent as they are.
        """
        connection = self.connection() if tls else HTTPConnection("127.0.0.1", self.plain)
        sent = {"Host": HOST, **{name.replace("_", "-"): text for name, text in headers.items()}, **(exact or {})}
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        if data is not None:
            sent["Content-Type"] = "application/json"
        connection.request(method, path, data, sent)
        response = connection.getresponse()
        answer = Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
        connection.close()
        return answer

    def connection(self, source: str = "127.0.0.1") -> HTTPSConnection:
        """A connection over TLS, from an address of this machine."""
        context = ssl.create_default_context(cafile=str(self.certificate))
        return HTTPSConnection("127.0.0.1", self.tls, context=context, timeout=60, source_address=(source, 0))


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


def with_release(text: str, folder: Path, release: Path) -> str:
    """The text of the file with the includes that serve an exported release, as `release-http.conf` says."""
    for part, where in (("http", "\nhttp {\n"), ("server", "\n    server {\n")):
        snippet = filled(CONF.with_name(f"release-{part}.conf").read_text("utf-8"), {"/srv/release": str(release)})
        own = folder / f"release-{part}.conf"
        own.write_text(snippet.replace("root /srv;", f"root {release.parent};"), "utf-8")
        maps = f"include {release}/maps.conf;\n" if part == "http" else ""
        text = filled(text, {where: f"{where}{maps}include {own};\n"})
    return text


@contextmanager
def proxy(folder: Path, service: int, release: Path | None = None) -> Iterator[Proxy]:
    """The file run by nginx, before the service on a port, and where one is given, with an exported release."""
    folder.chmod(0o755)  # its workers are another user where the first process is root's
    running = Proxy(free_port(), free_port(), certificate(folder), folder / "nginx.log")
    places = {
        "/tmp/": f"{folder}/",  # noqa: S108 - only replaced
        "/etc/nginx/tls/": f"{folder}/",
        "http://service:8000": f"http://127.0.0.1:{service}",
        "listen 8080;": f"listen 127.0.0.1:{running.plain};",
        "listen 8443 ssl;": f"listen 127.0.0.1:{running.tls} ssl;",
    }
    conf, log = folder / "nginx.conf", running.log
    text = filled(CONF.read_text("utf-8"), places)
    conf.write_text(with_release(text, folder, release) if release else text, "utf-8")
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
