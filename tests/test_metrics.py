"""Metrics: what was answered is counted over all workers, and asked for without the database or a client's word."""

import os
import re
import signal
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.management.base import CommandError
from django.test import Client

from api import metrics
from api.management.exporting import Listener, measured
from tests.commands import manage, python
from tests.plans import VALIDATE, clinic_plan, post
from tests.scrapes import Name, Scrape, labelled, samples_of
from tests.servers import free_port, until, up

NEW = datetime(2026, 11, 2, 9, tzinfo=UTC)


def requests(method: str, route: str, status: int) -> Name:
    return labelled("sclero_requests_total", method=method, route=route, status=str(status))


def test_requests_are_counted_by_method_route_and_status(client: Client, scrape: Scrape) -> None:
    for path in ("/v1/areas/ankle", "/v1/areas/leg", "/v1/areas/nothing", "/nowhere", "/nowhere/else", "/livez"):
        client.get(path)
    client.generic("BREW", "/v1")
    found = scrape()
    assert {key: value for key, value in found.items() if key[0] == "sclero_requests_total"} == {
        requests("GET", "areas-detail", 200): 2,
        requests("GET", "areas-detail", 404): 1,
        requests("GET", "none", 404): 2,
        requests("GET", "livez", 200): 1,
        requests("other", "index", 405): 1,
    }
    assert found[labelled("sclero_request_duration_seconds_count", route="areas-detail")] == 3
    assert 0 < found[labelled("sclero_request_duration_seconds_sum", route="areas-detail")] < 60


def test_every_plan_that_is_checked_counts_by_its_verdict(client: Client, scrape: Scrape) -> None:
    post(client, clinic_plan("12"))
    post(client, {"plans": [clinic_plan("12"), clinic_plan("8"), {}]}, f"{VALIDATE}-batch")
    found = scrape()
    assert found[labelled("sclero_verdicts_total", verdict="outside_limits")] == 2
    assert sum(value for (name, _), value in found.items() if name == "sclero_verdicts_total") == 3


def test_a_server_is_told_to_be_reached_or_away(client: Client, scrape: Scrape) -> None:
    metrics.reach("cache", True)
    metrics.reach("cache", False)
    client.get("/v1/areas")
    found = scrape()
    assert found[labelled("sclero_reached", server="database")] == 1
    assert found[labelled("sclero_reached", server="cache")] == 0


def test_what_was_reached_before_metrics_began_is_told(scrape: Scrape) -> None:
    metrics._state.meters = None
    metrics.reach("cache", True)
    metrics.begin()
    assert scrape()[labelled("sclero_reached", server="cache")] == 1


def test_a_refusal_counts_by_its_policy(scrape: Scrape) -> None:
    for policy in ("anonymous", "keyed", "keyed"):
        metrics.count_refusal(policy)
    found = scrape()
    assert found[labelled("sclero_rate_refusals_total", policy="keyed")] == 2
    assert found[labelled("sclero_rate_refusals_total", policy="anonymous")] == 1


def test_a_failure_that_nobody_foresaw_counts_from_nought(
    client: Client, scrape: Scrape, request: pytest.FixtureRequest
) -> None:
    assert scrape()[labelled("sclero_unforeseen_failures_total")] == 0
    client.get("/nowhere")
    request.getfixturevalue("fault_of_ours")
    client.get("/v1/areas")
    assert scrape()[labelled("sclero_unforeseen_failures_total")] == 1


def test_the_release_is_the_one_that_was_read_last_and_its_age_grows(scrape: Scrape) -> None:
    assert labelled("sclero_release_number") not in scrape()
    assert labelled("sclero_release_age_seconds") not in scrape()
    for number in (3, 2):  # as where a database was put back
        metrics.read_release(number, NEW)
    found = scrape()
    assert found[labelled("sclero_release_number")] == 2
    assert found[labelled("sclero_release_published_timestamp_seconds")] == NEW.timestamp()
    age = found[labelled("sclero_release_age_seconds")]
    assert age == pytest.approx(time.time() - NEW.timestamp(), abs=60)
    assert scrape()[labelled("sclero_release_age_seconds")] >= age


def test_a_release_of_the_future_has_no_age_yet(scrape: Scrape) -> None:
    metrics.read_release(1, datetime(2999, 1, 1, tzinfo=UTC))
    assert scrape()[labelled("sclero_release_age_seconds")] == 0


@pytest.mark.usefixtures("specimen")
def test_what_was_read_before_counting_began_is_told(scrape: Scrape) -> None:
    metrics._state.meters = None
    metrics.read_release(7, NEW)
    assert labelled("sclero_release_number") not in scrape()
    metrics.begin()
    assert scrape()[labelled("sclero_release_number")] == 7


def test_reading_the_newest_release_tells_of_it(client: Client, empty_memory: None, scrape: Scrape) -> None:
    release = client.get("/readyz").json()["release"]
    assert scrape()[labelled("sclero_release_number")] == release


def test_without_a_port_nothing_is_opened_made_or_loaded(settings: LazySettings) -> None:
    settings.METRICS_PORT = None
    before = dict(os.environ)
    with measured() as export:
        export()
        assert dict(os.environ) == before
    program = (
        "import sys, sclero_service.wsgi, api.management.commands.up\n"
        "from django.test import Client\n"
        "assert Client(SERVER_NAME='localhost').get('/livez').status_code == 200\n"
        "print('prometheus_client' in sys.modules)"
    )
    assert python("-c", program).stdout == "False\n"


def test_a_port_that_is_taken_is_a_line_and_nothing_is_left(tmp_path: Path, settings: LazySettings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        settings.METRICS_PORT = other.getsockname()[1]
        with pytest.raises(CommandError, match="METRICS_HOST and METRICS_PORT: Address already in use"), measured():
            pass
        settings.METRICS_HOST = "192.0.2.1"
        with pytest.raises(CommandError, match="METRICS_HOST and METRICS_PORT: Cannot assign"), measured():
            pass
        run = manage("up", METRICS_PORT=str(other.getsockname()[1]), DATABASE_URL=f"sqlite:///{tmp_path / 'x'}")
    assert (run.returncode, run.stdout) == (1, "")
    assert run.stderr.startswith("CommandError: Cannot give metrics")
    assert not list(tmp_path.iterdir())


def test_where_memory_cannot_be_written_a_folder_for_temporary_files_is_taken(
    tmp_path: Path, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.METRICS_PORT = free_port()
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", "")
    monkeypatch.setattr("api.management.exporting.MEMORY", tmp_path / "none")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with measured():
        [folder] = tmp_path.iterdir()
        assert os.environ["PROMETHEUS_MULTIPROC_DIR"] == str(folder)
        assert folder.stat().st_mode & 0o777 == 0o700
    assert not list(tmp_path.iterdir())


@pytest.fixture
def asked(settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> Iterator[HTTPConnection]:
    """A connection to the listener, with nothing counted yet."""
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", "")
    settings.METRICS_PORT = free_port()
    with measured() as export:
        export()
        connection = HTTPConnection("127.0.0.1", settings.METRICS_PORT, timeout=10)
        yield connection
        connection.close()


def test_the_listener_answers_prometheus_and_says_nothing_of_itself(asked: HTTPConnection) -> None:
    asked.request("GET", "/metrics", headers={"Accept": "application/openmetrics-text;version=1.0.0"})
    answer = asked.getresponse()
    assert (answer.status, answer.read()) == (200, b"# EOF\n")
    assert "Python" not in str(answer.headers)
    asked.request("POST", "/metrics", "{}")
    assert asked.getresponse().status == 501


def test_a_file_that_is_not_yet_whole_spoils_one_answer_and_no_more(
    asked: HTTPConnection, caplog: pytest.LogCaptureFixture
) -> None:
    odd = Path(os.environ["PROMETHEUS_MULTIPROC_DIR"]) / "counter_1.db"
    odd.touch()
    asked.request("GET", "/metrics")
    with pytest.raises(OSError, match=r"closed|reset"):
        asked.getresponse()
    assert [record.msg for record in caplog.records] == ["export_failed"]
    odd.unlink()
    asked.close()
    asked.request("GET", "/metrics")
    assert asked.getresponse().status == 200


def test_what_is_served_on_a_socket_is_that_socket() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, Listener(listener, object) as server:
        assert server.fileno() == listener.fileno()


def get(url: str) -> tuple[int, str]:
    """The status and the text of an answer."""
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:  # noqa: S310 - our own server
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, ""


def folders(server: Any) -> list[str]:
    """The folders that the workers of a server count in."""
    pid = server.process.pid
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    variables = [Path(f"/proc/{child}/maps").read_text() for child in children]
    return re.findall(r"(\S+/sclero-metrics-\w+)/", "\n".join(variables))


def test_up_gives_the_sum_of_its_workers_and_leaves_nothing(prepared: str, tmp_path: Path) -> None:
    port = free_port()
    with up(tmp_path / "log", "--workers=2", DATABASE_URL=prepared, METRICS_PORT=str(port)) as server:
        server.until("Serving on")
        base = f"http://127.0.0.1:{server.port}"
        for _ in range(20):
            assert get(f"{base}/v1/areas")[0] == 200
            assert get(f"{base}/nowhere")[0] == 404
        assert len({*folders(server)}) == 1
        until(lambda: samples_of(get(f"http://127.0.0.1:{port}/metrics")[1])[requests("GET", "areas", 200)] == 20)
        found = samples_of(get(f"http://127.0.0.1:{port}/metrics")[1])
        assert found[requests("GET", "none", 404)] == 20
        assert found[labelled("sclero_release_number")] == 1
        assert found[labelled("sclero_release_age_seconds")] > 0
        assert found[labelled("sclero_process_start_time_seconds")] == pytest.approx(time.time(), abs=120)
        assert get(f"{base}/metrics")[0] == 404
        [folder] = {*folders(server)}
        with socket.create_connection(("127.0.0.1", port)):  # a client that says nothing
            began = time.monotonic()
            server.send(signal.SIGTERM)
            assert server.process.wait() == 0
        assert time.monotonic() - began < 3
        assert not Path(folder).exists()
    assert "Traceback" not in server.text()


def test_nothing_is_counted_before_it_is_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    off = metrics.State()
    monkeypatch.setattr(metrics, "_state", off)
    metrics.count_request("GET", "areas", 200, 0.1)
    metrics.count_hits("GET", "areas", 200, 9)
    metrics.count_verdict("incomplete")
    metrics.count_refusal("anonymous")
    metrics.count_failure()
    metrics.read_release(1, NEW)
    assert off == metrics.State(None, (1, NEW))
