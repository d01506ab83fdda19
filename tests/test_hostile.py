"""What a client may send to fill the log, or to be judged by half: the real application, as a server calls it."""

import io
import json
import logging
from typing import Any

import pytest

from tests.asking import JSON, Answer, Broken, ask
from tests.odd import BODIES as ODD_BODIES
from tests.odd import HEADERS, METHODS, QUERIES, TARGETS
from tests.plans import VALIDATE, clinic_plan

BATCH, COMPARE = f"{VALIDATE}-batch", "/v1/session-plans/compare"
BODIES: dict[str, Any] = {
    VALIDATE: clinic_plan("8"),
    BATCH: {"plans": [clinic_plan("8")]},
    COMPARE: {"plans": [clinic_plan("8")], "from_release": 1},
}
pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("path", BODIES)
@pytest.mark.parametrize("missing", [1, 10, 200_000])
def test_a_body_that_did_not_come_whole_is_not_judged(path: str, missing: int) -> None:
    body = json.dumps(BODIES[path]).encode()
    assert ask("POST", path, body, **JSON).status == 200
    for stream in (io.BytesIO(body), Broken()):
        answer = ask("POST", path, body, stream, CONTENT_LENGTH=str(len(body) + missing), **JSON)
        problem = json.loads(answer.body)
        assert (answer.status, problem["code"]) == (400, "invalid_json")
        [error] = problem["errors"]
        assert (error["pointer"], error["code"]) == ("", "incomplete_body")


def watched(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str], *args: Any, **environ: Any) -> Answer:
    """The answer, which must be no fault of ours, a problem where it is a failure, and at most one line of the log."""
    caplog.clear()
    answer = ask(*args, **environ)
    assert answer.status < 500, (args[:2], environ)
    if answer.status >= 400:
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert json.loads(answer.body)["status"] == answer.status
    assert len(caplog.records) <= 1, caplog.text
    assert not any(record.exc_info or record.levelno > logging.WARNING for record in caplog.records)
    printed = "".join(capfd.readouterr())
    assert printed.count("\n") <= 1
    assert len(printed) < 1100
    return answer


@pytest.mark.parametrize("method", METHODS)
def test_no_target_and_method_writes_a_traceback(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str], method: str
) -> None:
    for target in (f"{path}{query}" for path in TARGETS for query in QUERIES):
        watched(caplog, capfd, method, target, **JSON)


@pytest.mark.parametrize("header", HEADERS)
def test_no_header_writes_a_traceback(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str], header: str
) -> None:
    for value in HEADERS[header]:
        for target in ("/", "/v1/areas?limit=%32", "/v1/problems/not_found", "/livez", "/static/api/page.css", "/%00"):
            watched(caplog, capfd, "GET", target, **{header: value})
        for path, body in BODIES.items():
            given = {**JSON, header: value}
            watched(caplog, capfd, "POST", f"{path}?colour=%zz", json.dumps(body).encode(), **given)
            watched(caplog, capfd, "POST", path, json.dumps(body).encode(), **given)


@pytest.mark.parametrize("content_type", ["application/json", *HEADERS["CONTENT_TYPE"]])
def test_no_body_writes_a_traceback(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str], content_type: str
) -> None:
    for path in (*BODIES, "/v1/areas", "/static/api/page.css"):
        for body in ODD_BODIES:
            watched(caplog, capfd, "POST", path, body, CONTENT_TYPE=content_type)
            watched(caplog, capfd, "POST", path, body, Broken(), CONTENT_TYPE=content_type, CONTENT_LENGTH="50")


def test_too_many_parameters_are_one_fault() -> None:
    for method, path in (("GET", "/v1/areas"), ("POST", VALIDATE)):
        answer = ask(method, f"{path}?" + "&".join(f"a{k}=1" for k in range(1001)), b"{}", **JSON)
        [error] = json.loads(answer.body)["errors"]
        assert (answer.status, error["code"]) == (400, "too_many_parameters")
