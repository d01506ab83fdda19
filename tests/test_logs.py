"""The log: each line is JSON of known fields, and nothing that a client sent or a library says is in it."""

import ast
import io
import json
import logging
import os
import re
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import LazySettings
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.utils.http import urlsafe_base64_decode

from api.access_log import AccessLog, route_of
from api.logs import FIELDS, MOST_FRAMES, SECONDS_BETWEEN, JsonLines, Repeats, log_failure_of_thread
from tests.commands import PROJECT, manage
from tests.plans import VALIDATE, clinic_plan, post
from tests.servers import up

ALWAYS = {"time", "level", "logger", "event"}
CANARY = "canary-of-a-client"
Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def lines() -> Iterator[Lines]:
    """What was logged since it was asked last, as the service writes it."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    handler.addFilter(Repeats())

    def take() -> list[dict[str, Any]]:
        text = stream.getvalue()
        stream.seek(0)
        stream.truncate()
        assert CANARY not in text
        told = [json.loads(line) for line in text.splitlines()]
        assert all(ALWAYS <= line.keys() <= ALWAYS | {*FIELDS} for line in told)
        return told

    logging.getLogger().addHandler(handler)
    yield take
    logging.getLogger().removeHandler(handler)


@pytest.mark.parametrize("name", ["django.db", "urllib3.connectionpool", "_granian.utils", "apifox", "root"])
def test_a_line_of_a_library_tells_where_it_was_said_and_nothing_else(lines: Lines, name: str) -> None:
    logging.getLogger(name).error("GET %s", CANARY, extra={"route": CANARY, "request_id": CANARY, "body": CANARY})
    [line] = lines()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line.pop("time"))
    [frame] = line.pop("frames")
    assert re.fullmatch(r"tests/test_logs\.py:\d+:test_a_line_of_a_library\w+", frame)
    assert line == {"level": "ERROR", "logger": name, "event": "foreign"}


def test_a_line_of_ours_has_the_listed_fields_and_its_event_as_it_stands(lines: Lines) -> None:
    given = {"status": 204, "partner": None, "body": CANARY, "headers": CANARY}
    logging.getLogger("api.anything").warning("said %s", CANARY, extra=given)
    [line] = lines()
    assert (line["event"], line["status"]) == ("said %s", 204)
    assert line.keys() == ALWAYS | {"status"}


def fail(depth: int) -> None:
    if depth:
        fail(depth - 1)
    raise ValueError(CANARY)


@pytest.mark.parametrize("name", ["api.anything", "asyncio"])
def test_a_failure_is_its_type_and_the_places_it_came_through(lines: Lines, name: str) -> None:
    try:
        fail(1)
    except ValueError:
        logging.getLogger(name).exception(CANARY if name == "asyncio" else "failed")
    [line] = lines()
    assert line["error"] == "ValueError"
    here = r"tests/test_logs\.py:\d+:"
    expected = [rf"{here}test_a_failure\w+", rf"{here}fail", rf"{here}fail"]
    assert all(re.fullmatch(*pair) for pair in zip(expected, line["frames"], strict=True))


def test_of_a_deep_failure_the_last_places_are_told(lines: Lines) -> None:
    try:
        fail(100)
    except ValueError:
        logging.getLogger("api").exception("failed")
    [line] = lines()
    assert len(line["frames"]) == MOST_FRAMES
    assert line["frames"][-1].endswith(":fail")


def test_a_failure_in_a_library_is_told_without_the_folders_of_the_machine(lines: Lines) -> None:
    for read in (json.loads, urlsafe_base64_decode):
        try:
            read("x")
        except ValueError:
            logging.getLogger("api").exception("failed")
    library, packaged = lines()
    assert re.fullmatch(r"decoder\.py:\d+:JSONDecoder\.raw_decode", library["frames"][-1])
    assert re.fullmatch(r"django/utils/http\.py:\d+:urlsafe_base64_decode", packaged["frames"][-1])
    assert str(PROJECT) not in json.dumps([library, packaged])


def test_a_failure_that_was_never_raised_has_no_places(lines: Lines) -> None:
    logging.getLogger("api").error("failed", exc_info=ValueError(CANARY))
    [line] = lines()
    assert (line["error"], line["frames"]) == ("ValueError", [])


def test_an_error_without_a_failure_is_a_line_each_time(lines: Lines) -> None:
    for _ in range(3):
        logging.getLogger("api").error("odd", exc_info=True)
    assert [line["event"] for line in lines()] == ["odd"] * 3


def test_a_failure_is_told_once_a_minute_from_each_place_and_then_how_many_there_were() -> None:
    now = [0.0]
    repeats = Repeats(clock=lambda: now[0])

    def told(place: int, kind: type[Exception]) -> int | bool | None:
        try:
            if place:
                raise kind(CANARY)
            raise kind
        except kind as error:
            at = (kind, error, error.__traceback__)
            record = logging.LogRecord("x", logging.ERROR, "x.py", 1, "failed", (), at)
        return repeats.filter(record) and record.__dict__["repeats"]

    assert [told(0, ValueError) for _ in range(3)] == [None, False, False]
    assert told(1, ValueError) is None  # of another place
    assert told(0, KeyError) is None  # of another type
    now[0] += SECONDS_BETWEEN - 1
    assert told(0, ValueError) is False
    now[0] += 1
    assert told(0, ValueError) == 3
    assert told(1, ValueError) is None
    now[0] += SECONDS_BETWEEN
    assert told(0, ValueError) is None  # none since


def test_a_thread_that_fails_is_a_line(lines: Lines) -> None:
    kept, threading.excepthook = threading.excepthook, log_failure_of_thread
    try:
        thread = threading.Thread(target=fail, args=(0,))
        thread.start()
        thread.join()
    finally:
        threading.excepthook = kept
    [line] = lines()
    assert (line["event"], line["error"]) == ("thread_failed", "ValueError")


def test_a_request_is_one_line(client: Client, lines: Lines) -> None:
    response = client.get("/v1/areas/ankle", {"release": "1"}, headers={"X-Canary": CANARY})
    [line] = lines()
    assert line.pop("milliseconds") > 0
    del line["time"]
    assert line == {
        "level": "INFO",
        "logger": "api.access_log",
        "event": "request",
        "request_id": response["X-Request-ID"],
        "method": "GET",
        "route": "areas-detail",
        "status": 200,
        "release": 1,
    }


@pytest.mark.parametrize(
    ("method", "path", "route", "status"),
    [
        ("GET", f"/v1/areas/{CANARY}", "areas-detail", 404),
        ("GET", f"/v1/areas?{CANARY}={CANARY}", "areas", 400),
        ("GET", f"/{CANARY}", "none", 404),
        ("GET", f"/{CANARY}/%zz", "none", 400),
        ("GET", f"/static/{CANARY}", "static", 404),
        ("GET", "/static/api/page.css", "static", 200),
        ("HEAD", "/v1", "index", 200),
        ("POST", VALIDATE, "validate", 411),
        ("DELETE", "/", "home", 405),
    ],
)
def test_a_line_has_the_name_of_the_route_for_the_path(
    client: Client, lines: Lines, method: str, path: str, route: str, status: int
) -> None:
    client.generic(method, path, content_type="application/json" if method == "POST" else "").close()
    [line] = lines()
    assert (line["method"], line["route"], line["status"]) == (method, route, status)


def test_a_method_that_a_client_made_up_is_not_told(client: Client, lines: Lines) -> None:
    client.generic(CANARY, "/v1")
    [line] = lines()
    assert (line["method"], line["status"]) == ("other", 405)


@pytest.mark.usefixtures("behind_proxy")
def test_what_is_refused_before_it_is_routed_has_its_route(client: Client, lines: Lines) -> None:
    problem = client.get("/v1/areas/ankle").json()
    [line] = lines()
    assert (line["route"], line["status"]) == ("areas-detail", 400)
    assert line["request_id"] == problem["request_id"]


def test_a_body_is_not_told(client: Client, lines: Lines) -> None:
    for body in (CANARY, {CANARY: CANARY}, {**clinic_plan(), "jurisdiction": CANARY}):
        problem = json.loads(post(client, body).content)
        [line] = lines()
        assert (line["request_id"], line["status"]) == (problem["request_id"], 400)


@pytest.mark.parametrize("path", ["/livez", "/readyz"])
def test_a_check_of_health_is_told_at_debug_only(client: Client, lines: Lines, path: str) -> None:
    client.get(path)
    assert lines() == []
    logger = logging.getLogger("api")
    logger.setLevel(logging.DEBUG)
    try:
        client.get(path)
    finally:
        logger.setLevel(logging.NOTSET)
    [line] = lines()
    assert (line["level"], line["route"]) == ("DEBUG", path.strip("/"))


def test_a_caller_is_told_by_the_partner_alone(lines: Lines) -> None:
    def answer(request: HttpRequest) -> HttpResponse:
        request.caller = SimpleNamespace(partner="clinic-app", key=CANARY)  # type: ignore[attr-defined]
        return HttpResponse()

    AccessLog(answer)(RequestFactory().get("/v1", headers={"Authorization": f"Bearer {CANARY}"}))
    [line] = lines()
    assert line["partner"] == "clinic-app"


@pytest.mark.usefixtures("nothing_published")
def test_a_failure_that_is_foreseen_is_a_line_without_places(client: Client, lines: Lines) -> None:
    problem = client.get("/v1/areas").json()
    nothing, line = lines()
    assert (nothing["event"], nothing["level"]) == ("nothing_published", "WARNING")
    assert (line["level"], line["status"], line["request_id"]) == ("WARNING", 503, problem["request_id"])
    assert not {"error", "frames"} & line.keys()


@pytest.mark.usefixtures("fault_of_ours")
@pytest.mark.parametrize("debug", [False, True])
def test_a_failure_that_is_not_foreseen_is_told_with_its_places_once(
    client: Client, lines: Lines, settings: LazySettings, debug: bool
) -> None:
    settings.DEBUG = debug
    first, second = (client.get("/v1/areas", headers={"X-Request-ID": f"request-{k}"}) for k in (1, 2))
    assert first.status_code == second.status_code == 500
    failure, *requests = lines()
    assert (failure["level"], failure["event"], failure["error"]) == ("ERROR", "unforeseen_failure", "RuntimeError")
    assert (failure["request_id"], failure["route"]) == ("request-1", "areas")
    assert failure["frames"][-1].startswith("tests/conftest.py:")
    assert any(frame.startswith("api/views/contract.py:") for frame in failure["frames"])
    assert [(line["request_id"], line["error"]) for line in requests] == [
        ("request-1", "RuntimeError"),
        ("request-2", "RuntimeError"),
    ]


def test_every_library_speaks_through_the_one_handler() -> None:
    speak = (
        "import logging\n"
        "for name in ('django', 'django.request', 'django.server', 'django.security.DisallowedHost', '_granian',"
        " 'granian.access', 'whitenoise', 'api.x'):\n"
        f"    logging.getLogger(name).error('{CANARY}' if name != 'api.x' else 'ours')\n"
    )
    for debug in ("off", "on"):
        run = manage("shell", "--no-imports", "--command", speak, DEBUG=debug)
        assert (run.returncode, run.stdout) == (0, "")
        told = [json.loads(line) for line in run.stderr.splitlines()]
        assert [line["logger"] for line in told] == ["django", "_granian", "granian.access", "whitenoise", "api.x"]
        assert CANARY not in run.stderr


def test_what_up_says_once_it_serves_is_json(prepared: str, tmp_path: Path) -> None:
    with up(tmp_path / "log", "--workers=2", DATABASE_URL=prepared, LOG_LEVEL="DEBUG") as server:
        server.until("Stop with Ctrl-C")
        for path in ("/v1/areas", f"/{CANARY}?key={CANARY}", "/%zz", "/livez"):
            connection = HTTPConnection("127.0.0.1", server.port)
            connection.request("GET", path, headers={"Host": "localhost", "Cookie": CANARY})
            connection.getresponse().read()
            connection.close()
        with socket.create_connection(("127.0.0.1", server.port)) as client:
            client.sendall(f"GET /\0{CANARY} HTTP/1.1\r\n\r\n".encode())
            client.recv(1000)
        first, *_ = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text().split()
        os.kill(int(first), signal.SIGKILL)
        text = server.until('"_granian"').text()
    told = [json.loads(line) for line in text.partition("Stop with Ctrl-C.\n")[2].splitlines()]
    asked = {line["route"]: line["status"] for line in told if line["event"] == "request"}
    assert asked == {"areas": 200, "none": 400, "livez": 200}
    assert "_granian" in {line["logger"] for line in told}
    assert CANARY not in text


def calls(path: Path) -> Iterator[ast.Call]:
    """The calls in a file that log something."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            of = node.func.value
            if (
                isinstance(of, ast.Name)
                and of.id in ("log", "logger", "logging")
                and node.func.attr not in ("getLogger", "disable")
            ):
                yield node


def test_what_the_code_logs_is_the_same_text_each_time() -> None:
    found = [(path, call) for name in ("api", "sclero_service") for path in (PROJECT / name).rglob("*.py")
             for call in calls(path) if call.args]  # fmt: skip
    assert len(found) >= 4
    for path, call in found:
        function = call.func.attr  # type: ignore[attr-defined]
        event = call.args[1 if function == "log" else 0]
        parts = [*ast.walk(event)]
        assert not any(isinstance(part, ast.JoinedStr | ast.BinOp | ast.Call) for part in parts), (path, call.lineno)
        texts = [str(part.value) for part in parts if isinstance(part, ast.Constant)]
        assert texts, (path, call.lineno)
        assert all(re.fullmatch("[a-z_]+", text) for text in texts), (path, call.lineno)


def test_a_route_is_found_where_the_request_was_not_yet_routed() -> None:
    assert route_of(RequestFactory().get("/docs")) == "docs"
