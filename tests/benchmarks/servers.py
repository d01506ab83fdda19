"""Who is measured: this service and its peers, each started on a port of its own, and stopped in the end."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

from tests.benchmarks.lanes import LANES, give
from tests.commands import PROJECT, environment, python
from tests.nginx import program
from tests.processes import children
from tests.servers import free_port, up

REQUIREMENTS = PROJECT / "tests" / "benchmarks" / "requirements.txt"
READS, ALL = ("list", "one", "304"), ("list", "one", "304", "validate")
# As an operator would: a log of every request, in a file; rates counted, though none is ever used up; no cache.
SETTINGS: dict[str, Any] = {"LOG_LEVEL": "INFO", "RATE_ANONYMOUS": "1000000000"}
DEPLOY = PROJECT / ".deploy"
NGINX = """daemon off; worker_processes 1; pcre_jit on; pid {folder}/nginx.pid; error_log stderr;
events {{ worker_connections 1024; }}
http {{
access_log {folder}/access.log combined buffer=64k flush=1s; open_file_cache max=4096; keepalive_requests 1000000000;
client_body_temp_path {folder}/n1; proxy_temp_path {folder}/n2; fastcgi_temp_path {folder}/n3;
uwsgi_temp_path {folder}/n4; scgi_temp_path {folder}/n5;
include {folder}/release/maps.conf;
{http}
server {{ listen 127.0.0.1:{port};
{server}
}}
}}
"""
STARTS = 6000  # tries, of a twentieth of a second each


@dataclass(frozen=True)
class Peer:
    """A peer: what it serves, its command after the folder of programs, and what it is told."""

    name: str
    title: str
    lanes: Sequence[str]
    command: Callable[[str, int], Sequence[str]]
    peer: str = ""


@dataclass(frozen=True)
class Running:
    """A server that answers: its port and its first process."""

    name: str
    title: str
    lanes: Sequence[str]
    port: int
    pid: int

    def family(self) -> list[int]:
        """Its processes."""
        found = [self.pid]
        for pid in found:
            found += children(pid)
        return found

    def resident(self) -> int:
        """The bytes of memory of the process that answers, which is the largest."""
        pages = (int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in self.family())
        return max(pages) * os.sysconf("SC_PAGE_SIZE")

    def processor_seconds(self) -> float:
        """The processor time that its processes have spent."""
        told = (Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in self.family())
        return sum(int(each[11]) + int(each[12]) for each in told) / os.sysconf("SC_CLK_TCK")


def granian(module: str) -> Callable[[str, int], Sequence[str]]:
    """The command that serves a WSGI application with one worker."""
    options = [
        "--interface",
        "wsgi",
        "--workers",
        "1",
        "--blocking-threads",
        "1",
        "--backlog",
        "1024",
        "--no-ws",
        "--log-level",
        "error",
    ]
    target = f"tests.benchmarks.peers.{module}:application"
    return lambda programs, port: [f"{programs}/granian", *options, "--port", str(port), target]


def uvicorn(application: str) -> Callable[[str, int], Sequence[str]]:
    """The command that serves an application of FastAPI."""
    target = f"tests.benchmarks.peers.fastapi_apps:{application}"
    return lambda programs, port: [
        *(f"{programs}/uvicorn", "--port", str(port), "--log-level", "error", "--no-access-log", target)
    ]


BARE = Peer("bare", "bare granian, the same headers and bytes", ALL, granian("bare"))
PEERS = (
    BARE,
    Peer("fastapi-ready", "FastAPI, ready bytes", READS, uvicorn("ready")),
    Peer("fastapi", "FastAPI, pydantic, in memory", ("list", "one", "validate"), uvicorn("models")),
    Peer("drf", "DRF as it comes, SQLite", ALL, granian("django_apps"), "drf"),
    Peer("drf-cached", "DRF with `cache_page`", READS, granian("django_apps"), "cached"),
    Peer("ninja", "django-ninja, SQLite", ALL, granian("django_apps"), "ninja"),
    Peer("falcon", "Falcon, msgspec, in memory", ALL, granian("falcon_app")),
)
FILES = "nginx, exported files"
QUICK = ("bare", "fastapi-ready", "fastapi", "drf")


def install(folder: Path) -> str:
    """The folder of the peers' programs, in an environment of their own."""
    if not (folder / "bin" / "granian").exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)  # noqa: S603 - our own programs
        pip = [str(folder / "bin" / "pip"), "install", "-q", "--require-hashes", "-r", str(REQUIREMENTS)]
        subprocess.run(pip, check=True)  # noqa: S603
    return str(folder / "bin")


@contextmanager
def serving(
    folder: Path, programs: str, chosen: Sequence[Peer], database: Path, with_files: bool
) -> Iterator[list[Running]]:
    """This service on a database, the peers that were chosen, and where wanted its files by nginx: all answering."""
    with ExitStack() as stack:
        settings: dict[str, Any] = {"DATABASE_URL": f"sqlite:///{database}", **SETTINGS}
        service = stack.enter_context(up(folder / "service.log", "--workers", "1", **settings)).until("Serving on")
        running = [Running("service", "**this service**", ALL, service.port, service.process.pid)]
        give(folder, service.port, database)
        fill(folder, programs)
        for peer in chosen:
            running.append(stack.enter_context(started(peer, folder, programs)))
        if with_files:
            running.append(stack.enter_context(files(folder, settings)))
        yield running


def fill(folder: Path, programs: str) -> None:
    """Make the database of the peers that have one."""
    command = [f"{programs}/python", "-m", "tests.benchmarks.peers.django_apps"]
    given = environment(GIVEN=str(folder), PYTHONPATH=str(PROJECT))
    subprocess.run(command, env=given, cwd=PROJECT, check=True)  # noqa: S603 - our own program


@contextmanager
def started(peer: Peer, folder: Path, programs: str) -> Iterator[Running]:
    """A peer that answers."""
    port = free_port()
    given = environment(GIVEN=str(folder), PYTHONPATH=str(PROJECT), PEER=peer.peer)
    log = folder / f"{peer.name}.log"
    with log.open("w") as output:
        process = subprocess.Popen(  # noqa: S603 - our own command
            peer.command(programs, port), env=given, cwd=PROJECT, stdout=output, stderr=output
        )
    try:
        until_it_answers(port, process, log)
        yield Running(peer.name, peer.title, peer.lanes, port, process.pid)
    finally:
        process.terminate()
        process.wait()


@contextmanager
def files(folder: Path, settings: dict[str, Any]) -> Iterator[Running]:
    """An exported release, served by nginx as in `.deploy`, but without TLS, which no other has; by one process."""
    run = python("manage.py", "export_release", str(folder / "release"), **settings)
    assert run.returncode == 0, run.stderr
    folder.chmod(0o755)
    port = free_port()
    snippets = [(DEPLOY / f"release-{part}.conf").read_text("utf-8") for part in ("http", "server")]
    of_http, of_server = (text.replace("/srv", str(folder)).replace("$id", "$request_id") for text in snippets)
    of_http = of_http.replace("https://api.example.org", f"http://127.0.0.1:{port}")
    conf = NGINX.format(folder=folder, port=port, http=of_http, server=of_server)
    (folder / "nginx.conf").write_text(conf, "utf-8")
    log = folder / "nginx.log"
    command = [program("nginx", "nginx-light"), "-p", str(folder), "-c", str(folder / "nginx.conf")]
    with log.open("w") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output)  # noqa: S603 - our own command
    try:
        until_it_answers(port, process, log)
        yield Running("nginx", FILES, ("list", "one"), port, process.pid)
    finally:
        process.terminate()
        process.wait()


def until_it_answers(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    """Return as soon as a server answers.

    Raises:
        SystemExit: it ended, or never answered.
    """
    for _ in range(STARTS):
        if process.poll() is not None:
            break
        connection = HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            connection.request("GET", LANES[1].path)
            connection.getresponse().read()
            return
        except (OSError, HTTPException):
            time.sleep(0.05)
        finally:
            connection.close()
    sys.exit(f"a peer does not answer:\n{log.read_text()}")
