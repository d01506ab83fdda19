"""The server as a person starts it: what it refuses before anything is done, what it serves, how it ends."""

import json
import os
import re
import signal
import socket
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings

from api.management.commands.up import url_of
from api.management.serving import answers, take_port
from tests.commands import PROJECT, manage
from tests.postgres import started
from tests.servers import Up, free_port, until, up

LOOPBACKS = ["127.0.0.1", "0.0.0.0", "localhost", "::"]  # noqa: S104 - listening everywhere is what is tried


def ask(url: str, body: str | None = None) -> Any:
    request = urllib.request.Request(url, body.encode() if body else None, {"Content-Type": "application/json"})  # noqa: S310
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - our own server
        return json.load(answer)


def refused(tmp_path: Path, *options: str) -> str:
    """The one line with which `up` refuses these options, before anything is announced or made."""
    run = manage("up", *options, DATABASE_URL=f"sqlite:///{tmp_path / 'db.sqlite3'}")
    assert (run.returncode, run.stdout) == (1, "")
    assert not list(tmp_path.iterdir())
    [line] = run.stderr.splitlines()
    return line


def test_up_publishes_serves_and_stops(tmp_path: Path) -> None:
    with up(tmp_path / "log", DATABASE_URL=f"sqlite:///{tmp_path / 'db.sqlite3'}") as server:
        text = server.until("Stop with Ctrl-C").text()
        assert re.search(r"Migrating.*Publishing it.*Serving on http://localhost:", text, re.DOTALL)
        [url] = set(re.findall(r"http://localhost:\d+", text))
        assert ask(f"{url}/readyz")["status"] == "ok"
        failing, passing = re.findall(r"-d '(.+)'", text)
        assert ask(f"{url}/v1/session-plans/validate", failing)["verdict"] == "outside_limits"
        assert ask(f"{url}/v1/session-plans/validate", passing)["verdict"] == "within_limits"
        server.send(signal.SIGTERM)
        assert server.process.wait() == 0
        assert server.group_is_gone()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("moment", ["Migrating", "Loading", "proving"])
def test_a_stop_before_it_is_served_is_a_good_end(moment: str, number: int, tmp_path: Path) -> None:
    with up(tmp_path / "log", DATABASE_URL=f"sqlite:///{tmp_path / 'db.sqlite3'}") as server:
        server.until(moment).send(number)
        assert server.process.wait() == 0
        assert "Serving" not in server.text()
        assert "Traceback" not in server.text()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_client_that_sends_half_a_request_does_not_keep_it_from_ending(
    number: int, prepared: str, tmp_path: Path
) -> None:
    with up(tmp_path / "log", DATABASE_URL=prepared) as server:
        server.until("Serving on")
        with socket.create_connection(("127.0.0.1", server.port)) as client:
            client.sendall(
                b"POST /v1/session-plans/validate HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99\r\n\r\n{"
            )
            server.send(number)
            assert server.process.wait() == 0


@pytest.mark.parametrize("port", ["0", "-1", "65536", "http", "", "8000.0", "1_0", "\u0663", "9" * 30])
def test_a_port_that_is_none_is_refused_first(port: str, tmp_path: Path) -> None:
    assert refused(tmp_path, f"--port={port}") == "CommandError: --port must be a whole number from 1 to 65535."


@pytest.mark.parametrize("workers", ["0", "-1", "65", "two", ""])
def test_a_number_of_workers_that_is_none_is_refused_first(workers: str, tmp_path: Path) -> None:
    assert refused(tmp_path, f"--workers={workers}") == "CommandError: --workers must be a whole number from 1 to 64."


@pytest.mark.parametrize("host", ["", " ", "256.1.1.1", "[", "a" * 64 + ".b", "192.0.2.1", "2001:db8::1", "a b", "*"])
def test_a_host_that_is_none_of_this_machine_is_refused_first(host: str, tmp_path: Path) -> None:
    assert refused(tmp_path, f"--host={host}").startswith(f"CommandError: Cannot listen on --host {host} --port 8000: ")


@pytest.mark.parametrize("host", LOOPBACKS)
@pytest.mark.parametrize("taken", [{}, {socket.SO_REUSEADDR}, {socket.SO_REUSEPORT}])
def test_a_port_in_use_is_refused_first(taken: set[int], host: str, tmp_path: Path) -> None:
    with socket.socket() as other:
        for option in taken:
            other.setsockopt(socket.SOL_SOCKET, option, 1)
        other.bind(("127.0.0.1", 0))
        other.listen()
        line = refused(tmp_path, f"--host={host}", f"--port={other.getsockname()[1]}")
    assert "Address already in use" in line


@pytest.mark.parametrize("first", LOOPBACKS)
@pytest.mark.parametrize("second", LOOPBACKS)
def test_a_port_is_never_shared(first: str, second: str) -> None:
    with take_port(first, free_port()) as held, pytest.raises(OSError, match="in use"):
        take_port(second, held.getsockname()[1])


def test_one_of_many_at_once_gets_the_port() -> None:
    port = free_port()

    def taken(host: str) -> socket.socket | None:
        try:
            return take_port(host, port)
        except OSError:
            return None

    with ThreadPoolExecutor(16) as pool, ExitStack() as held:
        got = [held.enter_context(each) for each in pool.map(taken, LOOPBACKS * 8) if each]
        assert len(got) == 1


def test_a_port_is_free_again_at_once(prepared: str, tmp_path: Path) -> None:
    port = free_port()
    for _ in range(2):
        with up(tmp_path / "log", port=port, DATABASE_URL=prepared) as server:
            server.until("Serving on")
            assert ask(f"http://127.0.0.1:{port}/readyz")["status"] == "ok"


def test_a_second_server_on_a_port_is_refused(prepared: str, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    with up(tmp_path / "log", DATABASE_URL=prepared) as server:
        server.until("Serving on")
        assert "Address already in use" in refused(empty, f"--port={server.port}")


@pytest.mark.parametrize("folder", ["/", str(PROJECT / "api"), str(PROJECT / "fixtures")])
def test_up_works_from_any_folder(folder: str, prepared: str, tmp_path: Path) -> None:
    with up(tmp_path / "log", folder=Path(folder), DATABASE_URL=prepared) as server:
        server.until("Serving on")
        assert ask(f"http://127.0.0.1:{server.port}/v1/areas")["items"]


@pytest.mark.parametrize(
    ("host", "url", "reached"),
    [
        ("localhost", "http://localhost:", "127.0.0.1"),
        ("::1", "http://[::1]:", "[::1]"),
        ("[::1]", "http://[::1]:", "[::1]"),
        ("::", "http://localhost:", "[::1]"),
        ("::", "http://localhost:", "127.0.0.1"),
        ("0.0.0.0", "http://localhost:", "127.0.0.1"),  # noqa: S104
    ],
)
def test_up_listens_on_names_and_both_kinds_of_addresses(
    host: str, url: str, reached: str, prepared: str, tmp_path: Path
) -> None:
    with up(tmp_path / "log", f"--host={host}", DATABASE_URL=prepared) as server:
        assert f"Serving on {url}{server.port}\n" in server.until("Stop with").text()
        assert ask(f"http://{reached}:{server.port}/readyz")["status"] == "ok"


def test_workers_answer_and_end_with_the_first_process_even_where_that_is_killed(prepared: str, tmp_path: Path) -> None:
    with up(tmp_path / "log", "--workers=2", DATABASE_URL=prepared) as server:
        server.until("Serving on")
        assert len(server.workers()) == 2
        assert ask(f"http://127.0.0.1:{server.port}/readyz")["status"] == "ok"
        server.send(signal.SIGKILL)
        server.process.wait()
        server.until_gone()
        take_port("127.0.0.1", server.port).close()


@pytest.mark.parametrize("frozen", [True, False])
def test_health_does_not_wait_for_a_cache_that_is_frozen_or_gone(frozen: bool, prepared: str, tmp_path: Path) -> None:
    cache = socket.create_server(("127.0.0.1", 0))  # takes connections, and never says a word
    url = f"redis://127.0.0.1:{cache.getsockname()[1]}/0"
    if not frozen:
        cache.close()
    with cache, up(tmp_path / "log", DATABASE_URL=prepared, CACHE_URL=url) as server:
        server.until("Serving on")
        ask(f"http://127.0.0.1:{server.port}/readyz")  # the release is read once
        for path in ("/livez", "/readyz") * 3:
            began = time.monotonic()
            assert ask(f"http://127.0.0.1:{server.port}{path}")["status"] == "ok"
            assert time.monotonic() - began < 1


def test_a_worker_that_is_killed_is_started_again(prepared: str, tmp_path: Path) -> None:
    with up(tmp_path / "log", "--workers=2", DATABASE_URL=prepared) as server:
        server.until("Serving on")
        for _ in range(2):
            killed = min(server.workers())
            os.kill(killed, signal.SIGKILL)
            until(lambda gone=killed: gone not in server.workers() and len(server.workers()) == 2)  # type: ignore[misc]
        for pid in server.workers():  # all at once
            os.kill(pid, signal.SIGKILL)
        assert ask(f"http://127.0.0.1:{server.port}/livez")["status"] == "ok"  # who comes meanwhile waits
        until(lambda: ready(server))
        server.send(signal.SIGTERM)
        assert server.process.wait() == 0
        assert server.group_is_gone()


def test_workers_that_end_again_and_again_end_the_service(prepared: str, tmp_path: Path) -> None:
    with up(tmp_path / "log", DATABASE_URL=prepared) as server:
        server.until("Serving on")
        ends = 0
        while server.process.poll() is None:
            for pid in server.workers():
                os.kill(pid, signal.SIGKILL)
                ends += 1
            time.sleep(0.2)
        assert ends == 7
        assert server.process.wait() == 1
        assert server.group_is_gone()
        assert "workers_end_too_often" in server.text()


def ready(server: Up) -> bool:
    try:
        return bool(ask(f"http://127.0.0.1:{server.port}/readyz")["status"] == "ok")
    except urllib.error.HTTPError:
        return False


def test_nothing_is_announced_where_nothing_answers() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor(1) as pool:
        announced = pool.submit(answers, listener, "localhost")
        listener.accept()[0].close()
        assert announced.result() is False


@pytest.mark.parametrize(
    ("host", "admitted", "behind_proxy", "url"),
    [
        ("127.0.0.1", ["localhost", "127.0.0.1"], False, "http://localhost:8000"),
        ("127.0.0.1", ["127.0.0.1"], False, "http://127.0.0.1:8000"),
        ("0.0.0.0", ["[::1]", "127.0.0.1"], False, "http://127.0.0.1:8000"),  # noqa: S104
        ("::", ["a.example", "[::1]"], False, "http://[::1]:8000"),
        ("0", ["localhost"], False, "http://localhost:8000"),
        ("::1", ["a.example"], False, "http://a.example:8000"),
        ("127.0.0.1", ["a.example", "b.example"], True, "https://a.example"),
        ("a.example", ["b.example", "a.example"], False, "http://a.example:8000"),
        ("2001:db8::1", ["[2001:db8::1]"], False, "http://[2001:db8::1]:8000"),
    ],
)
def test_the_printed_url_names_a_host_that_is_admitted(
    host: str, admitted: list[str], behind_proxy: bool, url: str, settings: LazySettings
) -> None:
    settings.ALLOWED_HOSTS = admitted
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if behind_proxy else None
    assert url_of(host, 8000) == url


@pytest.fixture(params=["sqlite", "postgres"])
def new_database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database with nothing in it."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'db.sqlite3'}"
    return started(request.addfinalizer)


def test_several_at_once_on_one_new_database_all_serve(new_database: str, tmp_path: Path) -> None:
    with ExitStack() as stack:
        servers = [
            stack.enter_context(up(tmp_path / f"{name}.log", DATABASE_URL=new_database)) for name in ("a", "b", "c")
        ]
        for server in servers:
            server.until("Serving on")
            assert ask(f"http://127.0.0.1:{server.port}/readyz")["release"] == 1
        assert sorted("Publishing it" in server.text() for server in servers) == [False, False, True]
